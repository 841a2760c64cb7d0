"""What payload indexes change in the meaning of a filter: as a table, and asked of Qdrant's own engine."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.edge_filters import edge_filter, edge_index
from workbench.filters import matches
from workbench.models.filter_binding import bind
from workbench.models.filters import Filter
from workbench.models.payload_schema import FieldIndex, SchemaType

UUID = "936da01f-9abd-4d9d-80c7-02af85c822a8"
STEM = {"stemmer": {"type": "snowball", "language": "english"}}
PHRASES = {"phrase_matching": True}


@pytest.mark.parametrize(
    ("kind", "params", "condition", "value", "expected"),
    [
        ("text", {}, {"match": {"text": "cat sat"}}, ["cat", "sat on"], True),
        ("text", {}, {"match": {"text": "cats"}}, "a cat", False),
        ("text", STEM, {"match": {"text": "cats"}}, "a cat", True),
        ("text", {"stopwords": "english"}, {"match": {"text": "the"}}, "the cat", False),
        ("text", {"stopwords": "english"}, {"match": {"text": "the cat"}}, "cat", True),
        ("text", {"min_token_len": 2}, {"match": {"text_any": "a cat"}}, "a cat", True),
        ("text", {"tokenizer": "prefix"}, {"match": {"text": "ca"}}, "a cat", True),
        (
            "text",
            {"tokenizer": "prefix", "phrase_matching": True},
            {"match": {"phrase": "a ca"}},
            "a cat",
            True,
        ),
        (
            "text",
            {"tokenizer": "prefix", "phrase_matching": True},
            {"match": {"phrase": "ca sat"}},
            "cat sat",
            False,
        ),
        ("text", {}, {"match": {"phrase": "cat sat"}}, "cat sat", False),
        ("text", PHRASES, {"match": {"phrase": "cat sat"}}, "the cat sat", True),
        ("text", PHRASES, {"match": {"phrase": "cat sat"}}, ["cat", "sat"], False),
        ("text", {}, {"match": {"value": "cat"}}, "cat", True),
        ("keyword", {}, {"match": {"except": ["x"]}}, 5, False),
        ("keyword", {}, {"match": {"except": [1]}}, 5, True),
        ("integer", {}, {"match": {"value": 1}}, 1.0, True),
        ("integer", {}, {"match": {"any": [1, 2]}}, 1.5, False),
        ("integer", {}, {"match": {"except": [1]}}, "x", False),
        ("integer", {}, {"range": {"gte": 1}}, 1.5, False),
        ("integer", {"lookup": False}, {"match": {"value": 1}}, 1.0, False),
        ("integer", {"range": False}, {"range": {"gte": 1}}, 1.5, True),
        ("uuid", {}, {"match": {"value": UUID.upper()}}, UUID.replace("-", ""), True),
        ("uuid", {}, {"match": {"value": f"{{{UUID}}}"}}, f"urn:uuid:{UUID}", True),
        ("uuid", {}, {"match": {"value": UUID}}, f"uuid:{UUID}", False),
        ("uuid", {}, {"match": {"except": [UUID]}}, "x", False),
        ("uuid", {}, {"match": {"value": "x"}}, "x", True),
    ],
)
def test_an_index_changes_what_a_condition_accepts(
    kind: str, params: dict[str, Any], condition: dict[str, Any], value: Any, expected: bool
) -> None:
    flt = Filter.from_json({"must": {"key": "f", **condition}})
    assert matches(bind(flt, {"f": FieldIndex(SchemaType(kind), params)}), {"f": value}, 1) is expected


def test_a_filter_without_conditions_on_indexed_fields_stays_the_same_object() -> None:
    flt = Filter.from_json({"should": [{"key": "f", "match": {"text": "x"}}], "must_not": {"has_id": [1]}})
    assert bind(flt, {}) is flt
    assert bind(flt, {"g": FieldIndex(SchemaType.TEXT)}) is flt
    assert bind(flt, {"f": FieldIndex(SchemaType.KEYWORD)}) is flt


def test_a_bound_filter_is_written_as_it_was_asked() -> None:
    asked = {"must": [{"key": "f", "match": {"text": "cats"}}, {"key": "n", "range": {"gte": 1.0}}]}
    indexes = {"f": FieldIndex(SchemaType.TEXT, STEM), "n": FieldIndex(SchemaType.INTEGER)}
    bound = bind(Filter.from_json(asked), indexes)
    assert bound != Filter.from_json(asked)
    assert bound.to_json() == asked


def test_a_text_index_reaches_into_nested_conditions() -> None:
    nested = {"nested": {"key": "cast", "filter": {"must": {"key": "role", "match": {"text": "runs"}}}}}
    bound = bind(Filter.from_json({"must": nested}), {"cast[].role": FieldIndex(SchemaType.TEXT, STEM)})
    assert matches(bound, {"cast": [{"role": "running"}]}, 1)


VALUES: list[Any] = [
    "1", 1, 1.0, True, [1, "1"], "2020-01-01T00:00:00Z", UUID, UUID.upper().replace("-", ""), 2**60, 1.5,
    "1.5", None, [], ["cat", "dog"], "Cat sat", ["cat", "sat on"], -3, [2, 2.5], "the", "running cats",
    "the cat sat on the mat", "École élan", [["cat"]], {"x": "cat"}, "", ["the", "cats run"],
    "foo_bar-baz don't", 3.0, [3.0, UUID],
]  # fmt: skip
TEXTS = [
    "cat",
    "the",
    "cat sat",
    "CATS",
    "",
    "sat cat",
    "run",
    "ecole",
    "ca",
    "foo bar",
    "the cats",
    "on the mat",
]
TEXT_KINDS = ("text", "text_any", "phrase", "prefix", "substring")
ASKED: list[dict[str, Any]] = [
    *({"match": {kind: text}} for kind in TEXT_KINDS for text in TEXTS),
    *({"match": {"value": value}} for value in (1, 3, "1", "cat", "the")),
    *({"match": {name: values}} for name in ("any", "except") for values in ([1, 2], ["1", "cat"], [3])),
    *({"range": bounds} for bounds in ({"gte": 0}, {"gt": 1, "lt": 3}, {"lte": 1.2})),
    {"is_empty": True}, {"is_null": True}, {"values_count": {"gte": 2}},
]  # fmt: skip
OF_UUIDS: list[dict[str, Any]] = [
    {"match": {"value": UUID}}, {"match": {"any": [UUID]}}, {"match": {"except": [UUID]}},
]  # fmt: skip
# What the engine compares although it has no common meaning, see `workbench.models.filter_binding`.
DISAGREEMENTS = {
    "integer": OF_UUIDS[:1],
    "float": OF_UUIDS[:1],
    "datetime": [c for c in ASKED if "range" in c] + OF_UUIDS[:1],
}
INDEXES: list[tuple[str, dict[str, Any]]] = [
    *((kind.value, {}) for kind in SchemaType),
    ("keyword", {"prefix": True}),
    ("integer", {"lookup": False, "range": True}),
    ("integer", {"lookup": True, "range": False}),
    ("text", {"phrase_matching": True}),
    ("text", {"tokenizer": "whitespace", "lowercase": False}),
    ("text", {"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 4}),
    ("text", {"min_token_len": 2, "max_token_len": 3, "phrase_matching": True}),
    ("text", {"ascii_folding": True, "stopwords": "english", **STEM, **PHRASES}),
]


@pytest.mark.parametrize(("kind", "params"), INDEXES, ids=str)
def test_indexed_fields_are_matched_as_by_qdrants_engine(
    kind: str, params: dict[str, Any], tmp_path: Path
) -> None:
    edge = pytest.importorskip("qdrant_edge")
    shard = edge.EdgeShard.create(
        str(tmp_path), edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=1, distance=edge.Distance.Dot))
    )
    shard.update(edge.UpdateOperation.create_field_index("f", edge_index(edge, kind, params)))
    payloads = [{"f": value} for value in VALUES] + [{}]
    shard.update(
        edge.UpdateOperation.upsert_points([edge.Point(n, [1.0], p) for n, p in enumerate(payloads)])
    )
    rng, told_apart = random.Random(3), 0
    for condition in [*ASKED, *OF_UUIDS]:
        if condition in DISAGREEMENTS.get(kind, []):
            continue
        flt: dict[str, Any] = {rng.choice(["must", "should", "must_not"]): [{"key": "f", **condition}]}
        request = edge.ScrollRequest(
            limit=100, filter=edge_filter(edge, flt), with_payload=False, with_vector=False
        )
        theirs = sorted(record.id for record in shard.scroll(request)[0])
        bound = bind(Filter.from_json(flt), {"f": FieldIndex(SchemaType(kind), params)})
        ours = [n for n, payload in enumerate(payloads) if matches(bound, payload, n)]
        assert ours == theirs, flt
        told_apart += 0 < len(ours) < len(payloads)
    shard.close()
    assert told_apart > 30, "most conditions accept all or nothing, and so prove little"
