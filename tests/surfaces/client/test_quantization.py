"""Quantization through Qdrant's client in process: made, searched by, changed, disabled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench import kernels
from workbench.engine import Engine

DIM, N = 16, 600
KINDS: dict[str, Any] = {
    "scalar": models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, always_ram=True)
    ),
    "product": models.ProductQuantization(
        product=models.ProductQuantizationConfig(compression=models.CompressionRatio.X16)
    ),
    "binary": models.BinaryQuantization(
        binary=models.BinaryQuantizationConfig(
            encoding=models.BinaryQuantizationEncoding.ONE_AND_HALF_BITS,
            query_encoding=models.BinaryQuantizationQueryEncoding.SCALAR8BITS,
        )
    ),
    "turbo": models.TurboQuantization(
        turbo=models.TurboQuantQuantizationConfig(bits=models.TurboQuantBitSize.BITS1)
    ),
}
DOT = models.VectorParams(size=DIM, distance=models.Distance.DOT)
VECTORS = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)


def fill(engine: Engine, client: QdrantClient, vectors: Any, **settings: Any) -> None:
    indexed = models.OptimizersConfigDiff(indexing_threshold=1)
    client.create_collection("coded", vectors, optimizers_config=indexed, **settings)
    rows: list[Any] = VECTORS.tolist()
    if isinstance(vectors, dict):
        rows = [dict.fromkeys(vectors, row) for row in rows]
    client.upsert("coded", [models.PointStruct(id=i, vector=row) for i, row in enumerate(rows)])
    settle(engine)


def settle(engine: Engine) -> None:
    """Wait until everything is indexed as it is configured."""
    kernels.warm(block=True)
    engine.collection("coded").upkeep.wait(60)


def scores(client: QdrantClient, using: str | None = None, **asked: Any) -> list[float]:
    params = models.SearchParams(hnsw_ef=N, quantization=models.QuantizationSearchParams(**asked))
    found = client.query_points("coded", VECTORS[5].tolist(), using=using, limit=5, search_params=params)
    return [point.score for point in found.points]


@pytest.mark.parametrize("kind", KINDS)
def test_a_collection_is_searched_by_the_codes_that_it_is_made_with(
    engine: Engine, client: QdrantClient, kind: str
) -> None:
    fill(engine, client, DOT, quantization_config=KINDS[kind])
    true = sorted((VECTORS @ VECTORS[5]).tolist(), reverse=True)[:5]
    assert getattr(client.get_collection("coded").config.quantization_config, kind) == getattr(
        KINDS[kind], kind
    )
    assert scores(client, oversampling=200.0) == pytest.approx(true, rel=1e-5)
    assert scores(client, ignore=True, rescore=False) == pytest.approx(true, rel=1e-5)
    rough = scores(client, rescore=False)
    assert rough != pytest.approx(true, rel=1e-5)
    assert rough == sorted(rough, reverse=True)


def test_each_vector_is_quantized_its_own_way(engine: Engine, client: QdrantClient) -> None:
    own = DOT.model_copy(update={"quantization_config": KINDS["binary"]})
    fill(engine, client, {"a": own, "b": DOT}, quantization_config=KINDS["scalar"])
    true = sorted((VECTORS @ VECTORS[5]).tolist(), reverse=True)[:5]
    assert scores(client, "a", rescore=False) != pytest.approx(true, rel=0.02)
    assert scores(client, "b", rescore=False) == pytest.approx(true, rel=0.02)
    assert scores(client, "b", rescore=False) != pytest.approx(true, rel=1e-6)


def test_quantization_is_added_changed_and_disabled_by_an_update(
    engine: Engine, client: QdrantClient
) -> None:
    fill(engine, client, DOT)
    true = scores(client, rescore=False)
    seen = [true]
    for kind in ("scalar", "turbo"):
        client.update_collection("coded", quantization_config=KINDS[kind])
        settle(engine)
        rough = scores(client, rescore=False)
        assert all(rough != before for before in seen)
        seen.append(rough)
    client.update_collection("coded", quantization_config=models.Disabled.DISABLED)
    settle(engine)
    assert scores(client, rescore=False) == true
    assert client.get_collection("coded").config.quantization_config is None


def test_one_vector_is_quantized_anew_by_an_update(engine: Engine, client: QdrantClient) -> None:
    fill(engine, client, {"a": DOT, "b": DOT})
    true = scores(client, "a", rescore=False)
    change = models.VectorParamsDiff(quantization_config=KINDS["binary"])
    client.update_collection("coded", vectors_config={"a": change})
    settle(engine)
    assert scores(client, "a", rescore=False) != pytest.approx(true, rel=1e-3)
    assert scores(client, "b", rescore=False) == true
