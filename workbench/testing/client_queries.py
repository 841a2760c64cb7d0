"""Queries of every kind through a client."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, FilmTests, genre, hits, ids, refused


class QueryTests(FilmTests):
    """Everything that finds points."""

    @pytest.mark.parametrize(
        "query", [[1.0, 0.0], np.array([1.0, 0.0]), models.NearestQuery(nearest=[1.0, 0.0])]
    )
    def test_a_vector_finds_its_nearest_points(self, films: QdrantClient, query: object) -> None:
        assert hits(films.query_points(FILMS, query, limit=3)) == [(1, 1.0), (3, 0.75), (4, 0.5)]

    def test_a_point_finds_its_neighbors_but_not_itself(self, films: QdrantClient) -> None:
        assert hits(films.query_points(FILMS, 1, limit=2)) == [(3, 0.75), (4, 0.5)]

    def test_no_query_lists_points_by_id(self, films: QdrantClient) -> None:
        assert ids(films.query_points(FILMS, limit=2, offset=1).points) == [2, 3]

    def test_filter_limit_offset_and_threshold(self, films: QdrantClient) -> None:
        assert hits(films.query_points(FILMS, [1.0, 0.0], query_filter=genre("horror"))) == [
            (1, 1.0),
            (3, 0.75),
        ]
        assert hits(films.query_points(FILMS, [1.0, 0.0], limit=1, offset=2)) == [(4, 0.5)]
        assert hits(films.query_points(FILMS, [1.0, 0.0], score_threshold=0.6)) == [(1, 1.0), (3, 0.75)]

    def test_payloads_and_vectors_come_as_asked(self, films: QdrantClient) -> None:
        (hit,) = films.query_points(
            FILMS, [1.0, 0.0], limit=1, with_payload=["title"], with_vectors=True
        ).points
        assert (hit.payload, hit.vector) == ({"title": "Alien"}, [1.0, 0.0])
        (bare,) = films.query_points(FILMS, [1.0, 0.0], limit=1, with_payload=False).points
        assert (bare.payload or {}, bare.vector) == ({}, None)

    @pytest.mark.parametrize(
        "params",
        [
            models.SearchParams(exact=True),
            models.SearchParams(hnsw_ef=64),
            models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0)),
            models.SearchParams(acorn=models.AcornSearchParams(enable=True)),
        ],
    )
    def test_search_parameters_are_taken(self, films: QdrantClient, params: models.SearchParams) -> None:
        assert hits(films.query_points(FILMS, [1.0, 0.0], search_params=params, limit=1)) == [(1, 1.0)]

    def test_recommend_by_average_best_score_and_sum(self, films: QdrantClient) -> None:
        def ask(strategy: models.RecommendStrategy) -> list[int]:
            given = models.RecommendInput(positive=[1], negative=[2], strategy=strategy)
            return ids(films.query_points(FILMS, models.RecommendQuery(recommend=given)).points)

        assert [ask(strategy) for strategy in models.RecommendStrategy] == [[3, 4]] * 3

    def test_discover_and_context(self, films: QdrantClient) -> None:
        pair = models.ContextPair(positive=2, negative=1)
        target = models.DiscoverInput(target=[1.0, 0.0], context=[pair])
        assert ids(films.query_points(FILMS, models.DiscoverQuery(discover=target)).points) == [4, 3]
        context = films.query_points(FILMS, models.ContextQuery(context=[pair])).points
        assert ids(context) == [4, 3]
        assert [p.score for p in context] == pytest.approx([0.0, -1 / 3], abs=1e-6)

    def test_mmr_prefers_what_is_different(self, films: QdrantClient) -> None:
        query = models.NearestQuery(nearest=[1.0, 0.0], mmr=models.Mmr(diversity=0.9, candidates_limit=4))
        assert ids(films.query_points(FILMS, query, limit=2).points) == [1, 2]

    def test_relevance_feedback_corrects_the_target(self, films: QdrantClient) -> None:
        def ask(c: float) -> list[int]:
            strategy = models.NaiveFeedbackStrategy(
                naive=models.NaiveFeedbackStrategyParams(a=1.0, b=1.0, c=c)
            )
            rated = [models.FeedbackItem(example=2, score=1.0), models.FeedbackItem(example=1, score=0.0)]
            given = models.RelevanceFeedbackInput(target=[1.0, 0.0], feedback=rated, strategy=strategy)
            query = models.RelevanceFeedbackQuery(relevance_feedback=given)
            return ids(films.query_points(FILMS, query).points)

        assert ask(0.0)[0] == 3
        assert ask(100.0)[0] == 4

    def test_order_by_an_indexed_field(self, films: QdrantClient) -> None:
        films.create_payload_index(FILMS, "year", field_schema=models.PayloadSchemaType.INTEGER)
        newest = models.OrderBy(key="year", direction=models.Direction.DESC)
        found = films.query_points(FILMS, models.OrderByQuery(order_by=newest), limit=2)
        assert ids(found.points) == [4, 2]

    def test_a_sample_is_random_and_without_repetition(self, films: QdrantClient) -> None:
        found = films.query_points(FILMS, models.SampleQuery(sample=models.Sample.RANDOM), limit=4)
        assert sorted(ids(found.points)) == [1, 2, 3, 4]

    def test_one_prefetch_is_rescored(self, films: QdrantClient) -> None:
        first = models.Prefetch(query=[1.0, 0.0], limit=2)
        assert hits(films.query_points(FILMS, [0.0, 1.0], prefetch=first)) == [(3, 0.25), (1, 0.0)]

    def test_prefetches_are_fused_by_rank(self, films: QdrantClient) -> None:
        asked = [models.Prefetch(query=[1.0, 0.0], limit=3), models.Prefetch(query=3, limit=1)]
        # 1 / (rank + k - 1) with k = 2: Alien is first twice.
        expected = [(1, 1.0), (3, 1 / 3), (4, 1 / 4)]
        fusion = models.FusionQuery(fusion=models.Fusion.RRF)
        assert hits(films.query_points(FILMS, fusion, prefetch=asked)) == expected

    def test_rrf_takes_a_constant(self, films: QdrantClient) -> None:
        asked = models.Prefetch(query=[1.0, 0.0], limit=2)
        found = films.query_points(FILMS, models.RrfQuery(rrf=models.Rrf(k=10)), prefetch=[asked])
        assert hits(found) == [(1, 1 / 10), (3, 1 / 11)]

    def test_prefetches_are_fused_by_distribution(self, films: QdrantClient) -> None:
        asked = [models.Prefetch(query=[1.0, 0.0]), models.Prefetch(query=[0.9, 0.1])]
        found = films.query_points(FILMS, models.FusionQuery(fusion=models.Fusion.DBSF), prefetch=asked)
        assert ids(found.points) == [1, 3, 4, 2]

    def test_prefetches_nest(self, films: QdrantClient) -> None:
        inner = models.Prefetch(query=[1.0, 0.0], limit=3)
        outer = models.Prefetch(prefetch=[inner], query=[0.0, 1.0], limit=2)
        assert hits(films.query_points(FILMS, [1.0, 0.0], prefetch=[outer])) == [(3, 0.75), (4, 0.5)]

    def test_a_formula_weighs_score_and_payload(self, films: QdrantClient) -> None:
        horror = models.FieldCondition(key="genre", match=models.MatchValue(value="horror"))
        formula = models.FormulaQuery(
            formula=models.SumExpression(sum=["$score", models.MultExpression(mult=[0.625, horror])])
        )
        found = films.query_points(FILMS, formula, prefetch=models.Prefetch(query=[0.0, 1.0]))
        assert hits(found) == [(2, 1.0), (3, 0.875), (1, 0.625), (4, 0.5)]

    def test_a_batch_answers_each_query(self, films: QdrantClient) -> None:
        first, second = films.query_batch_points(
            FILMS,
            [
                models.QueryRequest(query=[1.0, 0.0], limit=1, with_payload=["title"]),
                models.QueryRequest(query=2, filter=genre("horror"), with_vector=True),
            ],
        )
        assert [(p.id, p.payload) for p in first.points] == [(1, {"title": "Alien"})]
        assert [(p.id, p.vector) for p in second.points] == [(3, [0.75, 0.25]), (1, [1.0, 0.0])]

    def test_groups_are_in_order_of_their_best_point(self, films: QdrantClient) -> None:
        found = films.query_points_groups(FILMS, "genre", query=[1.0, 0.0], limit=2, group_size=2)
        assert [(g.id, ids(g.hits)) for g in found.groups] == [("horror", [1, 3]), ("epic", [4])]

    def test_a_group_looks_up_the_point_it_names(self, films: QdrantClient) -> None:
        films.delete_collection("suite-years")
        films.create_collection("suite-years", {})
        films.upsert("suite-years", [models.PointStruct(id=1979, vector={}, payload={"president": "Carter"})])
        found = films.query_points_groups(
            FILMS, "year", query=[1.0, 0.0], limit=2, with_lookup=models.WithLookup(collection="suite-years")
        )
        assert [(g.id, g.lookup and g.lookup.payload) for g in found.groups] == [
            (1979, {"president": "Carter"}),
            (1976, None),
        ]
        films.delete_collection("suite-years")

    def test_examples_may_come_from_another_collection(self, films: QdrantClient) -> None:
        films.delete_collection("suite-tastes")
        films.create_collection(
            "suite-tastes", {"liking": models.VectorParams(size=2, distance=models.Distance.DOT)}
        )
        films.upsert("suite-tastes", [models.PointStruct(id=1, vector={"liking": [0.0, 1.0]})])
        place = models.LookupLocation(collection="suite-tastes", vector="liking")
        assert hits(films.query_points(FILMS, 1, lookup_from=place, limit=1)) == [(2, 1.0)]
        films.delete_collection("suite-tastes")

    def test_a_distance_matrix_as_pairs_and_as_offsets(self, films: QdrantClient) -> None:
        pairs = films.search_matrix_pairs(FILMS, sample=4, limit=1, query_filter=genre("horror")).pairs
        assert sorted((p.a, p.b, p.score) for p in pairs) == [(1, 3, 0.75), (3, 1, 0.75)]
        offsets = films.search_matrix_offsets(FILMS, sample=4, limit=1, query_filter=genre("horror"))
        assert sorted(offsets.ids) == [1, 3]
        assert (list(offsets.offsets_row), list(offsets.offsets_col)) == ([0, 1], [1, 0])

    def test_a_missing_point_or_vector_name_is_refused(self, films: QdrantClient) -> None:
        with refused(404, "99"):
            films.query_points(FILMS, 99)
        with refused(400, "Not existing vector name error: plot"):
            films.query_points(FILMS, [1.0, 0.0], using="plot")
        with refused(400, "Vector dimension error: expected dim: 2, got 3"):
            films.query_points(FILMS, [1.0, 0.0, 0.0])
