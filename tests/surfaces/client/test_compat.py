"""The calls, arguments and models that clients before 1.16 had; ``test_guide`` is a whole program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from qdrant_client.http.exceptions import ResponseHandlingException

from workbench.errors import Closed, InvalidRequest
from workbench.surfaces.client.compat import QdrantClient
from workbench.surfaces.client.models import (
    ContextExamplePair,
    DiscoverRequest,
    Distance,
    HnswConfigDiff,
    NamedVector,
    OptimizersConfigDiff,
    PointStruct,
    QuantizationConfig,
    RecommendRequest,
    Record,
    ScalarQuantizationConfig,
    ScalarType,
    SearchRequest,
    VectorParams,
)

QUESTION = [1.0, 0.0, 0.0, 0.0]


@pytest.fixture
def client() -> Iterator[QdrantClient]:
    client = QdrantClient(":memory:")
    client.create_collection(
        collection_name="documents",
        vectors_config=VectorParams(size=4, distance=Distance.COSINE, on_disk=False),
        hnsw_config=HnswConfigDiff(m=16, ef_construct=100, full_scan_threshold=10000),
        optimizers_config=OptimizersConfigDiff(indexing_threshold=20000),
        quantization_config=QuantizationConfig(
            scalar=ScalarQuantizationConfig(type=ScalarType.INT8, quantile=0.99, always_ram=True)
        ),
    )
    texts = [("a robot", "technology", 2024), ("a tractor", "farming", 2023), ("a chip", "technology", 2022)]
    vectors = np.eye(4) + 0.1
    points = [
        PointStruct(
            id=str(uuid4()),
            vector=vectors[i].tolist(),
            payload={"text": text, "category": category, "year": year},
        )
        for i, (text, category, year) in enumerate(texts)
    ]
    client.upsert(collection_name="documents", points=points, wait=True)
    yield client
    client.close()


def texts(points: list) -> list[str]:
    return [point.payload["text"] for point in points]


@pytest.mark.parametrize(
    "vector",
    [QUESTION, np.array(QUESTION), ("", QUESTION), NamedVector(name="", vector=QUESTION), tuple(QUESTION)],
)
def test_search_takes_a_vector_in_every_form_it_had(client: QdrantClient, vector: object) -> None:
    assert texts(client.search("documents", vector, limit=1)) == ["a robot"]


def test_search_batch_answers_each_request(client: QdrantClient) -> None:
    requests = [
        SearchRequest(vector=QUESTION, limit=1, with_payload=True),
        SearchRequest(vector=[0.0, 1.0, 0.0, 0.0], limit=3),
    ]
    first, second = client.search_batch(collection_name="documents", requests=requests)
    assert texts(first) == ["a robot"]
    assert [point.payload for point in second] == [None, None, None]


def test_search_groups_recommend_and_discover_are_there(client: QdrantClient) -> None:
    groups = client.search_groups("documents", QUESTION, group_by="category", limit=2).groups
    assert [(group.id, texts(group.hits)) for group in groups] == [
        ("technology", ["a robot"]),
        ("farming", ["a tractor"]),
    ]
    robot, tractor, chip = (next(p.id for p in client.scroll("documents")[0] if p.payload["text"] == t)
                            for t in ("a robot", "a tractor", "a chip"))  # fmt: skip
    assert texts(client.recommend("documents", positive=[robot], negative=[tractor])) == ["a chip"]
    assert texts(client.recommend("documents", positive=[QUESTION], strategy="best_score", limit=1)) == [
        "a robot"
    ]
    (batch,) = client.recommend_batch(
        "documents", [RecommendRequest(positive=[robot], limit=2, with_payload=True)]
    )
    assert sorted(texts(batch)) == ["a chip", "a tractor"]
    grouped = client.recommend_groups("documents", "category", positive=[robot], limit=1).groups
    assert [group.id for group in grouped] in (["technology"], ["farming"])
    pair = ContextExamplePair(positive=chip, negative=tractor)
    assert texts(client.discover("documents", target=QUESTION, context=[pair])) == ["a robot"]
    assert texts(client.discover("documents", context=[pair])) == ["a robot"]
    (batch,) = client.discover_batch("documents", [DiscoverRequest(target=robot, limit=2)])
    assert len(batch) == 2


def test_the_collection_tells_its_counts_and_sizes(tmp_path: Path) -> None:
    client = QdrantClient(path=str(tmp_path / "db"))
    client.create_collection("documents", vectors_config=VectorParams(size=4, distance=Distance.DOT))
    client.upload_records("documents", [Record(id=i, vector=QUESTION, payload={}) for i in range(10)])
    client.delete("documents", points_selector=[0])
    info = client.get_collection(collection_name="documents")
    assert (info.vectors_count, info.points_count, info.indexed_vectors_count) == (9, 9, 0)
    assert str(info.status) == "green"
    assert info.disk_data_size > 10 * 16
    assert info.ram_data_size == 10 * 16
    client.close()


def test_settings_of_that_time_are_taken(client: QdrantClient) -> None:
    client.update_collection("documents", optimizer_config=OptimizersConfigDiff(indexing_threshold=0))
    client.update_collection("documents", hnsw_config=HnswConfigDiff(ef=128))
    assert client.get_collection("documents").config.optimizer_config.indexing_threshold == 0
    assert client._client.engine.collection("documents").config.hnsw.ef == 128


def test_quantization_takes_exactly_one_kind() -> None:
    with pytest.raises(InvalidRequest, match="exactly one"):
        QuantizationConfig()


def test_clients_of_one_folder_share_it_and_the_last_closes_it(tmp_path: Path) -> None:
    first, second = QdrantClient(path=tmp_path), QdrantClient(path=tmp_path)
    first.create_collection("documents", vectors_config=VectorParams(size=4, distance=Distance.DOT))
    first.close()
    first.close()
    assert second.collection_exists("documents")
    second.close()
    with pytest.raises(Closed):
        second.get_collections()
    third = QdrantClient(path=tmp_path)
    assert third.collection_exists("documents")
    third.close()


def test_running_a_cell_again_does_not_close_the_folder_under_it(tmp_path: Path) -> None:
    client = QdrantClient(path=tmp_path)
    client = QdrantClient(path=tmp_path)
    gc.collect()
    assert client.get_collections().collections == []
    client._client.engine.close()


def test_a_host_is_a_server_as_in_the_real_client() -> None:
    client = QdrantClient("127.0.0.1", port=9, check_compatibility=False)
    with pytest.raises(ResponseHandlingException):
        client.get_collections()
    with pytest.raises(InvalidRequest, match="only one of"):
        QdrantClient(":memory:", host="localhost")
