"""Exact search by int8 codes: a scan that proves which rows can be left unmeasured.

A stored vector is x = x̂ + e, where x̂ is what its code says and |e|, its *error*, is kept for each row; the
coded query is off too, by a vector whose length is worked out for each query. So a row's distance lies
between two bounds that its code gives:

==========  ================================================================================================
squared L2  (√d̂ ∓ (|e| + |error of the query|))², d̂ the squared distance of x̂ to the coded query
dot         d̂ ∓ (|e||q| + |x̂ - mean||error of the query|), d̂ the negative product of x̂ and the coded query
==========  ================================================================================================

A row whose lower bound is above the k-th smallest upper bound cannot be among the nearest k. The others are
measured by their vectors, the lowest bound first, until the k-th distance measured is below the next bound.
The bounds leave room for rounding, so the answer is that of measuring every row, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import HEAD, NARROW, encode_query
from workbench.kernels.cpu.jit import float32, int64, kernel, part, types
from workbench.kernels.cpu.limits import listed_in, row_at
from workbench.kernels.cpu.memory import load_f32, load_i32
from workbench.kernels.cpu.metrics import BLOCK, ask_for, measure_block
from workbench.kernels.cpu.ordering import (
    distance_of,
    heap_push,
    heap_replace,
    pack,
    put_in_order,
    row_of,
    unpack,
)
from workbench.kernels.cpu.traversal import CODED, SPACE

# The kind of a space of codes under L2; see ``metrics``.
EUCLID = 9
# Half a unit in the last place of a float32.
UNIT = 2.0**-24
# Squares beyond this may not fit float32; then nothing is proved.
LARGEST_SQUARE = 1e36

BOUNDS = types.Tuple([types.float32[::1], types.float32[::1], types.float64, types.float64, types.float64])


@part
def facts_of(query: Any, buffer: Any, factor: Any, euclid: Any, bounds: Any) -> Any:
    """What the bounds of all rows have in common: (offset, slope, error, slack, rounding).

    `offset` is what the distance by codes lacks. A dot product is off by at most ``slope · |e| + slack``. The
    root of an L2 distance is off by ``|e| + error``, the distance before by `slack`, and the one measured by
    the share `rounding` of it.
    """
    errors, mean, widest, radius, longest = bounds
    dim = mean.shape[0]
    unit = float(load_f32(buffer.ctypes.data, 0)) / factor
    narrow, small = load_i32(buffer.ctypes.data, NARROW) != 0, buffer.view(np.int8)[2 * HEAD :]
    said, off, product, size = 0.0, 0.0, 0.0, 0.0
    for j in range(dim):
        exact, middle = float(load_f32(query, j)), float(mean[j])
        coded = unit * (float(small[j]) if narrow else float(buffer[HEAD + j]))
        off += (exact - (middle if euclid else 0.0) - coded) ** 2
        said += coded * coded
        product += exact * middle
        size += exact * exact
    error, length, reach = math.sqrt(off), math.sqrt(said), math.sqrt(size)
    share = 2.0 * (dim + 8) * UNIT
    if euclid:
        return said, 1.0, error, 8.0 * UNIT * (radius * radius + 2.0 * radius * length), share
    slack = radius * error + 8.0 * UNIT * radius * length + share * longest * reach
    return -product, reach, 0.0, slack, 0.0


@part
def lower_bound(gap: Any, row_error: Any, facts: Any, euclid: Any) -> Any:
    """The least that the distance of a row can be whose distance by codes is `gap`."""
    offset, slope, error, slack, rounding = facts
    low = float(gap) + offset - slack
    if euclid:
        low = max(0.0, math.sqrt(max(0.0, low)) - float(row_error) - error) ** 2 * (1.0 - rounding)
    else:
        low -= slope * float(row_error)
    return float32(low - abs(low) * 2.0 * UNIT)


@part
def upper_bound(gap: Any, row_error: Any, facts: Any, euclid: Any) -> Any:
    """The most that it can be."""
    offset, slope, error, slack, rounding = facts
    high = float(gap) + offset + slack
    if euclid:
        high = (math.sqrt(max(0.0, high)) + float(row_error) + error) ** 2 * (1.0 + rounding)
    else:
        high += slope * float(row_error)
    return float32(high + abs(high) * 2.0 * UNIT)


@part
def limit_of(threshold: Any, widest: Any, facts: Any, euclid: Any) -> Any:
    """The distance by codes beyond which no row's lower bound is as small as `threshold`."""
    offset, slope, error, slack, rounding = facts
    limit = float(threshold)
    if euclid:
        limit = (math.sqrt(max(0.0, limit) / (1.0 - rounding)) + widest + error) ** 2
    else:
        limit += slope * widest
    limit += slack - offset
    return float32(limit + (abs(limit) + abs(offset)) * 4.0 * UNIT)


@part
def within(found: Any, count: Any, threshold: Any) -> Any:
    """Return those of the keys ``found[:count]`` that are not beyond a distance, ascending."""
    kept = 0
    for j in range(count):
        if distance_of(found[j]) <= threshold:
            found[kept] = found[j]
            kept += 1
    found = found[:kept]
    found.sort()
    return found


@part
def contenders(walked: Any, query: Any, n: Any, chosen: Any, facts: Any, bounds: Any, uppers: Any) -> Any:
    """Find the rows that may be among the nearest ``len(uppers)``: the keys of their lower bounds."""
    errors, mean, widest, radius, longest = bounds
    euclid = walked[3] == EUCLID
    listed, total = listed_in(chosen, n)
    keep = uppers.shape[0]
    found, gaps = np.empty(total, np.int64), np.empty(BLOCK, np.float32)
    count, size = 0, 0
    threshold, limit = float32(np.inf), float32(np.inf)
    for place in range(0, total, BLOCK):
        block, least = measure_block(walked, chosen, place, total, query, gaps)
        for j in range(block if least <= limit else 0):
            if gaps[j] > limit:
                continue
            gap, row = gaps[j], row_at(listed, place + j)
            low = lower_bound(gap, errors[row], facts, euclid)
            if low > threshold:
                continue
            found[count] = pack(low, row)
            count += 1
            key = ~pack(upper_bound(gap, errors[row], facts, euclid), row)
            if size < keep:
                heap_push(uppers, size, key)
                size += 1
            elif key > uppers[0]:
                heap_replace(uppers, size, key)
            if size == keep:
                threshold = distance_of(~uppers[0])
                limit = limit_of(threshold, widest, facts, euclid)
    return within(found, count, threshold)


@part
def decide(space: Any, query: Any, found: Any, pool: Any) -> Any:
    """Measure rows, the lowest bound first, until no other can be nearer: ``pool[:size]``, ascending.

    Four at a time, as the scan of all rows does, so that the sums are rounded in the same way. Return size,
    and how many were measured.
    """
    keep, size, start = pool.shape[0], 0, 0
    last = found.shape[0] - 1
    rows, gaps = np.empty(4, np.int32), np.empty(4, np.float32)
    while start <= last and (size < keep or distance_of(found[start]) <= distance_of(~pool[0])):
        for j in range(start + 4, min(start + 8, last + 1)):
            ask_for(space, row_of(found[j]))
        count = min(4, last + 1 - start)
        for j in range(count):
            rows[j] = row_of(found[start + j])
        measure_block(space, rows, 0, count, query, gaps)
        for j in range(count):
            key = ~pack(gaps[j], rows[j])
            if size < keep:
                heap_push(pool, size, key)
                size += 1
            elif key > pool[0]:
                heap_replace(pool, size, key)
        start += 4
    put_in_order(pool, size)
    return size, min(start, last + 1)


@part
def can_be_measured(query: Any, longest: Any) -> Any:
    """Whether the distances to a query surely fit float32: something can be proved of them then."""
    squares = 0.0
    for j in range(query.shape[0]):
        squares += float(query[j]) ** 2
    # False for NaN too.
    return squares < LARGEST_SQUARE and longest * longest < LARGEST_SQUARE


@kernel(
    types.int64(
        SPACE,
        CODED,
        BOUNDS,
        types.int64,
        types.float32[:, ::1],
        types.int32[::1],
        types.int64[::1],
        types.int32[:, ::1],
        types.float32[:, ::1],
    )
)
def prove(
    space: Any,
    coded: Any,
    bounds: Any,
    n: Any,
    queries: Any,
    chosen: Any,
    pool: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find the nearest rows of each query; return how many were measured for the last one, -1 if nothing
    can be proved of it.

    Parameters
    ----------
    space : tuple
        See ``metrics``.
    coded : (space, float32 [d], float)
        As ``scan.scan`` takes it.
    bounds : (float32 [n], float32 [d], float, float, float)
        The length of each row's error; the mean of the codes; the largest error; the largest distance of a
        coded row from the mean; the length of the longest row. All rounded up.
    n : int
        Number of stored rows.
    queries : float32 [q, d]
    chosen : int32 [m] or [0]
        The rows that may be returned, ascending; empty stands for all.
    pool : int64 [k]
        Scratch; k is at most the number of rows that may be returned.
    rows, distances : int32 [q, k], float32 [q, k]
        Written, ascending by (distance, row), as ``scan.scan`` without codes writes them.
    """
    walked, center, factor = coded
    buffer = np.empty(HEAD + walked[1], np.int16)
    euclid = walked[3] == EUCLID
    measured = 0
    for i in range(queries.shape[0]):
        exact = int64(queries[i].ctypes.data)
        query = encode_query(exact, center, factor, walked[1], buffer, True)
        facts = facts_of(exact, buffer, factor, euclid, bounds)
        if not can_be_measured(queries[i], bounds[4]):
            return -1
        found = contenders(walked, query, n, chosen, facts, bounds, pool)
        size, measured = decide(space, exact, found, pool)
        unpack(pool, size, rows[i], distances[i])
    return measured
