"""Filters as values: what they refuse, their JSON shape, ids, dates and words."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from workbench.errors import FormatError, InvalidPointId, InvalidRequest, OutOfRange
from workbench.models.datetimes import format_datetime, microseconds, parse_datetime
from workbench.models.filters import (
    DatetimeRange,
    FieldCondition,
    Filter,
    HasId,
    MatchAny,
    MatchValue,
    MinShould,
    Nested,
    Range,
    ValuesCount,
)
from workbench.models.ids import parse_point_id, parse_uuid
from workbench.text.words import tokens

SPELLED = "936da01f-9abd-4d9d-80c7-02af85c822a8"


SHORT = SPELLED.replace("-", "")


@pytest.mark.parametrize(
    "value", [SPELLED, SPELLED.upper(), SHORT, f"{{{SPELLED}}}", f"URN:uuid:{SPELLED}", uuid.UUID(SPELLED)]
)
def test_a_uuid_has_four_spellings(value: Any) -> None:
    assert parse_point_id(value) == uuid.UUID(SPELLED)


@pytest.mark.parametrize(
    "text",
    [
        f"{{{SHORT}}}",
        f"urn:uuid:{SHORT}",
        f"uuid:{SPELLED}",
        f"{SPELLED}}}",
        f"9-{SHORT[1:]}",
        f" {SHORT[1:]}",
        f"{SHORT[:29]}_a8",
    ],
)
def test_what_python_alone_takes_for_a_uuid_is_none(text: str) -> None:
    assert parse_uuid(text) is None


@pytest.mark.parametrize("value", [0, 7, 2**64 - 1, np.uint64(2**64 - 1), np.int32(7)])
def test_an_unsigned_integer_is_an_id(value: Any) -> None:
    assert parse_point_id(value) == int(value)
    assert type(parse_point_id(value)) is int


@pytest.mark.parametrize(
    "value", [True, np.True_, -1, 2**64, 1.0, "7", "x", "", f"{{{SHORT}}}", None, b"x", [1]]
)
def test_anything_else_is_no_id(value: Any) -> None:
    with pytest.raises(InvalidPointId, match="expected an integer from 0 to 18446744073709551615 or a UUID"):
        parse_point_id(value)


RING = [{"lon": lon, "lat": lat} for lon, lat in ((0, 0), (1, 0), (1, 1), (0, 0))]
FULL = {
    "must": [
        {"key": "a", "match": {"value": True}},
        {"key": "a", "match": {"any": ["x", "y"]}, "range": {"gte": 1.5}},
        {"key": "d", "range": {"lt": "2020-01-01T00:00:00Z", "gt": "1969-12-31T23:59:59.500000Z"}},
        {"key": "a", "values_count": {"gte": 2}, "is_empty": False},
        {"key": "g", "geo_radius": {"center": {"lon": 13.4, "lat": 52.5}, "radius": 1000.0}},
        {
            "key": "g",
            "geo_bounding_box": {"top_left": {"lon": 170, "lat": 9}, "bottom_right": {"lon": -170, "lat": 0}},
            "geo_polygon": {"exterior": {"points": RING}, "interiors": [{"points": RING}]},
        },
    ],
    "should": [
        {"key": "t", "match": {"text": "x y"}},
        {"key": "t", "match": {"text_any": "x y"}},
        {"key": "t", "match": {"phrase": "x y"}},
        {"key": "t", "match": {"prefix": "x"}},
        {"key": "t", "match": {"substring": "x"}},
        {"key": "t", "match": {"except": [1, 2]}},
        {"key": "t", "is_null": True},
    ],
    "must_not": [
        {"is_empty": {"key": "a"}},
        {"is_null": {"key": "a[].b"}},
        {"has_id": [1, SPELLED]},
        {"has_vector": ""},
    ],
    "min_should": {
        "conditions": [
            {"nested": {"key": "c", "filter": {"must": [{"should": []}]}}},
            {"slice": {"total": 4, "index": 3}},
        ],
        "min_count": 1,
    },
}


def test_json_goes_in_and_comes_out_unchanged() -> None:
    assert Filter.from_json(FULL).to_json() == FULL
    assert Filter.from_json(Filter.from_json(FULL).to_json()) == Filter.from_json(FULL)


def test_a_single_condition_stands_for_a_list_and_null_for_absent() -> None:
    flt = Filter.from_json({"must": {"key": "a", "match": {"value": 1}, "range": None}, "should": None})
    assert flt == Filter(must=(FieldCondition("a", (MatchValue(1),)),))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"musst": []}, "filter: unknown field 'musst'; expected must, should, must_not, min_should"),
        ([], "filter: expected an object"),
        ({"must": 5}, r"filter.must: expected a condition or a list of conditions, got 5"),
        (
            {"must": [{"key": "a", "match": {"value": 1.5}}]},
            "match.value: expected a string or a signed 64-bit integer",
        ),
        ({"must": [{"key": "a", "match": {"value": 2**63}}]}, "to compare with a float use a range"),
        ({"must": [{"key": "a", "match": {"valeu": 1}}]}, r"must\[0\].match: expected one of value, text"),
        ({"must": [{"key": "g", "geo_radius": {"radius": 1}}]}, "geo_radius: the field 'center' is missing"),
        (
            {"must": [{"key": "g", "geo_radius": {"center": {"lon": "1", "lat": 1}, "radius": 1}}]},
            "lon: expected",
        ),
        ({"must": [{"key": "g", "geo_polygon": {"exterior": RING}}]}, "exterior: expected an object"),
        ({"must": [{"has_vector": 1}]}, "has_vector: expected the name of a vector, got 1"),
        ({"must": [{"slice": {"total": 0, "index": 0}}]}, "slice.total: expected an integer from 1"),
        ({"must": [{"key": "a", "match": {"any": [1, "x"]}}]}, "either only strings or only integers"),
        ({"must": [{"key": "a", "match": {"any": [True]}}]}, "match.any"),
        ({"must": [{"key": "a", "match": {"text": 5}}]}, "match.text: expected a string"),
        ({"must": [{"key": "a", "range": {"gte": True}}]}, "range.gte: expected a number"),
        ({"must": [{"key": "a", "range": {"gte": "soon"}}]}, "not a date and time: 'soon'"),
        (
            {"must": [{"key": "a", "range": {"gte": 1, "lt": "2020-01-01"}}]},
            "either only numbers or only date-times",
        ),
        (
            {"must": [{"key": "a", "values_count": {"gt": -1}}]},
            "values_count.gt: expected an integer of 0 or more",
        ),
        ({"must": [{"key": "a", "is_null": 1}]}, "expected true or false"),
        ({"must": [{"key": 5, "is_null": True}]}, "expected a JSON path as a string"),
        ({"must": [{"key": "a..b", "is_null": True}]}, "invalid JSON path 'a..b'"),
        ({"must": [{"has_id": [-1]}]}, "invalid point id -1"),
        ({"must": [{"nested": {"key": "a"}}]}, "the field 'filter' is missing"),
        ({"must": [{"colour": "red"}]}, "not a condition"),
        ({"min_should": {"conditions": [], "min_count": "1"}}, "min_count: expected an integer of 1 or more"),
    ],
)
def test_a_malformed_filter_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        Filter.from_json(value)


AT_NORTH_POLE = {"lon": 0, "lat": 90.5}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"must": [{"key": "a"}]}, "[filter.must[0]: At least one field condition must be specified]"),
        ({"must": [{"key": "a", "matches": {}}]}, "At least one field condition must be specified"),
        (
            {"must": [{"key": "g", "geo_radius": {"center": AT_NORTH_POLE, "radius": 1}}]},
            "`lat` = 90.5 within",
        ),
        (
            {"must": [{"key": "g", "geo_polygon": {"exterior": {"points": RING[:3]}}}]},
            "must be at least 4, got 3",
        ),
        (
            {"must": [{"key": "g", "geo_polygon": {"exterior": {"points": [*RING, RING[1]]}}}]},
            "the first and the last points should be the same to form a closed line",
        ),
        ({"must": [{"slice": {"total": 4, "index": 4}}]}, "index 4 must be less than total 4"),
        ({"min_should": {"conditions": [], "min_count": 0}}, "value 0 invalid, must be 1 or larger"),
    ],
)
def test_a_value_out_of_its_range_is_told_from_a_wrong_shape(value: Any, message: str) -> None:
    with pytest.raises(OutOfRange) as caught:
        Filter.from_json(value)
    assert message in str(caught.value)


def test_unknown_fields_of_a_condition_are_passed_over() -> None:
    flt = Filter.from_json({"must": {"key": "a", "match": {"value": 1, "text": "x"}, "weight": 2}})
    assert flt == Filter(must=(FieldCondition("a", (MatchValue(1),)),))


def test_filters_may_be_64_deep_and_no_deeper() -> None:
    flt: dict[str, Any] = {}
    for _ in range(63):
        flt = {"must": [flt]}
    assert Filter.from_json(flt).depth == 64
    with pytest.raises(InvalidRequest, match="nested more than 64 deep"):
        Filter.from_json({"must": [{"nested": {"key": "a", "filter": flt}}]})
    with pytest.raises(InvalidRequest, match="nested more than 64 deep"):
        Filter(must=(Nested("a", Filter.from_json(flt)),))


def test_a_hostile_depth_is_refused_before_python_runs_out_of_stack() -> None:
    flt: dict[str, Any] = {}
    for _ in range(100_000):
        flt = {"must": [flt]}
    with pytest.raises(InvalidRequest, match="nested more than 64 deep"):
        Filter.from_json(flt)


def test_values_are_checked_where_they_are_made() -> None:
    assert MatchValue(1) != MatchValue(True)
    assert HasId(frozenset([SPELLED])).ids == {uuid.UUID(SPELLED)}  # type: ignore[list-item]
    with pytest.raises(InvalidRequest, match="at most once"):
        FieldCondition("a", (MatchValue(1), MatchAny((2,))))
    with pytest.raises(InvalidRequest, match="one or more of"):
        FieldCondition("a", ())
    with pytest.raises(InvalidRequest, match="expected a number"):
        Range(gte=float("nan"))
    with pytest.raises(InvalidRequest, match="0 or more"):
        ValuesCount(gte=True)
    with pytest.raises(InvalidRequest, match="1 or more"):
        MinShould((), True)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2020-01-01", "2020-01-01T00:00:00Z"),
        ("2020-1-1 5:06", "2020-01-01T05:06:00Z"),
        ("2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z"),
        ("2020-01-01 00:00:00 -0130", "2020-01-01T01:30:00Z"),
        ("2020-01-01t00:00:00z", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00 UTC", "2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00.1234567Z", "2020-01-01T00:00:00.123456Z"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
        ("2020-12-31T23:59:60Z", "2021-01-01T00:00:00Z"),
        ("2000-02-29", "2000-02-29T00:00:00Z"),
        ("-0001-03-01", "-0001-03-01T00:00:00Z"),
        ("+262142-12-31", "+262142-12-31T00:00:00Z"),
    ],
)
def test_a_moment_has_many_spellings(text: str, utc: str) -> None:
    moment = parse_datetime(text)
    assert moment is not None
    assert format_datetime(moment) == utc
    assert parse_datetime(utc) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020",
        "2020-01",
        "20200101",
        "1577836800",
        "2020-13-01",
        "2020-02-30",
        "1900-02-29",
        "2020-01-01T24:00:00",
        "2020-01-01 ",
        "2020-01-01Z",
        "2020-01-01T00:00Z",
        "2020-01-01t00:00:00",
        "2020-01-01t00:00:00+01",
        "2020-01-01T00:00:00+24:00",
        "10000-01-01",
        "2020-1-12:00",
        "2020-01-01T00:00:61Z",
        "2020-01-01T00:00:00,5Z",
        "２020-01-01",
    ],
)
def test_what_the_engine_does_not_read_as_a_moment_is_none(text: str) -> None:
    assert parse_datetime(text) is None


def test_datetime_objects_are_moments_and_utc_unless_they_say_otherwise() -> None:
    expected = microseconds("2020-01-01T00:00:00Z")
    berlin = timezone(timedelta(hours=1))
    assert microseconds(date(2020, 1, 1)) == microseconds(datetime(2020, 1, 1)) == expected
    assert microseconds(datetime(2020, 1, 1, 1, tzinfo=berlin)) == expected
    assert microseconds(datetime(2020, 1, 1, tzinfo=UTC)) == expected
    assert DatetimeRange.of(gte="2020-01-01") == DatetimeRange(gte=expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat's snake_case", ["the", "cat", "s", "snake", "case"]),
        ("1.5 CAFÉ STRASSE Straße", ["1", "5", "café", "strasse", "straße"]),
        ("日本語 हिन्दी", ["日本語", "हिन", "दी"]),
        ("ΣΊΣΥΦΟΣ Ⅷ ²", ["σίσυφος", "ⅷ", "²"]),
        (" -_! 😀", []),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, words: list[str]) -> None:
    assert tokens(text) == words
