"""Single passes over long columns: by compiled kernels once they are loaded, by NumPy until then."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels

Mask = NDArray[np.bool_]

_KERNELS = "workbench.kernels.cpu.columns"

# Below this many entries NumPy takes some tens of microseconds, and nothing is loaded for them.
_LONG = 1 << 15


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


def window(
    positions: NDArray[np.float64], lon: float, lon_away: float, lat: float, lat_away: float
) -> NDArray[np.intp] | None:
    """Return which positions are within so many degrees, across 180° too; None if that would not pay."""
    loaded = _loaded(positions)
    if loaded is None:
        return None
    out = np.empty(len(positions), np.bool_)
    loaded.window(positions, lon, lon_away, lat, lat_away, out.view(np.uint8))
    return np.flatnonzero(out)


def _loaded(array: NDArray[Any]) -> Any:
    """Return the kernels if they can be called now and the array is long enough and as they take it."""
    if len(array) < _LONG or not array.flags.c_contiguous or not array.flags.writeable:
        return None
    if not kernels.ready(_KERNELS):
        kernels.warm(module=_KERNELS)
        return None
    return importlib.import_module(_KERNELS)
