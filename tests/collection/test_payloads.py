from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.collection import Collection, payloads
from workbench.errors import InvalidPayload
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.query import scroll
from workbench.testing.invariants import all_records, state_hash

RED = Filter.from_json({"must": [{"key": "color", "match": {"value": "red"}}]})


def listed(collection: Collection) -> dict[Any, Any]:
    return {r.id: r.payload for r in all_records(collection)}


def test_set_payload_keeps_other_keys(three: Collection) -> None:
    payloads.set_payload(three, IdArray.of([1, 3]), {"size": 5})
    assert listed(three) == {
        1: {"color": "red", "size": 5}, 2: {"color": "blue"}, 3: {"color": "red", "tags": ["a"], "size": 5},
    }  # fmt: skip


def test_set_payload_inside_an_object(three: Collection) -> None:
    payloads.set_payload(three, IdArray.of([2]), {"x": 1}, "deep.place")
    assert listed(three)[2] == {"color": "blue", "deep": {"place": {"x": 1}}}


def test_overwrite_delete_and_clear_payload(three: Collection) -> None:
    payloads.overwrite_payload(three, RED, {"color": "green"})
    payloads.delete_payload(three, IdArray.of([2]), ["color", "no.such"])
    assert listed(three) == {1: {"color": "green"}, 2: {}, 3: {"color": "green"}}
    payloads.clear_payload(three, IdArray.of([1]))
    assert listed(three)[1] == {}


def test_a_filter_sees_a_changed_payload_at_once(three: Collection) -> None:
    assert scroll.count(three.view, RED) == 2
    payloads.set_payload(three, IdArray.of([2]), {"color": "red"})
    payloads.set_payload(three, IdArray.of([3]), {"color": "blue"})
    found, _ = scroll.scroll(three.view, RED, 10, None)
    assert [r.id for r in all_records(three, RED)] == [1, 2]
    assert len(found) == 2


def test_ids_may_repeat_or_not_exist(three: Collection) -> None:
    assert payloads.set_payload(three, IdArray.of([1, 1, 99]), {"size": 1}).points == 1


def test_a_tuple_is_a_list_to_filters_too(three: Collection) -> None:
    payloads.set_payload(three, IdArray.of([2]), {"tags": ("b", "c")})
    tagged = Filter.from_json({"must": [{"key": "tags", "match": {"value": "c"}}]})
    assert [r.payload for r in all_records(three, tagged)] == [{"color": "blue", "tags": ["b", "c"]}]


def test_what_the_caller_changes_later_does_not_change_the_point(three: Collection) -> None:
    values = {"tags": ["b"]}
    payloads.overwrite_payload(three, IdArray.of([2]), values)
    values["tags"].append("c")
    tagged = Filter.from_json({"must": [{"key": "tags", "match": {"value": "c"}}]})
    assert scroll.count(three.view, tagged) == 0


def test_dates_are_stored_as_text(three: Collection) -> None:
    payloads.set_payload(three, IdArray.of([2]), {"at": datetime(1969, 12, 31, tzinfo=UTC)})
    assert listed(three)[2]["at"] == "1969-12-31T00:00:00+00:00"


@pytest.mark.parametrize(
    "values",
    [{"a": object()}, {"a": {1, 2}}, {"a": b"bytes"}, {"a": 2**64}, {"a": "\ud800"}, {"a": 1 + 2j}, {1: "a"}],
    ids=str,
)
def test_what_json_cannot_hold_is_refused_and_nothing_is_written(three: Collection, values: Any) -> None:
    before = state_hash(three)
    with pytest.raises(InvalidPayload, match="payload: expected what JSON can hold"):
        payloads.set_payload(three, RED, values)
    with pytest.raises(InvalidPayload):
        payloads.overwrite_payload(three, IdArray.of([1]), values)
    assert state_hash(three) == before


@pytest.mark.parametrize("values", [[], "text", None, 5])
def test_a_payload_is_an_object(three: Collection, values: Any) -> None:
    with pytest.raises(InvalidPayload, match="expected a JSON object, got"):
        payloads.set_payload(three, RED, values)


def test_nesting_without_end_is_refused(three: Collection) -> None:
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    with pytest.raises(InvalidPayload, match="expected what JSON can hold"):
        payloads.set_payload(three, RED, deep)


def test_a_number_that_is_none_is_null_and_a_key_set_to_null_goes(three: Collection) -> None:
    payloads.overwrite_payload(three, IdArray.of([2]), {"color": "blue", "size": math.nan})
    assert listed(three)[2] == {"color": "blue", "size": None}
    payloads.set_payload(three, IdArray.of([2]), {"size": math.nan})
    assert listed(three)[2] == {"color": "blue"}
