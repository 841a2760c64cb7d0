from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest
from qdrant_client import QdrantClient, models

from workbench.errors import DimensionMismatch, FormatError, InvalidRequest, InvalidVector, NotFound

HORROR = models.Filter(must=[models.FieldCondition(key="genre", match=models.MatchValue(value="horror"))])


def hits(response: models.QueryResponse) -> list[tuple[int, float]]:
    return [(p.id, pytest.approx(p.score)) for p in response.points]


@pytest.mark.parametrize(
    "query",
    [
        [1.0, 0.0],
        [1, 0],
        np.array([1.0, 0.0]),
        np.array([1, 0], dtype=np.int8),
        models.NearestQuery(nearest=[1.0, 0.0]),
    ],
)
def test_a_vector_finds_its_nearest_points(films: QdrantClient, query: object) -> None:
    assert hits(films.query_points("films", query, limit=3)) == [(1, 1.0), (3, 0.8), (4, 0.5)]


def test_an_argument_that_does_not_exist_is_not_passed_over(films: QdrantClient) -> None:
    with pytest.raises(AssertionError, match="filter"):  # by Qdrant's client itself
        films.query_points("films", [1.0, 0.0], filter=HORROR)


def test_a_query_may_be_anything_that_is_an_array(films: QdrantClient) -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return np.array([1.0, 0.0])

    for query in (Tensor(), pd.Series([1.0, 0.0]), models.NearestQuery(nearest=[1.0, 0.0])):
        assert hits(films.query_points("films", query, limit=1)) == [(1, 1.0)]


def test_a_query_that_is_asked_again_has_its_own_vector_and_is_checked_anew(films: QdrantClient) -> None:
    asked = {"limit": 2, "search_params": models.SearchParams(exact=True), "with_payload": False}
    assert hits(films.query_points("films", [1.0, 0.0], **asked)) == [(1, 1.0), (3, 0.8)]
    assert hits(films.query_points("films", [0.0, 1.0], **asked)) == [(2, 1.0), (4, 0.5)]
    assert hits(films.query_points("films", np.array([[1.0, 0.0]])[0], **asked)) == [(1, 1.0), (3, 0.8)]
    with pytest.raises(DimensionMismatch):
        films.query_points("films", [1.0, 0.0, 0.0], **asked)
    with pytest.raises(InvalidVector):
        films.query_points("films", [1.0, float("nan")], **asked)
    films.delete_collection("films")
    with pytest.raises(NotFound, match="films"):
        films.query_points("films", [1.0, 0.0], **asked)


def test_true_is_not_the_limit_that_equals_it(films: QdrantClient) -> None:
    assert len(films.query_points("films", [1.0, 0.0], limit=1).points) == 1
    with pytest.raises(FormatError, match="limit"):
        films.query_points("films", [1.0, 0.0], limit=True)


def test_scores_are_python_floats_and_the_version_an_integer(films: QdrantClient) -> None:
    (best,) = films.query_points("films", [1.0, 0.0], limit=1).points
    assert (type(best.score), type(best.version)) == (float, int)


def test_a_point_id_finds_its_neighbours_but_not_itself(films: QdrantClient) -> None:
    assert hits(films.query_points("films", 1, limit=2)) == [(3, 0.8), (4, 0.5)]


def test_a_uuid_is_a_query_too(films: QdrantClient) -> None:
    point = uuid.UUID("936da01f-9abd-4d9d-80c7-02af85c822a8")
    films.upsert("films", [models.PointStruct(id=str(point), vector=[0.0, 2.0])])
    for query in (str(point), f"urn:uuid:{point}", models.NearestQuery(nearest=str(point))):
        assert hits(films.query_points("films", query, limit=1)) == [(2, 2.0)]


def test_no_query_lists_points_by_id_with_score_one(films: QdrantClient) -> None:
    assert hits(films.query_points("films", limit=2, offset=1)) == [(2, 1.0), (3, 1.0)]


def test_a_filter_a_limit_and_an_offset_are_kept(films: QdrantClient) -> None:
    assert hits(films.query_points("films", [1.0, 0.0], query_filter=HORROR)) == [(1, 1.0), (3, 0.8)]
    assert hits(films.query_points("films", [1.0, 0.0], limit=1, offset=2)) == [(4, 0.5)]
    assert hits(films.query_points("films", [1.0, 0.0], limit=10, offset=9)) == []


def test_a_threshold_lets_through_what_is_strictly_better(films: QdrantClient) -> None:
    assert hits(films.query_points("films", [1.0, 0.0], score_threshold=0.5)) == [(1, 1.0), (3, 0.8)]


def test_under_euclid_the_better_score_is_the_smaller(client: QdrantClient) -> None:
    client.create_collection("line", models.VectorParams(size=1, distance=models.Distance.EUCLID))
    client.upsert("line", [models.PointStruct(id=i, vector=[float(i)]) for i in range(1, 6)])
    assert hits(client.query_points("line", [0.0], score_threshold=3.0)) == [(1, 1.0), (2, 2.0)]


@pytest.mark.parametrize("params", [{"exact": True}, {"hnsw_ef": 64}, {"quantization": {"rescore": True}}])
def test_search_parameters_are_taken(films: QdrantClient, params: dict[str, object]) -> None:
    found = films.query_points("films", [1.0, 0.0], search_params=models.SearchParams(**params), limit=1)
    assert hits(found) == [(1, 1.0)]


def test_only_indexed_segments_means_also_those_too_small_for_a_graph(films: QdrantClient) -> None:
    params = models.SearchParams(indexed_only=True)
    assert hits(films.query_points("films", [1.0, 0.0], search_params=params, limit=1)) == [(1, 1.0)]


def test_only_indexed_segments_means_none_before_there_is_a_graph(client: QdrantClient) -> None:
    client.create_collection(
        "large",
        models.VectorParams(size=16, distance=models.Distance.DOT),
        hnsw_config=models.HnswConfigDiff(full_scan_threshold=10),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=1, max_optimization_threads=0),
    )
    client.upsert("large", [{"id": i, "vector": [float(i)] * 16} for i in range(200)])  # 12.5 KB
    params = models.SearchParams(indexed_only=True)
    assert client.query_points("large", [1.0] * 16, search_params=params).points == []
    few = models.Filter(must=[models.HasIdCondition(has_id=[3])])
    assert hits(client.query_points("large", [1.0] * 16, query_filter=few, search_params=params)) == [
        (3, 48.0)
    ]
    client._client.engine.collection("large").upkeep.optimize()
    found = client.query_points("large", [1.0] * 16, search_params=params, limit=1)
    assert hits(found) == [(199, 3184.0)]


def test_a_zero_vector_scores_zero_under_cosine(client: QdrantClient) -> None:
    client.create_collection("films", models.VectorParams(size=2, distance=models.Distance.COSINE))
    client.upsert("films", [{"id": 1, "vector": [0.0, 0.0]}, {"id": 2, "vector": [0.0, 3.0]}])
    assert hits(client.query_points("films", [0.0, 5.0])) == [(2, 1.0), (1, 0.0)]
    assert client.retrieve("films", [2, 1], with_vectors=True)[0].vector == [0.0, 1.0]


def test_a_batch_answers_each_query_and_sends_no_payload_unasked(films: QdrantClient) -> None:
    first, second = films.query_batch_points(
        "films",
        [
            models.QueryRequest(query=[1.0, 0.0], limit=1, with_payload=["title"]),
            models.QueryRequest(query=2, filter=HORROR, with_vector=True),
        ],
    )
    assert [(p.id, p.payload, p.vector) for p in first.points] == [(1, {"title": "Alien"}, None)]
    assert [(p.id, p.payload) for p in second.points] == [(3, None), (1, None)]
    assert second.points[1].vector == [1.0, 0.0]


def recommend(**fields: object) -> models.RecommendQuery:
    return models.RecommendQuery(recommend=models.RecommendInput(**fields))


def test_recommend_searches_near_the_likes_and_away_from_the_dislikes(films: QdrantClient) -> None:
    # 2 * (1, 0) - (0, 1) = (2, -1)
    assert hits(films.query_points("films", recommend(positive=[1], negative=[2]))) == [(3, 1.4), (4, 0.5)]
    assert hits(films.query_points("films", recommend(positive=[1, [0.0, 3.0]]), limit=1)) == [(2, 1.5)]


def test_best_score_takes_the_nearest_example(films: QdrantClient) -> None:
    # s(x) = (x / (1 + |x|) + 1) / 2. Carrie is nearer to Alien; Dune is as near to both: a dislike.
    query = recommend(positive=[1], negative=[2], strategy=models.RecommendStrategy.BEST_SCORE)
    assert hits(films.query_points("films", query)) == [(3, (0.8 / 1.8 + 1) / 2), (4, -(0.5 / 1.5 + 1) / 2)]


def test_sum_scores_subtracts_the_dislikes(films: QdrantClient) -> None:
    query = recommend(positive=[1], negative=[2], strategy=models.RecommendStrategy.SUM_SCORES)
    assert hits(films.query_points("films", query)) == [(3, 0.6), (4, 0.0)]


def test_dislikes_alone_recommend_what_is_least_like_them(films: QdrantClient) -> None:
    query = recommend(negative=[1], strategy=models.RecommendStrategy.BEST_SCORE)
    assert [p.id for p in films.query_points("films", query).points] == [2, 4, 3]
    with pytest.raises(InvalidRequest, match="Positive vectors should not be empty"):
        films.query_points("films", recommend(negative=[1]))
    with pytest.raises(InvalidRequest, match=r"(?i)at least one"):
        films.query_points("films", recommend(strategy=models.RecommendStrategy.SUM_SCORES))


def test_discover_puts_the_side_of_the_pairs_before_the_target(films: QdrantClient) -> None:
    pair = models.ContextPair(positive=2, negative=1)
    query = models.DiscoverQuery(discover=models.DiscoverInput(target=[1.0, 0.0], context=[pair]))
    assert hits(films.query_points("films", query)) == [
        (4, (0.5 / 1.5 + 1) / 2),
        (3, -1 + (0.8 / 1.8 + 1) / 2),
    ]


def test_context_counts_how_far_a_point_is_on_the_wrong_side(films: QdrantClient) -> None:
    query = models.ContextQuery(context=models.ContextPair(positive=2, negative=1))
    found = films.query_points("films", query).points
    assert [p.id for p in found] == [4, 3]
    assert [p.score for p in found] == pytest.approx([0.0, -0.6 / 1.6], abs=1e-6)
    found = films.query_points("films", models.ContextQuery(context=[]), limit=2).points
    assert [p.score for p in found] == [0.0, 0.0]


def test_examples_may_come_from_another_collection(films: QdrantClient) -> None:
    films.create_collection("tastes", {"liking": models.VectorParams(size=2, distance=models.Distance.DOT)})
    films.upsert("tastes", [models.PointStruct(id=1, vector={"liking": [0.0, 1.0]})])
    place = models.LookupLocation(collection="tastes", vector="liking")
    assert hits(films.query_points("films", 1, lookup_from=place, limit=1)) == [(2, 1.0)]
    assert hits(films.query_points("films", recommend(positive=[1]), lookup_from=place, limit=1)) == [
        (2, 1.0)
    ]


def test_an_example_that_does_not_exist_is_named(films: QdrantClient) -> None:
    with pytest.raises(NotFound, match="No point with id 99 found"):
        films.query_points("films", 99)


def test_groups_are_in_order_of_their_best_point(films: QdrantClient) -> None:
    groups = films.query_points_groups("films", "genre", query=[1.0, 0.0], limit=2, group_size=1).groups
    assert [(g.id, [h.payload["title"] for h in g.hits]) for g in groups] == [
        ("horror", ["Alien"]),
        ("epic", ["Dune"]),
    ]


def test_groups_are_complete_however_few_points_they_have(films: QdrantClient) -> None:
    groups = films.query_points_groups("films", "genre", query=[0.0, 1.0], limit=5, group_size=3).groups
    assert [(g.id, [h.id for h in g.hits]) for g in groups] == [
        ("satire", [2]),
        ("epic", [4]),
        ("horror", [3, 1]),
    ]


def test_a_group_brings_the_point_it_names_in_another_collection(films: QdrantClient) -> None:
    films.create_collection("years", {})
    films.upsert("years", [models.PointStruct(id=1979, vector={}, payload={"president": "Carter"})])
    groups = films.query_points_groups("films", "year", query=[1.0, 0.0], limit=2, with_lookup="years").groups
    assert [(g.id, g.lookup and g.lookup.payload) for g in groups] == [
        (1979, {"president": "Carter"}),
        (1976, None),
    ]


def test_prefetched_points_are_fused(films: QdrantClient) -> None:
    queries = [models.Prefetch(query=[1.0, 0.0], limit=2), models.Prefetch(query=[0.0, 1.0], limit=1)]
    found = films.query_points("films", models.FusionQuery(fusion=models.Fusion.RRF), prefetch=queries)
    # 1 / (k + rank - 1) with k = 2: two firsts, one second.
    assert hits(found) == [(1, 0.5), (2, 0.5), (3, 1 / 3)]


def test_one_prefetch_is_rescored(films: QdrantClient) -> None:
    first = models.Prefetch(query=[1.0, 0.0], limit=2)
    assert hits(films.query_points("films", [0.0, 1.0], prefetch=first)) == [(3, 0.2), (1, 0.0)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (models.FusionQuery(fusion=models.Fusion.RRF), "without prefetches"),
        (models.OrderByQuery(order_by="year"), "No range index for `order_by` key: `year`"),
        (models.SparseVector(indices=[1], values=[1.0]), "sparse"),
        ([[1.0, 0.0], [0.0, 1.0]], "multi"),
    ],
)
def test_a_query_that_does_not_fit_the_collection_is_refused(
    films: QdrantClient, query: object, text: str
) -> None:
    with pytest.raises(InvalidRequest, match=text):
        films.query_points("films", query)
