"""Bad input gets a clear error, and the collection is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench.errors import (
    DimensionMismatch,
    InvalidPayload,
    InvalidPointId,
    InvalidRequest,
    InvalidVector,
    NotFound,
    UnknownVector,
    Unsupported,
)

GOOD = {"id": 8, "vector": [1.0, 1.0]}


@pytest.fixture(autouse=True)
def unchanged(films: QdrantClient) -> Iterator[None]:
    before = films.scroll("films", limit=100, with_vectors=True)
    operation = films._client.engine.collection("films").view.operation
    yield
    assert films.scroll("films", limit=100, with_vectors=True) == before
    assert films._client.engine.collection("films").view.operation == operation


@pytest.mark.parametrize(
    ("point", "error", "text"),
    [
        ({"id": 9, "vector": [1.0, 2.0, 3.0]}, DimensionMismatch, "expected dim: 2, got 3 .*point 9"),
        ({"id": 9, "vector": []}, DimensionMismatch, "expected dim: 2, got 0"),
        ({"id": 9, "vector": [1.0, float("nan")]}, InvalidVector, "nan at position 1 .*point 9"),
        ({"id": 9, "vector": [float("inf"), 1.0]}, InvalidVector, "inf at position 0 .*point 9"),
        ({"id": 9, "vector": [1e39, 1.0]}, InvalidVector, "inf at position 0 .*point 9"),
        ({"id": 9, "vector": ["1", "2"]}, InvalidVector, "flat list of 2 numbers"),
        ({"id": 9, "vector": 1.0}, InvalidVector, "flat list of 2 numbers"),
        ({"id": 9, "vector": [[1.0, 2.0]]}, Unsupported, "multivectors"),
        ({"id": 9, "vector": {"plot": [1.0, 2.0]}}, UnknownVector, "'plot'; this collection has: ''"),
        ({"id": -1, "vector": [1.0, 2.0]}, InvalidPointId, "-1: expected an integer from 0"),
        ({"id": 2**64, "vector": [1.0, 2.0]}, InvalidPointId, "18446744073709551616"),
        ({"id": 1.5, "vector": [1.0, 2.0]}, InvalidPointId, r"1\.5 \(float\)"),
        ({"id": True, "vector": [1.0, 2.0]}, InvalidPointId, "a boolean"),
        (
            {"id": "film-9", "vector": [1.0, 2.0]},
            InvalidPointId,
            "'film-9': expected an integer .* or a UUID",
        ),
        ({"id": 9, "vector": [1.0, 2.0], "payload": {"a": {1, 2}}}, InvalidPayload, "point 9"),
        ({"id": 9, "vector": [1.0, 2.0], "payload": {1: "a"}}, InvalidPayload, "point 9"),
        ({"id": 9, "vector": [1.0, 2.0], "payload": {"a": 2**70}}, InvalidPayload, "64-bit"),
        (
            {"id": 9, "vector": [1.0, 2.0], "payload": ["a"]},
            InvalidPayload,
            "expected a JSON object, got list",
        ),
        ({"vector": [1.0, 2.0]}, InvalidRequest, "expected the fields id, vector and payload"),
        ({"id": 9, "vectors": [1.0, 2.0]}, InvalidRequest, "expected the fields id, vector and payload"),
        ("a point", InvalidRequest, "expected models.PointStruct"),
    ],
)
def test_one_bad_point_refuses_the_whole_batch(
    films: QdrantClient, point: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        films.upsert("films", [GOOD, point])


def test_a_sparse_vector_is_refused_by_name(films: QdrantClient) -> None:
    sparse = models.SparseVector(indices=[1], values=[1.0])
    with pytest.raises(Unsupported, match="sparse vectors"):
        films.upsert("films", [GOOD, models.PointStruct(id=9, vector={"": sparse})])


def test_an_empty_upsert_is_an_error_and_an_empty_upload_is_not(films: QdrantClient) -> None:
    with pytest.raises(InvalidRequest, match="Empty update request"):
        films.upsert("films", [])
    films.upload_points("films", [])


@pytest.mark.parametrize(
    ("batch", "text"),
    [
        ({"ids": [8, 9], "vectors": [[1.0, 1.0]]}, "expected 2 vectors and payloads"),
        ({"ids": [8], "vectors": [[1.0, 1.0]], "payloads": [{}, {}]}, "expected 1 vectors and payloads"),
    ],
)
def test_columns_of_different_lengths_are_refused(films: QdrantClient, batch: Any, text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        films.upsert("films", models.Batch(**batch))


def test_arrays_that_do_not_fit_are_refused(films: QdrantClient) -> None:
    with pytest.raises(DimensionMismatch, match="expected dim: 2, got 3"):
        films.upload_collection("films", np.ones((5, 3)), ids=range(10, 15))
    with pytest.raises(InvalidVector, match="numbers"):
        films.upload_collection("films", np.array([["a", "b"]]), ids=[10])
    with pytest.raises(ValueError, match="ids iterable is shorter"):  # Qdrant's client sees it first
        films.upload_collection("films", np.ones((5, 2)), ids=(i for i in range(4)))


@pytest.mark.parametrize(
    ("query", "error", "text"),
    [
        ([1.0, 2.0, 3.0], DimensionMismatch, "expected dim: 2, got 3"),
        ([1.0, float("nan")], InvalidVector, "NaN"),
        (np.array([]), InvalidVector, "shape"),
        (np.array(["a", "b"]), InvalidVector, "flat list of numbers"),
        ("not-a-uuid", InvalidPointId, "not-a-uuid"),
        (-1, InvalidPointId, "-1"),
    ],
)
def test_a_bad_query_says_what_was_expected(
    films: QdrantClient, query: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        films.query_points("films", query)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.query_points("films", [1.0, 0.0], limit=0),
        lambda c: c.query_points("films", [1.0, 0.0], offset=-1),
        lambda c: c.query_points("films", [1.0, 0.0], with_vectors="poster"),
        lambda c: c.query_points("films", [1.0, 0.0], search_params=models.SearchParams(hnsw_ef=0)),
        lambda c: c.query_points_groups("films", "a..b", query=[1.0, 0.0]),
        lambda c: c.scroll("films", limit=0),
        lambda c: c.scroll("films", offset=-5),
        lambda c: c.set_payload("films", None, points=[1]),
        lambda c: c.set_payload("films", {"a": {1}}, points=[1]),
        lambda c: c.set_payload("films", {"a": 1}, points=[1], key="a..b"),
        lambda c: c.delete_payload("films", ["a..b"], points=[1]),
        lambda c: c.create_payload_index("films", "a..b"),
        lambda c: c.delete("films", points_selector="936da01f-9abd-4d9d-80c7-02af85c822a8"),
        lambda c: c.delete("films", points_selector=["x"]),
        lambda c: c.count("films", count_filter={"must": [{"key": "a", "nope": 1}]}),
        lambda c: c.update_collection("films", hnsw_config=models.HnswConfigDiff(ef_construct=1)),
        lambda c: c.update_collection(
            "films", vectors_config={"nope": models.VectorParamsDiff(on_disk=True)}
        ),
    ],
)
def test_a_request_out_of_range_is_refused(films: QdrantClient, ask: Callable[[QdrantClient], Any]) -> None:
    with pytest.raises(InvalidRequest):
        ask(films)


def test_an_unknown_vector_name_is_told_with_those_there_are(films: QdrantClient) -> None:
    with pytest.raises(
        UnknownVector, match="Not existing vector name error: 'plot'; this collection has: ''"
    ):
        films.query_points("films", [1.0, 0.0], using="plot")
    with pytest.raises(UnknownVector):
        films.retrieve("films", [1], with_vectors=["plot"])


def test_setting_the_payload_of_a_missing_point_changes_none(films: QdrantClient) -> None:
    with pytest.raises(NotFound, match="No point with id 99 found; nothing was changed"):
        films.set_payload("films", {"seen": True}, points=[1, 99])


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.upsert("films", [GOOD], update_filter=models.Filter()),
        lambda c: c.upsert("films", [GOOD], update_mode=models.UpdateMode.INSERT_ONLY),
        lambda c: c.upsert("films", [GOOD], shard_key_selector="a"),
        lambda c: c.scroll("films", order_by="year"),
        lambda c: c.facet("films", "genre"),
        lambda c: c.search_matrix_pairs("films"),
        lambda c: c.create_snapshot("films"),
        lambda c: c.get_aliases(),
        lambda c: c.update_vectors("films", [models.PointVectors(id=1, vector=[0.0, 0.0])]),
        lambda c: c.delete_vectors("films", [""], points=[1]),
        lambda c: c.cluster_status(),
    ],
)
def test_a_call_that_is_not_answered_yet_says_so(
    films: QdrantClient, ask: Callable[[QdrantClient], Any]
) -> None:
    with pytest.raises(Unsupported, match="this version does not answer"):
        ask(films)


def test_no_call_of_qdrants_client_ends_in_not_implemented() -> None:
    from qdrant_client.client_base import QdrantBase

    from workbench.surfaces.client.client import EngineClient

    # `migrate` is made of the other calls, in QdrantClient itself.
    calls = [n for n in vars(QdrantBase) if not n.startswith("_") and n != "migrate"]
    assert [n for n in calls if getattr(EngineClient, n) is getattr(QdrantBase, n)] == []
