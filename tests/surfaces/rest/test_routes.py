"""Paths and how they find their operation."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from tests.api.schema import openapi
from workbench.surfaces.rest.routes import ROUTES, Router

SCHEMA = openapi()
LEGACY = json.loads(lzma.decompress(Path(__file__).with_name("openapi-1.18-legacy.json.xz").read_bytes()))


def found(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = Router().match(method, path.encode())
    return (match.route.operation, match.values) if match.route else None


@pytest.mark.parametrize(("schema", "count"), [(SCHEMA, 69), (LEGACY, 8)])
def test_every_operation_of_the_schema_has_its_route(schema: dict, count: int) -> None:
    wanted = {
        (method.upper(), path, body["operationId"])
        for path, methods in schema["paths"].items()
        for method, body in methods.items()
    }
    assert len(wanted) == count
    assert wanted <= {(route.method, route.path, route.operation) for route in ROUTES}


def test_nothing_else_is_routed_but_counting_by_get() -> None:
    known = {
        (method.upper(), path)
        for schema in (SCHEMA, LEGACY)
        for path, methods in schema["paths"].items()
        for method in methods
    }
    assert {(route.method, route.path) for route in ROUTES} - known == {
        ("GET", "/collections/{collection_name}/points/count")
    }


def test_a_segment_as_written_goes_before_one_that_varies() -> None:
    assert found("POST", "/collections/a/points/count") == ("count_points", {"collection_name": "a"})
    assert found("GET", "/collections/a/points/7") == ("get_point", {"collection_name": "a", "id": "7"})


def test_a_collection_may_be_called_like_a_path() -> None:
    assert found("GET", "/collections/aliases") == ("get_collection", {"collection_name": "aliases"})
    assert found("GET", "/collections/a/snapshots/upload") == (
        "get_snapshot",
        {"collection_name": "a", "snapshot_name": "upload"},
    )


def test_segments_are_decoded_after_they_are_split() -> None:
    assert found("DELETE", "/collections/caf%C3%A9/index/a%2Fb%5B%5D") == (
        "delete_field_index",
        {"collection_name": "café", "field_name": "a/b[]"},
    )


def test_a_path_without_a_name_is_none() -> None:
    assert found("GET", "/collections/") is None
    assert found("POST", "/collections//points") is None


def test_a_path_with_another_method_says_which_it_has() -> None:
    match = Router().match("POST", b"/collections/a")
    assert match.route is None
    assert match.allowed == ("DELETE", "GET", "PATCH", "PUT")
