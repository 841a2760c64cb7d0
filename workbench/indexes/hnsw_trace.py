"""What a search of a graph did, node by node: the search itself, with a kernel that writes it down."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.hnsw import HnswSearcher

# Rows that there is room for at first: 290 to 1,480 are written at ef 16 to 256.
ROOM = 4096
# Flags of a step.
CANDIDATE, RESULT, FILTERED = 1, 2, 4


class Steps(NamedTuple):
    """One row for each node that was measured, in the order of their measuring.

    Attributes
    ----------
    layer : int8[r]
    parent : int32[r]
        The node that was expanded; −1 for the entry, and for the seeds of a walk by two hops.
    node : int32[r]
    distance : float32[r]
        What the walk compared. By codes it lacks a part that is the same for all nodes.
    flags : uint8[r]
        Sum of 1 (entered the candidates), 2 (entered the results) and 4 (filtered out).
    hop : int32[r]
        Which expansion, counted over all layers.
    """

    layer: NDArray[np.int8]
    parent: NDArray[np.int32]
    node: NDArray[np.int32]
    distance: NDArray[np.float32]
    flags: NDArray[np.uint8]
    hop: NDArray[np.int32]

    @classmethod
    def room(cls, rows: int) -> Steps:
        """Return columns of `rows` rows to be written."""
        numbers = np.empty((3, rows), np.int32)
        gaps, flags = np.empty(rows, np.float32), np.empty(rows, np.uint8)
        return cls(np.empty(rows, np.int8), numbers[0], numbers[1], gaps, flags, numbers[2])

    def first(self, rows: int) -> Steps:
        """Return the first `rows` rows."""
        layer, parent, node, gaps, flags, hop = self
        return Steps(layer[:rows], parent[:rows], node[:rows], gaps[:rows], flags[:rows], hop[:rows])


class Walk(NamedTuple):
    """What kind of walk it was on layer 0.

    Attributes
    ----------
    kind : str
        ``beam``: the nearest so far, of which those not yet expanded are the candidates. ``filtered``: the
        candidates may hold nodes that the results may not. ``two hops``: from match to match.
    width : int
        How many results are kept: beyond the farthest of so many nothing is looked at.
    coded : bool
        Whether the walk compared codes rather than vectors.
    """

    kind: str
    width: int
    coded: bool


class TracedSearcher(HnswSearcher):
    """A searcher that finds what `searcher` finds, and remembers how.

    Until the kernels are loaded it searches exactly, as all do, and there are no steps to remember.

    Attributes
    ----------
    steps : Steps or None
        Those of the last search of the graph.
    kind : Walk or None
        What kind of walk that was.
    """

    __slots__ = ("_traced", "kind", "steps")

    def __init__(self, searcher: HnswSearcher) -> None:
        super().__init__(searcher.graph, searcher.vectors, searcher.metric, searcher.codes)
        self.walk_nibbles(searcher.halved)
        self.steps: Steps | None = None
        self.kind: Walk | None = None
        self._traced: Any = None

    def _bind(self) -> bool:
        if not super()._bind():
            return False
        self._traced = importlib.import_module(kernels.TRACING).search
        self._search = self._write_down
        return True

    def _write_down(self, *arguments: Any) -> int:
        room = ROOM
        while True:
            columns = Steps.room(room)
            found, rows = self._traced(*arguments, tuple(columns))
            if rows <= room:
                self.steps = columns.first(rows)
                self._tell_kind(*arguments)
                return int(found)
            room = rows  # the same search again, with as much room as it needs

    def _tell_kind(
        self,
        space: Any,
        coded: Any,
        nibbles: Any,
        shortlist: int,
        layers: Any,
        entry: Any,
        top: Any,
        queries: Any,
        k: int,
        ef: int,
        allowed: NDArray[np.uint8],
        seeds: NDArray[np.int32],
        wide: bool,
        scratch: Any,
        *_: Any,
    ) -> None:
        """Remember which of its three walks the kernel chose, and mark filtered nodes of the upper layers."""
        assert self.steps is not None
        by_codes = shortlist > 0 or self._space is None or space != self._space.key
        kept = min(max(ef, shortlist), int(scratch[3]))
        if len(seeds):
            self.kind = Walk("two hops", kept, by_codes)
        elif wide:
            self.kind = Walk("filtered", kept, by_codes)
        else:
            self.kind = Walk("beam", ef, by_codes)
        if len(allowed):
            self.steps.flags[allowed[self.steps.node] == 0] |= FILTERED
