"""The numbers of a vector, as callers give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def floats_of(values: Any) -> npt.NDArray[np.float32]:
    """Return numbers as float32, not copied if they are; those beyond float32 become infinite.

    Raises
    ------
    TypeError, ValueError, OverflowError
        For whatever is none, with texts and dates, which NumPy would read as numbers, and complex numbers, of
        which it would drop a half.
    """
    numbers = np.asarray(values)
    if numbers.dtype.kind not in "fiubO":
        raise TypeError(f"got {numbers.dtype}")
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32, copy=False)
