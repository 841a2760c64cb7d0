"""Scans by one bit a number: each row's distance is guessed, and the rows that may be near are measured.

It pays for lists of rows that lie apart in memory, where reading a row of codes costs more than comparing it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import HEAD, encode_query
from workbench.kernels.cpu.jit import float32, int64, kernel, part, types
from workbench.kernels.cpu.limits import BLOCK, left_open
from workbench.kernels.cpu.memory import prefetch
from workbench.kernels.cpu.ordering import distance_of, heap_push, heap_replace, pack, row_of, unpack
from workbench.kernels.cpu.rescoring import rescore
from workbench.kernels.cpu.scan import RESCORED, listed_in, nearest, row_at
from workbench.kernels.cpu.sign_lanes import EIGHT, block_bytes, guess_eight, put_in_lane
from workbench.kernels.cpu.signs import (
    FRONT,
    LINE,
    guess_four,
    is_narrow,
    lines_of,
    room_for_planes,
    write_planes,
    write_row,
)
from workbench.kernels.cpu.traversal import CODED, SPACE

# How many places ahead rows are asked for, and how many bytes blocks are: the processor does not ask beyond a
# page by itself. 23,472 rows take 54 µs where they took 81, beside other work 86 and 141; 5,840 18 and 23.
AHEAD, BYTES_AHEAD = 24, 2_048
# Rows of the lowest guesses that are measured first, for each that is wanted: the k-th nearest of these
# decides which others are.
FIRST = 3

SIEVE = types.UniTuple(types.int64, 3)


_lines, _block_bytes = part(lines_of), part(block_bytes)


@kernel(types.void(types.int8[:, ::1], types.int64, types.float64, types.int64, types.int64, types.int64))
def write_rows(codes: Any, dim: Any, squared_scale: Any, start: Any, stop: Any, address: Any) -> None:
    """Write the rows from number `start` to `stop` of a sieve; others may be written later, or elsewhere.

    Parameters
    ----------
    codes : int8 [n, d′]
        What the signs are of; see ``indexes.codes``.
    dim : int
        Numbers of a vector, at most d′.
    squared_scale : float
        The square of the codes' scale under L2, 0 under a dot product.
    start, stop : int
    address : int
        Of row 0, at the beginning of a cache line; each row takes ``lines_of(d′)`` of them.
    """
    stride = LINE * _lines(codes.shape[1])
    for i in range(start, stop):
        write_row(codes[i], dim, squared_scale, address + i * stride)


@part
def _ask(base: Any, lines: Any, row: Any) -> Any:
    """Prefetch a row of the sieve."""
    at = base + row * (LINE * lines)
    prefetch(at)
    if lines > 1:
        for line in range(1, lines):
            prefetch(at + LINE * line)


@kernel(types.void(SIEVE, types.int32[::1], types.int64, types.int64))
def write_beside(sieve: Any, chosen: Any, width: Any, address: Any) -> None:
    """Write the chosen rows of a sieve again, in their order and eight side by side; see ``sign_lanes``.

    Parameters
    ----------
    sieve : (int, int, int)
        The address of the rows, and the cache lines of each.
    chosen : int32 [m]
    width : int
        Codes of a row.
    address : int
        With room for ``ceil(m / 8)`` blocks.
    """
    base, lines, _ = sieve
    listed, total = listed_in(chosen, 0)
    for j in range((total + EIGHT - 1) // EIGHT * EIGHT):
        if j + AHEAD < total:
            _ask(base, lines, row_at(listed, j + AHEAD))
        # The last row again and again, until its block is full.
        at = base + row_at(listed, min(j, total - 1)) * (LINE * lines)
        put_in_lane(at, address + j // EIGHT * _block_bytes(width), j % EIGHT, width)


@part
def _offer(first: Any, size: Any, lows: Any, at: Any, until: Any, listed: Any) -> Any:
    """Keep the lowest keys in the heap ``first[:size]``, with those of the places from `at` up to `until`;
    return how many they are.
    """
    for j in range(at, until):
        key = ~pack(lows[j], row_at(listed, j))
        if size < first.shape[0]:
            heap_push(first, size, key)
            size += 1
        elif key > first[0]:
            heap_replace(first, size, key)
    return size


@part
def _guess(sieve: Any, listed: Any, total: Any, planes: Any, facts: Any, lows: Any, first: Any) -> Any:
    """Write the least distance of each row to `lows`, and the lowest keys to the heap `first`; return how
    many these are.
    """
    base, lines, _ = sieve
    stride, last = LINE * lines, total - 1
    out, asked = lows.ctypes.data, planes.ctypes.data
    keep, size, limit = first.shape[0], 0, float32(np.inf)
    for at in range(0, total, 4):
        for j in range(at + AHEAD, min(at + AHEAD + 4, total)):
            _ask(base, lines, row_at(listed, j))
        a, b = row_at(listed, at), row_at(listed, min(at + 1, last))
        c, d = row_at(listed, min(at + 2, last)), row_at(listed, min(at + 3, last))
        a, b, c, d = base + a * stride, base + b * stride, base + c * stride, base + d * stride
        if guess_four(a, b, c, d, asked, lines, facts, limit, out + 4 * at) == 0:
            continue
        size = _offer(first, size, lows, at, min(at + 4, total), listed)
        if size == keep:
            limit = distance_of(~first[0])
    return size


@part
def _guess_beside(
    sieve: Any, width: Any, listed: Any, total: Any, planes: Any, facts: Any, lows: Any, first: Any
) -> Any:
    """:func:`_guess` by the blocks of the sieve, which hold the listed rows of `width` codes."""
    bits, stride, out = planes.ctypes.data + FRONT, 8 * planes.shape[1], lows.ctypes.data
    step, at = _block_bytes(width), sieve[2]
    size, limit = 0, float32(np.inf)
    for place in range(0, total, EIGHT):
        for line in range(0, step, LINE):
            prefetch(at + BYTES_AHEAD + line)
        least = guess_eight(at, bits, stride, width >> 6, facts, out + 4 * place)
        at += step
        # Written so that NaN is none of the lowest.
        if least < limit:
            size = _offer(first, size, lows, place, min(place + EIGHT, total), listed)
            if size == first.shape[0]:
                limit = distance_of(~first[0])
    return size


@part
def _promising(
    sieve: Any, walked: Any, query: Any, n: Any, chosen: Any, planes: Any, facts: Any, wanted: Any, pool: Any
) -> Any:
    """Find about the nearest rows by their codes: ``pool[:size]``, ascending.

    Return size, and how many were measured by their codes because of their guess.
    """
    listed, total = listed_in(chosen, n)
    # Guesses are written four or eight at a time, and read by more.
    lows, first, found = (
        np.empty(total + BLOCK, np.float32),
        np.empty(FIRST * wanted, np.int64),
        np.empty(total, np.int32),
    )
    if sieve[2] != 0:
        count = _guess_beside(sieve, walked[1], listed, total, planes, facts, lows, first)
    else:
        count = _guess(sieve, listed, total, planes, facts, lows, first)
    if count < wanted:  # numbers beyond float32
        return 0, 0
    for j in range(count):
        found[j] = row_of(~first[j])
    nearest(walked, query, n, found[:count], pool)
    # Those that were measured first are among the found again, however wrong their guess was.
    limit = max(distance_of(pool[wanted - 1]), distance_of(~first[0]))
    lows[total:] = np.inf
    count = left_open(listed, total, lows, limit, found)
    return nearest(walked, query, n, found[:count], pool), count


@kernel(
    types.int64(
        SPACE,
        CODED,
        SIEVE,
        types.int64,
        types.float32[:, ::1],
        types.int32[::1],
        types.int64[::1],
        types.int32[:, ::1],
        types.float32[:, ::1],
    )
)
def sift(
    space: Any,
    coded: Any,
    sieve: Any,
    n: Any,
    queries: Any,
    chosen: Any,
    pool: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find about the nearest rows of each query; return how many were measured by their codes for the last
    one, or −1 if it takes more than 8 bits a number, or distances that float32 cannot hold.

    Parameters
    ----------
    space, coded
        As ``scan.scan`` takes them.
    sieve : (int, int, int)
        The address of the rows that :func:`write_rows` wrote; the cache lines of each; and, where that is not
        0, the address of the blocks that :func:`write_beside` wrote of the rows `chosen`.
    n : int
        Number of stored rows.
    queries : float32 [q, d]
    chosen : int32 [m] or [0]
        The rows that may be returned, ascending; empty stands for all.
    pool : int64 [shortlist]
        Scratch: so many rows are measured by their vectors at most. No shorter than k.
    rows, distances : int32 [q, k], float32 [q, k]
        Written, ascending by (distance, row); k is at most the number of rows that may be returned.
    """
    walked, center, factor = coded
    buffer = np.empty(HEAD + walked[1], np.int16)
    planes = room_for_planes(walked[1])
    block, gaps = np.empty(RESCORED, np.int32), np.empty(RESCORED, np.float32)
    measured = 0
    for i in range(queries.shape[0]):
        exact = int64(queries[i].ctypes.data)
        query = encode_query(exact, center, factor, walked[1], buffer, True)
        if not is_narrow(buffer):
            return -1
        facts = write_planes(buffer[: HEAD + walked[1] // 2], queries.shape[1], planes)
        size, measured = _promising(sieve, walked, query, n, chosen, planes, facts, rows.shape[1], pool)
        if size > 0:
            size = rescore(space, exact, pool, size, rows.shape[1], block, gaps)
        if size == 0 or distance_of(pool[0]) == np.inf:
            return -1
        unpack(pool, min(size, rows.shape[1]), rows[i], distances[i])
    return measured
