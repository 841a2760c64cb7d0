"""Null in a request: as if the field were absent where it is optional in Qdrant's schema, else refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.plane import ids, make
from workbench.errors import FormatError

EAST = [1.0, 0.0]


@pytest.fixture
def plane(api: Api) -> Api:
    make(api)
    return api


def test_nulls_are_as_if_absent(plane: Api) -> None:
    names = (
        "prefetch",
        "filter",
        "params",
        "score_threshold",
        "limit",
        "offset",
        "with_payload",
        "with_vector",
        "lookup_from",
    )
    assert len(ids(plane, EAST, **dict.fromkeys(names))) == 5


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"exact": None}, "params.exact"),
        ({"indexed_only": None}, "params.indexed_only"),
        ({"quantization": {"ignore": None}}, "params.quantization.ignore"),
        ({"acorn": {"enable": None}}, "params.acorn.enable"),
    ],
)
def test_a_flag_of_a_search_is_no_null(plane: Api, params: Any, field: str) -> None:
    with pytest.raises(FormatError, match=f"{field}: invalid type: null, expected a boolean"):
        plane("query_points", "plane", {"query": EAST, "params": params})


def test_the_defaults_of_a_formula_are_no_null(plane: Api) -> None:
    query = {"formula": 1.0, "defaults": None}
    with pytest.raises(FormatError, match=r"defaults: invalid type: null, expected a map"):
        plane("query_points", "plane", {"prefetch": {}, "query": query})


def test_a_count_is_exact_or_not(plane: Api) -> None:
    with pytest.raises(FormatError, match="exact: invalid type: null, expected a boolean"):
        plane("count_points", "plane", {"exact": None})
    plane("create_field_index", "plane", {"field_name": "color", "field_schema": "keyword"})
    assert len(plane("facet", "plane", {"key": "color", "exact": None})) > 1  # there it is optional


@pytest.mark.parametrize(("operation", "body"), [("scroll_points", {}), ("get_points", {"ids": [1]})])
def test_what_vectors_to_return_is_no_null(plane: Api, operation: str, body: Any) -> None:
    with pytest.raises(FormatError, match="with_vector: data did not match any variant"):
        plane(operation, "plane", {**body, "with_vector": None})


def test_a_tokenizer_is_no_null(plane: Api) -> None:
    schema = {"type": "text", "tokenizer": None, "lowercase": None}
    with pytest.raises(FormatError, match="tokenizer: unknown variant None"):
        plane("create_field_index", "plane", {"field_name": "a", "field_schema": schema})


def test_the_vectors_of_a_collection_are_no_null(plane: Api) -> None:
    with pytest.raises(FormatError, match="vectors: invalid type: null, expected an object"):
        plane("create_collection", "new", {"vectors": None, "on_disk_payload": None})
    plane("create_collection", "new", {"on_disk_payload": None})
