"""What an index is to be, read from JSON."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import FormatError, OutOfRange
from workbench.models.payload_schema import FieldIndex, SchemaType, parse_field_schema


def test_the_name_of_a_type_is_an_index_without_parameters() -> None:
    assert [parse_field_schema(kind.value) for kind in SchemaType] == [
        FieldIndex(kind) for kind in SchemaType
    ]


def test_parameters_are_kept_and_unknown_ones_passed_over() -> None:
    given = {
        "type": "keyword",
        "is_tenant": True,
        "prefix": True,
        "memory": "cold",
        "lookup": True,
        "on_disk": None,
    }
    kept = {"is_tenant": True, "prefix": True, "memory": "cold"}
    assert parse_field_schema(given) == FieldIndex(SchemaType.KEYWORD, kept)
    assert parse_field_schema({"type": "float", "is_principal": True}).params == {"is_principal": True}


def test_a_text_index_always_names_its_tokenizer() -> None:
    params = {
        "min_token_len": 2,
        "stopwords": {"languages": ["english"], "custom": ["x"]},
        "stemmer": {"type": "snowball", "language": "english"},
    }
    index = parse_field_schema({"type": "text", **params})
    assert index == FieldIndex(SchemaType.TEXT, {"tokenizer": "word", **params})
    assert parse_field_schema({"type": "text", "stemmer": {"type": "none"}}).params["stemmer"] == {
        "type": "none"
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("string", "unknown type of index 'string', expected one of keyword, integer"),
        (5, "unknown type of index 5"),
        ({}, "unknown type of index None"),
        ({"type": "keyword", "prefix": 1}, "field_schema.prefix: expected true or false, got 1"),
        (
            {"type": "geo", "memory": "hot"},
            "memory: unknown variant 'hot', expected one of cold, cached, pinned",
        ),
        ({"type": "text", "tokenizer": "words"}, "tokenizer: unknown variant 'words'"),
        ({"type": "text", "min_token_len": -1}, "min_token_len: expected an integer of 0 or more"),
        ({"type": "text", "stopwords": "klingon"}, "stopwords: unknown variant 'klingon'"),
        ({"type": "text", "stopwords": {"custom": "x"}}, "stopwords.custom: expected a list of strings"),
        ({"type": "text", "stemmer": "snowball"}, "stemmer: expected an object"),
        ({"type": "text", "stemmer": {"type": "snowball"}}, "stemmer.language: unknown variant None"),
    ],
)
def test_a_malformed_schema_is_refused(value: Any, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_field_schema(value)
    assert message in str(caught.value)


def test_an_integer_index_must_look_up_or_compare() -> None:
    with pytest.raises(OutOfRange, match="can't be both disabled"):
        parse_field_schema({"type": "integer", "lookup": False, "range": False})
