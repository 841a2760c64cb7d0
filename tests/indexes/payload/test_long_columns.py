"""What long columns are answered by, kernels and narrow copies, accepts the same rows too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.indexes.payload.test_table import (
    FILTERS,
    INDEXES,
    MATCHES,
    PAYLOADS,
    RANGES,
    VECTORS,
    ids_are_rows,
    table_of,
)
from workbench import kernels
from workbench.filters import matches
from workbench.indexes.counting import count_true
from workbench.indexes.payload import narrow, passes, places, ranks, stripes
from workbench.indexes.payload.narrow import Narrow
from workbench.indexes.payload.places import Places
from workbench.indexes.payload.postings import Postings
from workbench.indexes.payload.ranks import Ranks
from workbench.indexes.payload.shares import Shares
from workbench.models.filter_binding import bind
from workbench.models.filters import DatetimeRange, FieldCondition, Filter, MatchAny, MatchValue, Range
from workbench.models.geo import GeoBoundingBox, GeoPoint, GeoPolygon, GeoRadius, within
from workbench.models.where import where


@pytest.fixture(params=["kernels", "numpy"], autouse=True)
def by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every column count as long; answered by kernels, and by what answers until they are loaded."""
    for module in (narrow, ranks, places):
        monkeypatch.setattr(module, "_LONG", 0)
    monkeypatch.setattr(ranks, "_BLOCK", 2)
    monkeypatch.setattr(passes, "_LONG", 0 if request.param == "kernels" else 1 << 62)
    if request.param == "numpy":
        monkeypatch.setattr(stripes, "kernels_now", lambda: None)
    monkeypatch.setattr(passes, "_FEW", 0)
    monkeypatch.setattr(passes, "_SPARSE", 2)
    kernels.warm(block=True, module="workbench.kernels.cpu.columns")
    assert kernels.ready("workbench.kernels.cpu.columns")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PAYLOADS, min_size=1, max_size=8), FILTERS, INDEXES)
def test_long_columns_accept_what_the_reference_accepts(
    payloads: list[Any], flt: Any, indexes: dict[str, Any]
) -> None:
    bound = bind(flt, indexes)
    n = len(payloads)
    table = table_of(payloads)
    expected = [matches(bound, payload, row, VECTORS[row > 0]) for row, payload in enumerate(payloads)]
    for _ in range(2):  # numbers are ranked at the second question
        assert table.mask(bound, n, own=ids_are_rows(n)).tolist() == expected


ROWS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(["cat", "Cat sat", "2020-01-01", 1, 2, 2.5, None]),
        "b": st.sampled_from([0, 1, 2, 0.5, True, False]) | st.lists(st.integers(0, 2), max_size=2),
        "c": st.sampled_from(["2020-01-01", "2021-06-01 12:00", "sat on the cat"])
        | st.floats(0, 3, width=16),
    },
)
SIMPLE = st.builds(
    FieldCondition,
    st.sampled_from(["a", "b", "c"]),
    st.one_of(MATCHES, RANGES).map(lambda predicate: (predicate,)),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROWS, min_size=1, max_size=30),
    st.builds(Filter, must=st.lists(SIMPLE, min_size=2, max_size=4).map(tuple), must_not=st.tuples(SIMPLE)),
)
def test_conditions_that_narrow_one_mask_accept_what_the_reference_accepts(
    payloads: list[Any], flt: Filter
) -> None:
    n = len(payloads)
    table = table_of(payloads)
    expected = [matches(flt, payload, row) for row, payload in enumerate(payloads)]
    for _ in range(2):
        assert table.mask(flt, n, own=ids_are_rows(n)).tolist() == expected


NUMBERS = st.one_of(
    st.integers(-3, 3), st.integers(-(2**54), 2**54), st.integers(-(2**64), 2**64), st.just(10**400),
    st.floats(allow_nan=False, allow_infinity=False, width=16), st.none(), st.booleans(), st.just("1"),
)  # fmt: skip
DAYS = st.integers(1, 9).map(lambda day: f"2020-01-0{day}") | st.sampled_from(
    ["2020-01-05T00:00:00.000001Z", "x"]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(NUMBERS | DAYS, max_size=3) | NUMBERS | DAYS, min_size=1, max_size=30),
    st.lists(st.integers(-(2**54), 2**54) | st.floats(allow_nan=False, width=16), min_size=2, max_size=2),
    st.lists(DAYS.filter(lambda day: day != "x"), min_size=2, max_size=2),
    st.booleans(),
    st.data(),
)
def test_ranked_numbers_and_moments_are_told_apart_exactly(
    values: list[Any], ends: list[Any], days: list[str], closed: bool, data: Any
) -> None:
    low, high = ("gte", "lte") if closed else ("gt", "lt")
    flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
    known = [v for v in flat if type(v) is int and -(2**63) <= v < 2**63] + [0, 2**53 + 1]
    asked = [
        Range(**{low: min(ends), high: max(ends)}), Range(**{low: ends[0]}), Range(**{high: ends[0]}),
        DatetimeRange.of(**{low: min(days), high: max(days)}), DatetimeRange.of(**{low: days[0]}),
        DatetimeRange(), MatchValue(data.draw(st.sampled_from(known))),
        MatchAny(tuple(data.draw(st.lists(st.sampled_from(known), min_size=5, max_size=6)))),
    ]  # fmt: skip
    table = table_of([{"a": value} for value in values])
    for predicate in asked:
        flt = Filter(must=(FieldCondition("a", (predicate,)),))
        expected = [matches(flt, {"a": value}, 0) for value in values]
        for _ in range(2):
            assert table.mask(flt, len(values), own=None).tolist() == expected  # type: ignore[arg-type]


def test_ranks_ask_for_the_numbers_of_the_block_an_end_is_in_alone() -> None:
    numbers = np.float64([5, 1, 9, 3, 7, np.nan, 9])
    made = Ranks.of(numbers, ~np.isnan(numbers))
    assert made.shares.order.tolist() == [1, 3, 0, 4, 2, 6, 5]
    assert made.edges.tolist() == [1, 5, 9]  # every second one
    asked: list[Any] = []

    def told(entries: Any) -> Any:
        asked.append(entries.tolist())
        return numbers[entries]

    assert made.within(2.5, 6.0, told).tolist() == [True, False, False, True, False, False, False]
    assert asked == [[[1, 3], [0, 4]]]
    assert made.within(9.0, np.inf, told).tolist() == [False, False, True, False, False, False, True]
    assert made.within(-np.inf, 0.0, told).tolist() == [False] * 7
    assert made.one_of(np.float64([3, 4, 9]), told).tolist() == [False, False, True, True, False, False, True]


def test_a_range_of_an_order_is_what_stands_between_two_places() -> None:
    order = np.random.default_rng(0).permutation(1000).astype(np.int32)
    among = np.random.default_rng(1).random(1000) < 0.3
    made = Shares.of(order)
    for begin, end in [(0, 1000), (0, 1), (999, 1000), (3, 997), (4, 996), (5, 5), (500, 540), (1000, 1000)]:
        expected = np.zeros(1000, np.bool_)
        expected[order[begin:end]] = True
        assert (made.between(begin, end) == expected).all()
        narrowed = among.copy()
        assert made.between(begin, end, narrowed) is narrowed
        assert (narrowed == (among & expected)).all()


@pytest.mark.parametrize("count", [300, 70])  # numbers in two bytes, and in one
def test_a_mask_is_narrowed_in_place_to_what_else_is_asked(count: int) -> None:
    draw = np.random.default_rng(2)
    numbers = draw.integers(0, count, 2000)
    dtype: Any = np.uint8 if count < 256 else np.uint16
    made, some = Postings.of(numbers.astype(dtype), count), draw.random(2000) < 0.5
    for first, last in [(0, count - 1), (1, 60), (5, 5), (7, 6)]:
        expected = (numbers >= first) & (numbers <= last)
        assert (made.within(first, last) == expected).all()
        narrowed = some.copy()
        answer = made.within(first, last, narrowed)
        assert ((answer & some) == (some & expected)).all()
        assert answer is narrowed or first > last
    for share in (0.01, 0.5):
        table = draw.random(count - 1) < share
        expected = (numbers > 0) & table[numbers - 1]
        assert (made.accepted(table) == expected).all()
        narrowed = some.copy()
        assert ((made.accepted(table, narrowed) & some) == (some & expected)).all()


@pytest.mark.parametrize("length", [0, 7, 8, 40_000, 40_003])
def test_what_is_true_is_counted(length: int) -> None:
    mask = np.random.default_rng(3).random(length + 1) < 0.3
    for own in (mask[:length], mask[1:], mask[::2], ~mask[:0]):
        assert count_true(own) == sum(own.tolist())
    fixed = mask[:length].copy()
    fixed.flags.writeable = False
    assert count_true(fixed) == sum(fixed.tolist())


def test_a_narrow_column_knows_numbers_below_and_above_its_own() -> None:
    column = Narrow(Postings.of(np.uint8([0, 1, 2, 255]), 256), base=-5, span=255)  # none, -5, -4, 249
    assert column.within(-np.inf, np.inf).tolist() == [False, True, True, True]
    assert column.within(-4.5, 248.9).tolist() == [False, False, True, False]
    assert column.within(250, np.inf).tolist() == [False] * 4
    assert column.within(-np.inf, -6).tolist() == [False] * 4
    assert column.equal(-6).tolist() == [False] * 4
    assert column.equal(249).tolist() == [False, False, False, True]
    assert column.one_of(np.int64([-6, -5, 250])).tolist() == [False, True, False, False]


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16), (65_535, np.uint16)])
def test_codes_take_one_byte_or_two(count: int, dtype: Any) -> None:
    table = table_of([{"s": str(i)} for i in range(count)])
    assert np.flatnonzero(table.mask(where({"s": str(count - 1)}), count, own=None)).tolist() == [count - 1]  # type: ignore[arg-type]
    made = narrow.narrow_codes(table.column("s", count))
    assert made is not None
    assert made.postings.values.dtype == dtype


def test_more_strings_than_two_bytes_tell_apart_are_answered_too() -> None:
    table = table_of([{"s": str(i)} for i in range(65_536)] + [{}])
    assert narrow.narrow_codes(table.column("s", 65_537)) is None
    wanted = where({"s": [str(i) for i in range(65_530, 65_540)]})
    assert np.flatnonzero(table.mask(wanted, 65_537, own=None)).tolist() == list(range(65_530, 65_536))  # type: ignore[arg-type]


AREAS = [
    GeoRadius(GeoPoint(0, 0), 1e6), GeoRadius(GeoPoint(179.9, 10), 2e5), GeoRadius(GeoPoint(20, 89), 3e5),
    GeoRadius(GeoPoint(-179.9, -89.5), 1e5), GeoRadius(GeoPoint(5, 5), 3e7), GeoRadius(GeoPoint(1, 1), -1),
    GeoRadius(GeoPoint(0, 90), 5e6), GeoRadius(GeoPoint(3, -90), 1.00075e7), GeoRadius(GeoPoint(0, 5), 3),
    GeoRadius(GeoPoint(-90, 60), 9.9e6), GeoRadius(GeoPoint(100, -30), 1.9e7), GeoRadius(GeoPoint(180, 0), 0),
    GeoBoundingBox(GeoPoint(-10, 10), GeoPoint(10, -10)), GeoBoundingBox(GeoPoint(3, 5), GeoPoint(3, 5)),
    GeoBoundingBox(GeoPoint(170, 10), GeoPoint(-170, -10)), GeoBoundingBox(GeoPoint(0, -5), GeoPoint(9, 5)),
    GeoBoundingBox(GeoPoint(-180, 90), GeoPoint(180, -90)), GeoBoundingBox(GeoPoint(9, 9), GeoPoint(8, 1)),
    GeoPolygon((GeoPoint(0, 0), GeoPoint(9, 1), GeoPoint(3, 8), GeoPoint(0, 0))),
    GeoPolygon((GeoPoint(0, 0), GeoPoint(9, 9), GeoPoint(9, 0), GeoPoint(0, 9), GeoPoint(0, 0))),
    GeoPolygon(
        tuple(GeoPoint(x, y) for x, y in [(-9, -9), (9, -9), (9, 9), (-9, 9), (-9, -9)]),
        (tuple(GeoPoint(x, y) for x, y in [(1, 1), (1, 4), (4, 4), (4, 1), (1, 1)]),),
    ),
]  # fmt: skip


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("a_row", [1, 3])
def test_an_area_split_into_stripes_has_the_same_positions_inside(area: Any, a_row: int) -> None:
    draw = np.random.default_rng(3)
    anywhere = draw.uniform([-200, -90], [560, 100], (20_000, 2))
    near = draw.normal([0, 5], [6, 5], (5_000, 2))
    grid = np.stack(np.meshgrid(np.arange(-10.0, 11), np.arange(-10.0, 11)), axis=-1).reshape(-1, 2)
    edges = np.array(
        [[180, 10], [-180, 10], [200, 10], [0, 90], [20, 91], [181, 89.5], [180.5, -89], [7, -90]]
    )
    positions = np.concatenate([anywhere, near, grid, edges, near[:3] * 0 + [0, 5.00001]])
    rows = np.arange(len(positions), dtype=np.int32) // a_row
    expected = np.zeros(rows[-1] + 2, np.bool_)
    expected[rows[within(area, positions)]] = True
    places = Places(len(expected), rows, positions)
    for striped in (False, True):  # at the second question
        assert (places.mask(area) == expected).all()
        assert (places.stripes[0] is not None) == striped


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_few_positions_are_enough_for_stripes(count: int) -> None:
    positions = np.array([[0.5 * i, 0.25 * i] for i in range(count)]).reshape(-1, 2)
    places = Places(count, np.arange(count, dtype=np.int32), positions)
    for _ in range(2):
        assert places.mask(GeoRadius(GeoPoint(0, 0), 1.3e5)).tolist() == [i < 3 for i in range(count)]


def test_positions_that_are_all_off_the_earth_are_measured() -> None:
    positions = np.array([[200.0, 10.0], [-160.0, 95.0]])
    places = Places(2, np.int32([0, 1]), positions)
    for _ in range(2):
        assert places.mask(GeoRadius(GeoPoint(-160, 10), 1e5)).tolist() == [True, False]
