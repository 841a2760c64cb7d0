"""Positions in narrow stripes by longitude, each sorted by latitude, so that an area is a few spans of each.

Of a stripe, an area surely has some latitudes inside and others outside; positions in between, which are 4r
times the width of a stripe for a circle of radius r, are measured: 730 of a million for a circle round 4 %.
A circle is one kernel (``kernels.cpu.circles``): finding its spans by NumPy's calls took most of 0.7 ms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.passes import Mask, kernels_now, mark_runs, places_of
from workbench.models.geo import EARTH_RADIUS, GeoBoundingBox, GeoPoint, GeoPolygon, GeoRadius, around, within

Area = GeoRadius | GeoBoundingBox | GeoPolygon
FloatArray = NDArray[np.float64]
Entries = NDArray[np.int32]
Runs = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Where runs of ``Stripes.order`` begin and end."""
Spans = NDArray[np.float64]
"""float64 [m, 3]: a stripe, the least latitude, and that before which it ends; empty if that is less."""

# Meters, beyond all rounding in the formulas: 4 mm for a circle of 1 m, 0.1 m for the opposite of the center.
_METERS = 1.0
# Degrees, likewise, for what is compared in the plane.
_DEGREES = 1e-9
# Latitudes of one stripe are this far from those of the next, in one array.
_APART = 256.0
# Keys in two lines of a cache.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Stripes:
    """Half as many stripes as the square root of the number of positions.

    Parameters
    ----------
    order : int32 [n]
        The positions, stripe by stripe, by latitude in each.
    keys : float64 [b, 16]
        256 times the number of the stripe, plus the latitude; ascending, infinite at the end.
    firsts : float64 [b]
        The first key of each block.
    west, east : float64 [s]
        The least and the greatest longitude of each stripe.
    strays : int32 [m]
        Positions that are not on the earth, which nobody checked when they were stored.
    rows : int32 [n]
        The row of each position in ``order``.
    """

    order: Entries
    keys: FloatArray
    firsts: FloatArray
    west: FloatArray
    east: FloatArray
    strays: Entries
    rows: Entries

    @classmethod
    def of(cls, positions: FloatArray, rows: Entries) -> Stripes:
        """Sort float64 [n, 2] of longitude and latitude, which belong to rows: 0.15 s a million."""
        on_earth = (np.abs(positions) <= (180.0, 90.0)).all(axis=1)
        known = np.flatnonzero(on_earth)
        by_lon = known[np.argsort(positions[known, 0])]
        length = _length(len(known))
        keys = _APART * (np.arange(len(known)) // length) + positions[by_lon, 1]
        by_key = np.argsort(keys)
        # As many as whole stripes have, so that a search in the last one needs no other end.
        blocks = max(1, -(-length * -(-len(known) // length) // _BLOCK))
        padded = np.full((blocks, _BLOCK), np.inf)
        padded.ravel()[: len(known)] = keys[by_key]
        lons = positions[by_lon, 0]
        west = lons[::length].copy()
        east = lons[np.minimum(np.arange(len(west)) * length + length, len(known)) - 1]
        strays = np.flatnonzero(~on_earth).astype(np.int32)
        order: Entries = by_lon[by_key].astype(np.int32)
        one_a_row = bool((rows == np.arange(len(rows))).all())
        return cls(
            order, padded, padded[:, 0].copy(), west, east, strays, order if one_a_row else rows[order]
        )

    def mask(self, area: Area, positions: FloatArray, n: int) -> tuple[Mask, Entries]:
        """Return bool[n], the rows that surely have a position inside an area, and positions to measure."""
        if isinstance(area, GeoRadius):
            mask, measured = self._of_circle(area, positions, n)
        else:
            spans = self._of_box(area) if isinstance(area, GeoBoundingBox) else self._of_polygon(area)
            begin, end = self._runs(np.concatenate(spans))
            at = len(spans[0])
            mask = mark_runs(self.rows, begin[:at], end[:at], np.ones(at, np.bool_), n)
            measured = self.order[places_of(begin[at:], end[at:])]
        return mask, np.concatenate([measured, self.strays]) if len(self.strays) else measured

    def _of_circle(self, area: GeoRadius, positions: FloatArray, n: int) -> tuple[Mask, Entries]:
        """Until the kernel is loaded, all are to be measured; then those within a meter of the border."""
        mask, loaded = np.zeros(n, np.bool_), kernels_now()
        if loaded is None:
            return mask, self.order
        angles = [(area.radius + meters) / EARTH_RADIUS for meters in (-_METERS, _METERS)]
        undecided = np.empty(len(self.order), np.int32)
        count = loaded.mark_circle(
            (self.keys.ravel(), self.west, self.east, _length(len(self.order)), _APART),
            (self.order, self.rows),
            positions,
            (float(area.center.lon), float(area.center.lat), *angles),
            around(area)[1],
            mask.view(np.uint8),
            undecided,
        )
        return mask, self.order[undecided[:count]]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays: list[NDArray[Any]] = [self.order, self.keys, self.firsts, self.west, self.east, self.strays]
        own_rows = 0 if self.rows is self.order else self.rows.nbytes
        return sum(array.nbytes for array in arrays) + own_rows

    def _runs(self, spans: Spans) -> Runs:
        shift = _APART * spans[:, 0]
        begin = self._before(shift + spans[:, 1])
        return begin, np.maximum(self._before(shift + spans[:, 2]), begin)

    def _before(self, wanted: FloatArray) -> NDArray[np.int32]:
        """Return how many keys are less, as ``np.searchsorted`` does in ten times the time.

        A search through all keys waits for memory at most of its steps; a block of them is read at once.
        """
        block = np.maximum(np.searchsorted(self.firsts, wanted) - 1, 0)
        less = (self.keys[block] < wanted[:, None]).sum(axis=1)
        return np.asarray(block * _BLOCK + less, np.int32)

    def _of_box(self, area: GeoBoundingBox) -> tuple[Spans, Spans]:
        start, end = area.top_left, area.bottom_right
        if start.lon > end.lon:
            near = (self.east > start.lon) | (self.west < end.lon)
            whole = (self.west > start.lon) | (self.east < end.lon)
        else:
            near = (self.east > start.lon) & (self.west < end.lon)
            whole = (self.west > start.lon) & (self.east < end.lon)
        stripe = np.flatnonzero(near)
        least = np.where(whole[near], end.lat + _DEGREES, np.inf)
        most = np.where(whole[near], start.lat - _DEGREES, -np.inf)
        low, high = np.full(len(stripe), end.lat - _DEGREES), np.full(len(stripe), start.lat + _DEGREES)
        return _nested(stripe, low, high, least, most)

    def _of_polygon(self, area: GeoPolygon) -> tuple[Spans, Spans]:
        """What an edge passes has to be measured; between two such spans, all is inside or all outside."""
        crossed = _merged(np.concatenate([self._crossed(ring) for ring in (area.exterior, *area.interiors)]))
        gaps = np.column_stack([crossed[:-1, 0], crossed[:-1, 2], crossed[1:, 1]])
        gaps = gaps[crossed[:-1, 0] == crossed[1:, 0]]
        stripe = gaps[:, 0].astype(np.intp)
        middles = np.column_stack([(self.west + self.east)[stripe] / 2, (gaps[:, 1] + gaps[:, 2]) / 2])
        return gaps[within(area, middles)], crossed

    def _crossed(self, ring: Sequence[GeoPoint]) -> Spans:
        """Return which latitudes of which stripes the edges of a ring pass."""
        points = np.array([(point.lon, point.lat) for point in ring])
        eastward = (points[:-1, 0] <= points[1:, 0])[:, None]
        left, right = np.where(eastward, points[:-1], points[1:]), np.where(eastward, points[1:], points[:-1])
        begin = np.searchsorted(self.east, left[:, 0] - _DEGREES)
        count = np.maximum(np.searchsorted(self.west, right[:, 0] + _DEGREES, side="right") - begin, 0)
        edge = np.repeat(np.arange(len(left)), count)
        stripe = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + begin[edge]
        (x_0, y_0), (x_1, y_1) = left[edge].T, right[edge].T
        # A little more than the stripe: however steep the edge is, its latitudes there are among these.
        ends = np.clip([self.west[stripe] - _DEGREES, self.east[stripe] + _DEGREES], x_0, x_1)
        steep = x_1 - x_0 <= _DEGREES
        share = np.where(steep, [[0.0], [1.0]], (ends - x_0) / np.where(steep, 1.0, x_1 - x_0))
        passed = y_0 + share * (y_1 - y_0)
        return np.column_stack([stripe, passed.min(axis=0) - _DEGREES, passed.max(axis=0) + _DEGREES])


def _length(count: int) -> int:
    """Return how many of so many positions are in a stripe."""
    return max(1, 2 * math.isqrt(count))


def _nested(
    stripe: NDArray[np.intp], low: FloatArray, high: FloatArray, least: FloatArray, most: FloatArray
) -> tuple[Spans, Spans]:
    """Return what is from `least` to `most`, and what else is from `low` to `high`."""
    some = least < most
    least, most = np.where(some, least, high), np.where(some, most, high)
    unsure = np.concatenate([[stripe, low, least], [stripe, most, high]], axis=1).T
    return np.array([stripe, least, most]).T, unsure


def _merged(spans: Spans) -> Spans:
    """Return the unions of spans that touch, ascending."""
    low, high = (_APART * spans[:, 0] + spans[:, end] for end in (1, 2))
    order = np.argsort(low)
    low, reached = low[order], np.maximum.accumulate(high[order])
    first = np.flatnonzero(np.append(True, low[1:] > reached[:-1])) if len(low) else order
    last = np.append(first[1:], len(low)) - 1 if len(low) else order
    stripe = spans[order[first], 0]
    return np.column_stack([stripe, low[first] - _APART * stripe, reached[last] - _APART * stripe])
