"""Fields that Qdrant reads under an older name too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api

NUMBERS = {"vectors": {"size": 2, "distance": "Dot"}}


def test_the_configuration_has_two_older_names(api: Api) -> None:
    older = {"optimizer_config": {"indexing_threshold": 5}, "quantization": {"scalar": {"type": "int8"}}}
    api("create_collection", "a", {**NUMBERS, **older})
    config = api("get_collection", "a")["config"]
    assert config["optimizer_config"]["indexing_threshold"] == 5
    assert config["quantization_config"] == {"scalar": {"type": "int8"}}
    api("update_collection", "a", {"optimizer_config": {"indexing_threshold": 6}, "quantization": "Disabled"})
    config = api("get_collection", "a")["config"]
    assert config["optimizer_config"]["indexing_threshold"] == 6
    assert config["quantization_config"] is None


def test_of_both_names_the_newer_counts(api: Api) -> None:
    both = {
        "optimizers_config": {"indexing_threshold": 5},
        "optimizer_config": {"indexing_threshold": 6},
    }
    api("create_collection", "a", {**NUMBERS, **both})
    assert api("get_collection", "a")["config"]["optimizer_config"]["indexing_threshold"] == 5


def test_points_may_bring_vectors(api: Api) -> None:
    api("create_collection", "a", NUMBERS)
    rows = [{"id": 1, "vectors": [1, 2]}, {"id": 2, "vector": [3, 4]}]
    api("upsert_points", "a", {"points": rows})
    assert _vectors(api) == [[1, 2], [3, 4]]
    api("update_vectors", "a", {"points": [{"id": 1, "vectors": [5, 6]}]})
    assert _vectors(api) == [[5, 6], [3, 4]]
    api("delete_vectors", "a", {"points": [1], "vectors": [""]})
    assert _vectors(api) == [None, [3, 4]]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"id": 1}, "Format error in JSON body: points[1]: missing field `vector`"),
        ({"vectors": [1, 2]}, "Format error in JSON body: points[1]: missing field `id`"),
        (7, "Format error in JSON body: points[1]: invalid type: integer `7`, expected struct PointStruct"),
    ],
)
def test_a_row_that_lacks_something_is_still_named(api: Api, row: Any, text: str) -> None:
    api("create_collection", "a", NUMBERS)
    rows = [{"id": 1, "vectors": [1, 2]}, row]
    assert api.fails("upsert_points", "a", {"points": rows}) == (400, text)


def test_a_group_may_look_up_with_vector(api: Api) -> None:
    api("create_collection", "a", NUMBERS)
    api("upsert_points", "a", {"points": [{"id": 1, "vector": [1, 2], "payload": {"of": 1}}]})
    lookup = {"collection": "a", "with_vector": True}
    (group,) = api("query_points_groups", "a", {"query": [1, 1], "group_by": "of", "with_lookup": lookup})
    assert group.lookup.vectors[""].tolist() == [1, 2]


def _vectors(api: Api) -> list[Any]:
    found = api("get_points", "a", {"ids": [1, 2], "with_vector": True})
    return [record.vectors[""].tolist() if record.vectors else None for record in found]
