"""Bad input gets a clear error, and the collection is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from workbench.errors import (
    BadRequest,
    Conflict,
    DimensionMismatch,
    FormatError,
    InferenceFailed,
    InvalidPayload,
    InvalidPointId,
    InvalidRequest,
    InvalidVector,
    NotFound,
    NotStandalone,
    OutOfRange,
    UnknownVector,
)

Ask = Callable[[QdrantClient], Any]

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
        ({"id": 9, "vector": ["1", "2"]}, FormatError, r"points\[1\].vector: .* untagged enum Vector"),
        ({"id": 9, "vector": 1.0}, FormatError, "expected a list of numbers"),
        ({"id": 9, "vector": [[1.0, 2.0]]}, InvalidVector, "multi"),
        ({"id": 9, "vector": {"plot": [1.0, 2.0]}}, UnknownVector, "Not existing vector name error: plot"),
        ({"id": -1, "vector": [1.0, 2.0]}, InvalidPointId, "value -1 is not a valid point ID"),
        ({"id": 2**64, "vector": [1.0, 2.0]}, InvalidPointId, "18446744073709551616"),
        ({"id": 1.5, "vector": [1.0, 2.0]}, InvalidPointId, r"value 1\.5 is not"),
        ({"id": True, "vector": [1.0, 2.0]}, InvalidPointId, "value true is not"),
        ({"id": "film-9", "vector": [1.0, 2.0]}, InvalidPointId, "either an unsigned integer or a UUID"),
        (
            {"id": 9, "vector": [1.0, 2.0], "payload": {"a": {1, 2}}},
            InvalidPayload,
            r"points\[1\].payload: expected what JSON can hold",
        ),
        ({"id": 9, "vector": [1.0, 2.0], "payload": {1: "a"}}, InvalidPayload, r"points\[1\].payload"),
        ({"id": 9, "vector": [1.0, 2.0], "payload": {"a": 2**70}}, InvalidPayload, "64-bit"),
        ({"id": 9, "vector": [1.0, 2.0], "payload": ["a"]}, FormatError, "a JSON object"),
        ({"vector": [1.0, 2.0]}, FormatError, r"points\[1\]: missing field `id`"),
        ({"id": 9, "vektor": [1.0, 2.0]}, FormatError, r"points\[1\]: missing field `vector`"),
        ("a point", InvalidRequest, "expected models.PointStruct"),
        (
            models.PointStruct(id=9, vector={"": models.SparseVector(indices=[1], values=[1.0])}),
            InvalidVector,
            "sparse",
        ),
        (
            models.PointStruct(id=9, vector={"": models.SparseVector(indices=[1, 1], values=[1.0, 2.0])}),
            OutOfRange,
            "indices: must be unique",
        ),
        (
            models.PointStruct(id=9, vector=models.Document(text="a film", model="nobody/has-it")),
            InferenceFailed,
            "InferenceService is not initialized",
        ),
    ],
)
def test_one_bad_point_refuses_the_whole_batch(
    films: QdrantClient, point: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        films.upsert("films", [GOOD, point])


def test_an_empty_upsert_is_an_error_and_an_empty_upload_is_not(films: QdrantClient) -> None:
    with pytest.raises(InvalidRequest, match="Empty update request"):
        films.upsert("films", [])
    with pytest.raises(BadRequest, match="Empty update request"):
        films.delete("films", points_selector=[])
    films.upload_points("films", [])


@pytest.mark.parametrize(
    ("batch", "text"),
    [
        ({"ids": [8, 9], "vectors": [[1.0, 1.0]]}, r"number of ids and vectors must be equal \(2 != 1\)"),
        (
            {"ids": [8], "vectors": [[1.0, 1.0]], "payloads": [{}, {}]},
            r"number of ids and payloads must be equal \(1 != 2\)",
        ),
    ],
)
def test_columns_of_different_lengths_are_refused(films: QdrantClient, batch: Any, text: str) -> None:
    with pytest.raises(InvalidRequest, match=text):
        films.upsert("films", models.Batch(**batch))


def test_arrays_that_do_not_fit_are_refused(films: QdrantClient) -> None:
    with pytest.raises(DimensionMismatch, match="expected dim: 2, got 3"):
        films.upload_collection("films", np.ones((5, 3)), ids=range(10, 15))
    with pytest.raises(FormatError, match="numbers"):
        films.upload_collection("films", np.array([["a", "b"]]), ids=[10])
    with pytest.raises(ValueError, match="ids iterable is shorter"):  # Qdrant's client sees it first
        films.upload_collection("films", np.ones((5, 2)), ids=(i for i in range(4)))


@pytest.mark.parametrize(
    ("query", "error", "text"),
    [
        ([1.0, 2.0, 3.0], DimensionMismatch, "expected dim: 2, got 3"),
        ([1.0, float("nan")], InvalidVector, "NaN"),
        (np.array([]), InvalidRequest, "expected dim: 2, got 0"),
        (np.array(["a", "b"]), FormatError, "expected a list of numbers"),
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
    with pytest.raises(UnknownVector, match=r"(?m)Not existing vector name error: plot$"):
        films.query_points("films", [1.0, 0.0], using="plot")
    with pytest.raises(UnknownVector):
        films.retrieve("films", [1], with_vectors=["plot"])


def test_setting_the_payload_of_a_missing_point_changes_none(films: QdrantClient) -> None:
    with pytest.raises(NotFound, match="No point with id 99 found"):
        films.set_payload("films", {"seen": True}, points=[1, 99])


def test_no_call_of_qdrants_client_ends_in_not_implemented() -> None:
    from qdrant_client.client_base import QdrantBase

    from workbench.surfaces.client.client import EngineClient

    # `migrate` is made of the other calls, in QdrantClient itself.
    calls = [n for n in vars(QdrantBase) if not n.startswith("_") and n != "migrate"]
    assert [n for n in calls if getattr(EngineClient, n) is getattr(QdrantBase, n)] == []


@pytest.mark.parametrize(
    ("ask", "error", "status", "reason", "text"),
    [
        (
            lambda c: c.get_collection("nope"),
            NotFound,
            404,
            "Not Found",
            "Not found: Collection `nope` doesn't exist!",
        ),
        (
            lambda c: c.create_collection("films", models.VectorParams(size=2, distance="Dot")),
            Conflict,
            409,
            "Conflict",
            "Wrong input: Collection `films` already exists!",
        ),
        (
            lambda c: c.query_points("films", [1.0], limit=1),
            DimensionMismatch,
            400,
            "Bad Request",
            "Wrong input: Vector dimension error: expected dim: 2, got 1",
        ),
        (
            lambda c: c.set_payload("films", {"a": 1}, points=[99]),
            NotFound,
            404,
            "Not Found",
            "Not found: No point with id 99 found",
        ),
        (
            lambda c: c.scroll("films", limit=0),
            OutOfRange,
            422,
            "Unprocessable Entity",
            "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]",
        ),
        (
            lambda c: c.recover_current_peer(),
            NotStandalone,
            405,
            "Method Not Allowed",
            "Qdrant is running in standalone mode",
        ),
    ],
)
def test_an_error_is_that_of_a_server_that_of_local_mode_and_ours(
    films: QdrantClient, ask: Ask, error: type[Exception], status: int, reason: str, text: str
) -> None:
    with pytest.raises(error) as raised:
        ask(films)
    problem = raised.value
    assert isinstance(problem, UnexpectedResponse)
    assert isinstance(problem, ValueError)
    assert (problem.status_code, problem.reason_phrase) == (status, reason)
    assert problem.structured()["status"]["error"] == text
    assert str(problem) in text
