"""Exact search of sparse vectors by dot product, over an inverted index: for each dimension, who has it.

The index is derived: it is built from the stored rows when it is first asked for (10 million values take one
to three seconds), and the growing tail is indexed in parts of falling size, so that a search after a write
indexes little more than what was written.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.space import writable
from workbench.models.vectors import SparseRows, SparseVector

FloatArray = NDArray[np.float32]

# A dimension that this share of the vectors has is kept as a column too. With 100,000 vectors of 111 of
# 30,000 dimensions (Zipf 0.9), a query of 30 takes 532 µs with no columns, 294, 270, 262 and 286 with those
# of shares from 0.5, 0.33, 0.25 and 0.15 on. They are 0, 5, 9, 14 and 26 MB, beside postings of 89.
COMMON = 0.33
# Looking one dimension of a stored vector up in the query takes as long as this many postings: 2 and 0.5 ns.
LOOKUP = 4


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InvertedIndex:
    """The postings of some consecutive sparse vectors.

    Parameters
    ----------
    first, count : int
        The slots indexed: `first` ... ``first + count - 1``.
    dimensions : uint32[t]
        The dimensions that occur, ascending.
    starts : int64[t + 1]
        Where the postings of each begin.
    slots : uint32[p]
        Which vector, counted from `first`; ascending within a dimension.
    values : float32[p]
        Its value in that dimension.
    column_of : int32[t]
        Which of `columns` holds the values of a dimension that many vectors have; -1 for none.
    columns : float32[c, count]
        The value of every vector in such a dimension, 0 where it has none.
    """

    first: int
    count: int
    dimensions: NDArray[np.uint32]
    starts: NDArray[np.int64]
    slots: NDArray[np.uint32]
    values: FloatArray
    column_of: NDArray[np.int32]
    columns: FloatArray

    @classmethod
    def build(cls, rows: SparseRows, first: int = 0, last: int | None = None) -> InvertedIndex:
        """Index the vectors `first` ... ``last - 1`` of `rows`, all of them by default."""
        last = len(rows) if last is None else last
        own = slice(int(rows.starts[first]), int(rows.starts[last]))
        indices, values = rows.indices[own], rows.values[own]
        slots = np.repeat(np.arange(last - first, dtype=np.uint32), np.diff(rows.starts[first : last + 1]))
        # One sort of words that hold dimension and position is several times as fast as a stable argsort.
        words = np.sort(
            (indices.astype(np.uint64) << np.uint64(32)) | np.arange(len(indices), dtype=np.uint64)
        )
        ordered = (words >> np.uint64(32)).astype(np.uint32)
        positions = (words & np.uint64(0xFFFFFFFF)).astype(np.intp)
        dimensions, begins = np.unique(ordered, return_index=True)
        starts = np.append(begins, len(ordered)).astype(np.int64)
        slots, values = slots[positions], values[positions]
        common = np.flatnonzero(np.diff(starts) >= max(1.0, COMMON * (last - first)))
        column_of = np.full(len(dimensions), -1, np.int32)
        column_of[common] = np.arange(len(common))
        columns = np.zeros((len(common), last - first), np.float32)
        for column, place in zip(columns, common.tolist(), strict=True):
            own = slice(starts[place], starts[place + 1])
            column[slots[own]] = values[own]
        return cls(first, last - first, dimensions, starts, slots, values, column_of, columns)

    def arrays(self) -> list[NDArray[Any]]:
        """Return all arrays, not copied."""
        of_postings: list[NDArray[Any]] = [self.dimensions, self.starts, self.slots, self.values]
        return [*of_postings, self.column_of, self.columns]

    def places(self, dimensions: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return where each dimension stands in this index, and which of them occur at all."""
        if len(self.dimensions) == 0:
            return np.zeros(len(dimensions), np.int64), np.zeros(len(dimensions), np.bool_)
        at = np.minimum(np.searchsorted(self.dimensions, dimensions), len(self.dimensions) - 1)
        return at.astype(np.int64), self.dimensions[at] == dimensions

    def postings(self, place: int) -> slice:
        """Return where the postings of one dimension are."""
        return slice(int(self.starts[place]), int(self.starts[place + 1]))


class SparseIndex:
    """The inverted index of a column that may grow: a few parts, each at least twice the next.

    Attributes
    ----------
    known : tuple of InvertedIndex
        What was built so far.
    """

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: tuple[InvertedIndex, ...] = ()

    def parts(self, rows: SparseRows) -> tuple[InvertedIndex, ...]:
        """Return the parts for `rows`, which are those of an earlier call or a longer or shorter run of them.

        Threads may ask at once: a part is then built twice, and one of the two is kept.
        """
        known, count = self.known, len(rows)
        while known and known[-1].first + known[-1].count > count:  # an older view than that of the last call
            known = known[:-1]
        done = known[-1].first + known[-1].count if known else 0
        if done == count:
            return known
        while known and known[-1].count < 2 * (count - known[-1].first - known[-1].count):
            known = known[:-1]
        first = known[-1].first + known[-1].count if known else 0
        grown = (*known, InvertedIndex.build(rows, first))
        if not self.known or self.known[-1].first + self.known[-1].count < count:
            self.known = grown
        return grown


def products(parts: Sequence[InvertedIndex], query: SparseVector) -> FloatArray:
    """Return the dot product of the query with each vector, float32[v]: 0 where no dimension is common."""
    sums = np.zeros(sum(part.count for part in parts), np.float32)
    compiled: Any = importlib.import_module(kernels.SPARSE) if kernels.wanted(kernels.SPARSE) else None
    for part in parts:
        places, present = part.places(query.indices)
        places, weights = places[present], query.values[present]
        own = sums[part.first : part.first + part.count]
        if compiled is not None:
            postings = part.starts, part.slots, part.values, part.column_of, part.columns
            compiled.accumulate(*postings, places, weights, own)
            continue
        for place, weight in zip(places.tolist(), weights, strict=True):
            at = part.postings(place)
            own[part.slots[at]] += weight * part.values[at]
    return sums


def search(
    parts: Sequence[InvertedIndex],
    query: SparseVector,
    k: int,
    chosen: NDArray[np.int32] | None = None,
    rows: SparseRows | None = None,
) -> tuple[NDArray[np.int32], FloatArray]:
    """Find the `k` vectors of the greatest dot product.

    A vector whose product is 0 is never found, whether it shares a dimension with the query or not; negative
    products are (both as in Qdrant).

    Parameters
    ----------
    parts : sequence of InvertedIndex
        From :meth:`SparseIndex.parts`.
    query : SparseVector
    k : int
    chosen : int32 [m], optional
        Only these vectors are searched, ascending.
    rows : SparseRows, optional
        The vectors themselves. With them, `chosen` ones that are few are compared one by one.

    Returns
    -------
    slots : int32 [k']
        Descending by product, the earlier of equal ones first.
    distances : float32 [k']
        The negative products.
    """
    if chosen is None:
        return _best(products(parts, query), k)
    if rows is not None and kernels.wanted(kernels.SPARSE) and _few(parts, query, chosen, rows):
        sums = _products_of(rows, query, chosen)
    else:
        sums = products(parts, query)[chosen]
    found, distances = _best(sums, k)
    return chosen[found], distances


def _few(
    parts: Sequence[InvertedIndex], query: SparseVector, chosen: NDArray[np.int32], rows: SparseRows
) -> bool:
    """Whether comparing the chosen vectors with the query takes fewer steps than adding up its postings."""
    steps = len(chosen) * (len(rows.indices) / max(1, len(rows)))
    postings = 0
    for part in parts:
        places, present = part.places(query.indices)
        postings += int(np.diff(part.starts)[places[present]].sum())
    return LOOKUP * steps < postings


def _products_of(rows: SparseRows, query: SparseVector, chosen: NDArray[np.int32]) -> FloatArray:
    """Return the dot products with the chosen vectors, the same as those of :func:`products`."""
    cpu: Any = importlib.import_module(kernels.SPARSE)
    sums = np.empty(len(chosen), np.float32)
    stored = writable(rows.starts), writable(rows.indices), writable(rows.values)
    asked = np.ascontiguousarray(query.indices), np.ascontiguousarray(query.values)
    cpu.accumulate_rows(*stored, np.ascontiguousarray(chosen, np.int32), *asked, sums)
    return sums


def _best(sums: FloatArray, k: int) -> tuple[NDArray[np.int32], FloatArray]:
    """Return the places of the `k` greatest sums that are not 0, and their negatives."""
    k = min(k, len(sums))
    if k <= 0:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    if kernels.wanted(kernels.SPARSE):
        cpu: Any = importlib.import_module(kernels.SPARSE)
        places, distances = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
        size = cpu.best(sums, np.empty(k, np.int64), places, distances)
        return places[0, :size], distances[0, :size]
    candidates = np.flatnonzero(sums)
    found = -sums[candidates]
    if k < len(candidates):
        near = np.flatnonzero(found <= np.partition(found, k - 1)[k - 1])
        candidates, found = candidates[near], found[near]
    order = np.argsort(found, kind="stable")[:k]
    return candidates[order].astype(np.int32), found[order]


def document_counts(
    parts: Sequence[InvertedIndex], dimensions: NDArray[np.uint32], counted: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Return how many vectors have each of the dimensions, int64 [q].

    Parameters
    ----------
    parts : sequence of InvertedIndex
    dimensions : uint32 [q]
    counted : bool [v], optional
        Only these vectors count.
    """
    counts = np.zeros(len(dimensions), np.int64)
    for part in parts:
        places, present = part.places(dimensions)
        if counted is None:
            counts[present] += np.diff(part.starts)[places[present]]
            continue
        own = counted[part.first : part.first + part.count]
        for i in np.flatnonzero(present).tolist():
            counts[i] += np.count_nonzero(own[part.slots[part.postings(int(places[i]))]])
    return counts
