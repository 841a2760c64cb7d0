from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, payloads, updates
from workbench.errors import Corrupted
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import Selector
from workbench.query import fetch, nearest, order, scroll

EVEN = Filter.from_json({"must": [{"key": "even", "match": {"value": True}}]})


def page(
    collection: Collection, limit: int, offset: Any = None, flt: Filter | None = None
) -> tuple[list[Any], Any]:
    found, following = scroll.scroll(collection.view, flt, limit, offset)
    return nearest.ids_of(collection.view, found).tolist(), following


def test_pages_follow_each_other_in_the_order_of_ids(line: Collection) -> None:
    assert page(line, 3) == ([0, 1, 2], 4)
    assert page(line, 3, 4) == ([4, 5, 6], 7)
    assert page(line, 3, 7) == ([7, 9], None)
    assert page(line, 8) == ([0, 1, 2, 4, 5, 6, 7, 9], None)


def test_a_page_may_begin_at_an_id_that_does_not_exist(line: Collection) -> None:
    assert page(line, 2, 3) == ([4, 5], 6)
    assert page(line, 2, uuid.UUID(int=0)) == ([], None)


def test_a_filtered_page(line: Collection) -> None:
    assert page(line, 2, None, EVEN) == ([0, 2], 4)
    assert page(line, 9, 4, EVEN) == ([4, 6], None)
    assert scroll.count(line.view, EVEN) == 4
    assert scroll.count(line.view, None) == 8


def test_a_filter_on_a_field_that_no_point_has_accepts_nothing(line: Collection) -> None:
    missing = Filter.from_json({"must": [{"key": "nowhere[].x", "range": {"gte": 0}}]})
    assert page(line, 9, None, missing) == ([], None)
    assert scroll.count(line.view, missing) == 0


def test_points_are_found_by_ids_in_the_order_asked_for(line: Collection) -> None:
    found, which = scroll.by_ids(line.view, IdArray.of([9, 3, 0, 9, 77]))
    assert nearest.ids_of(line.view, found).tolist() == [9, 0, 9]
    assert which.tolist() == [0, 2, 3]


def test_records_have_the_parts_that_were_asked_for(line: Collection) -> None:
    found, _ = scroll.by_ids(line.view, IdArray.of([2, 7]))
    whole = fetch.records(line.view, found, Selector(), Selector())
    assert [(r.id, r.payload, r.vectors) for r in whole] == [
        (2, {"n": 2, "even": True}, {"": np.float32([2])}),
        (7, {"n": 7, "even": False}, {"": np.float32([7])}),
    ]  # fmt: skip
    bare = fetch.records(line.view, found, Selector(False), Selector(False))
    assert [(r.payload, r.vectors) for r in bare] == [(None, None)] * 2
    part = fetch.records(line.view, found, Selector.of(["even"]), Selector(True, None, [""]))
    assert [(r.payload, r.vectors) for r in part] == [({"even": True}, {}), ({"even": False}, {})]


def test_a_view_from_before_a_vacuum_is_asked_again_and_not_answered_in_part(line: Collection) -> None:
    old = line.view
    updates.delete(line, IdArray.of([0]))
    line.upkeep.optimize()
    with pytest.raises(fetch.PointsGone):
        scroll.count(old, EVEN)
    views = iter([old, old, line.view])
    assert fetch.retrying(lambda: next(views), lambda view: scroll.count(view, EVEN)) == 3


def test_a_payload_that_stays_missing_is_damage(line: Collection) -> None:
    with line.store.transaction() as db:
        db.execute("DELETE FROM points WHERE key=2")
    with pytest.raises(Corrupted, match="a payload that the segments name is missing"):
        fetch.retrying(lambda: line.view, lambda view: scroll.count(view, EVEN))
    with pytest.raises(Corrupted, match="a payload that the segments name is missing"):
        payloads.set_payload(line, IdArray.of([1]), {"a": 1})


def sort(collection: Collection, key: str, *, descending: bool = False) -> list[Any]:
    found = order.ordered(collection.view, None, key, descending=descending)
    return nearest.ids_of(collection.view, found).tolist()


def add(collection: Collection, bodies: dict[int, Any]) -> None:
    values = VectorBatch(np.zeros((len(bodies), 1)))
    encoded = [orjson.dumps({} if b is None else {"v": b}) for b in bodies.values()]
    updates.upsert(collection, PointBatch(IdArray.of(bodies), {"": values}, encoded))


def test_points_are_sorted_by_a_number_and_those_without_come_last(line: Collection) -> None:
    payloads.set_payload(line, IdArray.of([5]), {"n": -1.5})
    payloads.delete_payload(line, IdArray.of([0]), ["n"])
    assert sort(line, "n") == [5, 1, 2, 4, 6, 7, 9, 0]
    assert sort(line, "n", descending=True) == [9, 7, 6, 4, 2, 1, 5, 0]


def test_numbers_come_before_texts_and_a_list_counts_with_its_first_element(line: Collection) -> None:
    updates.delete(line, IdArray.of(range(10)))
    add(line, {1: "b", 2: 3, 3: ["a", "z"], 4: [], 5: None, 6: True, 7: "B"})
    for _ in range(2):
        assert sort(line, "v") == [6, 2, 7, 3, 1, 4, 5]
        assert sort(line, "v", descending=True) == [1, 3, 7, 2, 6, 4, 5]
        line.upkeep.optimize()


def test_texts_in_one_segment_and_none_in_the_next_can_be_sorted(line: Collection) -> None:
    updates.delete(line, IdArray.of(range(10)))
    add(line, {1: "b", 2: "a"})
    line.upkeep.optimize()
    add(line, {3: 5, 4: None})
    assert sort(line, "v") == [3, 2, 1, 4]
