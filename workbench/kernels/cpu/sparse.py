"""Sparse search: postings added up dimension by dimension, then the best of the sums.

One accumulator for all vectors is faster than any merging of postings by vector: 467,000 postings of a
30-dimension query over 100,000 vectors take 0.4 ms, and skipping postings (WAND) would pay from far larger
collections on only.
"""

from __future__ import annotations

from typing import Any

from workbench.kernels.cpu.jit import float32, kernel, types
from workbench.kernels.cpu.ordering import heap_push, heap_replace, pack, row_of, unpack


@kernel(
    types.void(
        types.int64[::1],
        types.uint32[::1],
        types.float32[::1],
        types.int64[::1],
        types.float32[::1],
        types.float32[::1],
    )
)
def accumulate(starts: Any, slots: Any, values: Any, places: Any, weights: Any, sums: Any) -> None:
    """Add the products of a query's weights and the postings of its dimensions to `sums`.

    Parameters
    ----------
    starts : int64 [t + 1]
        Where the postings of each dimension begin.
    slots, values : uint32 [p], float32 [p]
        The postings: which vector, and its value in the dimension. Unsigned, since numba asks of every signed
        index whether it counts from the end: 0.30 ms become 0.23 for 270,000 postings.
    places : int64 [q]
        Which dimensions the query has.
    weights : float32 [q]
        Its values there.
    sums : float32 [v]
        Added to.
    """
    for i in range(places.shape[0]):
        weight, place = weights[i], places[i]
        for j in range(starts[place], starts[place + 1]):
            sums[slots[j]] += weight * values[j]


@kernel(
    types.int64(
        types.float32[::1],
        types.uint8[::1],
        types.int64[::1],
        types.int32[:, ::1],
        types.float32[:, ::1],
    )
)
def best(sums: Any, allowed: Any, pool: Any, rows: Any, distances: Any) -> Any:
    """Find the vectors of the greatest sums; return how many.

    Parameters
    ----------
    sums : float32 [v]
        Zero where a vector shares no dimension with the query: such a one is never found.
    allowed : uint8 [v] or [0]
        Nonzero where a vector may be found; empty allows all.
    pool : int64 [k]
        Scratch.
    rows, distances : int32 [1, k], float32 [1, k]
        Written, ascending by (negative sum, vector); −1 where fewer than k were found.
    """
    everything = allowed.shape[0] == 0
    k = rows.shape[1]
    size = 0
    worst = float32(-float("inf"))
    for slot in range(sums.shape[0]):
        value = sums[slot]
        # The first test ends most rounds: it needs no packing, and its outcome is easily foreseen.
        if value < worst or value == float32(0.0) or not (everything or allowed[slot]):
            continue
        key = pack(-value, slot)
        if size < k:
            heap_push(pool, size, ~key)
            size += 1
        elif key < ~pool[0]:
            heap_replace(pool, size, ~key)
        else:
            continue
        if size == k:
            worst = sums[row_of(~pool[0])]
    for j in range(size):
        pool[j] = ~pool[j]
    pool[:size].sort()
    unpack(pool, size, rows[0], distances[0])
    return size
