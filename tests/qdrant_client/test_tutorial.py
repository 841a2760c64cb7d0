"""A tutorial of 2024, line for line; only ``workbench.`` stands before the imports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.qdrant_client import QdrantClient, models
from workbench.qdrant_client.http.models import Distance as OldDistance
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


def vector(seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(size=8).tolist()


def test_create_upsert_search_as_in_2024() -> None:
    client = QdrantClient(":memory:")
    with pytest.warns(DeprecationWarning, match="recreate_collection"):  # the real client says so since 1.12
        client.recreate_collection("documents", vectors_config=VectorParams(size=8, distance=Distance.COSINE))
    client.upsert(
        collection_name="documents",
        points=[
            PointStruct(id=i, vector=vector(i), payload={"category": "news", "year": 2020 + i})
            for i in range(5)
        ],
        wait=True,
    )
    hits = client.search(collection_name="documents", query_vector=vector(3), limit=2, with_payload=True)
    assert hits[0].id == 3
    recent = Filter(
        must=[
            FieldCondition(key="category", match=MatchValue(value="news")),
            FieldCondition(key="year", range=Range(gte=2023)),
        ]
    )
    found = client.search("documents", query_vector=vector(3), query_filter=recent, limit=5)
    assert sorted(h.payload["year"] for h in found if h.payload) == [2023, 2024]
    batches = client.search_batch(
        "documents", requests=[SearchRequest(vector=vector(1), limit=1, with_payload=True)]
    )
    assert batches[0][0].id == 1


def test_a_star_import_brings_the_widened_models() -> None:
    names: dict[str, Any] = {}
    exec("from workbench.qdrant_client.models import *", names)
    assert names["models"].QuantizationConfig is names["QuantizationConfig"] is QuantizationConfig
    exec("from workbench.qdrant_client.http.exceptions import UnexpectedResponse", names)


def test_settings_that_real_clients_refuse_are_taken(tmp_path: Path) -> None:
    client = QdrantClient(path=str(tmp_path / "db"))
    client.create_collection(
        "documents",
        vectors_config=VectorParams(size=8, distance=OldDistance.COSINE, on_disk=False),
        hnsw_config=HnswConfigDiff(m=16, ef_construct=100, full_scan_threshold=10000),
        optimizers_config=OptimizersConfigDiff(indexing_threshold=20000),
        quantization_config=QuantizationConfig(
            scalar=ScalarQuantizationConfig(type=ScalarType.INT8, quantile=0.99, always_ram=True)
        ),
    )
    client.upload_records(
        "documents", [models.Record(id=i, vector=vector(i), payload={"i": i}) for i in range(3)]
    )
    client.update_collection("documents", hnsw_config=HnswConfigDiff(ef=128))
    info = client.get_collection("documents")
    assert (info.vectors_count, info.points_count) == (3, 3)
    assert info.disk_data_size > 0
    client.close()
