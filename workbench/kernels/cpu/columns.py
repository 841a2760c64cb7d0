"""Conditions on payload columns: one pass where NumPy makes several, one byte out for each entry.

They load apart from the search kernels, when the first long column is asked (``indexes.payload.passes``).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.circles import mark_circle as mark_circle
from workbench.kernels.cpu.jit import kernel, types
from workbench.kernels.cpu.memory import prefetch

_u8, _u16, _i32, _i64, _f64 = types.uint8, types.uint16, types.int32, types.int64, types.float64


def _gathering(element: Any) -> Any:
    """Return the kernel that looks numbers of one type up in a table."""

    @kernel(types.void(element[::1], _u8[::1], _u8[::1]))
    def gather(values: Any, table: Any, out: Any) -> None:
        """Write ``table[values]``; every value must be within the table."""
        for i in range(len(values)):
            out[i] = table[values[i]]

    return gather


gather_u8, gather_u16 = _gathering(_u8), _gathering(_u16)


def _ranging(element: Any) -> Any:
    """Return the kernel that compares unsigned numbers of one type with a first and a last."""

    @kernel(types.void(element[::1], element, element, _u8[::1]))
    def within(values: Any, first: Any, last: Any, out: Any) -> None:
        """Write which values are from `first` to `last`, both included."""
        for i in range(len(values)):
            out[i] = (values[i] >= first) & (values[i] <= last)

    return within


within_u8, within_u16 = _ranging(_u8), _ranging(_u16)


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


@kernel(types.void(_i32[::1], _u8[::1]))
def mark(entries: Any, out: Any) -> None:
    """Write 1 at some entries."""
    for i in range(len(entries)):
        out[entries[i]] = 1


@kernel(types.void(_i32[::1], _u8[::1], _u8[::1]))
def spread(rows: Any, accepted: Any, out: Any) -> None:
    """Write which rows an accepted entry is of; the row of each entry is at least that of the one before."""
    before, any_of_row = np.int32(-1), np.uint8(0)
    for i in range(len(rows)):
        any_of_row = accepted[i] | (any_of_row if rows[i] == before else np.uint8(0))
        before = rows[i]
        out[before] = any_of_row


@kernel(types.int64(_i64[::1], _i64[::1], _u8[::1]))
def length_of_runs(begin: Any, end: Any, wanted: Any) -> Any:
    """Return how long those runs are together that are wanted (1, not 0)."""
    total = np.int64(0)
    for run in range(len(wanted)):
        total += (end[run] - begin[run]) * np.int64(wanted[run])
    return total


# How many runs ahead memory is asked for: 2,700 of 20 among a million entries take 0.19 ms and not 0.31.
_AHEAD = 8


@kernel(types.void(_i32[::1], _i64[::1], _i64[::1], _u8[::1], _u8[::1]))
def mark_runs(order: Any, begin: Any, end: Any, wanted: Any, out: Any) -> None:
    """Write 1 at the entries of the runs that are wanted."""
    runs, count, base = np.empty(len(wanted) + _AHEAD, np.int32), 0, order.ctypes.data
    for run in range(len(wanted)):
        runs[count] = run
        count += wanted[run]
    for place in range(count):
        prefetch(base + 4 * begin[runs[min(place + _AHEAD, count - 1)]])
        run = runs[place]
        for i in range(begin[run], end[run]):
            out[order[i]] = 1
