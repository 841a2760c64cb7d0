"""JSON of the REST API, turned into protobuf by the official client, is read back as the same JSON."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter
from qdrant_client import grpc as q
from qdrant_client.conversions.conversion import RestToGrpc
from qdrant_client.http import models as rest

from tests.surfaces.grpc.messages import listed
from workbench.errors import FormatError
from workbench.surfaces.grpc.handlers import SHAPES
from workbench.surfaces.grpc.messages import fill, plain

assert SHAPES


@pytest.mark.parametrize(
    "condition",
    [
        {"key": "city", "match": {"value": "Oslo"}},
        {"key": "n", "match": {"value": 3}},
        {"key": "n", "match": {"value": False}},
        {"key": "n", "match": {"any": [1, 2]}},
        {"key": "city", "match": {"any": ["Oslo", "Bergen"]}},
        {"key": "city", "match": {"except": ["Oslo"]}},
        {"key": "n", "match": {"except": [1]}},
        {"key": "text", "match": {"text": "a b"}},
        {"key": "text", "match": {"text_any": "a b"}},
        {"key": "text", "match": {"phrase": "a b"}},
        {"key": "text", "match": {"prefix": "a"}},
        {"key": "text", "match": {"substring": "a"}},
        {"key": "n", "range": {"gt": 1.0, "lte": 2.5}},
        {"key": "n", "range": {"lt": 0.0}},
        {"key": "when", "range": {"gte": "2024-05-01T10:00:00Z", "lt": "2024-05-01T10:00:00.500Z"}},
        {"key": "place", "geo_radius": {"center": {"lat": 1.5, "lon": 0.0}, "radius": 1000.0}},
        {
            "key": "place",
            "geo_bounding_box": {
                "top_left": {"lat": 2.0, "lon": 1.0},
                "bottom_right": {"lat": 1.0, "lon": 2.0},
            },
        },
        {
            "key": "place",
            "geo_polygon": {
                "exterior": {"points": [{"lat": 0.0, "lon": 0.0}, {"lat": 0.0, "lon": 9.0}]},
                "interiors": [{"points": [{"lat": 1.0, "lon": 1.0}]}],
            },
        },
        {"key": "tags", "values_count": {"gte": 0, "lt": 3}},
        {"key": "tags", "is_empty": True},
        {"key": "tags", "is_null": False},
        {"is_empty": {"key": "tags"}},
        {"is_null": {"key": "tags"}},
        {"has_id": [1, "00000000-0000-0000-0000-000000000005"]},
        {"has_vector": "image"},
        {"slice": {"total": 4, "index": 0}},
        {"nested": {"key": "parts", "filter": {"must": [{"key": "n", "match": {"value": 1}}]}}},
        {"should": [{"has_id": [0]}], "must_not": [{"has_vector": ""}]},
        {"min_should": {"conditions": [{"has_id": [7]}], "min_count": 0}},
    ],
    ids=str,
)
def test_a_condition_is_read_as_the_rest_api_writes_it(condition: dict[str, Any]) -> None:
    model = rest.Filter.model_validate({"must": [condition]})

    assert plain(RestToGrpc.convert_filter(model)) == {"must": [condition]}


@pytest.mark.parametrize(
    "query",
    [
        {"nearest": [0.5, 0.25]},
        {"nearest": 7},
        {"nearest": "00000000-0000-0000-0000-000000000005"},
        {"nearest": {"indices": [3, 9], "values": [0.5, 2.0]}},
        {"nearest": [[0.5, 0.25], [1.0, 0.0]]},
        {"nearest": {"text": "a cat", "model": "qdrant/bm25", "options": {"k": 1.5, "lowercase": True}}},
        {"nearest": {"image": "http://a/b.png", "model": "clip", "options": {}}},
        {"nearest": {"object": {"a": [1]}, "model": "some", "options": {}}},
        {"nearest": [0.5, 0.25], "mmr": {"diversity": 0.25, "candidates_limit": 50}},
        {"recommend": {"positive": [1, [0.5, 1.0]], "negative": [], "strategy": "best_score"}},
        {"recommend": {"positive": [], "negative": [2], "strategy": "sum_scores"}},
        {"discover": {"target": 1, "context": [{"positive": 2, "negative": [0.5, 1.0]}]}},
        {"context": [{"positive": 2, "negative": 3}]},
        {"order_by": {"key": "year", "direction": "desc", "start_from": 2000}},
        {"order_by": {"key": "year", "start_from": 0.5}},
        {"order_by": {"key": "when", "direction": "asc", "start_from": "2024-05-01T10:00:00Z"}},
        {"fusion": "rrf"},
        {"fusion": "dbsf"},
        {"rrf": {"k": 7, "weights": [0.5, 2.0]}},
        {"rrf": {}},
        {"sample": "random"},
        {
            "relevance_feedback": {
                "target": [0.5, 1.0],
                "feedback": [{"example": 1, "score": 0.5}],
                "strategy": {"naive": {"a": 1.0, "b": 0.0, "c": 0.5}},
            }
        },
        {"formula": "$score", "defaults": {"popularity": 0.5, "when": "2024-01-01"}},
    ],
    ids=str,
)
def test_a_query_is_read_as_the_rest_api_writes_it(query: Any) -> None:
    model: Any = TypeAdapter(rest.Query).validate_python(query)
    found = listed(plain(RestToGrpc.convert_query(model)))

    if isinstance(found.get("nearest"), dict):  # options may be left out when there are none
        found["nearest"].setdefault("options", {}) if "model" in found["nearest"] else None
    assert found == query


@pytest.mark.parametrize(
    "expression",
    [
        0.5,
        "$score[1]",
        {"key": "n", "match": {"value": 1}},
        {"geo_distance": {"origin": {"lat": 1.0, "lon": 0.0}, "to": "place"}},
        {"datetime": "2024-01-01"},
        {"datetime_key": "when"},
        {"mult": [2.0, "n"]},
        {"sum": ["$score", {"neg": "n"}]},
        {"max": [2.0, "n"]},
        {"min": [2.0, "n"]},
        {"div": {"left": 1.0, "right": "n", "by_zero_default": 0.0}},
        {"abs": "n"},
        {"sqrt": "n"},
        {"pow": {"base": 2.0, "exponent": "n"}},
        {"exp": "n"},
        {"log10": "n"},
        {"ln": "n"},
        {"acosh": "n"},
        {"lin_decay": {"x": "n", "target": 3.0, "scale": 2.0, "midpoint": 0.25}},
        {"exp_decay": {"x": "n"}},
        {"gauss_decay": {"x": {"datetime_key": "when"}, "target": {"datetime": "2024-01-01"}}},
    ],
    ids=str,
)
def test_an_expression_is_read_as_the_rest_api_writes_it(expression: Any) -> None:
    model: Any = TypeAdapter(rest.Expression).validate_python(expression)

    assert plain(RestToGrpc.convert_expression(model)) == expression


@pytest.mark.parametrize(
    "params",
    [
        {"hnsw_ef": 0, "exact": False, "indexed_only": True},
        {"quantization": {"ignore": True, "rescore": False, "oversampling": 1.5}},
        {"acorn": {"enable": True, "max_selectivity": 0.25}},
        {"idf": "global"},
        {"idf": {"corpus": {"must": [{"has_id": [1]}]}}},
    ],
    ids=str,
)
def test_search_parameters_are_read_as_the_rest_api_writes_them(params: Any) -> None:
    model = rest.SearchParams.model_validate(params)

    # the client sends its two defaults along
    assert plain(RestToGrpc.convert_search_params(model)) == {"exact": False, "indexed_only": False, **params}


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        ({"type": "keyword", "is_tenant": True, "prefix": True, "memory": "cold"}, rest.KeywordIndexParams),
        ({"type": "integer", "lookup": True, "range": False}, rest.IntegerIndexParams),
        ({"type": "float", "is_principal": True}, rest.FloatIndexParams),
        ({"type": "geo", "on_disk": True}, rest.GeoIndexParams),
        ({"type": "bool", "enable_hnsw": False}, rest.BoolIndexParams),
        ({"type": "datetime"}, rest.DatetimeIndexParams),
        ({"type": "uuid", "is_tenant": False}, rest.UuidIndexParams),
        (
            {
                "type": "text",
                "tokenizer": "multilingual",
                "lowercase": False,
                "min_token_len": 2,
                "max_token_len": 9,
                "phrase_matching": True,
                "ascii_folding": True,
                "stopwords": {"languages": ["english"], "custom": ["foo"]},
                "stemmer": {"type": "snowball", "language": "german"},
            },
            rest.TextIndexParams,
        ),
        ({"type": "text", "tokenizer": "word", "stemmer": {"type": "none"}}, rest.TextIndexParams),
    ],
    ids=str,
)
def test_an_index_is_read_as_the_rest_api_writes_it(params: Any, kind: Any) -> None:
    assert plain(RestToGrpc.convert_payload_schema_params(kind.model_validate(params))) == params


@pytest.mark.parametrize(
    "quantization",
    [
        {"scalar": {"type": "int8", "quantile": 0.9, "always_ram": True}},
        {"product": {"compression": "x16", "memory": "pinned"}},
        {"binary": {"encoding": "one_and_half_bits", "query_encoding": "scalar4bits"}},
        {"binary": {"encoding": "one_bit", "query_encoding": "default"}},
        {"turbo": {"bits": "bits1_5"}},
    ],
    ids=str,
)
def test_quantization_is_read_as_the_rest_api_writes_it(quantization: Any) -> None:
    model: Any = TypeAdapter(rest.QuantizationConfig).validate_python(quantization)

    assert plain(RestToGrpc.convert_quantization_config(model)) == quantization


def test_vectors_of_a_collection_are_read_as_the_rest_api_writes_them() -> None:
    vectors = {
        "text": {
            "size": 4,
            "distance": "Euclid",
            "datatype": "float16",
            "hnsw_config": {"m": 0, "ef_construct": 50},
            "multivector_config": {"comparator": "max_sim"},
            "on_disk": True,
        },
        "image": {"size": 2, "distance": "Dot", "memory": "cached"},
    }
    model: Any = TypeAdapter(rest.VectorsConfig).validate_python(vectors)

    assert plain(RestToGrpc.convert_vectors_config(model)) == vectors


def test_strict_mode_is_read_as_the_rest_api_writes_it() -> None:
    limits = {
        "enabled": True,
        "max_query_limit": 7,
        "search_max_oversampling": 1.5,
        "multivector_config": {"text": {"max_vectors": 3}},
        "sparse_config": {"words": {"max_length": 9}},
    }
    model = rest.StrictModeConfig.model_validate(limits)

    assert plain(RestToGrpc.convert_strict_mode_config(model)) == limits


def test_optimizer_threads_are_read_from_the_old_field_and_from_the_new_one() -> None:
    old = q.OptimizersConfigDiff(deprecated_max_optimization_threads=2)
    new = q.OptimizersConfigDiff(max_optimization_threads=q.MaxOptimizationThreads(value=0))
    auto = q.OptimizersConfigDiff(max_optimization_threads=q.MaxOptimizationThreads(setting=0))

    assert [plain(m) for m in (old, new, auto)] == [
        {"max_optimization_threads": 2},
        {"max_optimization_threads": 0},
        {"max_optimization_threads": "auto"},
    ]


def test_disabled_quantization_is_a_word() -> None:
    assert plain(q.QuantizationConfigDiff(disabled=q.Disabled())) == "Disabled"


@pytest.mark.parametrize(
    "content",
    [None, True, False, 0, -(1 << 63), 0.5, "", "ä", [], [1, [None]], {}, {"a": {"b": [{"c": ""}]}}],
    ids=str,
)
def test_a_json_value_comes_back_as_it_was(content: Any) -> None:
    value = q.Value()
    fill(value, content)
    back = plain(value)

    assert (back, type(back)) == (content, type(content))


def test_an_integer_beyond_64_bits_becomes_a_float() -> None:
    value = q.Value()
    fill(value, 1 << 63)

    assert plain(value) == float(1 << 63)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (q.Value(double_value=float("nan")), "cannot convert to json number"),
        (q.PointId(), "No ID options provided"),
        (q.Condition(), "Malformed Condition"),
        (q.Query(), "Malformed Query"),
        (q.VectorParams.FromString(b"\x10\x63"), "Unknown Distance: 99"),
    ],
    ids=["NaN", "PointId", "Condition", "Query", "enum"],
)
def test_what_means_nothing_is_refused_by_name(message: Any, text: str) -> None:
    with pytest.raises(FormatError, match=text):
        plain(message)
