"""Every question of every kind of vector is answered as Qdrant's own core answers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qdrant_edge as edge

from tests.query.oracle import Both, both, context_pairs, plain, queries
from workbench import kernels
from workbench.models.config import Datatype, Distance
from workbench.models.filters import Filter
from workbench.query.compare import distance_of
from workbench.query.discover import context, discover
from workbench.query.feedback import feedback
from workbench.query.mmr import mmr
from workbench.query.neighbors import neighbors
from workbench.query.recommend import Strategy, recommend

KINDS = [
    *(("dense", distance) for distance in Distance),
    *(("multi", distance) for distance in Distance),
    ("sparse", Distance.DOT),
]
K = 15
THIRD = Filter.from_json({"must": [{"key": "third", "match": {"value": 1}}]})
EDGE_THIRD = edge.Filter(must=[edge.FieldCondition("third", match=edge.MatchValue(1))])


def name(own: tuple[str, Distance]) -> str:
    return f"{own[0]}-{own[1].value}"


@pytest.fixture(params=KINDS, ids=name)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Both]]:
    kind, distance = request.param
    with both(tmp_path, kind, distance, sealed=True) as made:
        yield kind, made


def using(query: Any) -> Any:
    return edge.Query.Nearest(plain(query), using="v")


def test_the_nearest_neighbors_are_the_same(stores: tuple[str, Both]) -> None:
    kind, own = stores
    for query in queries(kind, 4):
        own.agree(neighbors(own.examples, query, K), using(query), K)
        own.agree(neighbors(own.examples, query, K, flt=THIRD), using(query), K, filter=EDGE_THIRD)


def test_they_are_the_same_before_the_kernels_are_loaded(
    stores: tuple[str, Both], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "ready", lambda: False)
    kind, own = stores
    for query in queries(kind, 2):
        own.agree(neighbors(own.examples, query, K), using(query), K)
        own.agree(neighbors(own.examples, query, K, flt=THIRD), using(query), K, filter=EDGE_THIRD)


def test_a_threshold_lets_the_same_pass(stores: tuple[str, Both]) -> None:
    kind, own = stores
    (query,) = queries(kind, 1)
    asked = edge.RecommendQuery([plain(query)], [])
    for ours, theirs in (
        (neighbors(own.examples, query, K), using(query)),
        (recommend(own.examples, [query], [], K, strategy=Strategy.SUM_SCORES),
         edge.Query.RecommendSumScores(asked, using="v")),
    ):  # fmt: skip
        distance = distance_of(own.collection.config, "v")
        for threshold in (float(ours.scores[4:6].mean()), 0.0, -1.0, 2.0):
            own.agree(ours.beyond(threshold, distance), theirs, K, score_threshold=threshold)


@pytest.mark.parametrize("datatype", [Datatype.FLOAT16, Datatype.UINT8])
@pytest.mark.parametrize(("kind", "distance"), KINDS[:-1], ids=map(name, KINDS[:-1]))
def test_vectors_of_every_type_are_compared_the_same(
    tmp_path: Path, kind: str, distance: Distance, datatype: Datatype
) -> None:
    with both(tmp_path, kind, distance, datatype=datatype, sealed=True) as own:
        scale = np.float32(60 if datatype is Datatype.UINT8 else 1)
        asked = [np.abs(query * scale) for query in queries(kind, 3)]
        for query in asked:
            own.agree(neighbors(own.examples, query, K), using(query), K)
        examples = edge.RecommendQuery([plain(asked[0])], [plain(asked[1])])
        ours = recommend(own.examples, asked[:1], asked[1:2], K, strategy=Strategy.SUM_SCORES)
        own.agree(ours, edge.Query.RecommendSumScores(examples, using="v"), K)


def test_recommendations_are_the_same(stores: tuple[str, Both]) -> None:
    kind, own = stores
    liked, disliked = queries(kind, 3), queries(kind, 2, seed=3)
    for positive, negative in ((liked, disliked), (liked, []), ([], disliked)):
        asked = edge.RecommendQuery([plain(v) for v in positive], [plain(v) for v in negative])
        for strategy, make in (
            (Strategy.BEST_SCORE, edge.Query.RecommendBestScore),
            (Strategy.SUM_SCORES, edge.Query.RecommendSumScores),
        ):
            ours = recommend(own.examples, positive, negative, K, strategy=strategy)
            own.agree(ours, make(asked, using="v"), K)


def test_discovery_is_the_same(stores: tuple[str, Both]) -> None:
    kind, own = stores
    target, *examples = queries(kind, 5)
    pairs = list(zip(examples[0::2], examples[1::2], strict=True))
    asked = edge.DiscoverQuery(plain(target), context_pairs(examples))
    own.agree(discover(own.examples, target, pairs, K), edge.Query.Discover(asked, using="v"), K)
    asked = edge.ContextQuery(context_pairs(examples))
    own.agree(context(own.examples, pairs, K), edge.Query.Context(asked, using="v"), K)


@pytest.mark.parametrize("coefficients", [(1.0, 1.0, 1.0), (0.3, 0.7, 2.0), (0.0, 0.0, 1.0)])
def test_relevance_feedback_is_the_same(
    stores: tuple[str, Both], coefficients: tuple[float, float, float]
) -> None:
    kind, own = stores
    target, *examples = queries(kind, 5)
    items = list(zip(examples, (1.0, 0.2, 0.9, 0.2), strict=True))
    asked = edge.FeedbackNaiveQuery(
        plain(target),
        [edge.FeedbackItem(plain(v), score) for v, score in items],
        edge.NaiveFeedbackStrategy(*coefficients),
    )
    ours = feedback(own.examples, target, items, coefficients, K)
    own.agree(ours, edge.Query.FeedbackNaive(asked, using="v"), K)


# Qdrant's core in this form does not answer MMR over sparse vectors; see test_mmr.py.
@pytest.mark.parametrize("stores", KINDS[:-1], indirect=True, ids=name)
@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.5, 1.0])
def test_diverse_answers_are_the_same(stores: tuple[str, Both], diversity: float) -> None:
    kind, own = stores
    for query in queries(kind, 3):
        ours = mmr(own.examples, query, 6, diversity=diversity, candidates=30)
        own.agree(ours, edge.Mmr(plain(query), 1.0 - diversity, 30, using="v"), 6, ordered=True)


@pytest.mark.parametrize("flt", [None, THIRD])
def test_sparse_queries_are_weighted_by_document_frequency(tmp_path: Path, flt: Filter | None) -> None:
    with both(tmp_path, "sparse", idf=True, sealed=True) as own:
        a, b, c = queries("sparse", 3)
        settings = {} if flt is None else {"filter": EDGE_THIRD}
        own.agree(neighbors(own.examples, a, K, flt=flt), using(a), K, **settings)
        asked = edge.RecommendQuery([plain(a)], [plain(b)])
        ours = recommend(own.examples, [a], [b], K, strategy=Strategy.SUM_SCORES, flt=flt)
        own.agree(ours, edge.Query.RecommendSumScores(asked, using="v"), K, **settings)
        discovery = edge.DiscoverQuery(plain(a), context_pairs([b, c]))
        ours = discover(own.examples, a, [(b, c)], K, flt=flt)
        own.agree(ours, edge.Query.Discover(discovery, using="v"), K, **settings)
