"""Payload columns accept exactly the rows that the reference evaluator accepts."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InvalidRequest
from workbench.filters import matches
from workbench.indexes.payload import Column, PayloadTable, Tag
from workbench.models.filter_binding import bind
from workbench.models.filters import (
    DatetimeRange,
    FieldCondition,
    Filter,
    GeoBoundingBox,
    GeoPolygon,
    GeoRadius,
    HasId,
    HasVector,
    IsEmpty,
    IsEmptyField,
    IsNull,
    IsNullField,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    MatchTextAny,
    MatchValue,
    MinShould,
    Nested,
    OwnCondition,
    Range,
    Slice,
    ValuesCount,
)
from workbench.models.geo import GeoPoint
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.where import where

# Few values, so that filters and payloads meet often.
INTEGERS = [0, 1, 2, -1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
STRINGS = [
    "",
    "cat",
    "Cat sat",
    "sat on the cat",
    "2020-01-01",
    "2020-01-01T05:00:00+05:00",
    "2021-06-01 12:00",
    "1",
    "936da01f-9abd-4d9d-80c7-02af85c822a8",
    "936DA01F9ABD4D9D80C702AF85C822A8",
]
PLACES = [{"lon": 1, "lat": 1.5}, {"lon": -179.5, "lat": 0}, {"lon": 2, "lat": "2"}, {"lon": True, "lat": 1}]
SCALARS = st.sampled_from(
    [
        *INTEGERS,
        *STRINGS,
        *PLACES,
        2**63,
        2**64 - 1,
        10**400,
        1.0,
        0.5,
        -0.0,
        1e300,
        2.0**53,
        None,
        True,
        False,
    ]
)
KEYS = ["a", "b", "a.b", "a[]", "a[].b", "a[0]", "b[1].a", "a[][]", "a[].b[]"]
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)
PAYLOADS = st.none() | st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
BOUNDS = st.dictionaries(st.sampled_from(["lt", "gt", "lte", "gte"]), st.integers(0, 2), max_size=2)
NUMBER_BOUNDS = st.dictionaries(
    st.sampled_from(["lt", "gt", "lte", "gte"]), st.sampled_from([-1, 0, 0.5, 1, 2**53, 1e300]), max_size=2
)
DATES = st.dictionaries(
    st.sampled_from(["lt", "gt", "lte", "gte"]),
    st.sampled_from(["2020-01-01", "2021-01-01T00:00:00Z"]),
    max_size=2,
)
TEXTS = st.sampled_from(["cat", "SAT cat", "the cat", "2020", "", "dog cat", "on the"])
LISTS = st.lists(st.sampled_from(INTEGERS), max_size=7) | st.lists(st.sampled_from(STRINGS), max_size=7)
MATCHES = st.one_of(
    st.builds(MatchValue, st.sampled_from([*INTEGERS, *STRINGS, True, False])),
    st.builds(MatchAny, LISTS.map(tuple)),
    st.builds(MatchExcept, LISTS.map(tuple)),
    st.builds(MatchText, TEXTS),
    st.builds(MatchTextAny, TEXTS),
    st.builds(MatchPhrase, TEXTS),
    st.builds(MatchPrefix, st.sampled_from(["", "cat", "Cat", "20"])),
    st.builds(MatchSubstring, st.sampled_from(["", "at", "AT"])),
)
POINTS = [GeoPoint(lon, lat) for lon, lat in ((0, 0), (2, 0), (2, 3), (0, 3), (0, 0))]
AREAS = st.one_of(
    st.builds(GeoRadius, st.sampled_from(POINTS), st.sampled_from([0, 2e5, 1e6, 2.1e7])),
    st.builds(GeoBoundingBox, st.sampled_from(POINTS), st.sampled_from([*POINTS, GeoPoint(-179, -1)])),
    st.just(GeoPolygon(tuple(POINTS))),
)
RANGES = NUMBER_BOUNDS.map(lambda bounds: Range(**bounds)) | DATES.map(
    lambda bounds: DatetimeRange.of(**bounds)
)
COUNTS = BOUNDS.map(lambda bounds: ValuesCount(**bounds))
PREDICATES = st.one_of(
    MATCHES.map(lambda match: (match,)),
    RANGES.map(lambda range_: (range_,)),
    COUNTS.map(lambda count: (count,)),
    st.booleans().map(lambda expected: (IsEmpty(expected),)),
    st.booleans().map(lambda expected: (IsNull(expected),)),
    st.tuples(MATCHES, RANGES),
    AREAS.map(lambda area: (area,)),
    st.tuples(MATCHES, AREAS),
    st.tuples(AREAS, st.booleans().map(IsEmpty)),
    st.tuples(MATCHES, st.booleans().map(IsNull)),
    st.tuples(COUNTS, st.booleans().map(IsEmpty), st.booleans().map(IsNull)),
)
KEY = st.sampled_from(KEYS)
CONDITIONS = st.one_of(
    st.builds(FieldCondition, KEY, PREDICATES),
    st.builds(IsEmptyField, KEY),
    st.builds(IsNullField, KEY),
    st.builds(HasId, st.frozensets(st.integers(0, 6), max_size=3)),
    st.builds(HasVector, st.sampled_from(["v", "w"])),
    st.builds(Slice, st.just(3), st.integers(0, 2)),
)
TEXT_INDEXES: list[dict[str, Any]] = [
    {},
    {"phrase_matching": True, "stopwords": "english"},
    {"tokenizer": "prefix"},
    {"lowercase": False, "phrase_matching": True},
]
INDEXES = st.dictionaries(
    KEY,
    st.sampled_from(
        [
            *(FieldIndex(kind) for kind in SchemaType),
            *(FieldIndex(SchemaType.TEXT, params) for params in TEXT_INDEXES),
            FieldIndex(SchemaType.INTEGER, {"lookup": False}),
            FieldIndex(SchemaType.INTEGER, {"range": False}),
        ]
    ),
    max_size=3,
)
VECTORS = ((), ("v",))


def filters_of(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    clause = st.lists(conditions, max_size=2).map(tuple)
    return st.builds(
        Filter,
        must=clause,
        should=st.none() | clause,
        must_not=clause,
        min_should=st.none() | st.builds(MinShould, clause, st.integers(1, 2)),
    )


FILTERS = filters_of(
    st.recursive(
        CONDITIONS,
        lambda inner: filters_of(inner) | st.builds(Nested, KEY, filters_of(inner)),
        max_leaves=4,
    )
)


def table_of(payloads: list[dict[str, Any] | None]) -> PayloadTable:
    return PayloadTable(lambda start, stop: payloads[start:stop])


def ids_are_rows(n: int) -> Any:
    """What the table is told about points: row 0 has no vector, every other has one called "v"."""

    def own(condition: OwnCondition) -> Any:
        rows = range(n)
        if isinstance(condition, HasId):
            return np.array([row in condition.ids for row in rows], dtype=np.bool_)
        flt = Filter(must=(condition,))
        return np.array([matches(flt, None, row, VECTORS[row > 0]) for row in rows], dtype=np.bool_)

    return own


def accepted(condition: dict[str, Any], payloads: list[dict[str, Any] | None]) -> list[int]:
    n = len(payloads)
    return np.flatnonzero(table_of(payloads).mask(where(condition), n, own=ids_are_rows(n))).tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(PAYLOADS, max_size=8), st.lists(FILTERS, min_size=1, max_size=3), st.integers(0, 8))
def test_a_table_accepts_what_the_reference_accepts_also_while_it_grows(
    payloads: list[dict[str, Any] | None], flts: list[Filter], seen: int
) -> None:
    table = table_of(payloads)
    for n in (min(seen, len(payloads)), len(payloads), min(seen, len(payloads))):
        for flt in flts:
            expected = [
                matches(flt, payload, row, VECTORS[row > 0]) for row, payload in enumerate(payloads[:n])
            ]
            assert table.mask(flt, n, own=ids_are_rows(n)).tolist() == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(PAYLOADS, min_size=1, max_size=6), FILTERS, INDEXES)
def test_a_table_accepts_what_the_reference_accepts_under_payload_indexes(
    payloads: list[dict[str, Any] | None], flt: Filter, indexes: dict[str, FieldIndex]
) -> None:
    bound, n = bind(flt, indexes), len(payloads)
    expected = [matches(bound, payload, row, VECTORS[row > 0]) for row, payload in enumerate(payloads)]
    assert table_of(payloads).mask(bound, n, own=ids_are_rows(n)).tolist() == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(PAYLOADS, min_size=1, max_size=6),
    st.dictionaries(st.integers(0, 5), PAYLOADS, max_size=4),
    FILTERS,
)
def test_changed_rows_are_judged_by_their_new_payload(
    payloads: list[dict[str, Any] | None], changed: dict[int, dict[str, Any] | None], flt: Filter
) -> None:
    n = len(payloads)
    expected = [
        matches(flt, changed.get(row, payload), row, VECTORS[row > 0]) for row, payload in enumerate(payloads)
    ]
    assert table_of(payloads).mask(flt, n, own=ids_are_rows(n), changed=changed).tolist() == expected


def test_a_row_is_accepted_if_one_element_of_its_array_is() -> None:
    payloads: list[dict[str, Any] | None] = [{"tags": ["a", "b"]}, {"tags": "b"}, {"tags": []}, {}, None]
    assert accepted({"tags": "b"}, payloads) == [0, 1]
    assert accepted({"tags": {"not": "b"}}, payloads) == [2, 3, 4]


def test_nested_asks_one_object_at_a_time() -> None:
    payloads: list[dict[str, Any] | None] = [
        {"cast": [{"name": "Ann", "age": 30}, {"name": "Bob", "age": 60}]},
        {"cast": [{"name": "Ann", "age": 60}]},
        {"cast": {"name": "Ann", "age": 60}},
    ]
    assert accepted({"cast": {"any": {"name": "Ann", "age": {"gt": 50}}}}, payloads) == [1]


def test_integers_beyond_the_exact_floats_stay_apart_even_when_they_come_late() -> None:
    payloads: list[dict[str, Any] | None] = [{"n": 7}, {"n": 2**53}, {"n": 7.0}]
    table = table_of(payloads)
    assert table.mask(where({"n": 7}), 3, own=ids_are_rows(3)).tolist() == [True, False, False]
    payloads.append({"n": 2**53 + 1})
    assert table.mask(where({"n": 2**53}), 4, own=ids_are_rows(4)).tolist() == [False, True, False, False]
    assert table.mask(where({"n": 2**53 + 1}), 4, own=ids_are_rows(4)).tolist() == [False, False, False, True]
    assert table.mask(where({"n": 7}), 4, own=ids_are_rows(4)).tolist() == [True, False, False, False]


def test_a_filter_fetches_every_chunk_once_for_all_its_new_fields() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(start: int, stop: int) -> list[dict[str, Any] | None]:
        asked.append((start, stop))
        return [{"a": row, "b": str(row), "c": row % 2 == 0} for row in range(start, stop)]

    table = PayloadTable(fetch)
    condition = where({"a": {"gte": 9_990}, "b": "9998", "c": True})
    mask = table.mask(condition, 10_000, own=ids_are_rows(10_000))
    assert np.flatnonzero(mask).tolist() == [9998]
    assert asked == [(0, 4096), (4096, 8192), (8192, 10_000)]
    table.mask(condition, 10_000, own=ids_are_rows(10_000))
    assert len(asked) == 3


def test_objects_of_sparse_arrays_are_found_across_chunks() -> None:
    def fetch(start: int, stop: int) -> list[dict[str, Any] | None]:
        return [{"items": [{"n": row}, {"n": -row}]} if row % 1000 == 1 else {} for row in range(start, stop)]

    mask = PayloadTable(fetch).mask(
        where({"items": {"any": {"n": {"lt": -8000}}}}), 20_000, own=ids_are_rows(20_000)
    )
    assert np.flatnonzero(mask).tolist() == [row for row in range(20_000) if row % 1000 == 1 and row > 8000]


def test_a_column_gives_its_entries_back() -> None:
    column: Column = table_of([{"v": "x"}, {"v": 1}, {"v": 1.5}, {"v": True}, {}, {"v": None}]).column("v", 6)
    assert [column.value(entry) for entry in range(6)] == ["x", 1, 1.5, True, None, None]
    assert column.tag.tolist() == [Tag.STRING, Tag.INTEGER, Tag.FLOAT, Tag.TRUE, Tag.MISSING, Tag.NULL]
    assert column.rows is None


def test_a_column_of_arrays_tells_the_row_of_each_entry() -> None:
    column = table_of([{"v": ["x", "y"]}, {}, {"v": []}, {"v": [3]}]).column("v", 4)
    assert column.rows is not None
    assert [(int(row), column.value(entry)) for entry, row in enumerate(column.rows)] == [
        (0, "x"),
        (0, "y"),
        (1, None),
        (2, None),
        (3, 3),
    ]


def test_a_head_of_a_longer_column_is_the_column_of_fewer_rows() -> None:
    table = table_of([{"v": [1, 2]}, {"v": 3}, {"v": [4, 5]}])
    assert table.column("v", 3).tag.size == 5
    head = table.column("v", 2)
    assert head.rows is not None
    assert head.rows.tolist() == [0, 0, 1]


def test_column_bytes_grow_with_the_rows_and_name_the_paths() -> None:
    payloads: list[dict[str, Any] | None] = [
        {"year": 2000 + row, "cast": [{"name": "Ann"}]} for row in range(1000)
    ]
    table = table_of(payloads)
    table.prepare(["year"], 1000)
    assert table.column_bytes()["year"] >= 9 * 1000
    table.mask(where({"cast": {"any": {"name": "Ann"}}}), 1000, own=ids_are_rows(1000))
    assert set(table.column_bytes()) == {"year", "cast[]", "cast[].name"}


def test_a_failing_fetch_leaves_a_table_that_answers_later() -> None:
    broken = [True]

    def fetch(start: int, stop: int) -> list[dict[str, Any] | None]:
        if broken[0] and start > 0:
            raise OSError("the disk is gone")
        return [{"a": row} for row in range(start, stop)]

    table = PayloadTable(fetch)
    with pytest.raises(OSError, match="the disk is gone"):
        table.mask(where({"a": 5000}), 6000, own=ids_are_rows(6000))
    broken[0] = False
    assert np.flatnonzero(table.mask(where({"a": 5000}), 6000, own=ids_are_rows(6000))).tolist() == [5000]


def test_threads_share_one_table_while_it_grows() -> None:
    table = PayloadTable(lambda start, stop: [{"a": [row % 7, str(row)]} for row in range(start, stop)])
    wrong: list[int] = []

    def search(seed: int) -> None:
        for step in range(20):
            n = 200 * step + seed
            mask = table.mask(where({"a": 3}), n, own=ids_are_rows(n))
            if np.flatnonzero(mask).tolist() != list(range(3, n, 7)):
                wrong.append(n)

    threads = [threading.Thread(target=search, args=(seed,)) for seed in (50, 90, 130, 170)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_key_that_is_no_path_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="invalid JSON path"):
        table_of([]).column("a..b", 0)


@pytest.mark.parametrize("fresh", [[], [{"x": 1}] * 5])
def test_a_payload_with_fewer_or_more_objects_leaves_those_of_others_in_place(fresh: list[Any]) -> None:
    payloads: list[Any] = [{"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1, "y": 2}]}]
    table = PayloadTable(lambda start, stop: payloads[start:stop])

    def accepted(key: str, value: int, changed: dict[int, Any]) -> list[bool]:
        nested = {"key": "a", "filter": {"must": [{"key": key, "match": {"value": value}}]}}
        flt = Filter.from_json({"must": [{"nested": nested}]})
        return table.mask(flt, 2, own=lambda condition: np.zeros(2, np.bool_), changed=changed).tolist()

    assert accepted("x", 1, {}) == [True, True]
    payloads[0] = {"a": fresh}
    assert accepted("y", 2, {0: payloads[0]}) == [False, True]
