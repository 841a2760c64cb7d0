"""A popular guide to the first day with Qdrant, step by step: in memory, in a folder, and against a server.

Only the import is another. What no client of today accepts (``search``, ``QuantizationConfig(scalar=…)``,
``HnswConfigDiff(ef=…)``) is accepted as the guide writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest

import workbench as wb
from workbench.qdrant_client import QdrantClient
from workbench.qdrant_client.http.models import (
    Distance,
    FieldCondition,
    Filter,
    HnswConfigDiff,
    MatchValue,
    OptimizersConfigDiff,
    PointStruct,
    QuantizationConfig,
    Range,
    ScalarQuantizationConfig,
    ScalarType,
    SearchRequest,
    VectorParams,
)

CATEGORIES = ("technology", "science", "history")


def embed(numbers: list[int]) -> list[list[float]]:
    """Unit vectors, each near those of numbers with the same remainder by 3."""
    found = []
    for number in numbers:
        vector = np.random.default_rng(number).normal(0, 0.03, 64)
        vector[number % 3] += 1.0
        found.append((vector / np.linalg.norm(vector)).tolist())
    return found


@pytest.fixture(params=["memory", "folder", "server"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[QdrantClient]:
    if request.param == "server":
        with wb.open() as database, database.serve(http_port=0, grpc_port=None) as server:
            port = int(server.url.rpartition(":")[2])
            client = QdrantClient("localhost", port=port, check_compatibility=False)
            yield client
            client.close()
        return
    client = (
        QdrantClient(":memory:") if request.param == "memory" else QdrantClient(path=str(tmp_path / "db"))
    )
    yield client
    client.close()


@pytest.fixture
def documents(client: QdrantClient) -> QdrantClient:
    client.create_collection(
        collection_name="documents",
        vectors_config=VectorParams(size=64, distance=Distance.COSINE, on_disk=False),
        hnsw_config=HnswConfigDiff(m=16, ef_construct=100, full_scan_threshold=10000),
        optimizers_config=OptimizersConfigDiff(indexing_threshold=20000),
        quantization_config=QuantizationConfig(
            scalar=ScalarQuantizationConfig(type=ScalarType.INT8, quantile=0.99, always_ram=True)
        ),
    )
    points = [
        PointStruct(
            id=str(uuid4()),
            vector=vector,
            payload={
                "text": f"text {number}",
                "source": f"book {number}",
                "category": CATEGORIES[number % 3],
                "year": 2020 + number % 5,
            },
        )
        for number, vector in enumerate(embed(list(range(2500))))
    ]
    for start in range(0, len(points), 1000):
        client.upsert(collection_name="documents", points=points[start : start + 1000], wait=True)
    return client


def test_collections_are_listed(documents: QdrantClient) -> None:
    assert [collection.name for collection in documents.get_collections().collections] == ["documents"]


def test_search_with_and_without_a_filter(documents: QdrantClient) -> None:
    (question,) = embed([4])
    found = documents.search(
        collection_name="documents", query_vector=question, limit=5, with_payload=True, with_vectors=False
    )
    assert found[0].payload["text"] == "text 4"
    assert [hit.payload["category"] for hit in found] == ["science"] * 5
    assert found[0].vector is None
    recent = Filter(
        must=[
            FieldCondition(key="category", match=MatchValue(value="history")),
            FieldCondition(key="year", range=Range(gte=2023)),
        ]
    )
    found = documents.search(collection_name="documents", query_vector=question, query_filter=recent, limit=5)
    assert {(hit.payload["category"], hit.payload["year"] >= 2023) for hit in found} == {("history", True)}


def test_search_in_a_batch(documents: QdrantClient) -> None:
    requests = [SearchRequest(vector=vector, limit=3, with_payload=True) for vector in embed([0, 1])]
    answers = documents.search_batch(collection_name="documents", requests=requests)
    assert [[hit.payload["category"] for hit in hits] for hits in answers] == [
        ["technology"] * 3,
        ["science"] * 3,
    ]


def test_an_answer_from_what_was_found(documents: QdrantClient) -> None:
    asked: list[Any] = []

    def chat(messages: list[dict[str, str]]) -> str:
        asked.extend(messages)
        return "an answer"

    hits = documents.search("documents", embed([2])[0], limit=5)
    context = "\n\n".join(
        f"[Source: {hit.payload['source']}]\n{hit.payload['text']}" for hit in hits if hit.score > 0.5
    )
    assert chat(
        [{"role": "system", "content": "Answer from the context."}, {"role": "user", "content": context}]
    )
    assert asked[1]["content"].startswith("[Source: book 2]\ntext 2\n\n[Source: book ")


def test_the_collection_is_watched(documents: QdrantClient) -> None:
    info = documents.get_collection("documents")
    assert (info.points_count, str(info.status)) == (2500, "green")
    assert info.indexed_vectors_count in (0, 2500)
    if documents._client.__class__.__name__ == "EngineClient":  # a server tells these to nobody
        assert info.vectors_count == 2500
        assert info.disk_data_size >= 0


def test_points_are_deleted_by_a_filter(documents: QdrantClient) -> None:
    old = Filter(must=[FieldCondition(key="year", range=Range(lt=2022))])
    documents.delete(collection_name="documents", points_selector=old)
    assert documents.count("documents").count == 1500


def test_the_collection_is_tuned(documents: QdrantClient) -> None:
    documents.update_collection("documents", optimizer_config=OptimizersConfigDiff(indexing_threshold=0))
    documents.update_collection("documents", hnsw_config=HnswConfigDiff(ef=128))
    config = documents.get_collection("documents").config
    assert (config.optimizer_config.indexing_threshold, config.hnsw_config.m) == (0, 16)
    assert config.quantization_config.scalar.type == ScalarType.INT8


def test_the_same_by_curl() -> None:
    with (
        wb.open() as database,
        database.serve(http_port=0, grpc_port=None) as server,
        httpx.Client(base_url=server.url) as curl,
    ):
        made = curl.put("/collections/X", json={"vectors": {"size": 3, "distance": "Cosine"}})
        assert (made.status_code, made.json()["result"]) == (200, True)
        assert curl.get("/collections").json()["result"] == {"collections": [{"name": "X"}]}
        point = {"id": 1, "vector": [0.0, 1.0, 0.0], "payload": {"a": 1}}
        written = curl.put("/collections/X/points", json={"points": [point]})
        assert written.json()["result"]["status"] == "acknowledged"
        assert curl.post("/collections/X/points/count", json={}).json()["result"] == {"count": 1}
        body = {"vector": [0.0, 2.0, 0.0], "limit": 5, "with_payload": True}
        (hit,) = curl.post("/collections/X/points/search", json=body).json()["result"]
        assert (hit["id"], hit["score"], hit["payload"]) == (1, 1.0, {"a": 1})
        assert curl.delete("/collections/X").json()["result"] is True
        assert "version" in curl.get("/").json()
        assert curl.get("/healthz").status_code == 200
        assert curl.get("/cluster").json()["result"] == {"status": "disabled"}
