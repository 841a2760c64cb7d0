"""A walk through a graph played again from what was written down: the two heaps at every hop.

A trace says which nodes were measured, and which of them entered. When each of them left follows from that:
the walk goes on with the nearest candidate, and drops the farthest of too many results.
"""

from __future__ import annotations

import heapq
from bisect import insort
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.indexes.hnsw_trace import CANDIDATE, FILTERED, RESULT, Steps, Walk

Rows = npt.NDArray[np.int64]

# The hop in which a row left that never does.
NEVER = np.iinfo(np.int32).max
# A candidate or result: distance, node, row. So the kernel orders them too.
Entry = tuple[float, int, int]


class Replay:
    """What a walk held after each hop. A hop is the expansion of one node; hop 0 measures the entry.

    Attributes
    ----------
    hops : int
        The last hop.
    expanded : int32 [hops + 1]
        The row of :class:`Steps` at which the node that each hop expanded was measured; 0 for hop 0.
    layer : int8 [hops + 1]
    taken : int32 [r]
        In which hop each row left the candidates, because it was expanded or too many were nearer; its own
        hop if it never was one.
    dropped : int32 [r]
        In which hop it left the results.
    """

    def __init__(self, steps: Steps, walk: Walk) -> None:
        self._steps, self._walk = steps, walk
        count = len(steps.node)
        self.taken, self.dropped = steps.hop.copy(), steps.hop.copy()
        self._hops: list[tuple[int, int]] = [(0, int(steps.layer[0]))] if count else []
        self._starts = np.searchsorted(steps.hop, np.arange(int(steps.hop[-1]) + 3 if count else 0))
        if count:
            start = self._descend()
            _BEAMS[walk.kind](self, start)
        self.expanded = np.array([row for row, _ in self._hops], np.int32)
        self.layer = np.array([layer for _, layer in self._hops], np.int8)
        self.hops = max(0, len(self._hops) - 1)

    def candidates(self, hop: int) -> Rows:
        """Return the rows that wait to be expanded after a hop, the nearest first."""
        return self._held(self.taken, hop)

    def results(self, hop: int) -> Rows:
        """Return the rows that are the best after a hop, the nearest first."""
        return self._held(self.dropped, hop)

    def bound(self, hop: int) -> int | None:
        """Return the row of the farthest result, beyond which nothing counts any more; None while more than
        these are wanted.
        """
        held = self.results(hop)
        wanted = 1 if self.layer[hop] > 0 else self._walk.width
        return int(held[-1]) if len(held) >= wanted else None

    def _held(self, until: npt.NDArray[np.int32], hop: int) -> Rows:
        steps = self._steps
        rows = np.flatnonzero((steps.hop <= hop) & (until > hop))
        return rows[np.lexsort((steps.node[rows], steps.distance[rows]))]

    # -- playing ---------------------------------------------------------------------------------------

    def _rows(self, hop: int) -> range:
        """Return the rows measured in a hop."""
        if hop + 1 >= len(self._starts):
            return range(0)
        return range(int(self._starts[hop]), int(self._starts[hop + 1]))

    def _entry(self, row: int) -> Entry:
        return float(self._steps.distance[row]), int(self._steps.node[row]), row

    def _descend(self) -> int:
        """Play the upper layers, where one node is kept; return the row of the one where layer 0 begins."""
        steps, at, level = self._steps, 0, int(self._steps.layer[0])
        while level > 0:
            self._hops.append((at, level))
            hop = len(self._hops) - 1
            own = (row for row in self._rows(hop) if steps.layer[row] == level)  # seeds come in the last hop
            better = [row for row in own if steps.flags[row] & CANDIDATE]
            if better:
                self.taken[at] = self.dropped[at] = hop
                at = better[0]
            else:
                level -= 1
        self.taken[at] = self.dropped[at] = NEVER
        return at

    def _expand(self, row: int) -> range:
        """Begin the next hop, with the node of a row; return what it measures."""
        self._hops.append((row, 0))
        self.taken[row] = len(self._hops) - 1
        return self._rows(len(self._hops) - 1)

    def _beam(self, start: int) -> None:
        """Play a walk whose candidates are the results that were not expanded yet."""
        pool: list[Entry] = [self._entry(start)]
        self._from_pool(pool, {start})

    def _two_hops(self, start: int) -> None:
        """Play a walk among matches only. Where it begins need not be one; others are given to it."""
        pool: list[Entry] = []
        waiting: set[int] = set()
        first = self._rows(len(self._hops) - 1)
        if self._steps.flags[start] & FILTERED:
            first = self._expand(start)
            self.dropped[start] = len(self._hops) - 1
        else:
            pool.append(self._entry(start))
            waiting.add(start)
        self._enter(pool, waiting, (row for row in first if self._steps.layer[row] == 0 and row != start))
        self._from_pool(pool, waiting)

    def _from_pool(self, pool: list[Entry], waiting: set[int]) -> None:
        while waiting:
            row = next(entry[2] for entry in pool if entry[2] in waiting)
            waiting.discard(row)
            self._enter(pool, waiting, self._expand(row))

    def _enter(self, pool: list[Entry], waiting: set[int], rows: Any) -> None:
        hop = len(self._hops) - 1
        for row in rows:
            if not self._steps.flags[row] & RESULT:
                continue
            insort(pool, self._entry(row))
            waiting.add(row)
            self.taken[row] = self.dropped[row] = NEVER
            if len(pool) > self._walk.width:
                out = pool.pop()[2]
                self.dropped[out] = hop
                if out in waiting:
                    waiting.discard(out)
                    self.taken[out] = hop

    def _filtered(self, start: int) -> None:
        """Play a walk that expands what the filter excludes too."""
        flags, width = self._steps.flags, self._walk.width
        heap: list[Entry] = [self._entry(start)]
        kept: list[Entry] = []
        if flags[start] & FILTERED:
            self.dropped[start] = len(self._hops)
        else:
            kept.append(self._entry(start))
        while heap and not (len(kept) == width and heap[0] > kept[-1]):
            for row in self._expand(heapq.heappop(heap)[2]):
                if not flags[row] & CANDIDATE:
                    continue
                heapq.heappush(heap, self._entry(row))
                self.taken[row] = NEVER
                if flags[row] & RESULT:
                    insort(kept, self._entry(row))
                    self.dropped[row] = NEVER
                    if len(kept) > width:
                        self.dropped[kept.pop()[2]] = len(self._hops) - 1


_BEAMS = {"beam": Replay._beam, "two hops": Replay._two_hops, "filtered": Replay._filtered}
