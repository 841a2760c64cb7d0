"""The searches of older clients, which are queries in other words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.plane import make

EAST = [1.0, 0.0]


@pytest.fixture
def plane(api: Api) -> Api:
    make(api)
    return api


def ids(found: list[Any]) -> list[int]:
    return [point.id for point in found]


def test_a_search_takes_a_vector_with_or_without_its_name(plane: Api) -> None:
    for vector in (EAST, {"name": "", "vector": EAST}):
        found = plane("search_points", "plane", {"vector": vector, "limit": 2, "with_payload": ["size"]})
        assert [(p.id, p.payload) for p in found] == [(1, {"size": 3}), (2, {"size": 1.5})]
    body = {"vector": EAST, "limit": 9, "offset": 1, "score_threshold": 0.5}
    assert ids(plane("search_points", "plane", body)) == [2, 5]


def test_searches_come_in_batches_and_groups(plane: Api) -> None:
    body = {"searches": [{"vector": EAST, "limit": 1}, {"vector": [0, 1], "limit": 1}]}
    assert [ids(own) for own in plane("search_batch_points", "plane", body)] == [[1], [3]]
    grouped = {"vector": EAST, "limit": 2, "group_by": "color", "group_size": 1}
    found = plane("search_point_groups", "plane", grouped)
    assert [(own.id, ids(own.hits)) for own in found] == [("red", [1]), ("blue", [3])]


def test_recommendations_take_ids_and_vectors(plane: Api) -> None:
    body = {"positive": [1, [0.8, 0.6]], "negative": [4], "limit": 2}
    assert ids(plane("recommend_points", "plane", body)) == [2, 5]
    best = {"negative": [1], "strategy": "best_score", "limit": 1}
    assert ids(plane("recommend_points", "plane", best)) == [4]
    batch = plane("recommend_batch_points", "plane", {"searches": [body, best]})
    assert [ids(own) for own in batch] == [[2, 5], [4]]
    grouped = plane("recommend_point_groups", "plane", {**body, "group_by": "color", "group_size": 2})
    assert [(own.id, ids(own.hits)) for own in grouped] == [("red", [2]), ("blue", [3])]


def test_a_discovery_without_a_target_is_about_its_context(plane: Api) -> None:
    pairs = [{"positive": 2, "negative": 4}]
    assert ids(plane("discover_points", "plane", {"target": 1, "context": pairs, "limit": 5})) == [5, 3]
    assert ids(plane("discover_points", "plane", {"context": pairs, "limit": 5})) == [1, 3, 5]
    batch = plane("discover_batch_points", "plane", {"searches": [{"target": 1, "limit": 1}]})
    assert [ids(own) for own in batch] == [[2]]


@pytest.mark.parametrize(("name", "body", "status"), [
    ("search_points", {"vector": EAST}, 400),
    ("search_points", {"vector": 1, "limit": 1}, 400),
    ("search_points", {"limit": 1}, 400),
    ("search_points", {"vector": EAST, "limit": 0}, 422),
    ("search_point_groups", {"vector": EAST, "limit": 1, "group_by": "color"}, 400),
    ("recommend_points", {"limit": 1}, 400),
    ("recommend_points", {"negative": [1], "limit": 1}, 400),
    ("discover_points", {"limit": 1}, 400),
    ("search_batch_points", {}, 400),
])  # fmt: skip
def test_what_is_missing_is_refused(plane: Api, name: str, body: dict[str, Any], status: int) -> None:
    assert plane.fails(name, "plane", body)[0] == status


def test_top_is_an_older_name_of_limit(plane: Api) -> None:
    assert ids(plane("search_points", "plane", {"vector": EAST, "top": 2})) == [1, 2]
    assert ids(plane("recommend_points", "plane", {"positive": [1], "top": 1})) == [2]
    assert plane.fails("search_points", "plane", {"vector": EAST, "top": 0})[0] == 422
