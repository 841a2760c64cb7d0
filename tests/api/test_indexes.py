"""Payload indexes and named vectors, made and removed by the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.schema import check

SMALL = {"vectors": {"size": 2, "distance": "Dot"}}


@pytest.fixture
def cities(api: Api) -> Api:
    """A collection ``c`` of three points, two of which have a city and one a number for it."""
    api("create_collection", "c", SMALL)
    payloads: list[dict[str, Any]] = [{"city": ["Oslo", "Rome"]}, {"city": "Oslo", "n": 1}, {"city": 3}]
    points = [{"id": i, "vector": [i, 1.0], "payload": p} for i, p in enumerate(payloads)]
    api("upsert_points", "c", {"points": points}, wait=True)
    return api


def schema(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = check(api("get_collection", "c"), "CollectionInfo")["payload_schema"]
    return found


def test_an_index_tells_how_many_points_it_reads(cities: Api) -> None:
    body = check({"field_name": "city", "field_schema": "keyword"}, "CreateFieldIndex")
    assert cities("create_field_index", "c", body, wait=True).status == "completed"
    assert schema(cities) == {"city": {"data_type": "keyword", "points": 2}}
    cities("delete_points", "c", {"points": [0]}, wait=True)
    assert schema(cities) == {"city": {"data_type": "keyword", "points": 1}}


def test_an_index_echoes_the_parameters_it_was_given(cities: Api) -> None:
    wanted = {"type": "integer", "lookup": True, "range": False, "on_disk": True}
    cities("create_field_index", "c", {"field_name": "n", "field_schema": wanted}, wait=True)
    assert schema(cities) == {"n": {"data_type": "integer", "params": wanted, "points": 1}}


def test_the_older_name_of_the_schema_is_read(cities: Api) -> None:
    cities("create_field_index", "c", {"field_name": "n", "field_type": "float"}, wait=True)
    assert schema(cities)["n"]["data_type"] == "float"


def test_an_index_is_removed_and_removing_it_again_does_nothing(cities: Api) -> None:
    cities("create_field_index", "c", {"field_name": "n", "field_schema": "integer"})
    for _ in range(2):
        assert cities("delete_field_index", "c", wait=True, path={"field_name": "n"}).status == "completed"
    assert schema(cities) == {}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"field_name": "n"},
            "Bad request: Can't auto-detect field type, please specify `field_schema` in the request",
        ),
        ({"field_schema": "integer"}, "Format error in JSON body: missing field `field_name`"),
    ],
)
def test_an_index_needs_a_name_and_a_type(cities: Api, body: dict[str, Any], text: str) -> None:
    assert cities.fails("create_field_index", "c", body) == (400, text)


def test_strict_mode_limits_the_number_of_indexes(cities: Api) -> None:
    strict = {"enabled": True, "max_payload_index_count": 1}
    cities("update_collection", "c", {"strict_mode_config": strict})
    cities("create_field_index", "c", {"field_name": "n", "field_schema": "integer"})
    assert cities.fails("create_field_index", "c", {"field_name": "city", "field_schema": "keyword"}) == (
        400,
        "Bad request: Collection already has the maximum number of payload indices (1). "
        "Help: Please delete an existing index before creating a new one.",
    )


def test_strict_mode_takes_a_filter_on_an_indexed_field(cities: Api) -> None:
    strict = {"enabled": True, "unindexed_filtering_retrieve": False}
    cities("update_collection", "c", {"strict_mode_config": strict})
    body = {"filter": {"must": [{"key": "city", "match": {"value": "Oslo"}}]}}
    assert cities.fails("count_points", "c", body)[0] == 400
    cities("create_field_index", "c", {"field_name": "city", "field_schema": "keyword"})
    assert cities("count_points", "c", body) == 2


def vectors(api: Api) -> Any:
    return check(api("get_collection", "c"), "CollectionInfo")["config"]["params"]


def test_a_dense_vector_comes_and_goes(cities: Api) -> None:
    dense = {"size": 3, "distance": "Cosine", "multivector_config": {"comparator": "max_sim"}}
    body = check({"dense": dense}, "VectorNameConfig")
    assert cities("create_vector_name", "c", body, wait=True, path={"vector_name": "image"})
    assert vectors(cities)["vectors"] == {"": {"size": 2, "distance": "Dot"}, "image": dense}
    cities("delete_vector_name", "c", wait=True, path={"vector_name": "image"})
    assert vectors(cities)["vectors"] == {"size": 2, "distance": "Dot"}


def test_a_sparse_vector_is_added(cities: Api) -> None:
    body = check({"sparse": {"modifier": "idf", "datatype": "float16"}}, "VectorNameConfig")
    cities("create_vector_name", "c", body, wait=True, path={"vector_name": "text"})
    assert vectors(cities)["sparse_vectors"] == {
        "text": {"modifier": "idf", "index": {"datatype": "float16"}}
    }


def test_a_vector_is_dense_or_sparse(cities: Api) -> None:
    assert cities.fails("create_vector_name", "c", {"size": 3}, path={"vector_name": "x"}) == (
        400,
        "Format error in JSON body: data did not match any variant of untagged enum VectorNameConfig",
    )


def test_slow_queries_stop_being_an_issue_once_there_is_an_index(
    cities: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.api.service.SLOW_S", -1.0)
    cities("count_points", "c", {"filter": {"must": [{"key": "city", "match": {"value": "Oslo"}}]}})
    assert len(cities("get_issues")["issues"]) == 1
    cities("create_field_index", "c", {"field_name": "city", "field_schema": "keyword"})
    assert cities("get_issues") == {"issues": []}
