"""Conditions on payload columns: one pass where NumPy makes several, one byte out for each entry.

They load apart from the search kernels, when the first long column is asked (``indexes.payload.passes``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.byte_tables import LINE, look_up_line
from workbench.kernels.cpu.circles import mark_circle as mark_circle
from workbench.kernels.cpu.jit import kernel, types
from workbench.kernels.cpu.memory import count_bits, prefetch

_u8, _u16, _i32, _u64, _f64 = types.uint8, types.uint16, types.int32, types.uint64, types.float64


@kernel(types.uint64(_u64[::1]))
def count(words: Any) -> Any:
    """Return how many bits are 1."""
    total = np.uint64(0)
    for i in range(len(words)):
        total += count_bits(words[i])
    return total


@kernel(types.void(_u16[::1], _u8[::1], _u8, _u8[::1]))
def gather_u16(values: Any, table: Any, every: Any, out: Any) -> None:
    """Write ``(out | every) & table[values]``; every value must be within the table."""
    for i in range(len(values)):
        out[i] = (out[i] | every) & table[values[i]]


@kernel(types.void(_u8[::1], _u8[::1], _u8, _u8[::1]))
def gather_u8(values: Any, table: Any, every: Any, out: Any) -> None:
    """Write ``(out | every) & table[values]``; the table has 256 items."""
    start = 0
    if LINE > 0:
        start = len(values) // LINE * LINE
        for at in range(0, start, LINE):
            look_up_line(values.ctypes.data + at, table.ctypes.data, every, out.ctypes.data + at)
    for i in range(start, len(values)):
        out[i] = (out[i] | every) & table[values[i]]


@kernel(types.void(_u8[::1], _u8, _u8, _u8, _u8[::1]))
def within(values: Any, first: Any, last: Any, every: Any, out: Any) -> None:
    """Write ``(out | every) & (first <= values <= last)``."""
    for i in range(len(values)):
        out[i] = (out[i] | every) & ((values[i] >= first) & (values[i] <= last))


@kernel(types.void(_i32[::1], _u8[::1], _u8[::1]))
def gather_codes(codes: Any, table: Any, out: Any) -> None:
    """Write ``table[codes + 1]``; a code is -1 or more."""
    for i in range(len(codes)):
        out[i] = table[codes[i] + np.int32(1)]


@kernel(types.void(_f64[::1], _f64, _f64, _u8[::1]))
def between(numbers: Any, low: Any, high: Any, out: Any) -> None:
    """Write which numbers are from `low` to `high`, both included; NaN never is."""
    for i in range(len(numbers)):
        out[i] = (numbers[i] >= low) & (numbers[i] <= high)


@kernel(types.void(_i32[::1], _u8, _u8[::1]))
def mark(entries: Any, value: Any, out: Any) -> None:
    """Write a value at some entries."""
    for i in range(len(entries)):
        out[entries[i]] = value


@kernel(types.void(_i32[::1], _u8[::1], _u8[::1]))
def spread(rows: Any, accepted: Any, out: Any) -> None:
    """Write which rows an accepted entry is of; the row of each entry is at least that of the one before."""
    before, any_of_row = np.int32(-1), np.uint8(0)
    for i in range(len(rows)):
        any_of_row = accepted[i] | (any_of_row if rows[i] == before else np.uint8(0))
        before = rows[i]
        out[before] = any_of_row


@kernel(types.int64(_i32[::1], _i32[::1], _u8[::1]))
def length_of_runs(begin: Any, end: Any, wanted: Any) -> Any:
    """Return how long those runs are together that are wanted (1, not 0)."""
    total = np.int64(0)
    for run in range(len(wanted)):
        total += np.int64(end[run] - begin[run]) * np.int64(wanted[run])
    return total


# The first entries of what is so many runs ahead are asked for, line by line: 2,700 runs of 20 in a million
# take 0.16 ms, and 0.27 where it is the first line alone.
_AHEAD, _FIRST, _LINE = 8, 48, 16


@kernel(types.void(_i32[::1], _i32[::1], _i32[::1], _u8[::1], _u8[::1]))
def mark_runs(order: Any, begin: Any, end: Any, wanted: Any, out: Any) -> None:
    """Write 1 at the entries of the runs that are wanted."""
    runs, count, base = np.empty(len(wanted), np.int32), 0, order.ctypes.data
    for run in range(len(wanted)):
        runs[count] = run
        count += wanted[run]
    for place in range(count):
        run = runs[min(place + _AHEAD, count - 1)]
        for ahead in range(begin[run], min(begin[run] + _FIRST, end[run] + _LINE - 1), _LINE):
            prefetch(base + 4 * ahead)
        run = runs[place]
        for i in range(begin[run], end[run]):
            out[order[i]] = 1
