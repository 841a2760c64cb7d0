"""The same calls on this engine and on Qdrant's local mode give the same answers.

Left out, because the two are known to differ and the engine follows Qdrant's core: text matches on fields
without an index, ``should: []`` inside ``nested``, and several predicates in one field condition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench.engine import Engine

COUNT, SIZE = 150, 6
Filters = list[models.Filter | None]


def match(key: str, value: Any) -> models.FieldCondition:
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


FILTERS: Filters = [
    None,
    models.Filter(must=[match("color", "red")]),
    models.Filter(must_not=[match("color", "red"), match("nope", 1)]),
    models.Filter(
        should=[match("color", "blue"), models.FieldCondition(key="size", range=models.Range(lt=10))]
    ),
    models.Filter(must=[models.FieldCondition(key="tags", match=models.MatchAny(any=["a", "b"]))]),
    models.Filter(must=[models.FieldCondition(key="color", match=models.MatchExcept(**{"except": ["red"]}))]),
    models.Filter(must=[models.IsEmptyCondition(is_empty=models.PayloadField(key="maybe"))]),
    models.Filter(must=[models.FieldCondition(key="tags", values_count=models.ValuesCount(gte=2))]),
    models.Filter(must=[models.HasIdCondition(has_id=list(range(0, COUNT, 3)))]),
    models.Filter(
        min_should=models.MinShould(conditions=[match("color", "red"), match("size", 5)], min_count=1)
    ),
]


@pytest.fixture(params=list(models.Distance), ids=str)
def both(
    request: pytest.FixtureRequest, engine: Engine, client: QdrantClient
) -> tuple[QdrantClient, QdrantClient]:
    """The same random points in both: half of them sealed with a graph, some replaced, some deleted."""
    rng = np.random.default_rng(7)
    pair = client, QdrantClient(":memory:")
    points = [
        models.PointStruct(
            id=i, vector=rng.normal(size=SIZE).astype(np.float32).tolist(), payload=payload(rng)
        )
        for i in range(COUNT)
    ]
    for own in pair:
        own.create_collection("c", models.VectorParams(size=SIZE, distance=request.param))
        own.upsert("c", points[: COUNT // 2])
    engine.collection("c").upkeep.optimize()
    for own in pair:
        own.upsert("c", points[COUNT // 2 :])
        own.upsert("c", [p.model_copy(update={"vector": points[0].vector}) for p in points[5:9]])
        own.delete("c", points_selector=[3, 77])
        own.set_payload("c", {"color": "violet"}, points=[10, 90])
    return pair


def payload(rng: np.random.Generator) -> dict[str, Any]:
    body: dict[str, Any] = {
        "color": str(rng.choice(["red", "green", "blue"])),
        "size": int(rng.integers(0, 30)),
        "tags": [
            str(tag) for tag in rng.choice(["a", "b", "c"], size=int(rng.integers(0, 4)), replace=False)
        ],
    }
    return body | ({"maybe": 1} if rng.random() < 0.5 else {})


def same(
    both: tuple[QdrantClient, QdrantClient], ask: Callable[[QdrantClient], list[models.ScoredPoint]]
) -> None:
    ours, theirs = (ask(own) for own in both)
    assert [p.score for p in ours] == pytest.approx([p.score for p in theirs], rel=1e-4, abs=1e-5)
    # Points of equal scores may come in any order, and at the end of a page any of them.
    certain = [p.id for p in theirs if sum(abs(q.score - p.score) < 1e-5 for q in theirs) == 1][:-1]
    assert [p.id for p in ours if p.id in certain] == certain
    known = {p.id: p.payload for p in theirs}
    assert all(p.payload == known[p.id] for p in ours if p.id in certain)


VECTOR = [0.3, -1.0, 0.5, 0.0, 1.2, -0.4]
PAIRS = [models.ContextPair(positive=4, negative=12), models.ContextPair(positive=VECTOR, negative=20)]


def recommended(strategy: str) -> models.RecommendQuery:
    examples = {"positive": [1, VECTOR, 30], "negative": [2, 40]}
    return models.RecommendQuery(recommend=models.RecommendInput(**examples, strategy=strategy))


QUERIES = {
    "vector": VECTOR,
    "id": 11,
    "average_vector": recommended("average_vector"),
    "best_score": recommended("best_score"),
    "sum_scores": recommended("sum_scores"),
    "discover": models.DiscoverQuery(discover=models.DiscoverInput(target=15, context=PAIRS)),
    "context": models.ContextQuery(context=PAIRS),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_queries_agree(both: tuple[QdrantClient, QdrantClient], query: Any) -> None:
    for flt in FILTERS:
        same(both, lambda c, flt=flt: c.query_points("c", query, query_filter=flt, limit=12, offset=1).points)


def test_filters_scroll_and_count_agree(both: tuple[QdrantClient, QdrantClient]) -> None:
    ours, theirs = both
    for flt in FILTERS:
        assert ours.count("c", count_filter=flt) == theirs.count("c", count_filter=flt)
        assert ours.scroll("c", flt, limit=20, offset=9) == theirs.scroll("c", flt, limit=20, offset=9)
        wholly = [c.scroll("c", flt, limit=200, with_vectors=True)[0] for c in both]
        for mine, other in zip(*wholly, strict=True):
            assert mine.vector == pytest.approx(other.vector, rel=1e-5, abs=1e-6)


def test_groups_agree(both: tuple[QdrantClient, QdrantClient]) -> None:
    for key, limit, size in (("color", 10, 3), ("size", 4, 2), ("tags", 2, 5), ("maybe", 3, 1)):
        answers = [
            c.query_points_groups("c", key, query=VECTOR, limit=limit, group_size=size).groups for c in both
        ]
        ours, theirs = ([(g.id, [h.id for h in g.hits]) for g in groups] for groups in answers)
        assert ours == theirs
