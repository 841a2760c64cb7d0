"""Requests made from Qdrant's schema, right and wrong: no internal error, no other shape of answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

import workbench as wb
from tests.api.schema import check_answer, openapi
from workbench.api.service import service_of
from workbench.surfaces.rest import RestServer
from workbench.surfaces.settings import Settings

SCHEMA = schemathesis.openapi.from_dict(openapi())
OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok() for operation in SCHEMA.get_all_operations()
}
# Files are uploaded by tests of their own; random addresses are not asked for snapshots.
LEFT_OUT = {name for name in OPERATIONS if "upload" in name or name.startswith("recover_")}

NAMES = st.sampled_from(["fuzz", "fuzz", "fuzz", "missing", "Ünïcode 名"])
COLLECTION = {
    "vectors": {"size": 2, "distance": "Cosine"},
    "sparse_vectors": {"words": {}},
}
POINTS = [
    {
        "id": n,
        "vector": {"": [n, 1.0], "words": {"indices": [n], "values": [1.0]}},
        "payload": {"a": n, "b": [n]},
    }
    for n in range(5)
]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with wb.open() as database:
        server = RestServer(service_of(database.engine), Settings(http_port=0))
        server.start()
        with httpx.Client(base_url=server.url, timeout=30) as client:
            yield client
        server.stop()


def prepare(http: httpx.Client) -> None:
    """Have the collection ``fuzz``, whatever the requests before this one did to it."""
    if http.get("/collections/fuzz/exists").json()["result"]["exists"] is not True:
        http.put("/collections/fuzz", json=COLLECTION).raise_for_status()
        http.put("/collections/fuzz/points?wait=true", json={"points": POINTS}).raise_for_status()


def ask(http: httpx.Client, case: Any, name: str) -> None:
    if "collection_name" in (case.path_parameters or {}):
        case.path_parameters["collection_name"] = name
    arguments = case.as_transport_kwargs(base_url=str(http.base_url).rstrip("/"))
    request = {
        k: v for k, v in arguments.items() if k in ("method", "url", "params", "headers", "json", "data")
    }
    if isinstance(request.get("data"), bytes | str):
        request["content"] = request.pop("data")
    answer = http.request(**request)
    shown = f"{case.method} {case.path} {request}: {answer.status_code} {answer.text}"
    assert answer.status_code < 500, shown
    if answer.headers.get("content-type") == "application/json":
        check_answer(answer.json(), case.path, case.method, answer.status_code)


def fuzz(http: httpx.Client, name: str, mode: GenerationMode, examples: int) -> None:
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS[name].as_strategy(generation_mode=mode), NAMES)
    def run(case: Any, collection: str) -> None:
        prepare(http)
        ask(http, case, collection)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # without parameters there is nothing to get wrong


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - LEFT_OUT))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_a_few_requests_of_each_operation_are_answered(
    http: httpx.Client, name: str, mode: GenerationMode
) -> None:
    fuzz(http, name, mode, examples=5)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - LEFT_OUT))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_many_requests_of_each_operation_are_answered(
    http: httpx.Client, name: str, mode: GenerationMode
) -> None:
    fuzz(http, name, mode, examples=300)
