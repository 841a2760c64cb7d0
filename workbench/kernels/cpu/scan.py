"""Exact search: every row, or every row of a list, is measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.addresses import ADDRESSES, listed_at
from workbench.kernels.cpu.codes import HEAD, encode_query
from workbench.kernels.cpu.jit import float32, int64, kernel, part, types
from workbench.kernels.cpu.limits import keep_nearest, listed_in, room_for, row_at
from workbench.kernels.cpu.metrics import BLOCK, measure_block
from workbench.kernels.cpu.ordering import distance_of, heap_push, heap_replace, pack, put_in_order, unpack
from workbench.kernels.cpu.rescoring import rescore
from workbench.kernels.cpu.traversal import CODED, SPACE

# Rows measured anew in one call.
RESCORED = 32
# Up to so many rows are all measured before the nearest are chosen. Of longer lists few rows come near those
# that a heap holds already, and one comparison passes over a whole block of the others.
FEW = 2_048


@part
def _nearest_of_few(space: Any, query: Any, listed: Any, total: Any, chosen: Any, pool: Any) -> Any:
    """:func:`nearest` by the distances of all rows; what has none is left out."""
    gaps = room_for(total)
    for place in range(0, total, BLOCK):
        measure_block(space, chosen, place, total, query, gaps[place:])
    return keep_nearest(gaps, listed, total, pool)


@part
def nearest(space: Any, query: Any, n: Any, chosen: Any, pool: Any) -> Any:
    """Find the nearest of the rows `chosen`, or of the first `n` if none are: ``pool[:size]``, ascending;
    return size.
    """
    listed, total = listed_in(chosen, n)
    keep = pool.shape[0]
    if total <= FEW:
        size = _nearest_of_few(space, query, listed, total, chosen, pool)
        if size == min(keep, total):
            return size
    gaps = np.empty(BLOCK, np.float32)
    size, place = 0, 0
    worst = float32(float("inf"))
    while place < total:
        count, least = measure_block(space, chosen, place, total, query, gaps)
        for j in range(count if least <= worst else 0):
            if gaps[j] > worst:
                continue
            key = pack(gaps[j], row_at(listed, place + j))
            if size < keep:
                heap_push(pool, size, ~key)
                size += 1
            elif key < ~pool[0]:
                heap_replace(pool, size, ~key)
            if size == keep:
                worst = distance_of(~pool[0])
        place += count
    put_in_order(pool, size)
    return size


@kernel(
    types.int64(
        SPACE,
        CODED,
        types.int64,
        types.int64,
        types.float32[::1],
        types.int64,
        types.int32[::1],
        types.int32[::1],
        types.float32[::1],
    )
)
def scan(
    space: Any,
    coded: Any,
    shortlist: Any,
    n: Any,
    queries: Any,
    k: Any,
    chosen: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find the nearest rows of each query; return how many the last one found.

    Parameters
    ----------
    space : tuple
        See ``metrics``.
    coded : (space, float32 [d], float)
        The space of the codes, and the `center` and `factor` of ``codes.encode_query``.
    shortlist : int
        Above 0, all rows are measured by their codes, and the nearest `shortlist` of them at most by their
        vectors; 0 to leave the codes alone.
    n : int
        Number of stored rows.
    queries : float32 [q · d]
        One after the other.
    k : int
        Rows wanted for each.
    chosen : int32 [m] or [0]
        The rows that may be returned, ascending; empty stands for all.
    rows, distances : int32 [q · k], float32 [q · k]
        Written, of each query ascending by (distance, row); row −1 where there are fewer than k rows.
    """
    walked, center, factor = coded
    stride = walked[1] if shortlist > 0 else 0
    buffer = np.empty(HEAD + stride, np.int16)
    block, gaps = np.empty(RESCORED, np.int32), np.empty(RESCORED, np.float32)
    pool = np.empty(max(k, shortlist), np.int64)
    size, count = 0, rows.shape[0] // k
    for i in range(count):
        exact = int64(queries.ctypes.data) + 4 * i * (queries.shape[0] // count)
        if shortlist > 0:
            query = encode_query(exact, center, factor, stride, buffer, True)
            size = nearest(walked, query, n, chosen, pool)
            size = rescore(space, exact, pool, size, k, block, gaps)
        else:
            size = nearest(space, exact, n, chosen, pool)
        size = min(size, k)
        unpack(pool, size, rows[i * k : (i + 1) * k], distances[i * k : (i + 1) * k])
    return size


@kernel(types.int64(ADDRESSES, types.float32[::1], types.int64[::1], types.float32[::1]))
def scan_listed(listed: Any, query: Any, rows: Any, distances: Any) -> Any:
    """Find the nearest rows of one query by their vectors, as :func:`scan` does; return how many.

    Of a scan of few rows the call is a third: this is told what :func:`scan` is in few arrays.

    Parameters
    ----------
    listed : int64 [8]
        `space`, `n`, and address and length of `chosen`, as :func:`scan` takes them.
    query : float32 [d]
    rows, distances : int64 [k], float32 [k]
        Written, as by :func:`scan`.
    """
    space, n, chosen = listed_at(listed)
    pool = np.empty(rows.shape[0], np.int64)
    size = nearest(space, int64(query.ctypes.data), n, chosen, pool)
    unpack(pool, size, rows, distances)
    return size
