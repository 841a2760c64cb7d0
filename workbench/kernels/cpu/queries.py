"""A query as the other kernels take it: copied, checked and divided by its length in one call."""

from __future__ import annotations

import math
from typing import Any

from workbench.distances import LEAST_SQUARES, MOST_SQUARES, UNIT_ERROR
from workbench.kernels.cpu.jit import float32, float64, kernel, sums, types


@sums
def _squares(query: Any) -> Any:
    total = float32(0.0)
    for j in range(query.shape[0]):
        total += query[j] * query[j]
    return total


@kernel(types.float64(types.float32[::1], types.boolean, types.float32[::1]))
def copy_query(query: Any, unit: Any, copy: Any) -> Any:
    """Copy a query; return the sum of its squares, which is not finite if one of its numbers is not.

    Parameters
    ----------
    query : float32 [d]
    unit : bool
        Divide the copy by its length, unless that is 1 or not to be had in float32; see ``distances``.
    copy : float32 [d]
        Written.
    """
    squares, scale = float64(_squares(query)), float32(1.0)
    if unit and LEAST_SQUARES < squares < MOST_SQUARES:
        length = math.sqrt(squares)
        if abs(length - 1.0) > UNIT_ERROR:
            scale = float32(1.0 / length)
    for j in range(query.shape[0]):
        copy[j] = query[j] * scale
    return squares
