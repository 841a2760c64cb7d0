"""Random trees of queries are answered as Qdrant's own core answers them.

Left out, because the core leaves it open or cannot do it: the order of equal scores, recommendations by
average vector, ids as examples, other collections.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest
import qdrant_edge as edge

from tests.api.calls import Api
from tests.oracle import random_queries as make
from tests.oracle.edge_queries import edge_request
from workbench.api.service import service_of
from workbench.collection import updates
from workbench.engine import open_engine
from workbench.errors import InvalidRequest
from workbench.models.answers import ScoredPoint
from workbench.models.config import (
    CollectionConfig,
    Distance,
    OptimizersConfig,
    VectorParams,
)
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.points import IdArray, PointBatch, VectorBatch

INDEXES = {
    "n": SchemaType.INTEGER,
    "price": SchemaType.FLOAT,
    "many": SchemaType.INTEGER,
    "at": SchemaType.DATETIME,
}
EDGE = {
    SchemaType.INTEGER: edge.PayloadSchemaType.Integer,
    SchemaType.FLOAT: edge.PayloadSchemaType.Float,
    SchemaType.DATETIME: edge.PayloadSchemaType.Datetime,
}
METRICS = {"dot": Distance.DOT, "euclid": Distance.EUCLID}

Stores = tuple[Api, Any]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """The same random points in ours, half of them sealed, and in Qdrant's core."""
    rng = np.random.default_rng(7)
    bodies = [make.payload(rng, i) for i in range(make.COUNT)]
    vectors = {name: rng.normal(size=(make.COUNT, make.DIM)).astype(np.float32) for name in METRICS}
    config = CollectionConfig(
        vectors={name: VectorParams(size=make.DIM, distance=metric) for name, metric in METRICS.items()},
        payload_indexes={key: FieldIndex(kind) for key, kind in INDEXES.items()},
        optimizers=OptimizersConfig(indexing_threshold=0),
    )
    shard = edge.EdgeShard.create(
        str(tmp_path_factory.mktemp("edge")),
        edge.EdgeConfig(
            vectors={
                n: edge.EdgeVectorParams(make.DIM, getattr(edge.Distance, m.value))
                for n, m in METRICS.items()
            }
        ),
    )
    points = [
        edge.Point(i, {name: vectors[name][i].tolist() for name in METRICS}, bodies[i])
        for i in range(make.COUNT)
    ]
    shard.update(edge.UpdateOperation.upsert_points(points))
    for key, kind in INDEXES.items():
        shard.update(edge.UpdateOperation.create_field_index(key, EDGE[kind]))
    with open_engine() as engine:
        collection = engine.create("c", config)
        for part in (range(make.COUNT // 2), range(make.COUNT // 2, make.COUNT)):
            batch = {name: VectorBatch(vectors[name][part.start : part.stop]) for name in METRICS}
            texts = [orjson.dumps(bodies[i]) for i in part]
            updates.upsert(collection, PointBatch(IdArray.of(part), batch, texts))
            if part.start == 0:
                collection.upkeep.optimize()
        yield Api(service_of(engine)), shard
    shard.close()


def agree(stores: Stores, body: dict[str, Any]) -> bool:
    """Ask both; return whether they answered, and check that it was the same or that both refused."""
    api, shard = stores
    try:
        theirs = shard.query(edge_request(body))
    except Exception:
        with pytest.raises(InvalidRequest):
            api("query_points", "c", body)
        return False
    ours: list[ScoredPoint] = api("query_points", "c", body)
    np.testing.assert_allclose(
        [p.score for p in ours], [p.score for p in theirs], rtol=1e-4, atol=1e-5, err_msg=str(body)
    )
    scores = [round(float(p.score), 3) for p in theirs]
    mine, other = ([(p.id, p.order_value) for p in points] for points in (ours, theirs))
    if len(set(scores)) == len(scores) or "mmr" in (body["query"] or ()):
        assert mine == other, body
    elif "order_by" in (body["query"] or ()):
        assert [value for _, value in mine] == [value for _, value in other], body
    elif len(theirs) < body["limit"]:  # nothing was cut off, so points of equal scores only change places
        assert sorted(mine, key=str) == sorted(other, key=str), body
    return True


@pytest.mark.parametrize("seed", range(40))
def test_a_query_by_itself(stores: Stores, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert agree(stores, make.leaf(rng, below=False))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_queries_on_prefetches(stores: Stores, depth: int) -> None:
    rng = np.random.default_rng(depth)
    answered = sum(agree(stores, make.tree(rng, depth)) for _ in range(60))
    assert answered > 30


def test_a_page_of_a_fused_query(stores: Stores) -> None:
    rng = np.random.default_rng(3)
    sources = [{"query": make.vector(rng), "using": "dot", "limit": 20} for _ in range(2)]
    body = {"query": {"fusion": "dbsf"}, "prefetch": sources, "limit": 4, "offset": 3}
    assert agree(stores, body)
