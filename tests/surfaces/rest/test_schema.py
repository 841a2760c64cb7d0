"""A walk through every route: each answer has the shape that Qdrant's schema gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import workbench as wb
from tests.api.schema import check_answer, openapi
from workbench.api.service import service_of
from workbench.surfaces.rest import RestServer
from workbench.surfaces.rest.routes import ROUTES, Gives, Router
from workbench.surfaces.settings import Settings

C = "/collections/pets"
P = f"{C}/points"

POINTS = [
    {
        "id": 1,
        "vector": {"image": [0.1, 0.9], "words": {"indices": [3, 7], "values": [0.5, 0.1]}},
        "payload": {"name": "cat", "legs": 4, "at": {"lat": 52.5, "lon": 13.4}, "born": "2020-01-02"},
    },
    {
        "id": 2,
        "vector": {"image": [0.9, 0.1], "tokens": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]},
        "payload": {"name": "dog", "legs": 4, "tags": ["tame", "loud"]},
    },
    {"id": "936da01f-9abd-4d9d-80c7-02af85c822a8", "vector": {"image": [0.5, 0.5]}, "payload": {"legs": 2}},
]
ALL: dict[str, Any] = {"with_payload": True, "with_vector": True}
FOUR_LEGS = {"must": [{"key": "legs", "match": {"value": 4}}]}

# Method, path, body, status. In this order, each finds what those before it have made.
BEFORE: list[tuple[str, str, Any, int]] = [
    ("GET", "/", None, 200),
    ("GET", "/collections", None, 200),
    (
        "PUT",
        C,
        {
            "vectors": {
                "image": {"size": 2, "distance": "Dot", "hnsw_config": {"m": 8}, "on_disk": True},
                "tokens": {
                    "size": 3,
                    "distance": "Cosine",
                    "multivector_config": {"comparator": "max_sim"},
                },
            },
            "sparse_vectors": {"words": {"modifier": "idf"}},
            "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}},
            "optimizers_config": {"indexing_threshold": 20000},
            "metadata": {"made": "by a walk"},
        },
        200,
    ),
    ("PUT", C, {"vectors": {"size": 2, "distance": "Dot"}}, 409),
    ("GET", C, None, 200),
    ("GET", f"{C}/exists", None, 200),
    ("PATCH", C, {"hnsw_config": {"m": 24}, "strict_mode_config": {"enabled": False}}, 200),
    ("PUT", f"{P}?wait=true", {"points": POINTS}, 200),
    ("PUT", P, {"batch": {"ids": [4], "vectors": {"image": [[0.3, 0.3]]}, "payloads": [{"legs": 6}]}}, 200),
    ("PUT", P, {"points": [{"id": 5, "vector": {"image": [1, 2, 3]}}]}, 400),
    ("PUT", f"{C}/index?wait=true", {"field_name": "legs", "field_schema": "integer"}, 200),
    (
        "PUT",
        f"{C}/index?wait=true",
        {"field_name": "name", "field_schema": {"type": "text", "tokenizer": "word", "lowercase": True}},
        200,
    ),
    ("GET", C, None, 200),
    ("PUT", f"{C}/vectors/sound?wait=true", {"dense": {"size": 2, "distance": "Euclid"}}, 200),
    ("DELETE", f"{C}/vectors/sound?wait=true", None, 200),
    ("GET", f"{P}/1", None, 200),
    ("GET", f"{P}/77", None, 404),
    ("POST", P, {"ids": [1, 2, 99], **ALL}, 200),
    ("POST", f"{P}/scroll", {"limit": 2, **ALL}, 200),
    ("POST", f"{P}/scroll", {"order_by": {"key": "legs", "direction": "desc"}}, 200),
    ("POST", f"{P}/count", {"filter": FOUR_LEGS}, 200),
    ("POST", f"{P}/count", {"limit": "x", "filter": 5}, 400),
    ("POST", f"{C}/facet", {"key": "legs"}, 200),
    ("POST", f"{P}/query", {"query": [0.2, 0.8], "using": "image", **ALL}, 200),
    ("POST", f"{P}/query", {"query": {"indices": [3], "values": [1.0]}, "using": "words"}, 200),
    ("POST", f"{P}/query", {"query": [[0.1, 0.2, 0.3]], "using": "tokens"}, 200),
    ("POST", f"{P}/query", {"query": [0.2, 0.8], "using": "image", "limit": 0}, 422),
    (
        "POST",
        f"{P}/query",
        {
            "prefetch": [{"query": [0.2, 0.8], "using": "image"}, {"query": 1, "using": "image"}],
            "query": {"fusion": "rrf"},
        },
        200,
    ),
    (
        "POST",
        f"{P}/query/batch",
        {"searches": [{"query": [0.2, 0.8], "using": "image"}, {"query": {"sample": "random"}}]},
        200,
    ),
    (
        "POST",
        f"{P}/query/groups",
        {"query": [0.2, 0.8], "using": "image", "group_by": "legs", "with_payload": True},
        200,
    ),
    ("POST", f"{P}/search/matrix/pairs", {"sample": 10, "limit": 2, "using": "image"}, 200),
    ("POST", f"{P}/search/matrix/offsets", {"sample": 10, "limit": 2, "using": "image"}, 200),
    (
        "PUT",
        f"{P}/vectors?wait=true",
        {"points": [{"id": 1, "vector": {"image": [0.2, 0.8]}}]},
        200,
    ),
    ("POST", f"{P}/vectors/delete?wait=true", {"points": [1], "vector": ["words"]}, 200),
    ("POST", f"{P}/payload?wait=true", {"payload": {"seen": True}, "points": [1]}, 200),
    ("PUT", f"{P}/payload?wait=true", {"payload": {"legs": 8}, "filter": FOUR_LEGS}, 200),
    ("POST", f"{P}/payload/delete?wait=true", {"keys": ["legs"], "points": [1]}, 200),
    ("POST", f"{P}/payload/clear?wait=true", {"points": [1]}, 200),
    (
        "POST",
        f"{P}/batch?wait=true",
        {
            "operations": [
                {"upsert": {"points": [{"id": 9, "vector": {}}]}},
                {"set_payload": {"payload": {"a": 1}, "points": [9]}},
                {"delete": {"points": [9]}},
            ]
        },
        200,
    ),
    ("POST", f"{P}/delete?wait=true", {"filter": {"must": {"key": "legs", "range": {"gt": 100}}}}, 200),
    ("DELETE", f"{C}/index/legs?wait=true", None, 200),
    (
        "POST",
        "/collections/aliases",
        {"actions": [{"create_alias": {"collection_name": "pets", "alias_name": "animals"}}]},
        200,
    ),
    ("GET", "/aliases", None, 200),
    ("GET", f"{C}/aliases", None, 200),
    ("GET", f"{C}/optimizations?with=queued,completed,idle_segments", None, 200),
    ("GET", f"{C}/cluster", None, 200),
    ("POST", f"{C}/cluster", {"abort_transfer": {"shard_id": 0, "from_peer_id": 1, "to_peer_id": 2}}, 405),
    ("GET", f"{C}/shards", None, 200),
    ("PUT", f"{C}/shards", {"shard_key": "a"}, 400),
    ("POST", f"{C}/shards/delete", {"shard_key": "a"}, 400),
    ("GET", "/cluster", None, 200),
    ("GET", "/cluster/telemetry", None, 200),
    ("POST", "/cluster/recover", None, 405),
    ("DELETE", "/cluster/peer/1", None, 405),
    ("GET", "/telemetry?details_level=10&per_collection=true", None, 200),
    ("GET", "/telemetry", None, 200),
    ("GET", "/issues", None, 200),
    ("DELETE", "/issues", None, 200),
    ("GET", "/quotas", None, 200),
    ("PUT", "/quotas", {}, 200),
    ("GET", f"{C}/snapshots", None, 200),
    ("POST", f"{C}/snapshots?wait=false", None, 202),
    ("GET", "/snapshots", None, 200),
    ("POST", "/snapshots", None, 200),
    ("GET", f"{C}/shards/0/snapshots", None, 200),
    ("GET", f"{C}/shards/0/snapshot", None, 200),
]
AFTER: list[tuple[str, str, Any, int]] = [
    ("DELETE", C, None, 200),
    ("GET", C, None, 404),
]

TEXTS = {
    "/healthz": "healthz check passed",
    "/livez": "healthz check passed",
    "/readyz": "all shards are ready",
}


class Walk:
    """A client that checks every answer, and keeps which operations it has seen."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.seen = client, set[str]()

    def step(self, method: str, path: str, body: Any, status: int, **more: Any) -> httpx.Response:
        answer = self.client.request(method, path, json=body, **more)
        assert answer.status_code == status, f"{method} {path}: {answer.text[:500]}"
        route = Router().match(method, path.partition("?")[0].encode()).route
        assert route is not None
        self.seen.add(route.operation)
        if answer.headers["content-type"] == "application/json":
            check_answer(answer.json(), route.path, method, status)
        else:
            assert route.gives in (Gives.TEXT, Gives.FILE)
        return answer


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with wb.open(tmp_path_factory.mktemp("walk") / "db") as database:
        server = RestServer(service_of(database.engine), Settings(http_port=0))
        server.start()
        with httpx.Client(base_url=server.url, timeout=60) as client:
            yield Walk(client)
        server.stop()


def test_every_answer_has_the_shape_of_the_schema(walk: Walk, tmp_path: Path) -> None:
    for method, path, body, status in BEFORE:
        walk.step(method, path, body, status)
    for place in (C, f"{C}/shards/0"):
        snapshots_of(walk, place, tmp_path)
    full = walk.step("POST", "/snapshots", None, 200).json()["result"]["name"]
    assert len(walk.step("GET", f"/snapshots/{full}", None, 200).content) > 1000
    walk.step("DELETE", f"/snapshots/{full}", None, 200)
    for path, text in TEXTS.items():
        assert walk.step("GET", path, None, 200).text == text
    assert "app_info" in walk.step("GET", "/metrics", None, 200).text
    for method, path, body, status in AFTER:
        walk.step(method, path, body, status)
    documented = {o["operationId"] for methods in openapi()["paths"].values() for o in methods.values()}
    assert documented - walk.seen == set()
    assert documented <= {route.operation for route in ROUTES}


def snapshots_of(walk: Walk, place: str, folder: Path) -> None:
    """Take, list, download, upload, recover and delete a snapshot of a collection or of its shard."""
    count = walk.step("POST", f"{P}/count", {}, 200).json()["result"]["count"]
    taken = walk.step("POST", f"{place}/snapshots", None, 200).json()["result"]
    path = f"{place}/snapshots/{taken['name']}"
    content = walk.step("GET", path, None, 200).content
    assert len(content) == taken["size"]
    file = folder / taken["name"]
    file.write_bytes(content)
    upload = f"{place}/snapshots/upload?checksum={taken['checksum']}"
    walk.step("POST", upload, None, 200, files={"snapshot": content})
    refused = f"{place}/snapshots/upload?checksum={'0' * 64}"
    walk.step("POST", refused, None, 400, files={"snapshot": content})
    walk.step("PUT", f"{place}/snapshots/recover", {"location": file.as_uri()}, 200)
    assert walk.step("POST", f"{P}/count", {}, 200).json()["result"]["count"] == count
    walk.step("DELETE", path, None, 200)
    walk.step("DELETE", path, None, 404)
