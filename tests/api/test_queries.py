"""Every kind of query by the API, on five points in a plane; see ``plane.py``."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from tests.api.calls import Api
from tests.api.plane import ask, ids, make, refused

EAST, NORTH = [1.0, 0.0], [0.0, 1.0]
EXAMPLES = [{"positive": 2, "negative": 4}]
TWO = [{"query": EAST, "limit": 2}, {"query": NORTH, "limit": 2}]


@pytest.fixture
def plane(api: Api) -> Api:
    make(api)
    return api


# -- what is asked -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [EAST, {"nearest": EAST}, np.float32(EAST), [1, 0]])
def test_a_vector_finds_its_nearest_points(plane: Api, query: Any) -> None:
    assert ask(plane, query, limit=3) == [(1, 1.0), (2, 0.8), (5, 0.6)]


def test_a_point_is_never_its_own_neighbor(plane: Api) -> None:
    assert ask(plane, 1, limit=2) == [(2, 0.8), (5, 0.6)]
    assert ids(plane, {"nearest": 1}, prefetch={"query": EAST, "limit": 2}) == [2, 5]


def test_ids_may_be_uuids_in_every_spelling(plane: Api) -> None:
    one = uuid.UUID(int=7)
    plane("upsert_points", "plane", {"points": [{"id": str(one), "vector": [0.6, -0.8]}]})
    for spelling in (str(one), one.hex, one.urn, one):
        assert ids(plane, spelling, limit=1) == [1]


def test_no_query_lists_points_by_id(plane: Api) -> None:
    assert ask(plane, limit=2, offset=1) == [(2, 1.0), (3, 1.0)]


def test_mmr_prefers_points_unlike_each_other(plane: Api) -> None:
    mmr = {"diversity": 0.5, "candidates_limit": 5}
    assert ids(plane, {"nearest": [1.0, 0.2], "mmr": mmr}, limit=3) == [1, 3, 2]
    assert ids(plane, {"nearest": [1.0, 0.2], "mmr": {"diversity": 0}}, limit=3) == [1, 2, 5]


@pytest.mark.parametrize("strategy", ["average_vector", "best_score", "sum_scores", None])
def test_recommendations_leave_the_examples_out(plane: Api, strategy: str | None) -> None:
    query = {"recommend": {"positive": [1], "negative": [4], "strategy": strategy}}
    assert ids(plane, query) == [2, 5, 3]


def test_discovery_and_context_take_one_pair_or_several(plane: Api) -> None:
    for context in (EXAMPLES, EXAMPLES[0]):
        assert ask(plane, {"discover": {"target": 1, "context": context}}) == [(5, 1.6875), (3, 1.5)]
        assert ask(plane, {"context": context}) == [(1, 0.0), (3, 0.0), (5, 0.0)]
    assert ids(plane, {"discover": {"target": 1, "context": None}}, limit=1) == [2]


def test_without_pairs_no_point_is_on_the_wrong_side(plane: Api) -> None:
    assert ask(plane, {"context": []}, limit=2) == [(1, 0.0), (2, 0.0)]


def test_feedback_moves_the_answer_towards_what_was_relevant(plane: Api) -> None:
    items = [{"example": 3, "score": 1.0}, {"example": 2, "score": 0.0}]
    query = {"target": EAST, "feedback": items, "strategy": {"naive": {"a": 1, "b": 1, "c": 2}}}
    assert ask(plane, {"relevance_feedback": query}) == [(4, 0.6), (5, 0.28), (1, -0.6)]


def test_points_come_in_the_order_of_an_indexed_field(plane: Api) -> None:
    plane("create_field_index", "plane", {"field_name": "size", "field_schema": "float"})
    found = plane("query_points", "plane", {"query": {"order_by": "size"}})
    assert [(p.id, p.score, p.order_value) for p in found] == [
        (3, 1.0, -2.0), (4, 1.0, 0.0), (2, 1.0, 1.5), (1, 1.0, 3.0),
    ]  # fmt: skip
    order = {"key": "size", "direction": "desc", "start_from": 1.5}
    assert ids(plane, {"order_by": order}) == [2, 4, 3]
    assert ids(plane, {"order_by": order}, prefetch={"query": NORTH, "limit": 3}) == [2, 3]


def test_a_field_without_a_range_index_gives_no_order(plane: Api) -> None:
    status, text = refused(plane, {"order_by": "size"})
    assert status == 400
    assert text.startswith("Wrong input: No range index for `order_by` key: `size`. Please create one to use")


def test_a_sample_is_of_points_that_match(plane: Api) -> None:
    red = {"must": [{"key": "color", "match": {"value": "red"}}]}
    assert sorted(ids(plane, {"sample": "random"}, filter=red)) == [1, 2]
    assert len(ids(plane, {"sample": "random"}, limit=3)) == 3


# -- prefetches ----------------------------------------------------------------------------------------------


def test_a_query_on_prefetches_ranks_what_they_found(plane: Api) -> None:
    assert ask(plane, NORTH, prefetch={"query": EAST, "limit": 2}) == [(2, 0.6), (1, 0.0)]
    assert ids(plane, NORTH, prefetch=[{"query": EAST, "limit": 1}, {"query": [-1.0, 0.0], "limit": 1}]) in (
        [1, 4],
        [4, 1],
    )
    assert ask(plane, NORTH, prefetch={"query": EAST, "limit": 3}, limit=1, offset=1) == [(2, 0.6)]


def test_the_filter_of_a_query_holds_in_its_prefetches(plane: Api) -> None:
    blue = {"must": [{"key": "color", "match": {"value": "blue"}}]}
    assert ids(plane, {"fusion": "rrf"}, prefetch={"query": EAST, "limit": 2}, filter=blue) == [3, 4]
    nested = {"query": NORTH, "limit": 2, "prefetch": {"query": EAST, "limit": 2}}
    assert ids(plane, {"fusion": "rrf"}, prefetch=nested, filter=blue) == [3, 4]


def test_reciprocal_ranks_are_added(plane: Api) -> None:
    assert ask(plane, {"fusion": "rrf"}, prefetch=TWO) == [(1, 0.5), (3, 0.5), (2, 0.3333), (5, 0.3333)]
    rrf = {"k": 1, "weights": [3, 1]}
    assert ask(plane, {"rrf": rrf}, prefetch=TWO) == [(1, 3.0), (2, 1.5), (3, 1.0), (5, 0.5)]
    assert ask(plane, {"rrf": {}}, prefetch=TWO, score_threshold=0.5) == [(1, 0.5), (3, 0.5)]


def test_normalized_scores_are_added(plane: Api) -> None:
    assert ask(plane, {"fusion": "dbsf"}, prefetch=TWO) == [
        (1, 0.6179),
        (3, 0.6179),
        (2, 0.3821),
        (5, 0.3821),
    ]


def test_prefetches_are_nested_64_deep_and_no_deeper(plane: Api) -> None:
    def nested(depth: int) -> dict[str, Any]:
        below = {"prefetch": nested(depth - 1)} if depth > 1 else {}
        return {"query": NORTH, **below}

    assert ids(plane, EAST, prefetch=nested(64), limit=1) == [1]
    text = "Wrong input: Validation failed: prefetches depth 65 exceeds max depth 64"
    assert refused(plane, EAST, prefetch=nested(65)) == (400, text)
    assert refused(plane, EAST, prefetch=nested(200))[0] == 400


def test_a_formula_scores_what_the_prefetches_found(plane: Api) -> None:
    near = {"query": EAST, "limit": 2}
    red = {"key": "color", "match": {"value": "red"}}
    formula = {"sum": ["$score", {"mult": [0.5, red]}, {"neg": "size"}]}
    assert ask(plane, {"formula": formula}, prefetch=near) == [(2, -0.2), (1, -1.5)]
    late = {"formula": "$score[1]", "defaults": {"$score[1]": 7}}
    assert ask(plane, late, prefetch=[near, {"query": NORTH, "limit": 1}]) == [(1, 7.0), (2, 7.0), (3, 1.0)]


def test_a_formula_without_a_value_says_which(plane: Api) -> None:
    near = {"query": EAST, "limit": 5}
    assert refused(plane, {"formula": "size"}, prefetch=near) == (
        400,
        "Wrong input: Expected number value for size in the payload and/or in the formula defaults. "
        "Error: No value found in a payload nor defaults",
    )
    assert refused(plane, {"formula": {"sqrt": -1}}, prefetch=near) == (
        400,
        "Wrong input: The expression √-1 = NaN produced a non-finite number",
    )


@pytest.mark.parametrize(("query", "name"), [({"fusion": "rrf"}, "Fusion"), ({"formula": 1}, "Formula")])
def test_what_joins_prefetches_needs_some(plane: Api, query: Any, name: str) -> None:
    text = f"Wrong input: Validation failed: cannot apply {name} without prefetches"
    assert refused(plane, query) == (400, text)
    text = "Wrong input: Validation failed: cannot have prefetches without a query"
    assert refused(plane, None, prefetch=TWO) == (400, text)


# -- which hits, and what of them ----------------------------------------------------------------------------


def test_a_score_must_be_better_than_the_threshold(plane: Api) -> None:
    assert ids(plane, EAST, score_threshold=0.8) == [1]
    assert ids(plane, EAST, score_threshold=0.7) == [1, 2]


def test_payloads_and_vectors_come_when_they_are_asked_for(plane: Api) -> None:
    body = {"query": EAST, "limit": 1}
    (bare,) = plane("query_points", "plane", body)
    assert (bare.payload, bare.vectors) == (None, None)
    (full,) = plane("query_points", "plane", {**body, "with_payload": True, "with_vectors": True})
    assert full.payload == {"color": "red", "size": 3, "tags": ["a", "b"]}
    assert full.vectors[""].tolist() == [1, 0]
    (part,) = plane("query_points", "plane", {**body, "with_payload": {"exclude": ["tags"]}})
    assert part.payload == {"color": "red", "size": 3}


def test_search_params_are_taken(plane: Api) -> None:
    params = {
        "hnsw_ef": 64, "exact": True, "indexed_only": False,
        "quantization": {"ignore": True, "rescore": True, "oversampling": 2.0},
        "acorn": {"enable": True, "max_selectivity": 0.4},
    }  # fmt: skip
    assert ids(plane, EAST, params=params, limit=2) == [1, 2]


def test_ids_are_looked_up_in_another_collection(plane: Api) -> None:
    make(plane, "other", [{"id": 1, "vector": [0, 1]}])
    assert ids(plane, 1, lookup_from={"collection": "other"}, limit=2) == [3, 5]
    missing = refused(plane, 1, lookup_from={"collection": "none"})
    assert missing == (404, "Not found: Collection `none` doesn't exist!")


# -- batches, groups, matrices -------------------------------------------------------------------------------


def test_a_batch_answers_in_its_order(plane: Api) -> None:
    searches = [{"query": EAST, "limit": 1}, {"query": NORTH, "limit": 1}]
    found = plane("query_batch_points", "plane", {"searches": searches})
    assert [[p.id for p in own] for own in found] == [[1], [3]]
    searches.append({"query": EAST, "limit": 0})
    status, text = plane.fails("query_batch_points", "plane", {"searches": searches})
    assert (status, "searches[2].limit: value 0 invalid, must be 1 or larger" in text) == (422, True)


def groups(api: Api, **body: Any) -> list[tuple[Any, list[int]]]:
    found = api("query_points_groups", "plane", {"group_by": "color", **body})
    return [(own.id, [p.id for p in own.hits]) for own in found]


def test_groups_hold_the_best_points_of_each_value(plane: Api) -> None:
    assert groups(plane, query=EAST) == [("red", [1, 2]), ("blue", [3, 4])]
    assert groups(plane, query=EAST, group_size=1, limit=1) == [("red", [1])]
    assert groups(plane, query={"fusion": "rrf"}, prefetch=TWO) == [("red", [1, 2]), ("blue", [3, 4])]
    assert groups(plane, query=1) == [("red", [2]), ("blue", [3, 4])]


def test_groups_look_up_the_points_that_they_name(plane: Api) -> None:
    points = [{"id": i, "vector": [i % 2, 1], "payload": {"author": 6 + i % 2}} for i in range(4)]
    make(plane, "books", points)
    make(plane, "authors", [{"id": 6, "vector": [1, 0], "payload": {"name": "Ada"}}])
    body = {
        "query": [0.0, 1.0],
        "group_by": "author",
        "with_lookup": {"collection": "authors", "with_vectors": True},
    }
    six, seven = plane("query_points_groups", "books", body)
    assert (six.id, six.lookup.payload, six.lookup.vectors[""].tolist()) == (6, {"name": "Ada"}, [1, 0])
    assert (seven.id, seven.lookup) == (7, None)
    six, _ = plane("query_points_groups", "books", {**body, "with_lookup": "authors"})
    assert (six.lookup.payload, six.lookup.vectors) == ({"name": "Ada"}, None)


def test_a_matrix_has_the_nearest_of_each_sampled_point(plane: Api) -> None:
    red = {"must": [{"key": "color", "match": {"value": "red"}}]}
    assert plane("search_matrix_pairs", "plane", {"filter": red}) == [
        (1, 2, np.float32(0.8)),
        (2, 1, np.float32(0.8)),
    ]
    assert plane("search_matrix_offsets", "plane", {"filter": red, "sample": 2, "limit": 1}) == {
        "offsets_row": [0, 1],
        "offsets_col": [1, 0],
        "scores": [np.float32(0.8)] * 2,
        "ids": [1, 2],
    }
    assert len(plane("search_matrix_pairs", "plane", {"sample": 4, "limit": 2})) == 8


# -- what is refused -----------------------------------------------------------------------------------------

OUT_OF_RANGE = [
    ({"limit": 0}, "limit: value 0 invalid, must be 1 or larger"),
    ({"prefetch": [{"limit": 0}]}, "prefetch[0].limit: value 0 invalid, must be 1 or larger"),
    ({"params": {"hnsw_ef": 0}}, "params.hnsw_ef: value 0 invalid, must be 1 or larger"),
    ({"params": {"quantization": {"oversampling": 0.5}}}, "params.quantization.oversampling: value 0.5"),
    ({"params": {"acorn": {"max_selectivity": 2}}}, "params.acorn.max_selectivity: value 2 invalid"),
    ({"query": {"nearest": EAST, "mmr": {"diversity": 2}}}, "query.mmr.diversity: value 2 invalid"),
    ({"query": {"rrf": {"k": 0}}}, "query.rrf.k: value 0 invalid, must be 1 or larger"),
    ({"query": {"text": "east", "model": ""}}, 'query.model: value "" invalid, must be at least 1 char'),
    ({"query": [EAST, [1.0]]}, "query.data: all vectors must have the same dimension"),
    (
        {
            "query": {
                "relevance_feedback": {
                    "target": 1,
                    "feedback": [],
                    "strategy": {"naive": {"a": 1, "b": 1, "c": 1}},
                }
            }
        },
        "query.relevance_feedback: feedback elements must be non-empty",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_named(plane: Api, body: dict[str, Any], text: str) -> None:
    failed = plane.fails("query_points", "plane", body)
    assert failed[0] == 422
    assert text in failed[1]


MALFORMED = [
    {"query": {"nearst": EAST}},
    {"query": {"fusion": "sum"}},
    {"query": {"sample": "first"}},
    {"query": {"discover": {"target": 1}}},
    {"query": {"recommend": {"positive": 1}}},
    {"query": {"recommend": {"positive": [1], "strategy": "best"}}},
    {"query": {"relevance_feedback": {"target": 1, "feedback": []}}},
    {"query": {"context": None}},
    {"query": {"formula": []}, "prefetch": TWO},
    {"query": {"rrf": {"weights": ["x"]}}, "prefetch": TWO},
    {"query": [[1.0], "x"]},
    {"query": "not an id"},
    {"query": 1.5},
    {"query": True},
    {"prefetch": 3},
    {"limit": -1},
    {"limit": "ten"},
    {"offset": -1},
    {"score_threshold": "high"},
    {"using": 3},
    {"params": []},
    {"with_payload": 3},
    {"lookup_from": {}},
]


@pytest.mark.parametrize("body", MALFORMED, ids=str)
def test_a_query_of_the_wrong_shape_is_refused(plane: Api, body: dict[str, Any]) -> None:
    assert plane.fails("query_points", "plane", body)[0] == 400


def test_examples_that_do_not_fit_are_refused(plane: Api) -> None:
    assert refused(plane, [1.0]) == (400, "Wrong input: Vector dimension error: expected dim: 2, got 1")
    assert refused(plane, EAST, using="x") == (400, "Wrong input: Not existing vector name error: x")
    assert refused(plane, 99) == (404, "Not found: No point with id 99 found")
    assert refused(plane, {"recommend": {"positive": [], "strategy": "best_score"}}) == (
        422,
        "Validation error in JSON body: "
        "[query.recommend: At least one positive or negative vector/id must be provided]",
    )


def test_a_query_to_no_collection_is_refused(api: Api) -> None:
    failed = api.fails("query_points", "none", {"query": EAST})
    assert failed == (404, "Not found: Collection `none` doesn't exist!")


def test_matrices_and_groups_check_their_limits(plane: Api) -> None:
    failed = plane.fails("search_matrix_pairs", "plane", {"sample": 1})
    assert failed == (422, "Validation error in JSON body: [sample: value 1 invalid, must be 2 or larger]")
    assert plane.fails("search_matrix_offsets", "plane", {"limit": 0})[0] == 422
    assert plane.fails("query_points_groups", "plane", {"group_by": "color", "group_size": 0})[0] == 422
    assert plane.fails("query_points_groups", "plane", {"query": EAST})[0] == 400


def test_a_query_that_takes_too_long_is_given_up(plane: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.api.queries.deadline", lambda call: 0.0)
    body = {"query": NORTH, "prefetch": TWO}
    assert plane.fails("query_points", "plane", body, timeout=1)[0] == 408
    assert plane.fails("query_points", "plane", body, timeout=0)[0] == 422
