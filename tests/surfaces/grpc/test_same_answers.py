"""A call over gRPC answers what the same call answers in process."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel
from qdrant_client import QdrantClient, models

from workbench.api.service import service_of
from workbench.engine import open_engine
from workbench.surfaces.client import client_over
from workbench.surfaces.grpc.server import GrpcServer
from workbench.surfaces.settings import Settings

Ask = Callable[[QdrantClient], Any]

NAME = "songs"
RED = models.Filter(must=[models.FieldCondition(key="color", match=models.MatchValue(value="red"))])


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[QdrantClient, QdrantClient]]:
    """Return a client in process and one over gRPC, on the same songs."""
    with open_engine() as engine:
        inside = client_over(engine)
        fill(inside)
        server = GrpcServer(service_of(engine), Settings(grpc_port=0))
        server.start()
        outside = QdrantClient(
            host="127.0.0.1", grpc_port=server.port, prefer_grpc=True, check_compatibility=False
        )
        yield inside, outside
        outside.close()
        server.stop(0)


def fill(client: QdrantClient) -> None:
    dense = models.VectorParams(size=4, distance=models.Distance.COSINE)
    multi = models.VectorParams(
        size=2,
        distance=models.Distance.DOT,
        multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
    )
    client.create_collection(
        NAME,
        {"sound": dense, "lines": multi},
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        hnsw_config=models.HnswConfigDiff(m=8, payload_m=4),
        quantization_config=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.5)
        ),
        strict_mode_config=models.StrictModeConfig(enabled=True, max_query_limit=300),
        metadata={"made": {"by": ["hand", None, 1.5]}},
    )
    random = np.random.default_rng(7)
    points = [
        models.PointStruct(
            id=str(uuid.UUID(int=i)) if i % 5 == 0 else i,
            vector={
                "sound": random.normal(size=4).tolist(),
                "lines": random.normal(size=(2, 2)).tolist(),
                "words": models.SparseVector(indices=[i, 50], values=[0.5, 1.0]),
            },
            payload={
                "color": ["red", "blue"][i % 2],
                "year": 1990 + i,
                "deep": {"list": [i, None, {"a": 0.1}]},
            },
        )
        for i in range(1, 21)
    ]
    client.upsert(NAME, points, wait=True)
    client.create_payload_index(NAME, "year", models.PayloadSchemaType.INTEGER, wait=True)
    client.create_payload_index(
        NAME,
        "color",
        models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
        wait=True,
    )
    client.update_collection_aliases(
        [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=NAME, alias_name="tunes")
            )
        ]
    )


def told(value: Any) -> Any:
    """Return an answer with float32 numbers; what is empty and what is absent are the same over gRPC."""
    if isinstance(value, BaseModel):
        return {
            name: told(item)
            for name, item in value
            if item is not None and not (name in ("payload", "resharding_operations") and not item)
        }
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [told(item) for item in value]
    return float(np.float32(value)) if isinstance(value, float) else value


SOUND = [0.5, -0.25, 0.125, 1.0]
WORDS = models.SparseVector(indices=[50, 3], values=[1.0, 2.0])

READS: dict[str, Ask] = {
    "get_collection": lambda c: c.get_collection(NAME),
    "get_collections": lambda c: c.get_collections(),
    "collection_exists": lambda c: c.collection_exists("tunes"),
    "get_aliases": lambda c: c.get_aliases(),
    "get_collection_aliases": lambda c: c.get_collection_aliases(NAME),
    "retrieve": lambda c: c.retrieve(NAME, [1, str(uuid.UUID(int=5)), 99], with_vectors=True),
    "retrieve parts": lambda c: c.retrieve(NAME, [1], with_payload=["deep.list"], with_vectors=["words"]),
    "scroll": lambda c: c.scroll(NAME, RED, limit=4, with_vectors=["lines"]),
    "scroll on": lambda c: c.scroll(NAME, limit=30, offset=17, with_payload=False),
    "scroll by year": lambda c: c.scroll(
        NAME, limit=3, order_by=models.OrderBy(key="year", direction="desc")
    ),
    "count": lambda c: c.count(NAME, RED),
    "facet": lambda c: c.facet(NAME, "color", exact=True),
    "nearest": lambda c: c.query_points(NAME, SOUND, using="sound", query_filter=RED, limit=5),
    "point": lambda c: c.query_points(NAME, 3, using="sound", with_vectors=True, score_threshold=0.1),
    "sparse": lambda c: c.query_points(NAME, WORDS, using="words", limit=3, offset=1),
    "multi": lambda c: c.query_points(NAME, [[1.0, 0.0], [0.0, 1.0]], using="lines", limit=3),
    "recommend": lambda c: c.query_points(
        NAME,
        models.RecommendQuery(
            recommend=models.RecommendInput(positive=[1, SOUND], negative=[2], strategy="best_score")
        ),
        using="sound",
    ),
    "fusion": lambda c: c.query_points(
        NAME,
        models.FusionQuery(fusion=models.Fusion.DBSF),
        prefetch=[
            models.Prefetch(query=SOUND, using="sound", limit=7),
            models.Prefetch(query=WORDS, using="words", filter=RED),
        ],
    ),
    "formula": lambda c: c.query_points(
        NAME,
        models.FormulaQuery(
            formula=models.SumExpression(sum=["$score", models.MultExpression(mult=[0.1, "year"])])
        ),
        prefetch=models.Prefetch(query=SOUND, using="sound", limit=7),
    ),
    "order": lambda c: c.query_points(NAME, models.OrderByQuery(order_by="year"), limit=3),
    "none": lambda c: c.query_points(NAME, limit=3),
    "batch": lambda c: c.query_batch_points(
        NAME,
        [
            models.QueryRequest(query=SOUND, using="sound", limit=2, with_payload=["year"]),
            models.QueryRequest(query=WORDS, using="words", limit=1),
        ],
    ),
    "groups": lambda c: c.query_points_groups(
        NAME, "color", query=SOUND, using="sound", group_size=2, with_lookup=None
    ),
    "groups of numbers": lambda c: c.query_points_groups(NAME, "year", query=SOUND, using="sound", limit=3),
    "cluster": lambda c: c.collection_cluster_info(NAME),
    "snapshots": lambda c: c.list_snapshots(NAME),
    "full snapshots": lambda c: c.list_full_snapshots(),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_answers_the_same(clients: tuple[QdrantClient, QdrantClient], name: str) -> None:
    inside, outside = clients

    assert told(READS[name](outside)) == told(READS[name](inside))


def test_a_matrix_of_all_points_is_the_same(clients: tuple[QdrantClient, QdrantClient]) -> None:
    inside, outside = clients
    ask: Ask = lambda c: c.search_matrix_pairs(NAME, RED, sample=100, limit=2, using="sound").pairs  # noqa: E731

    # which points are drawn, and in what order, is left to chance; here all are
    assert sorted(map(str, told(ask(outside)))) == sorted(map(str, told(ask(inside))))


def test_offsets_of_a_matrix_name_the_pairs(clients: tuple[QdrantClient, QdrantClient]) -> None:
    _, outside = clients
    found = outside.search_matrix_offsets(NAME, RED, sample=100, limit=2, using="sound")
    pairs = outside.search_matrix_pairs(NAME, RED, sample=100, limit=2, using="sound").pairs

    named = [
        (found.ids[row], found.ids[column], score)
        for row, column, score in zip(found.offsets_row, found.offsets_col, found.scores, strict=True)
    ]
    assert sorted(map(str, named)) == sorted(str((pair.a, pair.b, pair.score)) for pair in pairs)
