"""Which points lie inside a polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def inside(places: Array, polygon: Array) -> Array:
    """Return which places are inside a polygon: a ray from there crosses its border an odd number of times.

    Parameters
    ----------
    places : float [n, 2]
    polygon : float [v, 2]
        Its corners in order; fewer than three hold nothing.

    Returns
    -------
    bool [n]
    """
    held = np.zeros(len(places), bool)
    if len(polygon) < 3:
        return held
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))
    x, y = places[near, 0], places[near, 1]
    odd = np.zeros(len(near), bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if ay == by:
            continue
        crosses = (ay > y) != (by > y)
        odd ^= crosses & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    held[near] = odd
    return held
