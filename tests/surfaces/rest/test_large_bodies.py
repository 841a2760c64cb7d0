"""Large bodies are read as a whole, whatever comes before, behind or instead of them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.surfaces.rest.conftest import Serve
from workbench.surfaces.rest import bodies
from workbench.surfaces.rest.large_bodies import LargeBody
from workbench.surfaces.turns import LARGE

COUNT = b"GET /collections/pets/points/count HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


def upsert(number: int, text: str = "x" * LARGE) -> bytes:
    """Return a request that writes one point, as it is on the wire."""
    body = json.dumps({"points": [{"id": number, "vector": [0, 1], "payload": {"text": text}}]}).encode()
    head = (
        "PUT /collections/pets/points?wait=true HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.fixture
def connection(pets: httpx.Client) -> Iterator[socket.socket]:
    """Have a connection to the server of ``pets``."""
    url = pets.base_url
    with socket.create_connection((url.host, url.port), timeout=60) as own:
        yield own


def answers(connection: socket.socket) -> str:
    """Return all that comes until the server closes."""
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts).decode()


def test_a_large_body_is_taken_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, pets: httpx.Client, connection: socket.socket
) -> None:
    lengths: list[int] = []
    begin = LargeBody.__init__

    def noted(self: LargeBody, protocol: object, length: int, begun: bytes) -> None:
        lengths.append(length)
        begin(self, protocol, length, begun)  # type: ignore[arg-type]

    monkeypatch.setattr(LargeBody, "__init__", noted)
    request = upsert(4, "x" * (8 << 20))  # more than is under way at once
    connection.sendall(request + COUNT)

    assert '"count":4' in answers(connection)
    assert lengths == [len(request.partition(b"\r\n\r\n")[2])]
    read = pets.post("/collections/pets/points", json={"ids": [4]}).json()["result"]
    assert read[0]["payload"] == {"text": "x" * (8 << 20)}


def test_requests_behind_a_large_body_are_answered_in_turn(connection: socket.socket) -> None:
    connection.sendall(upsert(4) + upsert(5) + upsert(6, "small") + COUNT)

    found = answers(connection)
    assert (found.count("HTTP/1.1 200 OK"), found.count('"completed"')) == (4, 3)
    assert '"count":6' in found


def test_a_body_that_comes_byte_by_byte_is_the_same(connection: socket.socket) -> None:
    request = upsert(4)
    for part in (request[:40], request[40:300], request[300:-1], request[-1:], COUNT):
        connection.sendall(part)
        time.sleep(0.01)

    found = answers(connection)
    assert ('"completed"' in found, '"count":4' in found) == (True, True)


def test_what_is_wrong_with_a_large_body_is_told_and_the_connection_goes_on(
    connection: socket.socket,
) -> None:
    connection.sendall(upsert(4).replace(b'"id": 4', b'"id": -') + COUNT)

    found = answers(connection)
    assert found.startswith("HTTP/1.1 400 ")
    assert ("Format error in JSON body" in found, '"count":3' in found) == (True, True)


def test_a_large_request_that_is_refused_is_not_read(connection: socket.socket) -> None:
    connection.sendall(upsert(4).replace(b"/pets/points?wait=true", b"/pets/nothing?wait=no!") + COUNT)

    found = answers(connection)
    assert found.startswith("HTTP/1.1 404 ")
    assert '"count":3' in found


def test_a_caller_that_goes_away_leaves_the_server_as_it_was(
    pets: httpx.Client, connection: socket.socket
) -> None:
    connection.sendall(upsert(4)[:-1])
    connection.close()

    assert pets.get("/collections/pets/points/count").json()["result"] == {"count": 3}


def test_chunks_and_callers_that_ask_first_are_read_as_ever(pets: httpx.Client) -> None:
    body = upsert(4).partition(b"\r\n\r\n")[2]
    headers = {"content-type": "application/json"}
    for content, more in ((iter([body[:9], body[9:]]), {}), (body, {"expect": "100-continue"})):
        answer = pets.put("/collections/pets/points?wait=true", content=content, headers={**headers, **more})
        assert answer.json()["result"]["status"] == "completed"


def test_a_large_body_over_the_limit_is_refused(serve: Serve) -> None:
    head, _, body = upsert(4, "x" * (1 << 20)).partition(b"\r\n\r\n")
    assert head
    headers = {"content-type": "application/json"}
    answer = httpx.put(
        f"{serve(max_request_size_mb=1).url}/collections/a/points", content=body, headers=headers
    )
    assert answer.status_code == 400
    assert "is larger than allowed (limit: 1048576 bytes)." in answer.json()["status"]["error"]


def test_a_caller_that_went_away_is_told_to_whoever_waits() -> None:
    import asyncio
    from types import SimpleNamespace

    lost: list[Exception | None] = []

    async def leave() -> None:
        large = LargeBody(SimpleNamespace(connection_lost=lost.append), 10, b"half ")  # type: ignore[arg-type]
        large.connection_lost(None)
        with pytest.raises(bodies.Disconnected):
            await large.whole

    asyncio.run(leave())
    assert lost == [None]
