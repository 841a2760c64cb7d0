"""Which positions on the earth are inside a circle, by the stripes of ``indexes.payload.stripes``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import kernel, part, types
from workbench.kernels.cpu.memory import prefetch

_u8, _i32, _i64, _f64 = types.uint8, types.int32, types.int64, types.float64

_RADIANS = math.pi / 180
# Degrees, beyond all latitudes.
_POLE = 91.0
# So many stripes ahead, so many lines of a cache are asked for; a processor goes on by itself from there.
_AHEAD, _LINES = 2, 4


@part
def _on_meridian(sine: Any, cosine: Any, angle: Any) -> Any:
    """Return the middle latitude of what a circle of an angle has on a meridian, and half its length.

    By the law of cosines, sin(lat) sin(y) + cos(lat) cos(away) cos(y) is the cosine of the distance, and that
    sum is one cosine of the latitude y. The length is less than 0 where there is nothing.
    """
    height, wanted = math.sqrt(sine * sine + cosine * cosine), math.cos(angle)
    if angle <= 0.0 or height < wanted:
        return 0.0, -1.0
    return math.atan2(sine, cosine) / _RADIANS, math.acos(wanted / height) / _RADIANS


@part
def _touched(stripes: Any, circle: Any, reach: Any) -> Any:
    """Return the stripes that a circle touches, int32 [m], and keys in them, float64 [m, 4].

    The circle has no position before the first key nor from the fourth on, and all from the second to before
    the third.
    """
    _, west, east, _, apart = stripes
    lon, lat, inner, outer = circle
    sine, cosine = math.sin(lat * _RADIANS), math.cos(lat * _RADIANS)
    everywhere = outer > math.pi / 2 - 1e-6
    touched, wanted, count = np.empty(len(west), np.int32), np.empty((len(west), 4), np.float64), 0
    for stripe in range(len(west)):
        away, half = abs((west[stripe] + east[stripe]) / 2 - lon), (east[stripe] - west[stripe]) / 2
        away = min(away, 360.0 - away)
        if not away - half <= reach:
            continue
        middle, most, center, surely = 0.0, _POLE, 0.0, -1.0
        if not everywhere:
            # The farther away, the less of the circle there is.
            middle, most = _on_meridian(sine, cosine * math.cos(max(away - half, 0.0) * _RADIANS), outer)
            center, surely = _on_meridian(sine, cosine * math.cos(min(away + half, 180.0) * _RADIANS), inner)
        if most < 0.0:
            continue
        base = apart * stripe
        high = base + min(middle + most, _POLE)
        first, last = (base + center - surely, base + center + surely) if surely > 0.0 else (high, high)
        touched[count], wanted[count, 0], wanted[count, 1] = stripe, base + max(middle - most, -_POLE), first
        wanted[count, 2], wanted[count, 3] = last, high
        count += 1
    return touched[:count], wanted[:count]


@part
def _places(keys: Any, length: Any, touched: Any, wanted: Any) -> Any:
    """Return how many of the ascending keys are less than the first and than the third of each stripe's four.

    All searches go on by a step at a time, so that they wait for memory together: one alone would at each.
    """
    places = np.empty((len(touched), 2), np.int32)
    for i in range(len(touched)):
        places[i, 0] = places[i, 1] = touched[i] * length
    left = length
    while left > 0:
        step = (left + 1) >> 1
        for i in range(len(touched)):
            low, end = places[i, 0], places[i, 1]
            places[i, 0] = low + step if keys[low + step - 1] < wanted[i, 0] else low
            places[i, 1] = end + step if keys[end + step - 1] < wanted[i, 2] else end
        left -= step
    return places


@part
def _measured(order: Any, positions: Any, circle: Any, rows: Any, out: Any, places: Any) -> Any:
    """Write 1 at the rows of those of some places that are inside; move the undecided in front, and count."""
    lon, lat, inner, outer = circle
    # Of haversines, which rise with the distance (Sinnott, 1984).
    inside = -1.0 if inner <= 0.0 else 2.0 if inner >= math.pi else math.sin(inner / 2) ** 2
    outside = 2.0 if outer >= math.pi else math.sin(outer / 2) ** 2
    shrunk, left = math.cos(lat * _RADIANS), 0
    for place in places:
        prefetch(positions.ctypes.data + 16 * np.int64(order[place]))
    for place in places:
        east, north = positions[order[place], 0], positions[order[place], 1]
        height, width = math.sin((north - lat) * _RADIANS / 2), math.sin((east - lon) * _RADIANS / 2)
        half = height * height + shrunk * math.cos(north * _RADIANS) * width * width
        if half < inside:
            out[rows[place]] = 1
        elif half <= outside:
            places[left] = place
            left += 1
    return left


_POSITIONS = types.UniTuple(_i32[::1], 2)
_STRIPES = types.Tuple((_f64[::1], _f64[::1], _f64[::1], _i64, _f64))


@kernel(_i64(_STRIPES, _POSITIONS, _f64[:, ::1], types.UniTuple(_f64, 4), _f64, _u8[::1], _i32[::1]))
def mark_circle(
    stripes: Any, entries: Any, positions: Any, circle: Any, reach: Any, out: Any, undecided: Any
) -> Any:
    """Write 1 at the rows that have a position inside a circle, but for positions too near its border.

    Parameters
    ----------
    stripes : keys, west and east, length, and apart
        As in ``Stripes``, so many keys that the last stripe is whole too; how many keys a stripe has, and how
        far those of the next are from its own.
    entries : order and rows
        As in ``Stripes``.
    positions : float64 [n, 2]
        Longitude and latitude.
    circle : (lon, lat, inner, outer)
        The center in degrees, and angles in radians: what is nearer than the inner one is inside, what is
        farther than the outer one is not.
    reach : float
        Degrees of longitude from the center, beyond which nothing is inside.
    out : uint8 [rows]
    undecided : int32 [n]
        Gets the places in ``order`` of positions between the two.

    Returns
    -------
    int
        How many these are.
    """
    keys, _, _, length, _ = stripes
    order, rows = entries
    touched, wanted = _touched(stripes, circle, reach)
    places, count = _places(keys, length, touched, wanted), 0
    for i in range(len(touched)):
        ahead = rows.ctypes.data + 4 * np.int64(places[min(i + _AHEAD, len(touched) - 1), 0])
        for line in range(_LINES):
            prefetch(ahead + 64 * line)
        at, end = places[i, 0], places[i, 1]
        stop = min((touched[i] + 1) * length, len(order))
        while at < stop and keys[at] < wanted[i, 1]:
            undecided[count] = at
            count, at = count + 1, at + 1
        for place in range(at, end):
            out[rows[place]] = 1
        at = max(at, end)
        while at < stop and keys[at] < wanted[i, 3]:
            undecided[count] = at
            count, at = count + 1, at + 1
    return _measured(order, positions, circle, rows, out, undecided[:count])
