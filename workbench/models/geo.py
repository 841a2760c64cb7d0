"""Points on the earth, and the areas that conditions ask for.

Measured on qdrant-edge-py 0.9.0: all borders are outside, a box whose left side is east of its right side
crosses the antimeridian, and polygons are drawn on the plane of degrees; a hole may reach out of its
polygon. Stored points are not checked: a longitude of 200 is 160° west to a circle, but as it stands to a
box.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest, OutOfRange

Positions = npt.NDArray[np.float64]
"""float64[n, 2]: longitude and latitude in degrees."""

Degrees = npt.NDArray[np.float64]
"""float64[n]."""

EARTH_RADIUS = 6_371_008.8
"""Meters; the mean radius of the International Union of Geodesy and Geophysics."""

# Degrees, ten centimeters: more than rounding, less than a position's own error.
_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A position in degrees: longitude -180 to 180, latitude -90 to 90."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        for name, value in (("lon", self.lon), ("lat", self.lat)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidRequest(f"{name}: expected a number of degrees, got {value!r}")
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise OutOfRange(
                "lat" if not -90 <= self.lat <= 90 else "lon",
                f"expected `lat` = {self.lat} within [-90;90] and `lon` = {self.lon} within [-180;180]",
            )


@dataclass(frozen=True, slots=True)
class GeoRadius:
    """A position less than ``radius`` meters from the center, along a great circle."""

    center: GeoPoint
    radius: float

    def __post_init__(self) -> None:
        if isinstance(self.radius, bool) or not isinstance(self.radius, int | float):
            raise InvalidRequest(f"geo_radius.radius: expected a number of meters, got {self.radius!r}")


@dataclass(frozen=True, slots=True)
class GeoBoundingBox:
    """A position inside a rectangle of degrees, which may cross the antimeridian."""

    top_left: GeoPoint
    bottom_right: GeoPoint


@dataclass(frozen=True, slots=True)
class GeoPolygon:
    """A position inside a closed line and outside its holes.

    Parameters
    ----------
    exterior : tuple of GeoPoint
        At least four, the last one equal to the first.
    interiors : tuple of tuple of GeoPoint
        The holes, written likewise.
    """

    exterior: tuple[GeoPoint, ...]
    interiors: tuple[tuple[GeoPoint, ...], ...] = ()

    def __post_init__(self) -> None:
        _check_ring("geo_polygon.exterior", self.exterior)
        for index, ring in enumerate(self.interiors):
            _check_ring(f"geo_polygon.interiors[{index}]", ring)


def _check_ring(where: str, ring: tuple[GeoPoint, ...]) -> None:
    if len(ring) < 4:
        raise OutOfRange(where, f"polygon invalid, the size must be at least 4, got {len(ring)}")
    first, last = ring[0], ring[-1]
    if abs(first.lat - last.lat) > math.ulp(1.0) or abs(first.lon - last.lon) > math.ulp(1.0):
        raise OutOfRange(
            where, "polygon invalid, the first and the last points should be the same to form a closed line"
        )


def position(element: Any) -> tuple[float, float] | None:
    """Return longitude and latitude of a payload's ``{"lon": …, "lat": …}``, None for anything else."""
    if not isinstance(element, dict):
        return None
    lon, lat = element.get("lon"), element.get("lat")
    if not isinstance(lon, int | float) or not isinstance(lat, int | float):
        return None
    return None if isinstance(lon, bool) or isinstance(lat, bool) else (lon, lat)


def distances(positions: Positions, center: GeoPoint) -> npt.NDArray[np.float64]:
    """Return float64[n]: meters from the center, by the haversine formula (Sinnott, 1984)."""
    lon, lat = np.radians(positions).T
    lon_0, lat_0 = math.radians(center.lon), math.radians(center.lat)
    half = np.sin((lat - lat_0) / 2) ** 2 + math.cos(lat_0) * np.cos(lat) * np.sin((lon - lon_0) / 2) ** 2
    meters: npt.NDArray[np.float64] = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return meters


def around(area: GeoRadius | GeoBoundingBox | GeoPolygon) -> tuple[float, float, float, float]:
    """Return longitude, degrees away from it, latitude, degrees away from it: no position farther is inside.

    Longitudes are to be compared across 180° too; 360 degrees away is everywhere. Latitudes beyond 90°
    are not meant: nobody checked what was stored.
    """
    match area:
        case GeoRadius(center, radius):
            away = math.degrees(radius / EARTH_RADIUS) + _MARGIN
            # The meridian that touches the circle; there is none where a pole is inside.
            ratio = math.sin(math.radians(min(away, 90.0))) / max(math.cos(math.radians(center.lat)), _MARGIN)
            lon_away = math.degrees(math.asin(ratio)) + _MARGIN if away < 90.0 and ratio < 1.0 else 360.0
            pole = abs(center.lat) + away > 90.0
            return center.lon, 360.0 if pole else lon_away, center.lat, away
        case GeoBoundingBox(start, end):
            if start.lon > end.lon:
                return 0.0, 360.0, (start.lat + end.lat) / 2, abs(start.lat - end.lat) / 2 + _MARGIN
            return _middle([start, end])
        case GeoPolygon(exterior):
            return _middle(exterior)
        case _:
            assert_never(area)


def _middle(points: Sequence[GeoPoint]) -> tuple[float, float, float, float]:
    lons, lats = [p.lon for p in points], [p.lat for p in points]
    east, west, north, south = max(lons), min(lons), max(lats), min(lats)
    lon_away, lat_away = (east - west) / 2 + _MARGIN, (north - south) / 2 + _MARGIN
    return (east + west) / 2, lon_away, (north + south) / 2, lat_away


def within(area: GeoRadius | GeoBoundingBox | GeoPolygon, positions: Positions) -> npt.NDArray[np.bool_]:
    """Return bool[n]: which positions are inside an area."""
    lon, lat = positions[:, 0], positions[:, 1]
    match area:
        case GeoRadius(center, radius):
            return np.asarray(distances(positions, center) < radius)
        case GeoBoundingBox(start, end):
            east, west = lon > start.lon, lon < end.lon
            across = east | west if start.lon > end.lon else east & west
            return np.asarray(across & (lat < start.lat) & (lat > end.lat))
        case GeoPolygon(exterior, interiors):
            inside, _ = _in_ring(exterior, lon, lat)
            for hole in interiors:
                in_hole, on_border = _in_ring(hole, lon, lat)
                inside &= ~(in_hole | on_border)
            return inside
        case _:
            assert_never(area)


def _in_ring(
    ring: Sequence[GeoPoint], lon: Degrees, lat: Degrees
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return bool[n] twice: which positions a closed line winds round, and which are on it.

    By winding numbers (Hormann and Agathos, 2001), which also tell the inside of a line that crosses itself.
    """
    turns, on_border = np.zeros(len(lon), np.intp), np.zeros(len(lon), np.bool_)
    for start, end in itertools.pairwise(ring):
        low, high = min(start.lat, end.lat), max(start.lat, end.lat)
        near = np.flatnonzero((lat >= low) & (lat <= high))
        x, y = lon[near], lat[near]
        side = _side(start, end, x, y)
        on_border[near[(side == 0) & (x >= min(start.lon, end.lon)) & (x <= max(start.lon, end.lon))]] = True
        # An edge has its lower end and not its upper one, so that a vertex counts once.
        direction = 1 if end.lat > start.lat else -1
        turns[near[(y < high) & (side == direction)]] += direction
    return (turns != 0) & ~on_border, on_border


def _side(start: GeoPoint, end: GeoPoint, lon: Degrees, lat: Degrees) -> npt.NDArray[np.float64]:
    """Return float64[n]: 1 left of the line from `start` to `end`, -1 right of it, 0 on it."""
    east, north = end.lon - start.lon, end.lat - start.lat
    if east == 0 or north == 0:  # a side of a rectangle, on which whole columns of a grid may lie
        return np.asarray(
            np.sign(east) * np.sign(lat - start.lat) - np.sign(north) * np.sign(lon - start.lon)
        )
    left, right = east * (lat - start.lat), north * (lon - start.lon)
    found = np.sign(left - right)
    # What rounding may have decided is worked out exactly (the bound is Shewchuk's, 1997): borders count.
    for place in np.flatnonzero(abs(left - right) <= 3.4e-16 * (abs(left) + abs(right))).tolist():
        x0, y0, x1, y1 = map(Fraction, (start.lon, start.lat, end.lon, end.lat))
        x, y = Fraction(float(lon[place])), Fraction(float(lat[place]))
        exact = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        found[place] = (exact > 0) - (exact < 0)
    return found
