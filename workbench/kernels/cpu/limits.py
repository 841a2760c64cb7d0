"""Which of many numbers are at most a limit, 64 at a time, and the least of them, without a branch for each.

A heap that takes in one number after the other branches as they fall, and a processor guesses those branches
wrong: the least 30 of 1,137 guesses take 10 µs so, and here 1.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.jit import float32, int64, intrinsic, part, types
from workbench.kernels.cpu.lanes import load, splat, store
from workbench.kernels.cpu.memory import count_bits, hold, load_i32, trailing_zeros
from workbench.kernels.cpu.ordering import distance_of, pack

# Numbers that are compared together.
BLOCK = 64
# Groups of numbers for each that is wanted; see :func:`limit_for`.
EACH = 4
# Up to so many keys are put in order by counting for each which others are lower: 16, 32, 64, 128, 512 and
# 2,048 take 0.5, 0.8, 3.2, 9, 96 and 1,580 µs so, and 0.9, 1.1, 2.7, 4.4, 22 and 116 sorted.
COUNTED = 48

_WIDE = ir.VectorType(ir.FloatType(), BLOCK)


@intrinsic
def at_most(typing: Any, address: Any, limit: Any) -> Any:
    """Which of the 64 float32 at an address are at most `limit`: a bit for each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, limit = arguments
        numbers, limits = load(builder, address, _WIDE, 4), splat(builder, limit, _WIDE)
        return builder.bitcast(builder.fcmp_ordered("<=", numbers, limits), ir.IntType(64))

    return types.int64(types.int64, types.float32), generate


@intrinsic
def _lower(typing: Any, least: Any, numbers: Any) -> Any:
    """Write the lower of each of the 64 float32 at two addresses to the first of them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        known, own = (load(builder, address, _WIDE, 4) for address in arguments)
        lower = builder.select(builder.fcmp_ordered("<", own, known), own, known)
        store(builder, lower, arguments[0], 4)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@part
def listed_in(chosen: Any, n: Any) -> Any:
    """The address of a list of rows, and its length; 0 and `n` for an empty one, which stands for all."""
    if chosen.shape[0] == 0:
        return int64(0), int64(n)
    return int64(chosen.ctypes.data), int64(chosen.shape[0])


@part
def row_at(listed: Any, place: Any) -> Any:
    """The row at a place of the list at an address, or of the list of all rows if that is 0."""
    return int64(load_i32(listed, place)) if listed != 0 else int64(place)


@part
def room_for(total: Any) -> Any:
    """Memory for so many numbers, and the room that is needed behind them."""
    return np.empty(total + BLOCK, np.float32)


@part
def limit_for(numbers: Any, total: Any, wanted: Any) -> Any:
    """A number that at least `wanted` of ``numbers[:total]`` are not above; infinity if fewer are numbers.

    The numbers are dealt out to `EACH` groups for each that is wanted, and the least of each group are
    compared: of more numbers than groups about a seventh more than wanted are not above it. The numbers are
    in memory of :func:`room_for`, whose end is written.
    """
    groups = BLOCK * ((EACH * wanted + BLOCK - 1) // BLOCK)
    numbers[total : total + BLOCK] = np.inf
    least = np.full(groups, np.inf, np.float32)
    own, here = numbers.ctypes.data, least.ctypes.data
    for start in range(0, total, BLOCK):
        _lower(here + 4 * (start % groups), own + 4 * start)
    # Bisection of all float32, as integers that are in the same order.
    low, high = pack(float32(-np.inf), 0) >> int64(32), pack(float32(np.inf), 0) >> int64(32)
    while low < high:
        middle = (low + high) >> int64(1)
        limit, count = distance_of(middle << int64(32)), int64(0)
        for at in range(0, groups, BLOCK):
            count += int64(count_bits(at_most(here + 4 * at, limit)))
        enough = count >= wanted
        low, high = low if enough else middle + int64(1), middle if enough else high
    hold(least)
    return distance_of(high << int64(32))


@part
def places_at_most(numbers: Any, total: Any, limit: Any, places: Any, size: Any) -> Any:
    """Add the places of those of ``numbers[:total]`` that are at most `limit` to ``places[:size]``, in their
    order; return how many these are then. The numbers are in memory that goes on to a multiple of `BLOCK`.
    """
    for start in range(0, total, BLOCK):
        bits = at_most(numbers.ctypes.data + 4 * start, limit)
        if total - start < BLOCK:
            bits &= (int64(1) << int64(total - start)) - int64(1)
        while bits != 0:
            places[size] = start + trailing_zeros(bits)
            size += 1
            bits &= bits - int64(1)
    return size


@part
def left_open(listed: Any, total: Any, lows: Any, limit: Any, found: Any) -> Any:
    """Write the rows whose bound is at most `limit` to `found`, in their order; return how many they are.

    `lows`, float32, goes on to a multiple of `BLOCK`.
    """
    count = places_at_most(lows, total, limit, found, 0)
    for j in range(count):
        found[j] = row_at(listed, found[j])
    return count


@part
def keep_nearest(gaps: Any, listed: Any, count: Any, pool: Any) -> Any:
    """Write the keys of the lowest of ``gaps[:count]``, the distances of the listed rows, to `pool`,
    ascending; return how many. The gaps are in memory of :func:`room_for`, whose end is written.
    """
    keep = min(pool.shape[0], count)
    places = np.empty(count, np.int32)
    many = places_at_most(gaps, count, limit_for(gaps, count, keep), places, 0)
    keys = np.empty(many, np.int64)
    for j in range(many):
        keys[j] = pack(gaps[places[j]], row_at(listed, places[j]))
    size = min(many, keep)
    if many > COUNTED:
        keys.sort()
        pool[:size] = keys[:size]
        return size
    for key in keys:
        place = 0
        for other in keys:
            place += other < key
        if place < keep:
            pool[place] = key
    return size
