"""A filter that a request repeats is the same object, so that what is known of it is used again."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest

from workbench.api.known_filters import KEPT, LONGEST, known_filter
from workbench.errors import InvalidRequest


def match(value: Any) -> dict[str, Any]:
    return {"must": [{"key": "a", "match": {"value": value}}]}


def test_the_same_object_means_the_same_filter() -> None:
    assert known_filter(match("same")) is known_filter(copy.deepcopy(match("same")))


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ("1", 1)])
def test_values_that_only_look_equal_are_told_apart(one: Any, other: Any) -> None:
    first, second = known_filter(match(one)), known_filter(match(other))
    assert first is not second
    assert first.to_json() == match(one)
    assert second.to_json() == match(other)


def test_a_range_of_floats_is_not_one_of_integers() -> None:
    whole, broken = ({"must": [{"key": "a", "range": {"gt": bound}}]} for bound in (1, 1.0))
    assert known_filter(whole) is not known_filter(broken)


def test_what_json_cannot_hold_is_read_each_time() -> None:
    point = uuid.UUID(int=5)
    assert known_filter({"must": [{"has_id": [point]}]}) == known_filter({"must": [{"has_id": [str(point)]}]})


def test_the_place_of_an_error_is_that_of_the_request() -> None:
    for where in ("filter", "searches[3].filter"):
        with pytest.raises(InvalidRequest, match=where.replace("[", r"\[")):
            known_filter({"must": [{"key": "a", "match": {}}]}, where)


def test_only_the_last_and_short_ones_are_kept() -> None:
    first, long = known_filter(match("first")), known_filter(match("x" * LONGEST))
    assert known_filter(match("x" * LONGEST)) is not long
    for number in range(KEPT):
        known_filter(match(f"other {number}"))
    assert known_filter(match("first")) is not first
