"""Scans by one bit a number: each row's distance is guessed, and the rows that may be near are measured.

It pays for lists of rows that lie apart in memory, where reading a row of codes costs more than comparing it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import HEAD, encode_query
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.limits import (
    keep_nearest,
    limit_for,
    listed_in,
    places_at_most,
    room_for,
    row_at,
)
from workbench.kernels.cpu.memory import hold, prefetch
from workbench.kernels.cpu.metrics import measure_apart
from workbench.kernels.cpu.ordering import distance_of, unpack
from workbench.kernels.cpu.rescoring import rescore
from workbench.kernels.cpu.scan import RESCORED
from workbench.kernels.cpu.sign_lanes import EIGHT, block_bytes, guess_eight, put_in_lane
from workbench.kernels.cpu.signs import (
    FRONT,
    LINE,
    SURE,
    SURER,
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
# Rows of the lowest guesses that are measured first, at the least, for each that is wanted: the k-th nearest
# of these decides which others are. With 3 they are 490 in all of a region of 5,883 rows and 90 of as many
# others, with 6 395 and 88, with 10 367 and 110.
FIRST = 6
# Of shorter lists nearly all that would be found by the codes alone is, for 1 µs and recall .999 where it
# were .9946 (1,137 and 1,028 rows, of which 106 and 162 are measured, where 72 and 111 were).
SHORT = 2_048

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
def _guess(sieve: Any, listed: Any, total: Any, planes: Any, facts: Any, lows: Any) -> None:
    """Write the least distance that each row may have to `lows`."""
    base, lines, _ = sieve
    stride, last = LINE * lines, total - 1
    out, asked = lows.ctypes.data, planes.ctypes.data
    for at in range(0, total, 4):
        for j in range(at + AHEAD, min(at + AHEAD + 4, total)):
            _ask(base, lines, row_at(listed, j))
        a, b = row_at(listed, at), row_at(listed, min(at + 1, last))
        c, d = row_at(listed, min(at + 2, last)), row_at(listed, min(at + 3, last))
        a, b, c, d = base + a * stride, base + b * stride, base + c * stride, base + d * stride
        guess_four(a, b, c, d, asked, lines, facts, out + 4 * at)


@part
def _guess_beside(sieve: Any, width: Any, total: Any, planes: Any, facts: Any, lows: Any) -> None:
    """:func:`_guess` by the blocks of the sieve, which hold the listed rows of `width` codes."""
    bits, stride, out = planes.ctypes.data + FRONT, 8 * planes.shape[1], lows.ctypes.data
    step, at = _block_bytes(width), sieve[2]
    for place in range(0, total, EIGHT):
        for line in range(0, step, LINE):
            prefetch(at + BYTES_AHEAD + line)
        guess_eight(at, bits, stride, width >> 6, facts, out + 4 * place)
        at += step


@part
def _measure_low(
    walked: Any, query: Any, listed: Any, total: Any, lows: Any, limit: Any, found: Any, gaps: Any, size: Any
) -> Any:
    """Add the rows whose guess is at most `limit` to ``found[:size]``, and their distances by codes to
    ``gaps[:size]``; return how many these are then. No row is added twice.
    """
    count = places_at_most(lows, total, limit, found, size)
    for j in range(size, count):
        place = found[j]
        lows[place] = np.nan
        found[j] = row_at(listed, place)
    measure_apart(walked, found[size:], count - size, query, gaps[size:])
    return count


@part
def _promising(
    sieve: Any, walked: Any, query: Any, n: Any, chosen: Any, planes: Any, facts: Any, wanted: Any, pool: Any
) -> Any:
    """Find about the nearest rows by their codes: ``pool[:size]``, ascending.

    Return size, and how many were measured by their codes because of their guess.
    """
    listed, total = listed_in(chosen, n)
    # Guesses are written four or eight at a time.
    lows, gaps, found = room_for(total), room_for(total), np.empty(total, np.int32)
    if sieve[2] != 0:
        _guess_beside(sieve, walked[1], total, planes, facts, lows)
    else:
        _guess(sieve, listed, total, planes, facts, lows)
    limit = limit_for(lows, total, min(total, FIRST * wanted))
    count = _measure_low(walked, query, listed, total, lows, limit, found, gaps, 0)
    if count < wanted:  # numbers beyond float32
        return 0, 0
    limit = max(limit, limit_for(gaps, count, wanted))
    count = _measure_low(walked, query, listed, total, lows, limit, found, gaps, count)
    size = keep_nearest(gaps, found.ctypes.data, count, pool)
    hold(found)
    return size if size == min(count, pool.shape[0]) else 0, count


@kernel(
    types.int64(
        SPACE,
        CODED,
        SIEVE,
        types.int64,
        types.int64,
        types.int32[::1],
        types.float32[::1],
        types.int64[::1],
        types.float32[::1],
    )
)
def sift(
    space: Any,
    coded: Any,
    sieve: Any,
    shortlist: Any,
    n: Any,
    chosen: Any,
    query: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find about the nearest rows of a query; return how many were measured by their codes, or −1 if it takes
    more than 8 bits a number, or distances that float32 cannot hold.

    Parameters
    ----------
    space, coded, shortlist
        As ``scan.scan`` takes them; `shortlist` is no less than k.
    sieve : (int, int, int)
        The address of the rows that :func:`write_rows` wrote; the cache lines of each; and, where that is not
        0, the address of the blocks that :func:`write_beside` wrote of the rows `chosen`.
    n : int
        Number of stored rows.
    chosen : int32 [m] or [0]
        The rows that may be returned, ascending; empty stands for all.
    query : float32 [d]
    rows, distances : int64 [k], float32 [k]
        Written, ascending by (distance, row); k is at most the number of rows that may be returned.
    """
    walked, center, factor = coded
    buffer, pool = np.empty(HEAD + walked[1], np.int16), np.empty(shortlist, np.int64)
    exact = int64(query.ctypes.data)
    asked = encode_query(exact, center, factor, walked[1], buffer, True)
    if not is_narrow(buffer):
        return -1
    planes, wanted = room_for_planes(walked[1]), rows.shape[0]
    sure = SURER if 0 < chosen.shape[0] < SHORT else SURE
    facts = write_planes(buffer[: HEAD + walked[1] // 2], query.shape[0], planes, sure)
    size, measured = _promising(sieve, walked, asked, n, chosen, planes, facts, wanted, pool)
    hold(buffer)
    if size > 0:
        block, gaps = np.empty(RESCORED, np.int32), np.empty(RESCORED, np.float32)
        size = rescore(space, exact, pool, size, wanted, block, gaps)
    if size == 0 or distance_of(pool[0]) == np.inf:
        return -1
    unpack(pool, min(size, wanted), rows, distances)
    return measured
