"""Single passes over long columns: by compiled kernels once they are loaded, by NumPy until then."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

# Below this many entries NumPy takes some tens of microseconds, and nothing is loaded for them.
_LONG = 1 << 15
# As long as it takes to call a kernel, NumPy marks these many.
_FEW = 1 << 10
# NumPy passes over 2 million entries in 1.2 ms where one in 100 is accepted, in 15 where every second is; the
# kernel in 2.3 always.
_SPARSE = 32


def look_up(values: NDArray[Any], table: Mask) -> Mask:
    """Return ``table[values]``.

    Parameters
    ----------
    values : uint8, uint16 or int32 [n]
        Each within the table; of int32 from -1 on, and the last item of the table is that of -1.
    table : bool [m]
    """
    loaded = _loaded(values)
    if loaded is None:
        return np.asarray(table[values])
    out = np.empty(len(values), np.bool_)
    if values.dtype == np.int32:
        loaded.gather_codes(values, np.roll(table, 1).view(np.uint8), out.view(np.uint8))
    else:
        gather = loaded.gather_u8 if values.dtype == np.uint8 else loaded.gather_u16
        gather(values, np.ascontiguousarray(table).view(np.uint8), out.view(np.uint8))
    return out


def within(values: NDArray[Any], first: int, last: int) -> Mask:
    """Return which of uint8 or uint16 [n] are from `first` to `last`, both included and of that type."""
    loaded, low, high = _loaded(values), values.dtype.type(first), values.dtype.type(last)
    if loaded is None:
        # Unsigned, and round the end: what is below the first becomes large.
        return np.asarray(values - low <= high - low)
    out = np.empty(len(values), np.bool_)
    compare = loaded.within_u8 if values.dtype == np.uint8 else loaded.within_u16
    compare(values, low, high, out.view(np.uint8))
    return out


def between(numbers: NDArray[np.float64], low: float, high: float) -> Mask:
    """Return which numbers are from `low` to `high`, both included; NaN never is."""
    loaded = _loaded(numbers)
    if loaded is None:
        return np.asarray((numbers >= low) & (numbers <= high))
    out = np.empty(len(numbers), np.bool_)
    loaded.between(numbers, low, high, out.view(np.uint8))
    return out


def spread(rows: NDArray[np.int32], accepted: Mask, n: int) -> Mask:
    """Return bool[n]: the rows of which an entry is accepted, by the row of each entry, rising."""
    out = np.zeros(n, np.bool_)
    loaded = _loaded(rows)
    if loaded is None or np.count_nonzero(accepted) * _SPARSE < len(rows):
        out[rows[accepted]] = True
    else:
        loaded.spread(rows, accepted.view(np.uint8), out.view(np.uint8))
    return out


def mark(entries: NDArray[np.int32], n: int) -> Mask:
    """Return bool[n], True at some entries."""
    out = np.zeros(n, np.bool_)
    loaded = _loaded(out)
    if loaded is None or len(entries) < _FEW or not entries.flags.c_contiguous:
        out[entries] = True
    else:
        loaded.mark(entries, out.view(np.uint8))
    return out


def length_of_runs(begin: Places, end: Places, wanted: Mask) -> int:
    """Return how long those runs are together, from `begin` to before `end`, that are wanted."""
    loaded = _loaded(begin)
    if loaded is None:
        return int((end - begin)[wanted].sum())
    return int(loaded.length_of_runs(begin, end, wanted.view(np.uint8)))


def mark_runs(order: NDArray[np.int32], begin: Places, end: Places, wanted: Mask, n: int) -> Mask:
    """Return bool[n], True at the entries that are in one of the wanted runs of `order`.

    Parameters
    ----------
    order : int32 [m]
        Entries, less than `n`.
    begin, end : int64 [c]
    wanted : bool [c]
    n : int
    """
    out = np.zeros(n, np.bool_)
    loaded = _loaded(order)
    if loaded is None:
        out[order[places_of(begin[wanted], end[wanted])]] = True
    else:
        loaded.mark_runs(order, begin, end, wanted.view(np.uint8), out.view(np.uint8))
    return out


def places_of(begin: Places, end: Places) -> Places:
    """Return all places of runs, from each `begin` to before its `end`."""
    lengths = end - begin
    return np.repeat(begin - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))


def _loaded(array: NDArray[Any]) -> Any:
    """Return the kernels if they can be called now and the array is long enough and as they take it."""
    if len(array) < _LONG or not array.flags.c_contiguous or not array.flags.writeable:
        return None
    return kernels_now()


def kernels_now() -> Any:
    """Return the kernels if they can be called now; if not, they are loaded in the background."""
    if not kernels.ready(kernels.COLUMNS):
        kernels.warm(module=kernels.COLUMNS)
        return None
    return importlib.import_module(kernels.COLUMNS)
