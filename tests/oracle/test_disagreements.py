"""Each listed disagreement with Qdrant's core, shown as it is: theirs on one side, ours on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import qdrant_edge as edge

from tests.oracle.edge_store import Refused, plain_id
from tests.oracle.stores import Both, stores
from workbench.errors import WorkbenchError
from workbench.surfaces.rest.routes import Router
from workbench.testing import disagreements as known
from workbench.testing.disagreements import DISAGREEMENTS, Disagreement

CONFIG: dict[str, Any] = {
    "vectors": {"v": {"size": 2, "distance": "Dot"}},
    "sparse_vectors": {"s": {}, "idf": {"modifier": "idf"}},
}
Test = TypeVar("Test", bound=Callable[..., None])
SHOWN: set[str] = set()


def shows(entry: Disagreement) -> Callable[[Test], Test]:
    """Mark a test as the one that shows a disagreement."""
    SHOWN.add(entry.name)
    return lambda test: test


@pytest.fixture
def both() -> Iterator[Both]:
    with stores(CONFIG) as made:
        yield made


def put(both: Both, *payloads: Any, **vectors: Any) -> None:
    """Write a point with each payload, from id 0, and the same vectors."""
    points = [{"id": n, "vector": vectors, "payload": p} for n, p in enumerate(payloads)]
    write(both, "upsert_points", {"points": points})


def write(both: Both, operation: str, body: dict[str, Any]) -> None:
    both.api(operation, "c", body, path={"field_name": body.get("field_name")})
    both.theirs(operation, body)


def ask(both: Both, operation: str, body: dict[str, Any]) -> tuple[Any, Any]:
    """Return (their answer, ours); ids alone of points, and the text of an error."""
    found = []
    for run in (both.theirs, lambda name, own: both.api(name, "c", own)):
        try:
            answer = run(operation, body)
        except (Refused, WorkbenchError) as error:
            answer = str(error)
        if isinstance(answer, tuple) and isinstance(answer[0], list):
            answer = answer[0]
        points = isinstance(answer, list) and all(hasattr(p, "id") for p in answer)
        found.append([plain_id(p.id) for p in answer] if points else answer)
    return found[0], found[1]


def index(both: Both, key: str, schema: Any) -> None:
    write(both, "create_field_index", {"field_name": key, "field_schema": schema})


def must(**condition: Any) -> dict[str, Any]:
    return {"filter": {"must": [condition]}}


@shows(known.EQUAL_SCORES)
def test_equal_scores_come_in_the_order_of_writing(both: Both) -> None:
    points = [{"id": i, "vector": {"v": [1.0, 0.0]}} for i in (5, 3, 9)]
    write(both, "upsert_points", {"points": points})
    asked = [{"query": [1.0, 0.0], "using": "v", "limit": limit} for limit in (3, 2)]
    (all_of_theirs, ours), (two_of_theirs, two) = (ask(both, "query_points", body) for body in asked)
    assert (ours, two) == ([5, 3, 9], [5, 3])
    assert all_of_theirs[:2] != two_of_theirs


@shows(known.SHORT_NUMBERS)
def test_a_float_of_many_digits_comes_back_whole(both: Both) -> None:
    put(both, {"x": -100.88129616159547})
    theirs, ours = both.theirs("get_points", {"ids": [0]}), both.api("get_points", "c", {"ids": [0]})
    assert (theirs[0].payload, ours[0].payload) == ({"x": -100.88129616159549}, {"x": -100.88129616159547})


@shows(known.BEYOND_64_BITS)
def test_an_integer_index_leaves_out_what_is_no_signed_integer(both: Both) -> None:
    index(both, "n", "integer")
    put(both, {"n": 2**63}, {"n": 1})
    assert ask(both, "facet", {"key": "n"}) == ([(1, 1), (2**63 - 1, 1)], [(1, 1)])


@shows(known.PARTIAL_WRITES)
def test_a_write_to_a_missing_point_changes_nothing(both: Both) -> None:
    put(both, {"a": 1})
    with pytest.raises(Exception, match="No point with id 9"):
        both.theirs.shard.update(edge.UpdateOperation.set_payload([0, 9], {"a": 2}))
    assert both.api.fails("set_payload", "c", {"points": [0, 9], "payload": {"a": 2}})[0] == 404
    theirs, ours = both.theirs("get_points", {"ids": [0]}), both.api("get_points", "c", {"ids": [0]})
    assert (theirs[0].payload, ours[0].payload) == ({"a": 2}, {"a": 1})


@shows(known.NULL_AFTER_CLEAR)
def test_a_key_set_to_null_is_removed_also_after_a_clear(both: Both) -> None:
    put(both, {}, {})
    write(both, "clear_payload", {"points": [1]})
    write(both, "set_payload", {"points": [0, 1], "payload": {"a": None}})
    theirs, ours = both.theirs("get_points", {"ids": [0, 1]}), both.api("get_points", "c", {"ids": [0, 1]})
    assert [r.payload for r in theirs] == [{}, {"a": None}]
    assert [r.payload for r in ours] == [{}, {}]


@shows(known.MISSING_EXAMPLES)
def test_a_recommendation_needs_an_example(both: Both) -> None:
    put(both, {}, v=[1.0, 0.0])
    body = {"query": {"recommend": {"strategy": "sum_scores"}}, "using": "v"}
    theirs, ours = ask(both, "query_points", body)
    assert (theirs, "At least one positive or negative" in ours) == ([0], True)


@shows(known.DOCUMENT_FREQUENCIES)
def test_deleted_points_do_not_count_as_documents(both: Both) -> None:
    put(both, *({} for _ in range(4)), idf={"indices": [1], "values": [1.0]})
    write(both, "delete_points", {"points": [1, 2]})
    body = {"query": {"indices": [1], "values": [1.0]}, "using": "idf", "limit": 1}
    (theirs,), (ours,) = both.theirs("query_points", body), both.api("query_points", "c", body)
    assert (round(theirs.score, 4), round(float(ours.score), 4)) == (0.1054, 0.1823)


@shows(known.EMPTY_DOCUMENTS)
def test_an_empty_vector_is_no_document_of_a_corpus_either(both: Both) -> None:
    rows = [{"indices": [1], "values": [1.0]}, {"indices": [], "values": []}]
    points = [{"id": i, "vector": {"idf": row}} for i, row in enumerate(rows)]
    write(both, "upsert_points", {"points": points})
    scores = []
    for idf in ("global", {"corpus": {}}):
        body = {"query": {"indices": [1], "values": [1.0]}, "using": "idf", "params": {"idf": idf}}
        (theirs,), (ours,) = both.theirs("query_points", body), both.api("query_points", "c", body)
        scores.append((round(theirs.score, 4), round(float(ours.score), 4)))
    assert scores == [(0.2877, 0.2877), (0.6931, 0.2877)]


@shows(known.SPARSE_AGAIN)
def test_a_sparse_vector_set_again_forgets_its_old_dimensions(both: Both) -> None:
    put(both, {}, s={"indices": [7], "values": [1.0]})
    write(both, "delete_vectors", {"points": [0], "vector": ["s"]})
    put(both, {}, s={"indices": [1], "values": [1.0]})
    body = {"query": {"indices": [7], "values": [1.0]}, "using": "s"}
    assert ask(both, "query_points", body) == ([0], [])


@shows(known.SAME_NAME)
def test_a_name_is_of_one_kind_of_vector(both: Both) -> None:
    both.theirs.shard.update(edge.UpdateOperation.create_sparse_vector("v"))
    status, text = both.api.fails("create_vector_name", "c", {"sparse": {}}, path={"vector_name": "v"})
    assert (status, "already exists with different parameters" in text) == (400, True)


@shows(known.OTHER_KIND)
def test_a_vector_of_another_kind_is_named_in_our_words(both: Both) -> None:
    body = {"points": [{"id": 3, "vector": {"v": {"indices": [1], "values": [1.0]}}}]}
    theirs, ours = ask(both, "upsert_points", body)
    assert theirs == "Wrong usage of sparse vectors"
    assert ours.startswith("Conversion between sparse and regular vectors failed (vector 'v' of point 3)")


@shows(known.TINY_VECTORS)
def test_a_tiny_vector_has_a_direction() -> None:
    with stores({"vectors": {"v": {"size": 2, "distance": "Cosine"}}}) as both:
        put(both, {}, v=[3e-4, 0.0])
        body = {"query": [2.0, 0.0], "using": "v"}
        (theirs,), (ours,) = both.theirs("query_points", body), both.api("query_points", "c", body)
        assert (theirs.score, float(ours.score)) == (pytest.approx(3e-4), 1.0)


@shows(known.MMR_OF_BYTES)
def test_mmr_begins_with_the_nearest_neighbor_also_over_bytes() -> None:
    config = {"vectors": {"v": {"size": 2, "distance": "Cosine", "datatype": "uint8"}}}
    with stores(config) as both:
        rows = enumerate(([10.0, 10.0], [250.0, 100.0], [1.0, 200.0]))
        write(both, "upsert_points", {"points": [{"id": i, "vector": {"v": row}} for i, row in rows]})
        body = {"query": {"nearest": [10.0, 10.0], "mmr": {"diversity": 0.0}}, "using": "v", "limit": 3}
        assert ask(both, "query_points", body) == ([1, 2, 0], [0, 1, 2])
        assert ask(both, "query_points", {"query": [10.0, 10.0], "using": "v"}) == ([0, 1, 2], [0, 1, 2])


@shows(known.MMR_OF_SPARSE)
def test_mmr_is_answered_over_sparse_vectors(both: Both) -> None:
    put(both, {}, s={"indices": [1], "values": [1.0]})
    body = {"query": {"nearest": {"indices": [1], "values": [1.0]}, "mmr": {}}, "using": "s", "limit": 1}
    theirs, ours = ask(both, "query_points", body)
    assert ("vector data config for vector s not found" in theirs, ours) == (True, [0])


@shows(known.TWO_SHOULDS)
def test_the_filters_of_a_query_and_its_prefetch_must_both_hold(both: Both) -> None:
    put(both, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}, v=[1.0, 0.0])
    a, b = ({"should": [{"key": key, "match": {"value": 1}}]} for key in "ab")
    body = {
        "query": {"fusion": "rrf"},
        "filter": a,
        "prefetch": [{"query": [1.0, 0.0], "using": "v", "filter": b}],
    }
    theirs, ours = ask(both, "query_points", body)
    assert (sorted(theirs), ours) == ([0, 1, 2], [2])


@shows(known.MIN_SHOULD_OF_NOTHING)
def test_min_should_over_no_conditions_accepts_nothing(both: Both) -> None:
    put(both, {}, {})
    flt = {"must": [{"has_id": [1]}], "min_should": {"conditions": [], "min_count": 1}}
    assert ask(both, "scroll_points", {"filter": flt}) == ([1], [])
    assert ask(both, "scroll_points", {"filter": {"min_should": flt["min_should"]}}) == ([], [])


@shows(known.PARTS_BESIDE_AN_INDEX)
def test_the_parts_of_a_condition_mean_the_same_beside_an_index(both: Both) -> None:
    put(both, {})
    body = must(key="a", values_count={"lt": 1, "gte": 1}, is_empty=True)
    before = ask(both, "scroll_points", body)
    index(both, "a", "datetime")
    assert (before, ask(both, "scroll_points", body)) == (([], []), ([0], []))


@shows(known.TWO_BOUNDS)
def test_both_bounds_on_one_side_hold_with_an_index(both: Both) -> None:
    put(both, {"n": 3}, {"n": 7})
    question = must(key="n", range={"gt": 2, "gte": 5})
    assert ask(both, "scroll_points", question) == ([1], [1])
    index(both, "n", "integer")
    assert ask(both, "scroll_points", question) == ([0, 1], [1])


@shows(known.OTHER_RANGES)
def test_a_number_is_no_date(both: Both) -> None:
    put(both, {"n": 1_600_000_000_000_000})
    index(both, "n", "integer")
    assert ask(both, "scroll_points", must(key="n", range={"gte": "2019-01-01"})) == ([0], [])


@shows(known.WIDE_BOXES)
def test_a_box_round_most_of_the_earth_has_all_points_in_it(both: Both) -> None:
    put(both, {"at": {"lon": -20.0, "lat": 10.0}})
    corners = {"top_left": {"lon": 20.0, "lat": 20.0}, "bottom_right": {"lon": 10.0, "lat": -10.0}}
    question = must(key="at", geo_bounding_box=corners)
    assert ask(both, "scroll_points", question) == ([0], [0])
    index(both, "at", "geo")
    assert ask(both, "scroll_points", question) == ([], [0])


@shows(known.UUIDS_AMONG_NUMBERS)
def test_a_uuid_is_found_as_a_string_under_an_index_of_numbers(both: Both) -> None:
    text = "936da01f-9abd-4d9d-80c7-02af85c822a8"
    put(both, {"n": text})
    index(both, "n", "integer")
    assert ask(both, "scroll_points", must(key="n", match={"value": text})) == ([], [0])


@shows(known.FACETS_WITHOUT_POINTS)
def test_facets_list_the_values_that_points_have(both: Both) -> None:
    index(both, "word", "keyword")
    put(both, {"word": "cat"}, {"word": "dog"})
    write(both, "delete_points", {"points": [1]})
    assert ask(both, "facet", {"key": "word"}) == ([("cat", 1), ("dog", 0)], [("cat", 1)])


@shows(known.WORDS_WITHOUT_SPACES)
def test_each_character_is_a_word_where_words_have_no_spaces(both: Both) -> None:
    index(both, "t", {"type": "text", "tokenizer": "multilingual"})
    put(both, {"t": "東京都に住む 犬"})
    assert ask(both, "scroll_points", must(key="t", match={"text": "犬"})) == ([0], [0])
    assert ask(both, "scroll_points", must(key="t", match={"text": "東京"})) == ([], [0])


@shows(known.TEXT_QUERIES)
def test_a_query_of_text_over_an_index_is_refused(both: Both) -> None:
    both.theirs.shard.update(edge.UpdateOperation.create_field_index("t", edge.TextIndexParams(scoring=True)))
    both.theirs("upsert_points", {"points": [{"id": 0, "vector": {}, "payload": {"t": "cat"}}]})
    request = edge.QueryRequest(limit=1, query=edge.TextQuery("t", "cat"))
    assert [hit.id for hit in both.theirs.shard.query(request)] == [0]
    assert both.api.fails("query_points", "c", {"query": {"text": {"query": "cat"}}, "using": "t"})[0] == 400


@shows(known.PLAIN_VERSIONS)
def test_points_have_their_versions_without_a_query(both: Both) -> None:
    put(both, {}, v=[1.0, 0.0])
    write(both, "set_payload", {"points": [0], "payload": {"a": 1}})
    for query, expected in ({"query": [1.0, 0.0], "using": "v"}, 1), ({}, 0):
        (theirs,), (ours,) = both.theirs("query_points", query), both.api("query_points", "c", query)
        assert (theirs.version, ours.version) == (expected, 1)


@shows(known.QUANTIZATION)
def test_quantization_is_echoed_and_scores_stay_exact(both: Both) -> None:
    binary = {"binary": {"always_ram": True}}
    both.api("update_collection", "c", {"quantization_config": binary})
    assert both.api("get_collection", "c")["config"]["quantization_config"] == binary
    put(both, {}, v=[0.5, 0.25])
    (hit,) = both.api("query_points", "c", {"query": [1.0, 1.0], "using": "v"})
    assert float(hit.score) == 0.75


@shows(known.MULTIVECTOR_CODES)
def test_quantized_multivectors_are_searched_by_their_vectors_until_they_are_sealed() -> None:
    multi = {"size": 2, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}}
    config = {"vectors": {"v": multi}, "quantization_config": {"binary": {"always_ram": True}}}
    with stores(config) as both:
        put(both, {}, v=[[0.5, 0.25], [0.25, 0.75]])
        body = {"query": [[1.0, 1.0]], "using": "v", "params": {"quantization": {"rescore": False}}}
        (hit,) = both.api("query_points", "c", body)
        assert float(hit.score) == 1.0


@shows(known.PLACEMENT)
def test_where_graphs_are_held_is_kept_and_changes_no_answer(both: Both) -> None:
    put(both, {}, v=[0.5, 0.25])
    asked = {"query": [1.0, 1.0], "using": "v"}
    before = both.api("query_points", "c", asked)
    both.api("update_collection", "c", {"hnsw_config": {"on_disk": True}})
    assert both.api("get_collection", "c")["config"]["hnsw_config"]["on_disk"] is True
    assert both.api("query_points", "c", asked) == before


@shows(known.SHARDS)
def test_a_collection_is_one_shard_whatever_number_it_asks_for(both: Both) -> None:
    both.api("create_collection", "many", {"vectors": {"size": 2, "distance": "Dot"}, "shard_number": 3})
    assert both.api("get_collection", "many")["config"]["params"]["shard_number"] == 3
    assert both.api("collection_cluster_info", "many")["shard_count"] == 1


@shows(known.SNAPSHOTS)
def test_a_snapshot_is_no_snapshot_of_qdrant(both: Both, tmp_path: Path) -> None:
    name = both.api("create_snapshot", "c")["name"]
    found = both.api("get_snapshot", "c", path={"snapshot_name": name})
    with pytest.raises(Exception, match=r"snapshot|archive|metadata|config|No such file|tar"):
        edge.EdgeShard.unpack_snapshot(str(found), str(tmp_path / "theirs"))


@shows(known.METHODS)
def test_a_path_with_another_method_is_told_from_one_that_does_not_exist() -> None:
    assert Router().match("PATCH", b"/collections").allowed == ("GET",)
    assert Router().match("PATCH", b"/collection").allowed == ()


def test_every_listed_disagreement_is_shown_once() -> None:
    names = [entry.name for entry in DISAGREEMENTS]
    assert sorted(names) == sorted(SHOWN)
