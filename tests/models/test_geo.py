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


def test_what_is_in_a_hole_is_outside_wherever_the_hole_is() -> None:
    hole = ring((0, 0), (3, 0), (3, 3), (0, 3), (0, 0))
    assert inside(GeoPolygon(SQUARE, (hole,)), (0.5, 0.5), (2, 2), (-0.5, 0.5)) == [False, False, True]
    assert inside(GeoPolygon(SQUARE, (hole,)), (0, 0.5), (0.5, 0)) == [False, False]  # on its border


def test_a_line_that_crosses_itself_winds_round_its_middle() -> None:
    star = ring((0, 3), (2, -2), (-3, 1), (3, 1), (-2, -2), (0, 3))
    assert inside(GeoPolygon(star), (0, 0), (0, 2), (2, 2)) == [True, True, False]
    eight = ring((0, 0), (2, 2), (2, 0), (0, 2), (0, 0))
    assert inside(GeoPolygon(eight), (0.5, 1), (1.5, 1), (1, 0.5)) == [True, True, False]


def test_a_position_on_a_slanted_border_is_outside_to_the_last_bit() -> None:
    slanted = ring((0, 0), (0.3, 0.1), (0.3, 1), (0, 0))
    middle = np.nextafter(0.05, 1)
    on_it = [(0.15, 0.05), (0.3, 0.1), (0, 0)]
    assert inside(GeoPolygon(slanted), *on_it, (0.15, middle), (0.15, 0.3)) == [False] * 3 + [True, True]


@pytest.mark.parametrize("size", [1.0, 1e-200])
def test_the_sides_of_a_rectangle_are_its_border_however_small_it_is(size: float) -> None:
    square = ring(*((lon * size, lat * size) for lon, lat in ((0, 0), (2, 0), (2, 2), (0, 2), (0, 0))))
    places = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2), (-1, 1), (3, 1), (1, -1), (1, 3)]
    found = inside(GeoPolygon(square), *((lon * size, lat * size) for lon, lat in places))
    assert found == [True] + [False] * 8


def test_only_objects_with_two_numbers_are_positions() -> None:
    assert position({"lon": 1, "lat": 2.5, "name": "x"}) == (1, 2.5)
    for other in ({"lon": 1}, {"lon": "1", "lat": 2}, {"lon": True, "lat": 2}, [1, 2], "1,2", None):
        assert position(other) is None
