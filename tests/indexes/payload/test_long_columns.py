"""What long columns are answered by, kernels and narrow copies, accepts the same rows too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.indexes.payload.test_table import FILTERS, INDEXES, PAYLOADS, VECTORS, ids_are_rows, table_of
from workbench import kernels
from workbench.filters import matches
from workbench.indexes.payload import narrow, passes
from workbench.indexes.payload.narrow import Narrow
from workbench.indexes.payload.places import Places
from workbench.models.filter_binding import bind
from workbench.models.geo import GeoBoundingBox, GeoPoint, GeoPolygon, GeoRadius, within
from workbench.models.where import where


@pytest.fixture(params=["kernels", "numpy"], autouse=True)
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every column count as long; answered by kernels, and by what answers until they are loaded."""
    monkeypatch.setattr(narrow, "_LONG", 0)
    monkeypatch.setattr(passes, "_LONG", 0 if request.param == "kernels" else 1 << 62)
    kernels.warm(block=True, module="workbench.kernels.cpu.columns")
    assert kernels.ready("workbench.kernels.cpu.columns")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PAYLOADS, min_size=1, max_size=8), FILTERS, INDEXES)
def test_long_columns_accept_what_the_reference_accepts(
    payloads: list[Any], flt: Any, indexes: dict[str, Any]
) -> None:
    bound = bind(flt, indexes)
    n = len(payloads)
    mask = table_of(payloads).mask(bound, n, own=ids_are_rows(n))
    expected = [matches(bound, payload, row, VECTORS[row > 0]) for row, payload in enumerate(payloads)]
    assert mask.tolist() == expected


def test_a_narrow_column_knows_numbers_below_and_above_its_own() -> None:
    column = Narrow(np.uint8([0, 1, 2, 255]), base=-5, span=255)  # none, -5, -4, 249
    assert column.within(-np.inf, np.inf).tolist() == [False, True, True, True]
    assert column.within(-4.5, 248.9).tolist() == [False, False, True, False]
    assert column.within(250, np.inf).tolist() == [False] * 4
    assert column.within(-np.inf, -6).tolist() == [False] * 4
    assert column.equal(-6).tolist() == [False] * 4
    assert column.equal(249).tolist() == [False, False, False, True]
    assert column.among(np.int64([-6, -5, 250])).tolist() == [False, True, False, False]


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16), (65_535, np.uint16)])
def test_codes_take_one_byte_or_two(count: int, dtype: Any) -> None:
    table = table_of([{"s": str(i)} for i in range(count)])
    assert np.flatnonzero(table.mask(where({"s": str(count - 1)}), count, own=None)).tolist() == [count - 1]  # type: ignore[arg-type]
    made = narrow.narrow_codes(table.column("s", count))
    assert made is not None
    assert made.values.dtype == dtype


def test_more_strings_than_two_bytes_tell_apart_are_answered_too() -> None:
    table = table_of([{"s": str(i)} for i in range(65_536)] + [{}])
    assert narrow.narrow_codes(table.column("s", 65_537)) is None
    wanted = where({"s": [str(i) for i in range(65_530, 65_540)]})
    assert np.flatnonzero(table.mask(wanted, 65_537, own=None)).tolist() == list(range(65_530, 65_536))  # type: ignore[arg-type]


AREAS = [
    GeoRadius(GeoPoint(0, 0), 1e6), GeoRadius(GeoPoint(179.9, 10), 2e5), GeoRadius(GeoPoint(20, 89), 3e5),
    GeoRadius(GeoPoint(-179.9, -89.5), 1e5), GeoRadius(GeoPoint(5, 5), 3e7), GeoRadius(GeoPoint(1, 1), -1),
    GeoBoundingBox(GeoPoint(-10, 10), GeoPoint(10, -10)),
    GeoBoundingBox(GeoPoint(170, 10), GeoPoint(-170, -10)),
    GeoPolygon((GeoPoint(0, 0), GeoPoint(9, 1), GeoPoint(3, 8), GeoPoint(0, 0))),
]  # fmt: skip


@pytest.mark.parametrize("area", AREAS)
def test_a_rectangle_round_an_area_leaves_nobody_out(area: Any) -> None:
    draw = np.random.default_rng(3)
    anywhere = draw.uniform([-200, -90], [560, 100], (20_000, 2))
    near = draw.normal([0, 5], [6, 5], (5_000, 2))
    edges = np.array([[180, 10], [-180, 10], [200, 10], [0, 90], [20, 91], [181, 89.5], [180.5, -89]])
    positions = np.concatenate([anywhere, near, edges])
    places = Places(len(positions), np.arange(len(positions), dtype=np.int32), positions)
    assert (places.mask(area) == within(area, positions)).all()
