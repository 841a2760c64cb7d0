"""Links between a sealed graph and the vectors that came after it, so that one walk finds both.

A vector that comes becomes a node of a copy of the sealed graph, which lives in memory until a segment with a
graph of its own takes its place. Its links are looked for with a beam narrower than that of a graph that
stays, and where a list has no room, the place of a dead node is given to it. Readers walk the same arrays
meanwhile: a link is one aligned word, and every value it has ever had is a node with a code.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import BuildSpace, Codes, shortlist
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_build_numba import Builder
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.hnsw_walk import WIDE
from workbench.indexes.space import Space, as_query, writable
from workbench.tasks import cores, silent

# Width of the beam. Of 107,000 texts, 24,700 of them linked, recall@10 at ef 120 is .9845, .984 and .981 for
# 80, 64 and 48, and a vector takes 85, 75 and 60 µs; with all in a fresh graph it is .985 at ef 100.
EF_LINK = 64
# Vectors linked at a time: 20 ms of a core, and the earlier ones are found by the later ones of a batch too.
BATCH = 512
# No more is copied than this, some 500,000 nodes of 384 numbers.
LARGEST_COPY = 256 << 20
# Codes have the scale of the sealed vectors. If more than one in so many vectors does not fit it, a walk by
# codes does not find them well enough.
MISFITS = 50
# Room for this share of the sealed nodes; so large a tail is about to be sealed, or will never be.
ROOM = 0.5

Hits = tuple[NDArray[np.int32], NDArray[np.float32]]


class LiveLinks:
    """A copy of a sealed graph, with the vectors of a tail as further nodes.

    One thread links, any may search.

    Parameters
    ----------
    base : HnswSearcher
        Has codes.

    Attributes
    ----------
    base : HnswSearcher
    linked : int
        How many vectors of the tail are nodes: those before it.
    useful : bool
        Whether more are to be linked: there is room for all, and they fit the codes.
    """

    def __init__(self, base: HnswSearcher) -> None:
        assert base.codes is not None
        self.base, self._first = base, base.graph.n
        self._room = int(ROOM * base.graph.n)
        self._cpu = importlib.import_module(kernels.LINKED)
        self._codes = _extended(base.codes, self._room)
        self._graph = _with_room(base.graph, self._room)
        self._build = BuildSpace(self._codes, base.metric, self._first)
        self._builder = Builder(self._graph, self._build, EF_LINK, cores())
        self._coded = self._codes.space(base.metric)
        self._space = Space(base.vectors, base.metric)
        names = ("counts0", "links0", "upper_offsets", "upper_counts", "upper_links")
        self._arrays = tuple(writable(getattr(self._graph, name)) for name in names)
        self._scratch: list[tuple[NDArray[Any], ...]] = []
        self._misfits, self.linked, self.useful = 0, 0, True

    def link(
        self, vectors: NDArray[np.float32], dead: NDArray[np.bool_], tail_dead: NDArray[np.bool_]
    ) -> bool:
        """Link some of the vectors that are not linked yet; return whether there are more of them.

        Parameters
        ----------
        vectors : float32 [t, d]
            Of the tail; those that are linked already are its first ones.
        dead, tail_dead : bool [n], bool [t]
            Which sealed vectors and which of the tail were deleted or replaced.
        """
        begin, end = self.linked, min(len(vectors), self.linked + BATCH)
        self.useful = self.useful and len(vectors) <= self._room
        if self.useful and begin < end:
            self._encode(vectors[begin:end], self._first + begin, self._first + end)
        if not self.useful or begin == end:
            return False
        gone = np.zeros(self._graph.n, np.uint8)
        gone[: self._first] = dead
        gone[self._first : self._first + len(tail_dead)] = tail_dead
        self._builder.insert(self._first + begin, self._first + end, silent, gone)
        self.linked = end  # last: readers take it for what may be found
        return end < len(vectors)

    def _encode(self, vectors: NDArray[np.float32], start: int, stop: int) -> None:
        codes = self._codes
        errors = np.empty(stop - start, np.float32)
        terms = codes.terms[start:stop]
        encode = importlib.import_module(kernels.GROWING).encode
        encode(writable(vectors), codes.mean, codes.scale, codes.codes[start:stop], terms, errors)
        self._build.add(start, stop)
        self._misfits += int((errors > 0.51 * codes.scale * np.sqrt(vectors.shape[1])).sum())
        if self._misfits * MISFITS > stop - self._first:
            self.useful, self.linked = False, 0

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        ef: int,
        tail: Space,
        allowed: NDArray[np.bool_] | None,
        tail_allowed: NDArray[np.bool_],
    ) -> tuple[Hits, Hits]:
        """Find about the `k` nearest vectors, sealed ones and those of the tail.

        Parameters
        ----------
        query : float32 [d]
        k : int
        ef : int
            At most ``hnsw_walk.WIDE``.
        tail : Space
            The vectors of the tail.
        allowed : bool [n], optional
            Which sealed vectors may be returned.
        tail_allowed : bool [t]
            Which of the first vectors of the tail may be; ``t`` ≤ ``linked``.

        Returns
        -------
        sealed, appended : (int32 [k'], float32 [k'])
            Rows and distances, ascending; `k` together, or fewer where most nodes around the query may not be
            returned.
        """
        rows, gaps = np.empty((2, k), np.int32), np.empty((2, k), np.float32)
        mask = np.empty(0, np.uint8) if allowed is None else allowed.view(np.uint8)
        try:
            scratch = self._scratch.pop()
        except IndexError:
            scratch = self._new_scratch()
        ours, theirs = self._cpu.search_linked(
            self._space.key,
            tail.key,
            self._coded.key,
            shortlist(k),
            self._arrays,
            self._graph.entry,
            self._graph.top_level,
            as_query(query),
            max(ef, k),
            self._first,
            mask,
            tail_allowed.view(np.uint8),
            scratch,
            rows,
            gaps,
        )
        self._scratch.append(scratch)
        return (rows[0, :ours], gaps[0, :ours]), (rows[1, :theirs], gaps[1, :theirs])

    def _new_scratch(self) -> tuple[NDArray[Any], ...]:
        """Make the arrays that one running search needs; see ``kernels.cpu.linked``."""
        near = 4 * self._graph.m
        return (
            np.zeros(self._graph.n + 1, np.uint8),
            np.empty(WIDE, np.int64),
            np.empty(WIDE, np.int64),
            np.empty(near, np.int32),
            np.empty(near, np.float32),
        )

    def arrays(self) -> list[NDArray[Any]]:
        """Return the arrays held."""
        used = self._first + self.linked
        return [
            self._graph.counts0[:used],
            self._graph.links0[:used],
            self._codes.codes[:used],
            self._codes.terms[:used],
        ]

    def scratch(self) -> list[NDArray[Any]]:
        """Return the arrays that searches have left for the next ones."""
        return [array for unused in self._scratch.copy() for array in unused]


def fits(base: HnswSearcher) -> bool:
    """Whether vectors can be linked to a graph: it is walked by codes, and not too large to be copied."""
    if base.codes is None or base.graph.n < 2:
        return False
    return base.codes.codes.nbytes + base.graph.links0.nbytes <= LARGEST_COPY


def _extended(codes: Codes, room: int) -> Codes:
    """Return a copy of codes with room for more; memory that is not written yet is not taken."""
    n, stride = codes.codes.shape
    own = np.empty((n + room, stride), np.int8)
    own[:n] = codes.codes
    terms = np.empty(n + room if len(codes.terms) else 0, np.float32)
    terms[: len(codes.terms)] = codes.terms
    return Codes(own, terms, writable(codes.mean), codes.scale)


def _with_room(graph: HnswGraph, room: int) -> HnswGraph:
    """Return a copy of layer 0 with room for more nodes, which have no other layer."""
    counts, links = np.zeros(graph.n + room, np.uint16), np.zeros((graph.n + room, 2 * graph.m), np.int32)
    counts[: graph.n], links[: graph.n] = graph.counts0, graph.links0
    levels = np.zeros(graph.n + room, np.int32)
    levels[: graph.n] = graph.levels
    return HnswGraph(
        m=graph.m,
        ef_construct=graph.ef_construct,
        entry=graph.entry,
        top_level=graph.top_level,
        counts0=counts,
        links0=links,
        levels=levels,
        upper_offsets=graph.upper_offsets,
        upper_counts=graph.upper_counts,
        upper_links=graph.upper_links,
    )
