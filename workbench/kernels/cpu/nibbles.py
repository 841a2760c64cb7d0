"""Exact search by half a byte a number, which tells what int8 codes are worth reading.

The rows of ``nibble_rows`` tell the least that a distance by codes can be, from half of the memory. Rows for
which that is beyond what ``proof`` allows are left out, and the proof goes on with the others: the answer is
that of measuring every row, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import BIAS, HEAD, encode_query
from workbench.kernels.cpu.jit import float32, int32, int64, kernel, part, types
from workbench.kernels.cpu.limits import BLOCK, at_most, left_open, listed_in, row_at
from workbench.kernels.cpu.memory import load_f32, load_i32, prefetch, store_i32, trailing_zeros
from workbench.kernels.cpu.nibble_products import LINE, nibble_dot_four
from workbench.kernels.cpu.nibble_rows import UP, bound_block
from workbench.kernels.cpu.ordering import distance_of, heap_push, heap_replace, pack, row_of, unpack
from workbench.kernels.cpu.proof import (
    BOUNDS,
    EUCLID,
    UNIT,
    can_be_measured,
    contenders,
    decide,
    facts_of,
    limit_of,
)
from workbench.kernels.cpu.signs import is_narrow
from workbench.kernels.cpu.traversal import CODED, SPACE

# How many places ahead rows are asked for. 117,659 rows of 384 numbers take 1.70 ms where that is left to the
# processor, 1.26 with 8, 1.06 with 16, 1.00 with 32 and .98 with 64.
AHEAD = 32
# Rows of the lowest bounds that are measured first, for each that is wanted: the k-th nearest of these
# decides which others are.
FIRST = 3

NIBBLES = types.Tuple([types.uint8[:, ::1], types.float32[::1], types.float64, types.float64, types.float64])


@part
def _length_of(width: Any, buffer: Any) -> Any:
    """The length of a narrow query's numbers, rounded up."""
    small = buffer.view(np.int8)[2 * HEAD :]
    squares = int32(0)
    for j in range(width):
        squares += int32(small[j]) * int32(small[j])
    return math.sqrt(float(squares)) * UP


@part
def _write_products(
    base: Any, stride: Any, listed: Any, place: Any, total: Any, asked: Any, sums: Any
) -> None:
    """Write the products of the next `BLOCK` rows, the last one again and again where there are no more."""
    lines, last, out = stride // LINE, total - 1, sums.ctypes.data
    for at in range(place, min(place + BLOCK, total), 4):
        for ahead in range(at + AHEAD, min(at + AHEAD + 4, total)):
            row = base + row_at(listed, ahead) * stride
            for line in range(lines):
                prefetch(row + LINE * line)
        a, b = row_at(listed, at), row_at(listed, min(at + 1, last))
        c, d = row_at(listed, min(at + 2, last)), row_at(listed, min(at + 3, last))
        w, x, y, z = nibble_dot_four(
            base + a * stride, base + b * stride, base + c * stride, base + d * stride, asked, lines
        )
        here = out + 4 * (at - place)
        store_i32(here, w)
        store_i32(here + 4, x)
        store_i32(here + 8, y)
        store_i32(here + 12, z)


@part
def _bound_all(
    nibbles: Any, terms: Any, listed: Any, total: Any, query: Any, length: Any, lows: Any, first: Any
) -> Any:
    """Write the least distance by codes of each row to `lows`, and the lowest keys to the heap `first`;
    return how many these are.
    """
    planes, rests, step, widest, longest = nibbles
    base, stride, asked = planes.ctypes.data, planes.shape[1], query + 2 * HEAD
    factor, bias = load_f32(query, 0), load_i32(query, BIAS)
    slope, reach = float32(factor * step / 16.0), float32(factor * length)
    sums, own, added = np.zeros(BLOCK, np.int32), np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32)
    keep, size, limit = first.shape[0], 0, float32(np.inf)
    for place in range(0, total, BLOCK):
        _write_products(base, stride, listed, place, total, asked, sums)
        out = lows.ctypes.data + 4 * place
        rest, term = rests.ctypes.data + 4 * place, terms + 4 * place if terms != 0 else int64(0)
        count = min(BLOCK, total - place)
        if listed != 0 or count < BLOCK:
            for j in range(count):
                own[j] = rests[row_at(listed, place + j)]
                added[j] = load_f32(terms, row_at(listed, place + j)) if terms != 0 else float32(0.0)
            rest, term = own.ctypes.data, added.ctypes.data
        bound_block(sums.ctypes.data, rest, term, out, bias, slope, reach)
        bits = at_most(out, limit)
        while bits != 0:
            j = place + trailing_zeros(bits)
            bits &= bits - 1
            if j >= total:
                break
            key = ~pack(lows[j], row_at(listed, j))
            if size < keep:
                heap_push(first, size, key)
                size += 1
            elif key > first[0]:
                heap_replace(first, size, key)
            if size == keep:
                limit = distance_of(~first[0])
    return size


@part
def _limit(walked: Any, nibbles: Any, bounds: Any, facts: Any, query: Any, length: Any, worst: Any) -> Any:
    """The bound beyond which no row can be as near as `worst`."""
    planes, rests, step, widest, longest = nibbles
    euclid = walked[3] == EUCLID
    # A bound is rounded some times, each by a unit of what is the most that it is made of.
    largest = float(load_f32(query, 0)) * length * (longest + 2.0 * widest)
    if euclid:
        largest += bounds[3] * bounds[3]
    limit = float(limit_of(worst, bounds[2], facts, euclid)) + 16.0 * UNIT * largest
    return float32(limit + abs(limit) * 2.0 * UNIT)


@part
def _nearest(
    space: Any, coded: Any, bounds: Any, nibbles: Any, n: Any, exact: Any, chosen: Any, buffer: Any, pool: Any
) -> Any:
    """Find the nearest rows of the query that is coded into `buffer`: ``pool[:size]``, ascending; return
    size, how many codes were read, and how many vectors.
    """
    walked, center, factor = coded
    query, euclid, keep = buffer.ctypes.data, walked[3] == EUCLID, pool.shape[0]
    facts = facts_of(exact, buffer, factor, euclid, bounds)
    listed, total = listed_in(chosen, n)
    lows = np.empty(-(-total // BLOCK) * BLOCK, np.float32)
    first, found = np.empty(min(total, FIRST * keep), np.int64), np.empty(total, np.int32)
    length = _length_of(walked[1], buffer)
    count = _bound_all(nibbles, walked[4], listed, total, query, length, lows, first)
    if count < keep:
        return 0, 0, 0
    for j in range(count):
        found[j] = row_of(~first[j])
    decide(space, exact, contenders(walked, query, n, found[:count], facts, bounds, pool), pool)
    limit = _limit(walked, nibbles, bounds, facts, query, length, distance_of(pool[keep - 1]))
    count = left_open(listed, total, lows, limit, found)
    kept = contenders(walked, query, n, found[:count], facts, bounds, pool)
    size, measured = decide(space, exact, kept, pool)
    return size, count, measured


@kernel(
    types.UniTuple(types.int64, 2)(
        SPACE,
        CODED,
        BOUNDS,
        NIBBLES,
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
    nibbles: Any,
    n: Any,
    queries: Any,
    chosen: Any,
    pool: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find the nearest rows of each query; return how many codes were read for the last one, and how many
    vectors measured; −1 if it takes more than 8 bits a number, or nothing can be proved of it.

    Parameters
    ----------
    nibbles : (uint8 [n, 64 lines], float32 [n], float, float, float)
        The rows and rests that ``nibble_rows.write_rows`` wrote, the step, and what it returned.
    space, coded, bounds, n, queries, chosen, pool, rows, distances
        As ``proof.prove`` takes them.
    """
    walked, center, factor = coded
    buffer = np.zeros(HEAD + walked[1], np.int16)
    count, measured = 0, 0
    for i in range(queries.shape[0]):
        exact = int64(queries[i].ctypes.data)
        encode_query(exact, center, factor, walked[1], buffer, True)
        if not (is_narrow(buffer) and can_be_measured(queries[i], bounds[4])):
            return -1, -1
        size, count, measured = _nearest(space, coded, bounds, nibbles, n, exact, chosen, buffer, pool)
        if size == 0:
            return -1, -1
        unpack(pool, size, rows[i], distances[i])
    return count, measured
