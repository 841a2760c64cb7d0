"""A query that comes again with another vector is answered as any other, though only the vector is read."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest

from tests.surfaces.rest.conftest import Serve
from workbench.api import known_queries
from workbench.surfaces.rest import app
from workbench.surfaces.rest.repeated_query import RepeatedQueries, place_of

PATH = "/collections/pets/points/query"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Let every known query be quick; have the statuses of those answered at once, None for all others."""
    monkeypatch.setattr(known_queries, "QUICK_S", float("inf"))
    monkeypatch.setattr(known_queries, "PROMPT_S", float("inf"))
    seen: list[int | None] = []
    answer = app.App.at_once

    def noted(self: app.App, path: bytes, headers: Any, body: bytes) -> Any:
        found = answer(self, path, headers, body)
        seen.append(None if found is None else found.status)
        return found

    monkeypatch.setattr(app.App, "at_once", noted)
    return seen


def ask(http: httpx.Client, body: Any, **more: Any) -> tuple[int, Any]:
    """Return the status and the answer, but for its time."""
    text = body if isinstance(body, str) else json.dumps(body)
    answer = http.post(PATH, content=text, headers={"content-type": "application/json"}, **more)
    found = answer.json()
    del found["time"]
    return answer.status_code, found


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"limit": 2, "offset": 1},
        {"with_payload": True, "with_vector": True, "score_threshold": 0.2},
        {"filter": {"must": [{"key": "legs", "match": {"value": 4}}]}, "params": {"exact": True}},
    ],
    ids=lambda more: " ".join(more) or "nothing else",
)
@pytest.mark.parametrize("form", ["list", "nearest"])
def test_the_third_of_like_queries_is_answered_at_once_and_as_any_other(
    at_once: list[int | None], pets: httpx.Client, form: str, more: dict[str, Any]
) -> None:
    def body(*numbers: float) -> dict[str, Any]:
        return {"query": list(numbers) if form == "list" else {"nearest": numbers}, **more}

    for numbers in ((1.0, 0.25), (0.5, 0.5), (0.25, 1.0)):
        answer = ask(pets, body(*numbers))

    # The first is read as a whole, and the second tells that its like is quick.
    assert at_once == [None, None, 200]
    assert answer == ask(pets, {"limit": 10, **body(0.25, 1.0)} | {"using": ""})
    assert answer[1]["result"]["points"] != []
    assert at_once == [None, None, 200, None]


@pytest.mark.parametrize(
    "body",
    [
        '{"query": [%s, 1.0], "query": [1.0, 0.0]}',
        '{"query": [%s, 1.0], "qu\\u0065ry": [1.0, 0.0]}',
        '{"query": 1, "filter": {"must": [{"key": "a", "match": {"value": "%s"}}]}}',
        '{"prefetch": [{"query": [%s, 1.0]}], "query": [1.0, 0.0]}',
        '{"prefetch": {"query": [%s, 1.0]}, "query": {"fusion": "rrf"}}',
        '{"query": {"nearest": [%s, 1.0], "mmr": {"diversity": 0.5}}}',
        '{"query": [[%s, 1.0]]}',
        '{"query": [%s, "1.0"]}',
        '{"query": [%s, true]}',
        '{"query": [%s]}',
        '{"query": []}',
    ],
)
def test_what_is_unusual_is_read_as_a_whole_each_time(
    at_once: list[int | None], pets: httpx.Client, body: str
) -> None:
    for number in ("0.5", "0.25", "2.0"):
        text = body.replace("%s", number)
        assert ask(pets, text) == ask(pets, text + " " * len(at_once))

    assert set(at_once) == {None}


@pytest.mark.parametrize(
    ("numbers", "status"), [("1.0, 2.0, 3.0", 400), ("0.5, true", 400), ("1.0, 1e999", 400), ("x", 400)]
)
def test_a_vector_that_is_none_is_refused_as_in_any_other_query(
    at_once: list[int | None], pets: httpx.Client, numbers: str, status: int
) -> None:
    other = f"[{numbers}]"
    fresh = ask(pets, '{"limit": 3, "query": ' + other + "}")
    for _ in range(3):
        ask(pets, '{"limit":3, "query": [0.5, 1.0]}')

    assert at_once == [None, None, None, 200]
    refused = ask(pets, '{"limit":3, "query": ' + other + "}")
    assert refused[0] == fresh[0] == status
    assert (
        refused[1]["status"]["error"].partition(" at line")[0]
        == fresh[1]["status"]["error"].partition(" at line")[0]
    )


def test_parameters_of_the_address_make_another_query(at_once: list[int | None], pets: httpx.Client) -> None:
    for _ in range(3):
        ask(pets, {"query": [1.0, 0.5]})

    assert ask(pets, {"query": [1.0, 0.5]}, params={"timeout": "0"})[0] == 422
    assert at_once == [None, None, 200]


def test_a_collection_that_was_deleted_is_not_found(at_once: list[int | None], pets: httpx.Client) -> None:
    for _ in range(3):
        ask(pets, {"query": [1.0, 0.5]})
    pets.delete("/collections/pets")

    status, answer = ask(pets, {"query": [1.0, 0.5]})
    assert (status, answer["status"]["error"]) == (404, "Not found: Collection `pets` doesn't exist!")
    assert at_once == [None, None, 200, 404]


def test_a_key_is_asked_for_of_quick_queries_too(serve: Serve, at_once: list[int | None]) -> None:
    with httpx.Client(base_url=serve(api_key="secret").url, headers={"api-key": "secret"}) as http:
        http.put("/collections/pets", json={"vectors": {"size": 2, "distance": "Dot"}})
        for _ in range(3):
            assert ask(http, {"query": [1.0, 0.5]})[0] == 200

        refused = http.post(PATH, json={"query": [1.0, 0.5]}, headers={"api-key": "wrong"})
        assert refused.status_code == 401
        plain = {"content-type": "text/plain"}
        assert http.post(PATH, content='{"query": [1.0, 0.5]}', headers=plain).status_code == 400
    assert at_once == [None, None, 200, None, None]


def test_quick_queries_are_counted_and_pages_of_other_origins_may_ask(
    at_once: list[int | None], pets: httpx.Client
) -> None:
    for _ in range(3):
        ask(pets, {"query": [1.0, 0.5]})
    crossing = pets.post(PATH, json={"query": [1.0, 0.5]}, headers={"origin": "http://elsewhere"})

    assert crossing.headers["access-control-allow-origin"] == "*"
    assert at_once == [None, None, 200]
    counted = pets.get("/telemetry", params={"details_level": 3}).json()["result"]["requests"]["rest"]
    assert counted["responses"]["POST /collections/{collection_name}/points/query"]["200"]["count"] == 4


def test_requests_in_one_packet_or_in_many_are_answered_in_order(
    at_once: list[int | None], pets: httpx.Client
) -> None:
    def wire(limit: int, last: bool = False) -> bytes:
        body = b'{"query": [1.0, 0.5], "limit": %d}' % limit
        head = (
            b"POST /collections/pets/points/query HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        )
        head += b"connection: close\r\n" if last else b""
        return head + b"content-length: %d\r\n\r\n" % len(body) + body

    for limit in (1, 2):
        for _ in range(2):
            ask(pets, f'{{"query": [1.0, 0.5], "limit": {limit}}}')
    url = pets.base_url
    with socket.create_connection((url.host, url.port), timeout=60) as own:
        own.sendall(wire(1) + wire(3) + wire(2))
        last = wire(1, last=True)
        for at in range(0, len(last), 40):
            own.sendall(last[at : at + 40])
        parts = []
        while part := own.recv(1 << 16):
            parts.append(part)
    heads, found = b"".join(parts).lower(), []
    for text in heads.split(b"http/1.1 200 ok\r\n")[1:]:
        found.append(len(json.loads(text.partition(b"\r\n\r\n")[2])["result"]["points"]))

    assert found == [1, 3, 2, 1]
    assert heads.count(b"connection: close") == 1
    assert 200 in at_once


def test_only_one_list_of_one_query_has_a_place() -> None:
    assert place_of(b'{"limit": 3, "query" : [1.0, 2.0]}') == (23, 33)
    assert place_of(b'{"query":{"nearest":[1.0, 2.0]}}') == (20, 30)
    assert place_of(b'{"query":1,"using":"query"}') is None
    assert place_of(b'{"query": [1.0, 2.0') is None


def test_a_query_that_was_slow_goes_to_a_thread(
    at_once: list[int | None], pets: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_queries, "QUICK_S", 0.0)
    found: list[bytes] = []
    answer = RepeatedQueries.answer

    def noted(self: RepeatedQueries, path: bytes, name: str, body: bytes, started: float) -> Any:
        found.append(body)
        return answer(self, path, name, body, started)

    monkeypatch.setattr(RepeatedQueries, "answer", noted)
    for _ in range(3):
        assert ask(pets, {"query": [1.0, 0.5]})[0] == 200

    assert len(found) == 3
    assert at_once == [None, None, None]
