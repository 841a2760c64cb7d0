"""``where={...}``: the table of its docstring, row by row."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from workbench.errors import InvalidRequest
from workbench.filters import matches
from workbench.models.filters import FieldCondition, Filter, MatchAny, MatchText, MatchValue, Range
from workbench.models.where import where

PARIS = {"lon": 2.352222, "lat": 48.856613}
MOVIES: dict[int, dict[str, Any]] = {
    1: {"title": "A lonely robot", "year": 1999, "genre": "drama", "tags": ["a", "b"], "score": 0.5},
    2: {
        "title": "Robot wars",
        "year": 2008,
        "genre": "war",
        "tags": [],
        "cast": [{"name": "Ann", "age": 60}],
    },
    3: {"title": "Robotics", "year": 2020, "tags": "a", "seen": None, "on": "2020-05-01", "release year": 5},
    4: {
        "title": "Dreams",
        "year": 2010,
        "genre": "horror",
        "author": {"name": "Bo"},
        "on": "2021-05-01",
        "at": PARIS,
    },
}


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (None, [1, 2, 3, 4]),
        ({}, [1, 2, 3, 4]),
        ({"genre": "war"}, [2]),
        ({"score": 0.5}, [1]),
        ({"on": date(2020, 5, 1)}, [3]),
        ({"genre": ["war", "drama"]}, [1, 2]),
        ({"genre": {"in": ("war", "drama")}}, [1, 2]),
        ({"year": [2008, 2020.0, "x"]}, [2, 3]),
        ({"year": np.array([1999, 2020])}, [1, 3]),
        ({"year": range(1999, 2009)}, [1, 2]),
        ({"year": []}, []),
        ({"genre": None}, [3]),
        ({"tags": None}, [2, 4]),
        ({"year": {"gte": 2000, "lt": 2010}}, [2]),
        ({"year": {"$gte": np.int64(2000), "$lt": np.float32(2010)}}, [2]),
        ({"on": {"gt": "2020-12-31"}}, [4]),
        ({"genre": {"not": "horror"}}, [1, 2, 3]),
        ({"genre": {"$ne": "horror"}}, [1, 2, 3]),
        ({"genre": {"not": ["horror", "war"]}}, [1, 3]),
        ({"genre": {"$nin": ["horror", "war"]}}, [1, 3]),
        ({"genre": {"not": None}}, [1, 2, 4]),
        ({"year": {"not": {"gte": 2000, "lt": 2010}}}, [1, 3, 4]),
        ({"title": {"text": "ROBOT"}}, [1, 2]),
        ({"title": {"text_any": "dreams wars"}}, [2, 4]),
        ({"title": {"phrase": "lonely robot"}}, [1]),
        ({"title": {"prefix": "Robot"}}, [2, 3]),
        ({"title": {"substring": "robot"}}, [1]),
        ({"at": {"near": {"lon": 2.35, "lat": np.float64(48.85), "meters": 1000}}}, [4]),
        ({"at": {"near": {"lon": 2.35, "lat": 48.85, "meters": 500}}}, []),
        ({"at": {"box": {"west": 2, "south": 48, "east": 3, "north": 49}}}, [4]),
        ({"at": {"not": {"polygon": [(2, 48), (3, 48), [2, 50]]}}}, [1, 2, 3]),
        ({"tags": {"count": 2}}, [1]),
        ({"tags": {"count": {"gte": 1}}}, [1, 3]),
        ({"tags": {"except": ["a"]}}, [1]),
        ({"seen": {"is_null": True}}, [3]),
        ({"tags": {"is_empty": False}}, [1, 3]),
        ({"cast": {"any": {"name": "Ann", "age": {"gt": 50}}}}, [2]),
        ({"author.name": "Bo"}, [4]),
        ({"release year": 5}, [3]),
        ({"$id": [1, 4]}, [1, 4]),
        ({"$id": 2}, [2]),
        ({"$or": [{"genre": "war"}, {"year": {"lt": 2000}}]}, [1, 2]),
        ({"$or": []}, []),
        ({"$and": [{"genre": "war"}, {"year": 2008}]}, [2]),
        ({"$not": {"genre": "war", "year": 2008}}, [1, 3, 4]),
        ({"genre": "war", "year": {"gte": 2009}}, []),
        ({"must_not": [{"key": "genre", "match": {"value": "war"}}]}, [1, 3, 4]),
        (Filter(must=(FieldCondition("year", (MatchValue(2008),)),)), [2]),
    ],
)
def test_where_accepts(condition: Any, ids: list[int]) -> None:
    flt = where(condition)
    assert [point_id for point_id, movie in MOVIES.items() if matches(flt, movie, point_id)] == ids


def test_where_makes_the_plainest_filter() -> None:
    assert where(
        {"topic": "science", "year": {"gte": 2000}, "tags": ["a", "b"], "title": {"text": "x"}}
    ) == Filter(
        must=(
            FieldCondition("topic", (MatchValue("science"),)),
            FieldCondition("year", (Range(gte=2000),)),
            FieldCondition("tags", (MatchAny(("a", "b")),)),
            FieldCondition("title", (MatchText("x"),)),
        )
    )
    some_id = uuid.UUID(int=5)
    assert where({"ref": some_id}) == where({"ref": str(some_id)})


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"year": {"above": 5}}, "unknown operator 'above'; expected lt, gt, lte, gte, in, not, text"),
        ({"author": {"name": "Bo"}}, "For a field inside an object write 'author.name'"),
        ({"year": {}}, "expected operators"),
        ({"year": {"ne": 1, "not": 2}}, "each once"),
        ({"$xor": []}, "expected a field, \\$id, \\$and, \\$or or \\$not"),
        ({"$or": {}}, "expected a list of mappings"),
        ({"year": {"gte": 1, "lt": "2020-01-01"}}, "either only numbers or only dates"),
        ({"year": {"is_null": 1}}, "expected True or False"),
        ({"year": {"count": "2"}}, "values_count"),
        ({"year": {"except": 2}}, "expected a list"),
        ({"year": object()}, "expected a string, number, boolean"),
        ({"at": {"near": {"lon": 1, "lat": 2}}}, "expected a mapping with lon, lat, meters, got"),
        ({"at": {"near": {"lon": 1, "lat": 95, "meters": 2}}}, "`lat` = 95 within"),
        ({"at": {"polygon": [(1, 2), 3]}}, "expected a list of \\(longitude, latitude\\) pairs"),
        ({"at": {"polygon": [(1, 2), (3, 4)]}}, "the size must be at least 4, got 3"),
        ({5: 1}, "field names as strings"),
        ("year > 5", "expected a mapping"),
        ({'a"b': 1}, "double quote"),
    ],
)
def test_where_refuses_with_advice(condition: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        where(condition)


def test_a_mapping_that_was_read_before_is_the_same_filter_unless_its_values_have_other_types() -> None:
    assert where({"a": {"gte": 5}}) is where({"a": {"gte": 5}})
    assert where({"a": [1]}) is not where({"a": [True]})
    meant = [repr(where({"a": value})) for value in (1, 1.0, True, 1, 1.0, True)]
    assert meant[:3] == meant[3:]
    assert len(set(meant)) == 3


def test_what_json_spells_alike_is_still_told_apart() -> None:
    day = datetime(2020, 1, 1, tzinfo=UTC)
    assert where({"a": {"gte": day}}) is where({"a": {"gte": day}})
    with pytest.raises(InvalidRequest, match="expected a number, got nan"):
        where({"a": float("nan") if where({"a": None}) else 0.0})
    meant = [repr(where({"seen": value})) for value in (day.isoformat(), day, day.isoformat(), day)]
    assert meant[0] == meant[2] != meant[1] == meant[3]


def test_a_mapping_that_its_owner_changes_is_read_anew() -> None:
    condition = {"a": {"gte": 5}}
    before = where(condition)
    condition["a"]["gte"] = 6
    assert where(condition) == where({"a": {"gte": 6}}) != before
    assert where({"a": {"gte": 5}}) is before
