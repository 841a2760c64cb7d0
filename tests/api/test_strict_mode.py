"""Strict mode: each of its limits, refused in Qdrant's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.schema import check
from workbench.api import rate_limits, strict_filters
from workbench.collection.settings import change_config
from workbench.errors import RateLimited
from workbench.models.filters import Filter
from workbench.models.payload_schema import FieldIndex, SchemaType

VECTORS = {
    "vectors": {
        "": {"size": 2, "distance": "Dot"},
        "multi": {"size": 2, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}},
    },
    "sparse_vectors": {"text": {}},
}
CITY = {"must": [{"key": "city", "match": {"value": "Oslo"}}]}


def limited(api: Api, **limits: Any) -> Api:
    """Fill a collection ``c`` with four points, and set the limits."""
    api("create_collection", "c", VECTORS)
    api("upsert_points", "c", points(4), wait=True)
    body = check({"strict_mode_config": {"enabled": True, **limits}}, "UpdateCollection")
    api("update_collection", "c", body)
    return api


def points(count: int, first: int = 0) -> dict[str, Any]:
    cities = ("Oslo", "Rome")
    return {
        "points": [
            {"id": i, "vector": {"": [i, 1.0]}, "payload": {"city": cities[i % 2], "n": i}}
            for i in range(first, first + count)
        ]
    }


def refused(text: str) -> tuple[int, str]:
    return 400, f"Bad request: {text}"


def test_limits_that_are_not_enabled_refuse_nothing(api: Api) -> None:
    limited(api, enabled=False, max_query_limit=1, max_points_count=1)
    assert len(api("scroll_points", "c", {"limit": 3})[0]) == 3
    api("upsert_points", "c", points(2, 9), wait=True)


def test_the_limit_of_a_query(api: Api) -> None:
    limited(api, max_query_limit=3)
    text = 'Limit exceeded 4 > 3 for "limit". Help: Reduce the "limit" parameter to or below 3.'
    assert api.fails("scroll_points", "c", {"limit": 4}) == refused(text)
    assert api.fails("query_points", "c", {"query": [1.0, 0.0], "limit": 4}) == refused(text)
    prefetch = {"query": {"fusion": "rrf"}, "limit": 1, "prefetch": [{"query": [1.0, 0.0], "limit": 4}]}
    assert api.fails("query_points", "c", prefetch) == refused(text)
    assert len(api("scroll_points", "c", {"limit": 3})[0]) == 3


def test_the_timeout(api: Api) -> None:
    limited(api, max_timeout=5)
    assert api.fails("count_points", "c", {}, timeout=6) == refused(
        'Limit exceeded 6 > 5 for "timeout". Help: Reduce the "timeout" parameter to or below 5.'
    )
    assert api("count_points", "c", {}, timeout=5) == 4


def test_filters_need_an_index(api: Api) -> None:
    limited(api, unindexed_filtering_retrieve=False, unindexed_filtering_update=False)
    text = (
        'Index required but not found for "city" of one of the following types: [keyword]. '
        "Help: Create an index for this key or use a different filter."
    )
    for name, body in (
        ("count_points", {"filter": CITY}),
        ("query_points", {"filter": CITY}),
        ("delete_points", {"filter": CITY}),
        ("set_payload", {"filter": CITY, "payload": {"a": 1}}),
    ):
        assert api.fails(name, "c", body) == refused(text)
    collection = api.service.engine.collection("c")
    change_config(collection, lambda c: replace(c, payload_indexes={"city": FieldIndex(SchemaType.KEYWORD)}))
    assert api("count_points", "c", {"filter": CITY}) == 2
    api("delete_points", "c", {"filter": CITY}, wait=True)


@pytest.mark.parametrize(
    ("flt", "index", "missing"),
    [
        ({"must": [{"key": "n", "match": {"value": 1}}]}, {}, ("n", ["integer"])),
        ({"must": [{"key": "n", "match": {"value": True}}]}, {}, ("n", ["bool"])),
        ({"must": [{"key": "n", "range": {"gt": 1}}]}, {}, ("n", ["float", "integer"])),
        ({"must": [{"key": "n", "range": {"gt": 1}}]}, {"n": FieldIndex(SchemaType.INTEGER)}, None),
        (
            {"must": [{"key": "n", "range": {"gt": 1}}]},
            {"n": FieldIndex(SchemaType.INTEGER, {"range": False})},
            ("n", ["float", "integer"]),
        ),
        ({"must": [{"key": "n", "match": {"text": "a"}}]}, {}, ("n", ["text"])),
        ({"must": [{"key": "n", "match": {"any": []}}]}, {}, None),
        (
            {"should": [{"key": "n", "match": {"any": ["f25fcd04-5a5c-4d2e-8f40-1d3d2cf2b1a7"]}}]},
            {},
            ("n", ["keyword", "uuid"]),
        ),
        (
            {"must": [{"nested": {"key": "a", "filter": {"must": [{"key": "b", "match": {"value": "x"}}]}}}]},
            {},
            ("a[].b", ["keyword"]),
        ),
        (
            {"must": [{"is_empty": {"key": "n"}}]},
            {},
            ("n", ["bool", "datetime", "float", "geo", "integer", "keyword", "text", "uuid"]),
        ),
        ({"must": [{"is_empty": {"key": "n"}}]}, {"n": FieldIndex(SchemaType.GEO)}, None),
        ({"must": [{"has_id": [1]}]}, {}, None),
        (
            {"must": [{"key": "n", "match": {"phrase": "a b"}}]},
            {"n": FieldIndex(SchemaType.TEXT)},
            ("n", ["text"]),
        ),
        (
            {"must": [{"key": "n", "match": {"prefix": "a"}}]},
            {"n": FieldIndex(SchemaType.KEYWORD, {"prefix": True})},
            None,
        ),
        (
            {"must": [{"key": "n", "geo_radius": {"center": {"lon": 0, "lat": 0}, "radius": 1}}]},
            {"n": FieldIndex(SchemaType.KEYWORD)},
            ("n", ["geo"]),
        ),
    ],
)  # fmt: skip
def test_each_condition_needs_its_index(
    flt: dict[str, Any], index: dict[str, FieldIndex], missing: tuple[str, list[str]] | None
) -> None:
    assert strict_filters.unindexed(Filter.from_json(flt), index) == missing


def test_the_size_of_a_filter(api: Api) -> None:
    limited(api, filter_max_conditions=1, condition_max_size=2)
    two = {"must": [*CITY["must"], {"should": [{"has_id": [1]}]}]}
    assert api.fails("count_points", "c", {"filter": two}) == refused(
        "Filter condition limit reached (2 > 1). Help: Reduce the amount of conditions of your filter."
    )
    long = {"must": [{"key": "city", "match": {"any": ["a", "b", "c"]}}]}
    assert api.fails("delete_points", "c", {"filter": long}) == refused(
        "Condition size limit reached (3 > 2). Help: Reduce the size of your condition."
    )


def test_substrings_are_not_matched_with_or_without_an_index(api: Api) -> None:
    limited(api)
    body = {"filter": {"must": [{"key": "city", "match": {"substring": "sl"}}]}}
    status, text = api.fails("count_points", "c", body)
    assert (status, text[:64]) == (
        400,
        'Bad request: Substring matching is not allowed, used for "city":',
    )


def test_how_hard_a_search_may_be(api: Api) -> None:
    limited(api, search_max_hnsw_ef=8, search_allow_exact=False, search_max_oversampling=1.5)
    for params, text in (
        (
            {"hnsw_ef": 9},
            'Limit exceeded 9 > 8 for "hnsw_ef". Help: Reduce the "hnsw_ef" parameter to or below 8.',
        ),
        ({"exact": True}, "Exact search disabled!. Help: Set exact=false."),
        (
            {"quantization": {"oversampling": 2.0}},
            'Limit exceeded 2.0 > 1.5 for "oversampling". '
            'Help: Reduce the "oversampling" parameter to or below 1.5.',
        ),
    ):  # fmt: skip
        assert api.fails("query_points", "c", {"query": [1.0, 0.0], "params": params}) == refused(text)
    assert api.fails("count_points", "c", {}) == refused("Exact search disabled!. Help: Set exact=false.")
    assert api("count_points", "c", {"exact": False}) == 4


def test_a_search_without_a_graph_is_exact(api: Api) -> None:
    limited(api, search_allow_exact=False)
    api("update_collection", "c", {"hnsw_config": {"m": 0}})
    assert api.fails("query_points", "c", {"query": [1.0, 0.0]}) == refused(
        "Request is forbidden because global vector indexing is disabled (hnsw_config.m = 0). Help: Use "
        "tenant-specific filter, enable global vector indexing or enable strict mode `search_allow_exact` "
        "option"
    )


def test_the_size_of_batches(api: Api) -> None:
    limited(api, upsert_max_batchsize=2, search_max_batchsize=1)
    assert api.fails("upsert_points", "c", points(3)) == refused(
        'Limit exceeded 3 > 2 for "upsert limit". Help: Reduce the "upsert limit" parameter to or below 2.'
    )
    vectors = {"points": [{"id": i, "vector": {"": [1.0, 1.0]}} for i in range(3)]}
    assert api.fails("update_vectors", "c", vectors) == refused(
        'Limit exceeded 3 > 2 for "update limit". Help: Reduce the "update limit" parameter to or below 2.'
    )
    searches = {"searches": [{"query": [1.0, 0.0]}] * 2}
    assert api.fails("query_batch_points", "c", searches) == refused(
        'Limit exceeded 2 > 1 for "search batch size". '
        'Help: Reduce the "search batch size" parameter to or below 1.'
    )


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"max_points_count": 4}, "Max points count limit of 4 reached!"),
        (
            {"max_collection_vector_size_bytes": 16},
            "Max vector storage size limit of 1.52587891e-05MB reached!",
        ),
        (
            {"max_collection_payload_size_bytes": 16},
            "Max payload storage size limit of 1.52587891e-05MB reached!",
        ),
    ],
)
def test_how_much_a_collection_may_hold(api: Api, limits: dict[str, int], text: str) -> None:
    limited(api, **limits)
    assert api.fails("upsert_points", "c", points(1, 9)) == refused(text)
    api("delete_points", "c", {"points": [1]}, wait=True)


def test_a_limit_of_payloads_holds_from_the_point_that_reaches_it(api: Api) -> None:
    limits = {"enabled": True, "max_collection_payload_size_bytes": 60}
    api("create_collection", "c", {**VECTORS, "strict_mode_config": limits})
    for first in range(3):  # 21 bytes each
        api("upsert_points", "c", points(1, first), wait=True)
    assert api.fails("upsert_points", "c", points(1, 3))[0] == 400


def test_how_much_memory_the_process_may_hold(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(api, max_resident_memory_percent=70)
    monkeypatch.setattr("workbench.api.strict_mode.resident_percent", lambda: 70)
    text = (
        "Resident memory usage is at 70% of total memory, exceeding the configured limit of 70%. Help: "
        "Reduce memory usage (e.g. delete points or drop collections), or raise "
        "`max_resident_memory_percent` in the strict mode config of this collection."
    )
    assert api.fails("upsert_points", "c", points(1)) == refused(text)
    assert api.fails("set_payload", "c", {"points": [1], "payload": {"a": 1}}) == refused(text)
    api("delete_points", "c", {"points": [1]}, wait=True)


def test_how_long_single_vectors_may_be(api: Api) -> None:
    limited(api, multivector_config={"multi": {"max_vectors": 1}}, sparse_config={"text": {"max_length": 2}})
    multi = {"points": [{"id": 1, "vector": {"multi": [[1.0, 2.0], [3.0, 4.0]]}}]}
    assert api.fails("upsert_points", "c", multi) == refused(
        "Multivector 'multi' has a limit of 1 vectors, but 2 were provided!"
    )
    sparse = {"points": [{"id": 1, "vector": {"text": {"indices": [1, 2, 3], "values": [1, 1, 1]}}}]}
    assert api.fails("update_vectors", "c", sparse) == refused(
        "Sparse vector 'text' has a limit of 2 indices, but 3 were provided!"
    )


def test_how_often_a_collection_may_be_asked(api: Api) -> None:
    limited(api, read_rate_limit=3, write_rate_limit=2)
    assert api("count_points", "c", {"filter": CITY}) == 2  # one, and one for the condition
    assert api("count_points", "c", {}) == 4
    failure = api.failure("count_points", "c", {})
    assert (failure.status, failure.code, failure.retry_after) == (429, "RESOURCE_EXHAUSTED", 20)
    assert failure.text == (
        "Rate limiting exceeded: Read rate limit exceeded: Operation requires 1 tokens but only 0.0 were "
        "available. Retry after 20s"
    )
    failure = api.failure("upsert_points", "c", points(3))
    assert failure.text == (
        "Rate limiting exceeded: Write rate limit exceeded, request larger than than rate limiter capacity, "
        "please try to split your request"
    )
    assert (failure.status, failure.retry_after) == (429, None)  # it will not pass later either
    api("set_payload", "c", {"filter": CITY, "payload": {"a": 1}}, wait=True)
    assert api.fails("delete_points", "c", {"points": [1]})[0] == 429


def test_a_bucket_fills_in_a_minute() -> None:
    bucket = rate_limits.Bucket(6, now=0.0)
    assert bucket.take(6, now=0.0) is None
    assert bucket.take(1, now=0.0) == 10.0
    assert bucket.take(1, now=10.0) is None
    assert bucket.take(6, now=999.0) is None


def test_a_limit_that_changed_starts_full(api: Api) -> None:
    limited(api)
    collection = api.service.engine.collection("c")
    rate_limits.spend(collection, "read", 1, 1)
    with pytest.raises(RateLimited):
        rate_limits.spend(collection, "read", 1, 1)
    rate_limits.spend(collection, "read", 1, 2)


def test_every_field_of_strict_mode_is_covered() -> None:
    """A field of a later schema must not be kept without being enforced."""
    from tests.api.schema import openapi
    from workbench.api.collection_config import STRICT_MODE

    fields = openapi()["components"]["schemas"]["StrictModeConfig"]["properties"]
    assert set(STRICT_MODE) == set(fields)
