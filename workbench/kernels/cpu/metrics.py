"""Distances between a query and stored rows of float32, float16 or uint8, or their int8 codes.

A *space* is (address, bytes per row, dimension, kind, terms), a *kind* is 3 × element type + metric. Kernels
call the loops for a whole list of rows at a time (see ``jit.shared``). A query is float32, but for codes:
then it is coded too, and `terms` is the address of a float32 for each row (see ``codes``). The kinds from 11
on are those of ``bits``, and the last two those of ``nibble_products``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.bits import INT8_L1, quantized, quantized_four
from workbench.kernels.cpu.codes import coded_dot, coded_dot_four, coded_l2, row_as_query
from workbench.kernels.cpu.jit import float32, int64, part, shared, types
from workbench.kernels.cpu.loops import four_rows, one_row
from workbench.kernels.cpu.memory import load_f16, load_f32, load_i32, load_u8, prefetch, store_f32
from workbench.kernels.cpu.nibble_products import NIBBLED, nibbled, nibbled_four

ELEMENTS = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.uint8): 2, np.dtype(np.int8): 3}
CACHE_LINE = 64
CODED = 9  # the first kind of codes
# Bytes of a row asked for ahead. Searching 30,000 × 384 float32 at ef 32 takes 56 µs with 256, 59 with all
# 1,536 and 68 with none: the processor's own prefetcher follows from there, and the requests outstanding at a
# time are few. A row of codes is read before that prefetcher wakes: all six lines of 384 codes asked for take
# 59-68 µs at ef 48 where four take 75. The hint that a row is read once only (NTA) costs a third more.
AHEAD, CODES_AHEAD = 256, 512

# How many places ahead of the row measured a scan asks for rows: 11,587 codes of 384 numbers that lie ten
# apart take 198 µs with none, 217 with 8, 161 with 12 and 200 with 16; 117,659 that lie side by side 2,250 µs
# where it is left to the processor, and 1,710 with 12.
PLACES_AHEAD = 12
# Rows that a scan measures in one call: 16 cost a twentieth more.
BLOCK = 64


def kind_of(dtype: np.dtype[Any], metric: int) -> int:
    """The kind number of an element type and a metric of ``workbench.kernels``."""
    return 3 * ELEMENTS[np.dtype(dtype)] + metric


f32_l2, f32_dot, f32_l1 = (one_row(0, metric) for metric in range(3))
f16_l2, f16_dot, f16_l1 = (one_row(1, metric) for metric in range(3))
u8_l2, u8_dot, u8_l1 = (one_row(2, metric) for metric in range(3))
f32_l2_four, f32_dot_four, f32_l1_four = (four_rows(0, metric) for metric in range(3))
f16_l2_four, f16_dot_four, f16_l1_four = (four_rows(1, metric) for metric in range(3))
u8_l2_four, u8_dot_four, u8_l1_four = (four_rows(2, metric) for metric in range(3))


_i64 = types.int64


@shared(types.float32(_i64, _i64, _i64, _i64, _i64, _i64, _i64))
def measure_one(base: Any, stride: Any, dim: Any, kind: Any, terms: Any, row: Any, query: Any) -> Any:
    """:func:`distance` with the numbers of the space one by one."""
    at = base + int64(row) * stride
    if kind == 0:
        return f32_l2(at, query, dim)
    if kind == 1:
        return f32_dot(at, query, dim)
    if kind == 2:
        return f32_l1(at, query, dim)
    if kind == 3:
        return f16_l2(at, query, dim)
    if kind == 4:
        return f16_dot(at, query, dim)
    if kind == 5:
        return f16_l1(at, query, dim)
    if kind == 6:
        return u8_l2(at, query, dim)
    if kind == 7:
        return u8_dot(at, query, dim)
    if kind == 8:
        return u8_l1(at, query, dim)
    if kind == 9:
        return coded_l2(terms, row, at, query, dim)
    if kind < INT8_L1:
        return coded_dot(at, query, dim)
    if kind >= NIBBLED:
        gap = nibbled(at, query, dim)
        return gap + load_f32(terms, row) if kind == NIBBLED else gap
    return quantized(kind, at, query, dim)


@part
def _four_distances(space: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any) -> Any:
    """Distances of four stored rows to the query at the address `query`."""
    base, stride, dim, kind, terms = space
    a, b = base + int64(row0) * stride, base + int64(row1) * stride
    c, d = base + int64(row2) * stride, base + int64(row3) * stride
    if kind == 0:
        return f32_l2_four(a, b, c, d, query, dim)
    if kind == 1:
        return f32_dot_four(a, b, c, d, query, dim)
    if kind == 2:
        return f32_l1_four(a, b, c, d, query, dim)
    if kind == 3:
        return f16_l2_four(a, b, c, d, query, dim)
    if kind == 4:
        return f16_dot_four(a, b, c, d, query, dim)
    if kind == 5:
        return f16_l1_four(a, b, c, d, query, dim)
    if kind == 6:
        return u8_l2_four(a, b, c, d, query, dim)
    if kind == 7:
        return u8_dot_four(a, b, c, d, query, dim)
    if kind == 8:
        return u8_l1_four(a, b, c, d, query, dim)
    if INT8_L1 <= kind < NIBBLED:
        return quantized_four(kind, a, b, c, d, query, dim)
    if kind < NIBBLED:
        w, x, y, z = coded_dot_four(a, b, c, d, query, dim)
    else:
        w, x, y, z = nibbled_four(a, b, c, d, query, dim)
    if kind in (CODED, NIBBLED):
        w, x = w + load_f32(terms, row0), x + load_f32(terms, row1)
        y, z = y + load_f32(terms, row2), z + load_f32(terms, row3)
    return w, x, y, z


@part
def ask_for(space: Any, row: Any) -> Any:
    """Prefetch the beginning of a stored row."""
    base, stride, dim, kind, terms = space
    at = base + int64(row) * stride
    for offset in range(0, min(stride, AHEAD if kind < CODED else CODES_AHEAD), CACHE_LINE):
        prefetch(at + offset)


@shared(types.float32(_i64, _i64, _i64, _i64, _i64, _i64, _i64, _i64, _i64, _i64, _i64, _i64))
def measure_rows(
    base: Any,
    stride: Any,
    dim: Any,
    kind: Any,
    terms: Any,
    rows: Any,
    first: Any,
    count: Any,
    ahead: Any,
    until: Any,
    query: Any,
    distances: Any,
) -> Any:
    """Write the distances of `count` rows to the address `distances`; return the least of lists of four.

    They are those at the address `rows`, as int32, or those from `first` on if it is 0. If `until` is 0, what
    is left beside lists of four is measured one by one. Else that is measured as four too, the last row again
    and again; and of the first `until` rows those are asked for that come `ahead` places later.
    """
    space = (base, stride, dim, kind, terms)
    place, least = 0, float32(float("inf"))
    while place + 4 <= count or (place < count and until > 0):
        for j in range(place + ahead, min(place + ahead + 4, until)):
            ask_for(space, int64(load_i32(rows + 4 * j, 0)) if rows != 0 else first + j)
        last = count - 1
        a, b, c, d = place, min(place + 1, last), min(place + 2, last), min(place + 3, last)
        if rows != 0:
            a, b = int64(load_i32(rows + 4 * a, 0)), int64(load_i32(rows + 4 * b, 0))
            c, d = int64(load_i32(rows + 4 * c, 0)), int64(load_i32(rows + 4 * d, 0))
        else:
            a, b, c, d = first + a, first + b, first + c, first + d
        w, x, y, z = _four_distances(space, a, b, c, d, query)
        least = min(least, min(min(w, x), min(y, z)))
        at = distances + 4 * place
        store_f32(at, w)
        if place + 1 < count:
            store_f32(at + 4, x)
        if place + 2 < count:
            store_f32(at + 8, y)
        if place + 3 < count:
            store_f32(at + 12, z)
        place += 4
    while place < count:
        row = int64(load_i32(rows + 4 * place, 0)) if rows != 0 else first + place
        store_f32(distances + 4 * place, measure_one(base, stride, dim, kind, terms, row, query))
        place += 1
    return least


@part
def distance(space: Any, row: Any, query: Any) -> Any:
    """Distance of stored row number `row` to the query at the address `query`."""
    base, stride, dim, kind, terms = space
    return measure_one(base, stride, dim, kind, terms, int64(row), query)


@part
def measure(space: Any, rows: Any, count: Any, query: Any, distances: Any) -> Any:
    """Write the distances of the stored rows ``rows[:count]``, int32, to ``distances[:count]``."""
    base, stride, dim, kind, terms = space
    listed, out = rows.ctypes.data, distances.ctypes.data
    measure_rows(base, stride, dim, kind, terms, listed, 0, int64(count), 0, 0, query, out)


@part
def measure_apart(space: Any, rows: Any, count: Any, query: Any, distances: Any) -> Any:
    """:func:`measure` of rows that lie apart in memory and that nobody has asked for yet."""
    base, stride, dim, kind, terms = space
    for j in range(min(count, PLACES_AHEAD)):
        ask_for(space, rows[j])
    listed, out = rows.ctypes.data, distances.ctypes.data
    count = int64(count)
    measure_rows(base, stride, dim, kind, terms, listed, 0, count, PLACES_AHEAD, count, query, out)


@part
def measure_from(space: Any, first: Any, count: Any, query: Any, distances: Any) -> Any:
    """Write the distances of `count` stored rows from `first` on to ``distances[:count]``."""
    base, stride, dim, kind, terms = space
    measure_rows(base, stride, dim, kind, terms, 0, first, int64(count), 0, 0, query, distances.ctypes.data)


@part
def measure_block(space: Any, chosen: Any, place: Any, total: Any, query: Any, distances: Any) -> Any:
    """Write the distances of the next `BLOCK` of `total` rows, those of the list ``chosen[place:total]`` or,
    if it is empty, from number `place` on; return how many they are, and the least.

    Each sum is rounded in the same way, whatever the place of the row. Rows further on are asked for.
    """
    base, stride, dim, kind, terms = space
    listed = chosen.ctypes.data + 4 * place if chosen.shape[0] > 0 else int64(0)
    left = total - place
    count = min(left, BLOCK)
    out = distances.ctypes.data
    least = measure_rows(base, stride, dim, kind, terms, listed, place, count, PLACES_AHEAD, left, query, out)
    return count, least


@part
def as_query(space: Any, row: Any, buffer: Any) -> Any:
    """Address of stored row `row` as a query: the row itself, or the address `buffer` after decoding there.

    Codes become a coded query of factor 1; see :func:`own_term`.
    """
    base, stride, dim, kind, terms = space
    at = base + int64(row) * stride
    if kind < 3:
        return at
    if kind >= CODED:
        return row_as_query(at, stride, buffer)
    if kind < 6:
        for j in range(dim):
            store_f32(buffer + 4 * j, load_f16(at, j))
    else:
        for j in range(dim):
            store_f32(buffer + 4 * j, float32(load_u8(at, j)))
    return buffer


@part
def own_term(space: Any, row: Any) -> Any:
    """What a distance to stored row `row`, asked with that row, lacks beside distances asked with others."""
    base, stride, dim, kind, terms = space
    return load_f32(terms, row) if kind == CODED else float32(0.0)
