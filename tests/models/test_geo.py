"""Areas on the earth, and which positions are inside."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.models.geo import (
    GeoBoundingBox,
    GeoPoint,
    GeoPolygon,
    GeoRadius,
    distances,
    position,
    within,
)

BERLIN, PARIS = GeoPoint(13.404954, 52.520008), GeoPoint(2.352222, 48.856613)


def ring(*corners: tuple[float, float]) -> tuple[GeoPoint, ...]:
    return tuple(GeoPoint(*corner) for corner in corners)


SQUARE = ring((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
HOLE = ring((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5))


def inside(area: GeoRadius | GeoBoundingBox | GeoPolygon, *positions: tuple[float, float]) -> list[bool]:
    return within(area, np.array(positions, np.float64)).tolist()


def test_distances_are_meters_along_the_earth() -> None:
    meters = distances(np.array([[PARIS.lon, PARIS.lat], [BERLIN.lon, BERLIN.lat]]), BERLIN)
    assert meters.tolist() == pytest.approx([877_459.9, 0.0], abs=0.1)


def test_a_circle_has_its_border_outside() -> None:
    assert inside(GeoRadius(BERLIN, 877_460), (PARIS.lon, PARIS.lat)) == [True]
    assert inside(GeoRadius(BERLIN, 877_459.8), (PARIS.lon, PARIS.lat)) == [False]
    assert inside(GeoRadius(BERLIN, 0), (BERLIN.lon, BERLIN.lat)) == [False]


def test_a_box_whose_left_side_is_east_of_its_right_side_crosses_the_antimeridian() -> None:
    box = GeoBoundingBox(GeoPoint(179, 20), GeoPoint(-179, 0))
    assert inside(box, (179.5, 10), (-179.5, 10), (0, 10), (179.5, 30)) == [True, True, False, False]


def test_a_polygon_has_holes_and_no_border() -> None:
    holed = GeoPolygon(SQUARE, (HOLE,))
    assert inside(GeoPolygon(SQUARE), (0, 0), (1, 0), (2, 0)) == [True, False, False]
    assert inside(holed, (0, 0), (0.5, 0), (0.75, 0)) == [False, False, True]


def test_only_objects_with_two_numbers_are_positions() -> None:
    assert position({"lon": 1, "lat": 2.5, "name": "x"}) == (1, 2.5)
    for other in ({"lon": 1}, {"lon": "1", "lat": 2}, {"lon": True, "lat": 2}, [1, 2], "1,2", None):
        assert position(other) is None
