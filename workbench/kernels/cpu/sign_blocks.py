"""Scans of a whole growing tail, by the signs of its codes first, eight rows side by side (``sign_lanes``).

Rows whose guess is farther than what is known to be near are left out. With the others it goes on as in
``proof``: codes bound their distances, and those that the bounds leave open are measured by their vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import HEAD, encode_query
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.memory import hold, store_f32
from workbench.kernels.cpu.metrics import ask_for, measure
from workbench.kernels.cpu.ordering import distance_of, heap_push, heap_replace, pack, unpack
from workbench.kernels.cpu.proof import (
    BOUNDS,
    EUCLID,
    can_be_measured,
    decide,
    facts_of,
    limit_of,
    lower_bound,
    upper_bound,
    within,
)
from workbench.kernels.cpu.sign_lanes import EIGHT, FACTS, guess_eight, put_in_lane
from workbench.kernels.cpu.signs import (
    DOUBT,
    FRONT,
    SURE,
    is_narrow,
    room_for_planes,
    write_planes,
    write_row,
)
from workbench.kernels.cpu.traversal import CODED, SPACE

# Rows measured by their codes in one call.
TOGETHER = 32
# The doubt of a row that nothing is guessed of.
UNKNOWN = np.float32(1e30)


@kernel(
    types.void(
        types.int8[:, ::1],
        types.int64,
        types.float64,
        types.float32[::1],
        types.float64,
        types.int64,
        types.uint8[:, ::1],
    )
)
def write_blocks(
    codes: Any, dim: Any, squared_scale: Any, errors: Any, fitting: Any, start: Any, blocks: Any
) -> None:
    """Write rows of a tail into its blocks, from row number `start` on.

    Parameters
    ----------
    codes : int8 [n, d′]
        Of these rows.
    dim : int
        Numbers of a vector, at most d′.
    squared_scale : float
        The square of the codes' scale under L2, 0 under a dot product.
    errors : float32 [n]
        Of the codes.
    fitting : float
        The largest error of a code that says what its vector is. Nothing is guessed of the others.
    start : int
    blocks : uint8 [b, FACTS + d′]
        With room for them; zeros where nothing was written yet.
    """
    width = codes.shape[1]
    row = np.empty(FRONT // 8 + width // 64, np.uint64)
    for i in range(start, start + codes.shape[0]):
        write_row(codes[i - start], dim, squared_scale, row.ctypes.data)
        if errors[i - start] > fitting:
            store_f32(row.ctypes.data + DOUBT, UNKNOWN)
        put_in_lane(row.ctypes.data, blocks[i // EIGHT].ctypes.data, i % EIGHT, width)


@part
def _bound(
    walked: Any, query: Any, near: Any, waiting: Any, gaps: Any, facts: Any, bounds: Any, state: Any
) -> Any:
    """Bound the distances of rows by their codes, and keep those that may be among the nearest."""
    # Not shared with ``proof.contenders``: what this carries from row to row, handed to a function of its own
    # and back, makes both take three times as long.
    found, count, uppers, size, threshold, limit = state
    euclid = walked[3] == EUCLID
    measure(walked, near, waiting, query, gaps)
    keep = uppers.shape[0]
    for j in range(waiting):
        if gaps[j] > limit:
            continue
        low = lower_bound(gaps[j], bounds[0][near[j]], facts, euclid)
        if low > threshold:
            continue
        found[count] = pack(low, near[j])
        count += 1
        key = ~pack(upper_bound(gaps[j], bounds[0][near[j]], facts, euclid), near[j])
        if size < keep:
            heap_push(uppers, size, key)
            size += 1
        elif key > uppers[0]:
            heap_replace(uppers, size, key)
        if size == keep and distance_of(~uppers[0]) < threshold:
            threshold = distance_of(~uppers[0])
            limit = limit_of(threshold, bounds[2], facts, euclid)
    return count, size, threshold, limit


@part
def _contenders(
    walked: Any,
    query: Any,
    blocks: Any,
    n: Any,
    allowed: Any,
    asked: Any,
    facts: Any,
    bounds: Any,
    fitting: Any,
    threshold: Any,
    uppers: Any,
) -> Any:
    """Find the rows that may be among the nearest and within `threshold`: the keys of their lower bounds."""
    planes, guessed = asked
    words = walked[1] // 64
    address, stride, width = blocks.ctypes.data, 8 * planes.shape[1], FACTS + walked[1]
    bits = planes.ctypes.data + FRONT
    found, lows = np.empty(n, np.int64), np.empty(EIGHT, np.float32)
    near, gaps, waiting = np.empty(TOGETHER + EIGHT, np.int32), np.empty(TOGETHER + EIGHT, np.float32), 0
    out, everything = lows.ctypes.data, allowed.shape[0] == 0
    euclid = walked[3] == EUCLID
    limit = limit_of(threshold, bounds[2], facts, euclid)
    # One row that does not fit would let four times as many others pass.
    likely = limit_of(threshold, fitting, facts, euclid)
    count, size = 0, 0
    for block in range((n + EIGHT - 1) // EIGHT):
        least = guess_eight(address + block * width, bits, stride, words, guessed, out)
        if least > likely:
            continue
        for lane in range(min(EIGHT, n - EIGHT * block)):
            row = EIGHT * block + lane
            if lows[lane] <= likely and (everything or allowed[row]):
                near[waiting] = row
                waiting += 1
                ask_for(walked, row)
        if waiting >= TOGETHER:
            state = found, count, uppers, size, threshold, limit
            count, size, threshold, limit = _bound(walked, query, near, waiting, gaps, facts, bounds, state)
            likely, waiting = limit_of(threshold, fitting, facts, euclid), 0
    state = found, count, uppers, size, threshold, limit
    count, size, threshold, limit = _bound(walked, query, near, waiting, gaps, facts, bounds, state)
    return within(found, count, threshold)


@kernel(
    types.int64(
        SPACE,
        CODED,
        BOUNDS,
        types.uint8[:, ::1],
        types.float64,
        types.int64,
        types.float32[::1],
        types.uint8[::1],
        types.float32,
        types.int64[::1],
        types.int32[::1],
        types.float32[::1],
    )
)
def sift_blocks(
    space: Any,
    coded: Any,
    bounds: Any,
    blocks: Any,
    fitting: Any,
    n: Any,
    query: Any,
    allowed: Any,
    threshold: Any,
    pool: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find about the nearest rows of a tail; return how many, −1 if nothing can be told of the query.

    Parameters
    ----------
    space, coded, bounds
        As ``proof.prove`` takes them.
    blocks : uint8 [b, FACTS + d′]
        What :func:`write_blocks` wrote of the first `n` rows, and perhaps of more.
    fitting : float
        The largest error that it was told to be one of a row that fits.
    n : int
    query : float32 [d]
    allowed : uint8 [n] or [0]
        Nonzero where a row may be returned; empty allows all.
    threshold : float
        Rows that are farther need not be found.
    pool : int64 [k]
        Scratch.
    rows, distances : int32 [k], float32 [k]
        Written, ascending by (distance, row); row −1 where fewer were found.
    """
    walked, center, factor = coded
    buffer = np.empty(HEAD + walked[1], np.int16)
    planes = room_for_planes(walked[1])
    exact = int64(query.ctypes.data)
    prepared = encode_query(exact, center, factor, walked[1], buffer, True)
    if not (is_narrow(buffer) and can_be_measured(query, bounds[4])):
        return -1
    facts = facts_of(exact, buffer, factor, walked[3] == EUCLID, bounds)
    asked = planes, write_planes(buffer[: HEAD + walked[1] // 2], query.shape[0], planes, SURE)
    found = _contenders(walked, prepared, blocks, n, allowed, asked, facts, bounds, fitting, threshold, pool)
    hold(buffer)
    count, measured = decide(space, exact, found, pool)
    unpack(pool, count, rows, distances)
    return count
