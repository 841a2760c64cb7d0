"""Results checked against Qdrant's schema, ``openapi-1.19.json`` of its repository (Apache-2.0)."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

_FILE = Path(__file__).with_name("openapi-1.19.json.gz")


@cache
def openapi() -> dict[str, Any]:
    """Return the whole document."""
    document: dict[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return document


def check(value: Any, component: str) -> Any:
    """Return `value`, which must match the component schema of this name."""
    _validator(json.dumps({"$ref": f"#/components/schemas/{component}"})).validate(value)
    return value


def check_result(value: Any, path: str, method: str) -> Any:
    """Return `value`, which must match the ``result`` of a successful answer of an operation."""
    body = openapi()["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    _validator(json.dumps(body["properties"]["result"])).validate(value)
    return value


def check_answer(value: Any, path: str, method: str, status: int) -> Any:
    """Return `value`, which must match the whole answer of an operation with this status."""
    answers = openapi()["paths"][path][method.lower()]["responses"]
    family = "4XX" if 400 <= status < 500 else "default"
    answer = answers.get(str(status), answers.get(family, answers.get("4XX")))
    if "content" not in answer:  # the schema says nothing of the errors of the plainest calls
        answer = openapi()["paths"]["/collections"]["get"]["responses"]["4XX"]
    _validator(json.dumps(answer["content"]["application/json"]["schema"])).validate(value)
    return value


@cache
def _validator(schema: str) -> Draft7Validator:
    return Draft7Validator({**json.loads(schema), "components": _as_json_schema(openapi()["components"])})


def _as_json_schema(node: Any) -> Any:
    """Return what OpenAPI 3.0 calls ``nullable`` in the words of JSON Schema."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    own = {key: _as_json_schema(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is not True:
        return own
    return {"anyOf": [own, {"type": "null"}]} if own else {"type": "null"}
