"""Single passes over long columns: by compiled kernels once they are loaded, by NumPy until then.

Where a pass takes `among`, a mask as long as its own would be, that one is narrowed in place to what the pass
accepts too, and returned: to make a mask of a million and to join the two takes 0.1 ms or so.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels

Mask = NDArray[np.bool_]
Places = NDArray[np.int32]

# Below this many entries NumPy takes some tens of microseconds, and nothing is loaded for them.
_LONG = 1 << 15
# If fewer than one entry in so many is accepted, it takes less to mark these (2 ns each) than to pass over a
# byte of each entry.
PASSED = 40
# As long as it takes to call a kernel, NumPy marks these many.
_FEW = 1 << 10
# NumPy passes over 2 million entries in 1.2 ms where one in 100 is accepted, in 15 where every second is; the
# kernel in 2.3 always.
_SPARSE = 32


def look_up_codes(codes: NDArray[np.int32], table: Mask) -> Mask:
    """Return ``table[codes]``; codes are from -1 on, and the last item of the table is that of -1."""
    loaded = _loaded(codes)
    if loaded is None:
        return np.asarray(table[codes])
    out = np.empty(len(codes), np.bool_)
    loaded.gather_codes(codes, np.roll(table, 1).view(np.uint8), out.view(np.uint8))
    return out


def look_up(values: NDArray[np.uint8] | NDArray[np.uint16], table: Mask, among: Mask | None = None) -> Mask:
    """Return ``table[values]``; each value is within the table."""
    loaded = _loaded(values)
    if loaded is None:
        return _both(among, np.asarray(table[values]))
    out, every = _begun(among, len(values))
    if values.dtype == np.uint8:
        whole = np.zeros(1 << 8, np.bool_)
        whole[: len(table)] = table
        loaded.gather_u8(values, whole.view(np.uint8), every, out.view(np.uint8))
    else:
        loaded.gather_u16(values, np.ascontiguousarray(table).view(np.uint8), every, out.view(np.uint8))
    return out


def within(values: NDArray[Any], first: int, last: int, among: Mask | None = None) -> Mask:
    """Return which of uint8 [n] are from `first` to `last`, both included and bytes too."""
    loaded, low, high = _loaded(values), np.uint8(first), np.uint8(last)
    if loaded is None:
        # Unsigned, and round the end: what is below the first becomes large.
        return _both(among, np.asarray(values - low <= high - low))
    out, every = _begun(among, len(values))
    loaded.within(values, low, high, every, out.view(np.uint8))
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


def mark(entries: NDArray[np.int32], n: int, among: Mask | None = None) -> Mask:
    """Return bool[n], True at some entries."""
    if among is None:
        out = np.zeros(n, np.bool_)
    else:
        entries = entries[among[entries]]
        out = among
        out.fill(False)
    put(entries, True, out)
    return out


def put(entries: NDArray[np.int32], value: bool, mask: Mask) -> None:
    """Change a mask at some entries."""
    loaded = _loaded(mask)
    if loaded is None or len(entries) < _FEW or not entries.flags.c_contiguous:
        mask[entries] = value
    else:
        loaded.mark(entries, np.uint8(value), mask.view(np.uint8))


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
    begin, end : int32 [c]
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


def places_of(begin: Places, end: Places) -> NDArray[np.int64]:
    """Return all places of runs, from each `begin` to before its `end`."""
    lengths = end - begin
    return np.repeat(begin - (np.cumsum(lengths) - lengths), lengths) + np.arange(int(lengths.sum()))


def _begun(among: Mask | None, n: int) -> tuple[Mask, np.uint8]:
    """Return what a kernel writes to, and 1 if all of it counts as accepted so far."""
    return (np.empty(n, np.bool_), np.uint8(1)) if among is None else (among, np.uint8(0))


def _both(among: Mask | None, own: Mask) -> Mask:
    return own if among is None else np.logical_and(among, own, out=among)


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
