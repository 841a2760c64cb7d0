"""Queries by vectors of every kind, by documents, and joined across them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api

NOT_INITIALIZED = (
    "InferenceService is not initialized. Please check if it was properly configured and initialized "
    "during startup."
)
TEXTS = ["a red car", "the blue sea", "red sunset at sea", "nothing"]


@pytest.fixture
def mixed(api: Api) -> Api:
    """Points 1 to 4, each with a dense, a multi-, a sparse vector and one of BM25."""
    vectors = {
        "dense": {"size": 2, "distance": "Dot"},
        "multi": {"size": 2, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}},
    }
    sparse: dict[str, Any] = {"sparse": {}, "text": {"modifier": "idf"}}
    api("create_collection", "mixed", {"vectors": vectors, "sparse_vectors": sparse})
    points = [
        {
            "id": i,
            "vector": {
                "dense": [i, 1],
                "multi": [[i, 0], [0, 5 - i]],
                "sparse": {"indices": [i, 9], "values": [1, i]},
                "text": {"text": text, "model": "qdrant/bm25"},
            },
        }
        for i, text in enumerate(TEXTS, 1)
    ]
    api("upsert_points", "mixed", {"points": points})
    return api


def ask(api: Api, query: Any, using: str = "", **body: Any) -> list[tuple[int, float]]:
    found = api("query_points", "mixed", {"query": query, "using": using, **body})
    return [(p.id, round(float(p.score), 3)) for p in found]


def test_each_kind_of_vector_is_asked_in_its_own_way(mixed: Api) -> None:
    assert ask(mixed, [1.0, 0.0], "dense", limit=2) == [(4, 4.0), (3, 3.0)]
    assert ask(mixed, {"indices": [9, 2], "values": [1, 3]}, "sparse", limit=2) == [(2, 5.0), (4, 4.0)]
    assert ask(mixed, [[1.0, 0.0], [0.0, 2.0]], "multi", limit=2) == [(1, 9.0), (2, 8.0)]
    assert ask(mixed, [0.0, 1.0], "multi", limit=1) == [(1, 4.0)]


def test_a_point_stands_for_its_vector_of_that_kind(mixed: Api) -> None:
    assert [point for point, _ in ask(mixed, 4, "dense")] == [3, 2, 1]
    assert [point for point, _ in ask(mixed, 4, "sparse")] == [3, 2, 1]
    assert {point for point, _ in ask(mixed, 4, "multi")} == {1, 2, 3}


def test_a_document_is_made_a_vector_of_bm25(mixed: Api) -> None:
    document = {"text": "red", "model": "qdrant/bm25"}
    assert [point for point, _ in ask(mixed, document, "text")] == [1, 3]
    assert ask(mixed, {"nearest": document}, "text") == ask(mixed, document, "text")
    best = {"positive": [{"text": "sea", "model": "Qdrant/Bm25"}], "strategy": "best_score"}
    assert {point for point, _ in ask(mixed, {"recommend": best}, "text", limit=2)} == {2, 3}


@pytest.mark.parametrize("thing", [
    {"text": "x", "model": "unknown/model"},
    {"image": "x.png", "model": "m"},
    {"object": {"a": 1}, "model": "m"},
])  # fmt: skip
def test_a_model_that_is_not_there_is_refused(mixed: Api, thing: dict[str, Any]) -> None:
    body = {"query": thing, "using": "dense"}
    assert mixed.fails("query_points", "mixed", body) == (400, NOT_INITIALIZED)


def test_searches_of_several_kinds_are_fused(mixed: Api) -> None:
    sources = [
        {"query": [1.0, 0.0], "using": "dense", "limit": 2},
        {"query": {"text": "red", "model": "qdrant/bm25"}, "using": "text", "limit": 2},
        {"query": [[0.0, 1.0]], "using": "multi", "limit": 2},
    ]
    found = ask(mixed, {"fusion": "rrf"}, prefetch=sources)
    assert found[0] == (1, 1.0)
    assert {point for point, _ in found} == {1, 2, 3, 4}
    assert ask(mixed, [1.0, 0.0], "dense", prefetch=sources[1]) == [(3, 3.0), (1, 1.0)]


def test_a_matrix_is_of_any_kind_of_vector(mixed: Api) -> None:
    def near(using: str) -> list[tuple[int, int, float]]:
        pairs = mixed("search_matrix_pairs", "mixed", {"using": using, "limit": 1})
        return [(a, b, round(float(score), 3)) for a, b, score in pairs]

    assert near("dense") == [(1, 4, 5.0), (2, 4, 9.0), (3, 4, 13.0), (4, 3, 13.0)]
    assert near("sparse") == [(1, 4, 4.0), (2, 4, 8.0), (3, 4, 12.0), (4, 3, 12.0)]
    assert near("multi") == [(1, 2, 14.0), (2, 1, 14.0), (3, 4, 14.0), (4, 3, 14.0)]
    assert [a for a, _, _ in near("text")] == [1, 2, 3]  # nobody shares the word of 4


def test_a_query_of_another_kind_than_the_vector_is_refused(mixed: Api) -> None:
    sparse = "Wrong input: Conversion between sparse and regular vectors failed"
    multi = "Wrong input: Conversion between multi and regular vectors failed"
    for query, using, text in (
        ([1.0, 0.0], "sparse", sparse),
        ({"indices": [1], "values": [1.0]}, "dense", sparse),
        ([[1.0, 0.0]], "dense", multi),
        ([[1.0, 0.0]], "sparse", multi),
    ):
        assert mixed.fails("query_points", "mixed", {"query": query, "using": using}) == (400, text)


def test_document_frequencies_are_counted_where_they_are_weighed(mixed: Api) -> None:
    query = {"indices": [9], "values": [1.0]}
    for asked in ({"corpus": {"must": []}}, "global"):
        body = {"query": query, "using": "sparse", "params": {"idf": asked}}
        status, text = mixed.fails("query_points", "mixed", body)
        assert (status, "requires a sparse vector with the `idf` modifier" in text) == (400, True)


def test_values_of_an_indexed_field_are_counted(api: Api) -> None:
    api("create_collection", "c", {"vectors": {}})
    colors = ["red", "red", "blue", ["green", "red"]]
    points = [{"id": i, "vector": {}, "payload": {"color": color}} for i, color in enumerate(colors)]
    api("upsert_points", "c", {"points": points})
    status, text = api.fails("facet", "c", {"key": "color"})
    assert (status, text.startswith("Wrong input: No appropriate index for faceting: `color`.")) == (
        400,
        True,
    )
    api("create_field_index", "c", {"field_name": "color", "field_schema": "keyword"})
    assert api("facet", "c", {"key": "color"}) == [("red", 3), ("blue", 1), ("green", 1)]
    few = {"must": [{"has_id": [0, 2]}]}
    assert api("facet", "c", {"key": "color", "filter": few, "exact": True, "limit": 1}) == [("blue", 1)]
    assert api.fails("facet", "c", {"key": "color", "limit": 0})[0] == 422
