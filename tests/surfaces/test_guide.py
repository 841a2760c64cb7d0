"""What people do on their first day: a deployment guide, line by line.

The Python lines run as written, in memory, in a folder, over REST and over gRPC, with Workbench's client,
which also takes the calls that Qdrant's own client of today refuses. The lines of curl run over HTTP.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import qdrant_client

import workbench as wb
from workbench.qdrant_client import QdrantClient
from workbench.qdrant_client.models import (
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
from workbench.surfaces.server import Server

SURFACES = ["in memory", "in a folder", "REST", "gRPC"]
TEXTS = ["The sun makes plants grow.", "Mosquitoes carry malaria.", "Tea is drunk hot.", "Cats chase mice."]


def embed(text: str) -> list[float]:
    """Return a vector of 1536 numbers that is the same for the same text."""
    seed = np.frombuffer(text.encode().ljust(8)[:8], np.uint64)[0]
    vector = np.random.default_rng(seed).normal(size=1536)
    return (vector / np.linalg.norm(vector)).tolist()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with wb.open() as database, database.serve(http_port=0, grpc_port=0) as running:
        yield running


def ports(server: Server) -> tuple[int, int]:
    assert server.url is not None
    assert server.grpc_address is not None
    return int(server.url.rpartition(":")[2]), int(server.grpc_address.rpartition(":")[2])


@pytest.fixture(params=SURFACES)
def client(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[QdrantClient]:
    http_port, grpc_port = ports(server)
    if request.param == "in memory":
        client = QdrantClient(":memory:")
    elif request.param == "in a folder":
        client = QdrantClient(path=str(tmp_path / "db"))
    elif request.param == "REST":
        client = QdrantClient("localhost", port=http_port)
    else:
        client = QdrantClient("localhost", port=http_port, grpc_port=grpc_port, prefer_grpc=True)
    yield client
    for collection in client.get_collections().collections:
        client.delete_collection(collection.name)
    client.close()


@pytest.fixture
def documents(client: QdrantClient) -> QdrantClient:
    """Create the guide's two collections, and upsert its documents."""
    client.create_collection(
        collection_name="documents",
        vectors_config=VectorParams(size=1536, distance=Distance.COSINE, on_disk=False),
        hnsw_config=HnswConfigDiff(m=16, ef_construct=100, full_scan_threshold=10000),
        optimizers_config=OptimizersConfigDiff(indexing_threshold=20000),
        quantization_config=QuantizationConfig(
            scalar=ScalarQuantizationConfig(type=ScalarType.INT8, quantile=0.99, always_ram=True)
        ),
    )
    client.create_collection(
        "embeddings_384", vectors_config=VectorParams(size=384, distance=Distance.COSINE)
    )
    points = [
        PointStruct(
            id=str(uuid.uuid4()),
            vector=embed(text),
            payload={
                "text": text,
                "source": f"page {n}",
                "category": "nature" if n % 2 == 0 else "health",
                "year": 2021 + n,
            },
        )
        for n, text in enumerate(TEXTS)
    ]
    client.upsert(collection_name="documents", points=points, wait=True)
    return client


# -- 1 The guide ---------------------------------------------------------------------------------------------


def test_create_keeps_what_was_set(documents: QdrantClient) -> None:
    config = documents.get_collection("documents").config
    assert (config.hnsw_config.m, config.hnsw_config.ef_construct) == (16, 100)
    assert config.hnsw_config.full_scan_threshold == 10000
    assert config.optimizer_config.indexing_threshold == 20000
    assert config.quantization_config.scalar.type == ScalarType.INT8
    assert config.quantization_config.scalar.quantile == pytest.approx(0.99)
    assert config.quantization_config.scalar.always_ram is True
    assert config.params.vectors.size == 1536
    assert {c.name for c in documents.get_collections().collections} == {"documents", "embeddings_384"}


def test_upsert_in_batches_of_a_thousand(client: QdrantClient) -> None:
    vectors = np.random.default_rng(0).normal(size=(2500, 384)).astype(np.float32)
    client.create_collection(
        "embeddings_384", vectors_config=VectorParams(size=384, distance=Distance.COSINE)
    )
    points = [PointStruct(id=i, vector=v.tolist(), payload={"i": i}) for i, v in enumerate(vectors)]
    for start in range(0, len(points), 1000):
        client.upsert("embeddings_384", points=points[start : start + 1000], wait=True)
    assert client.count("embeddings_384").count == 2500
    assert client.query_points("embeddings_384", query=vectors[7].tolist(), limit=1).points[0].id == 7


def test_search(documents: QdrantClient) -> None:
    results = documents.search(
        collection_name="documents",
        query_vector=embed(TEXTS[1]),
        limit=2,
        with_payload=True,
        with_vectors=False,
    )
    assert results[0].payload["text"] == TEXTS[1]
    assert results[0].score == pytest.approx(1, abs=1e-5)
    assert results[0].vector is None


def test_search_with_a_filter(documents: QdrantClient) -> None:
    results = documents.search(
        collection_name="documents",
        query_vector=embed(TEXTS[1]),
        query_filter=Filter(
            must=[
                FieldCondition(key="category", match=MatchValue(value="nature")),
                FieldCondition(key="year", range=Range(gte=2023)),
            ]
        ),
        limit=5,
    )
    assert [r.payload["text"] for r in results] == [TEXTS[2]]


def test_search_in_batches(documents: QdrantClient) -> None:
    queries = [SearchRequest(vector=embed(text), limit=1, with_payload=True) for text in TEXTS]
    results = documents.search_batch(collection_name="documents", requests=queries)
    assert [hits[0].payload["text"] for hits in results] == TEXTS


def test_monitor(documents: QdrantClient, request: pytest.FixtureRequest) -> None:
    info = documents.get_collection("documents")
    assert (info.points_count, info.status.value) == (4, "green")
    assert info.indexed_vectors_count == 0
    if "in memory" in request.node.name or "in a folder" in request.node.name:
        assert info.vectors_count == 4
        assert info.disk_data_size >= 0
    else:  # Qdrant's answers have had neither since 1.16, and a client may read them all the same
        assert info.vectors_count is None
        assert info.disk_data_size is None


def test_delete_by_filter(documents: QdrantClient) -> None:
    old = Filter(must=[FieldCondition(key="year", range=Range(lt=2023))])
    documents.delete(collection_name="documents", points_selector=old)
    assert documents.count("documents").count == 2


def test_an_indexing_threshold_of_0_disables_indexing_as_in_qdrant(documents: QdrantClient) -> None:
    """The guide calls it "index at once"; Qdrant's own meaning is the opposite, and is what is done."""
    assert documents.update_collection(
        collection_name="documents", optimizer_config=OptimizersConfigDiff(indexing_threshold=0)
    )
    assert documents.get_collection("documents").config.optimizer_config.indexing_threshold == 0


def test_the_ef_of_a_search_can_be_asked_for_in_the_guides_words(documents: QdrantClient) -> None:
    assert documents.update_collection(collection_name="documents", hnsw_config=HnswConfigDiff(ef=128))
    assert documents.get_collection("documents").config.hnsw_config.m == 16
    assert documents.search("documents", query_vector=embed(TEXTS[0]), limit=1)[0].payload["text"] == TEXTS[0]


def test_vectors_on_disk(client: QdrantClient) -> None:
    client.create_collection(
        "large", vectors_config=VectorParams(size=4, distance=Distance.COSINE, on_disk=True)
    )
    assert client.get_collection("large").config.params.vectors.on_disk is True


class Model(BaseHTTPRequestHandler):
    """Answers like OpenAI: embeddings of texts, and a chat that repeats what it was told."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append(body)
        if self.path.endswith("/embeddings"):
            rows = [
                {"object": "embedding", "index": n, "embedding": embed(text)}
                for n, text in enumerate(body["input"])
            ]
            answer = {"object": "list", "data": rows, "model": body["model"], "usage": {}}
        else:
            message = {"role": "assistant", "content": f"I read: {body['messages'][-1]['content']}"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
            answer["choices"] = [choice]
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def openai_client() -> Iterator[Any]:
    openai = pytest.importorskip("openai", reason="pip install 'vector-workbench[openai]'")
    Model.asked = []
    service = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=service.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{service.server_port}/v1") as client:
        yield client
    service.shutdown()
    service.server_close()
    thread.join()


def test_retrieval_augmented_generation(documents: QdrantClient, openai_client: Any) -> None:
    def embeddings(texts: list[str]) -> list[list[float]]:
        made = openai_client.embeddings.create(
            model="text-embedding-3-small", input=texts, encoding_format="float"
        )
        return [row.embedding for row in made.data]

    def answer(question: str) -> str:
        hits = documents.search(
            "documents", query_vector=embeddings([question])[0], limit=5, with_payload=True
        )
        context = "\n\n".join(
            f"[Source: {hit.payload['source']}]\n{hit.payload['text']}" for hit in hits if hit.score > 0.5
        )
        response = openai_client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[
                {"role": "system", "content": "Answer out of the context."},
                {"role": "user", "content": f"Context:\n{context}\n\nQuestion: {question}"},
            ],
            temperature=0.1,
        )
        return response.choices[0].message.content

    said = answer(TEXTS[1])
    assert "[Source: page 1]\nMosquitoes carry malaria." in said
    assert "Cats" not in said
    assert Model.asked[-1]["temperature"] == 0.1


# -- curl ----------------------------------------------------------------------------------------------------


@pytest.fixture
def curl(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=str(server.url)) as http:
        yield http
        http.delete("/collections/X")


def test_verify(curl: httpx.Client) -> None:
    assert {"title", "version"} <= set(curl.get("/").json())
    assert curl.get("/healthz").text == "healthz check passed"
    assert curl.get("/cluster").json()["result"] == {"status": "disabled"}


def test_the_first_calls_by_curl(curl: httpx.Client) -> None:
    created = curl.put("/collections/X", json={"vectors": {"size": 384, "distance": "Cosine"}}).json()
    assert (created["result"], created["status"]) == (True, "ok")
    assert {"name": "X"} in curl.get("/collections").json()["result"]["collections"]
    vector = embed("x")[:384]
    curl.put("/collections/X/points?wait=true", json={"points": [{"id": 1, "vector": vector}]})
    # The guide counts by GET, where Qdrant has POST: both are answered here.
    assert curl.get("/collections/X/points/count").json()["result"] == {"count": 1}
    assert curl.post("/collections/X/points/count", json={}).json()["result"] == {"count": 1}
    body = {"vector": vector, "limit": 5, "with_payload": True}
    found = curl.post("/collections/X/points/search", json=body).json()["result"]
    assert [hit["id"] for hit in found] == [1]
    assert curl.delete("/collections/X").json()["result"] is True
    assert curl.get("/collections/X").status_code == 404


def test_qdrants_own_client_of_today_connects(server: Server) -> None:
    http_port, _ = ports(server)
    client = qdrant_client.QdrantClient("localhost", port=http_port)
    assert client.get_collections().collections == []
    for thread in threading.enumerate():  # the client compares versions in one, and warns when they differ
        if "_check_compatibility" in thread.name:
            thread.join(30)
    client.close()
