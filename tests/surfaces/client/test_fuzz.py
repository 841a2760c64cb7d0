"""Any argument may be anything: it is taken, or refused with an error on purpose and nothing changed."""

from __future__ import annotations

import copy
import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient, models

from workbench.engine import open_engine
from workbench.errors import NotFound, UnknownVector, WorkbenchError
from workbench.surfaces.client import client_over

FILTER = {
    "must": [
        {"key": "genre", "match": {"value": "horror"}},
        {"key": "year", "range": {"gte": 1970, "lt": 2000.5}},
        {"key": "seen.at", "range": {"gt": "2020-01-01T00:00:00Z"}},
    ],
    "should": [
        {"has_id": [1, 2]},
        {"is_empty": {"key": "a"}},
        {"is_null": {"key": "a"}},
        {"has_vector": "plot"},
        {"nested": {"key": "cast", "filter": {"must": [{"key": "name", "match": {"any": ["a", "b"]}}]}}},
        {"key": "at", "geo_radius": {"center": {"lon": 1.0, "lat": 2.0}, "radius": 3.0}},
        {"key": "tags", "values_count": {"gte": 1}},
    ],
    "min_should": {"conditions": [{"key": "n", "match": {"except": [1]}}], "min_count": 1},
    "must_not": {"key": "title", "match": {"text": "x"}},
}
POINT = {
    "id": 7,
    "vector": {"plot": [1.0, 2.0], "words": {"indices": [1, 2], "values": [0.5, 1.5]}},
    "payload": {"a": {"b": [1, 2.5, None, True, "x"]}},
}
QUERY = {
    "query": {"nearest": [1.0, 2.0], "mmr": {"diversity": 0.5, "candidates_limit": 10}},
    "prefetch": [{"query": [1.0, 2.0], "using": "plot", "limit": 5, "filter": FILTER, "prefetch": []}],
    "using": "plot",
    "search_params": {
        "hnsw_ef": 10,
        "exact": False,
        "indexed_only": False,
        "quantization": {"ignore": False, "rescore": True, "oversampling": 2.0},
    },
    "limit": 3,
    "offset": 1,
    "with_payload": {"include": ["a"]},
    "with_vectors": ["plot"],
    "score_threshold": 0.1,
}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("upsert", {"points": [POINT, {**POINT, "id": str(uuid.UUID(int=3))}], "wait": True}),
    (
        "upsert",
        {"points": {"batch": {"ids": [1], "vectors": {"plot": [[1.0, 2.0]]}, "payloads": [{"a": 1}]}}},
    ),
    ("upsert", {"points": [POINT], "update_filter": FILTER, "update_mode": "insert_only", "timeout": 3}),
    ("update_vectors", {"points": [{"id": 1, "vector": {"plot": [3.0, 4.0]}}]}),
    ("delete_vectors", {"vectors": ["plot"], "points": [1, 2]}),
    ("delete", {"points_selector": {"filter": FILTER}, "ordering": "weak"}),
    ("delete", {"points_selector": [1, 2]}),
    ("set_payload", {"payload": {"a": 1}, "points": [1], "key": "a.b"}),
    ("overwrite_payload", {"payload": {"a": 1}, "points": FILTER}),
    ("delete_payload", {"keys": ["a", "b[].c"], "points": [1]}),
    ("clear_payload", {"points_selector": [1]}),
    (
        "batch_update_points",
        {
            "update_operations": [
                {"upsert": {"points": [POINT]}},
                {"set_payload": {"payload": {"a": 1}, "points": [1]}},
                {"delete_vectors": {"points": [2], "vector": ["plot"]}},
                {"delete": {"points": [3]}},
            ]
        },
    ),
    ("retrieve", {"ids": [1, 2], "with_payload": ["a"], "with_vectors": True, "consistency": "majority"}),
    ("scroll", {"scroll_filter": FILTER, "limit": 2, "offset": 1, "with_payload": True}),
    ("scroll", {"order_by": {"key": "year", "direction": "desc", "start_from": 1980}, "limit": 2}),
    ("count", {"count_filter": FILTER, "exact": True}),
    ("facet", {"key": "genre", "facet_filter": FILTER, "limit": 3, "exact": True}),
    ("query_points", QUERY),
    ("query_points", {"query": {"recommend": {"positive": [1], "negative": [[1.0, 2.0]]}}, "using": "plot"}),
    (
        "query_points",
        {"query": {"discover": {"target": 1, "context": [{"positive": 1, "negative": 2}]}}, "using": "plot"},
    ),
    (
        "query_points",
        {"query": {"rrf": {"k": 3, "weights": [1.0]}}, "prefetch": [{"query": 1, "using": "plot"}]},
    ),
    (
        "query_points",
        {
            "query": {"formula": {"sum": ["$score", {"mult": [2.0, "year"]}]}, "defaults": {"year": 1}},
            "prefetch": {"query": [1.0, 2.0], "using": "plot"},
        },
    ),
    ("query_batch_points", {"requests": [{"query": [1.0, 2.0], "using": "plot", "limit": 2}]}),
    (
        "query_points_groups",
        {"group_by": "genre", "query": [1.0, 2.0], "using": "plot", "limit": 2, "group_size": 2},
    ),
    ("search_matrix_pairs", {"query_filter": FILTER, "limit": 2, "sample": 3, "using": "plot"}),
    (
        "update_collection",
        {"hnsw_config": {"m": 8}, "optimizers_config": {"indexing_threshold": 100}, "metadata": {"a": 1}},
    ),
    ("create_payload_index", {"field_name": "genre", "field_schema": {"type": "keyword", "is_tenant": True}}),
    ("create_collection", {"vectors_config": {"size": 2, "distance": "Dot"}, "on_disk_payload": True}),
]

JUNK = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, 1, -1, 2**63, 2**64, 10**30, 0.5, -0.0, float("nan"), float("inf"), 1e39,
            "", "a", "a..b", "1", "\ud800", "x" * 300, b"bytes", [], {}, [None], [[]], [[1.0], [2.0, 3.0]],
            {"a": None}, {1: 2}, {"must": 3}, object(), {1, 2}, (1, 2), range(3), np.zeros(3),
            np.zeros((2, 2)), np.array("x"), np.float32(1), np.int64(3), np.array([np.nan, 1.0]),
            dt.date(2020, 1, 1), uuid.UUID(int=1), models.SparseVector(indices=[1], values=[1.0]),
            models.Filter(), models.Distance.DOT, print, int, 1 + 2j, {"indices": [1], "values": []},
            {"text": "a", "model": "b"}, {"nearest": None}, np.array(1.0),
            {"indices": np.array(1), "values": np.array(2.0)},
        ]
    ),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.floats(width=32), max_size=3),
)  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a tree of plain values."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*here, key))


TARGETS = [(n, place) for n, (_, arguments) in enumerate(CALLS) for place in places(arguments) if place]


def changed(arguments: dict[str, Any], place: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    result = copy.deepcopy(arguments)
    inner: Any = result
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return result


def state(client: QdrantClient) -> object:
    collection = client._client.engine.collection("films")
    return client.scroll("films", limit=100, with_vectors=True), collection.view.operation, collection.config


@pytest.fixture(scope="module")
def films() -> Iterator[QdrantClient]:
    with open_engine() as engine:
        client = client_over(engine)
        client.create_collection(
            "films",
            {"plot": models.VectorParams(size=2, distance=models.Distance.COSINE)},
            sparse_vectors_config={"words": models.SparseVectorParams()},
        )
        client.create_payload_index("films", "year", models.PayloadSchemaType.INTEGER)
        client.create_payload_index("films", "genre", models.PayloadSchemaType.KEYWORD)
        points = [{**POINT, "id": i, "payload": {"genre": "horror", "year": 1970 + i}} for i in range(1, 5)]
        client.upsert("films", points)
        yield client


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=st.sampled_from(TARGETS), junk=JUNK)
def test_any_argument_may_be_anything(
    films: QdrantClient, target: tuple[int, tuple[Any, ...]], junk: Any
) -> None:
    number, place = target
    name, arguments = CALLS[number]
    before = state(films)
    try:
        getattr(films._client, name)("films", **changed(arguments, place, junk))
    except (NotFound, UnknownVector):  # a batch stops at the first write that fails, and keeps those before
        assert name == "batch_update_points" or str(state(films)) == str(before)
    except (WorkbenchError, pydantic.ValidationError):
        assert str(state(films)) == str(before)


@pytest.mark.parametrize(
    ("name", "arguments"), CALLS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_the_fuzz_begins_with_is_valid(
    films: QdrantClient, name: str, arguments: dict[str, Any]
) -> None:
    if name == "create_collection":
        films.delete_collection("another")
        films._client.create_collection("another", **arguments)
    else:
        points = [{**POINT, "id": i, "payload": {"genre": "horror", "year": 1970 + i}} for i in range(1, 5)]
        films.upsert("films", points)
        getattr(films._client, name)("films", **copy.deepcopy(arguments))
