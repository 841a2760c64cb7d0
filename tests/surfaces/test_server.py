"""``db.serve()``: other programs at the database of a running kernel."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import QdrantClient

import workbench as wb
from workbench.errors import InvalidRequest, StorageFailed
from workbench.surfaces.notebook import Database


@pytest.fixture
def db() -> Iterator[Database]:
    with wb.open() as database:
        database.create("pets", {"name": ["cat", "dog"]}, vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
        yield database


def names(url: str | None, **options: Any) -> list[str]:
    # Without the check of versions, which the client makes in a thread that may outlive the server.
    client = QdrantClient(url=url, check_compatibility=False, **options)
    try:
        found = client.query_points("pets", query=[0.9, 0.1], with_payload=True).points
        return [point.payload["name"] for point in found if point.payload]
    finally:
        client.close()


def test_rest_and_grpc_answer_from_the_same_kernel(db: Database) -> None:
    with db.serve(http_port=0, grpc_port=0) as server:
        assert server.url is not None
        assert server.grpc_address is not None
        port = int(server.grpc_address.rpartition(":")[2])
        assert names(server.url) == ["cat", "dog"]
        assert names(server.url, grpc_port=port, prefer_grpc=True) == ["cat", "dog"]


def test_a_surface_can_be_left_out(db: Database) -> None:
    with db.serve(http_port=0, grpc_port=None) as server:
        assert server.grpc_address is None
        assert repr(server) == f"<Server {server.url}>"


def test_no_surface_is_refused(db: Database) -> None:
    with pytest.raises(InvalidRequest, match="http_port or a grpc_port"):
        db.serve(http_port=None, grpc_port=None)


def test_what_the_kernel_writes_the_server_reads(db: Database) -> None:
    with db.serve(http_port=0, grpc_port=None) as server:
        db["pets"].delete([0])
        assert names(server.url) == ["dog"]


def test_a_stopped_server_leaves_the_database_open(db: Database) -> None:
    server = db.serve(http_port=0, grpc_port=None)
    port = int(str(server.url).rpartition(":")[2])
    server.stop()
    server.stop()
    assert repr(server) == "<Server stopped>"
    assert len(db["pets"]) == 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_closing_the_database_stops_its_servers() -> None:
    database = wb.open()
    server = database.serve(http_port=0, grpc_port=0)
    database.close()
    assert not server.running


def test_a_taken_port_is_named_and_nothing_is_left_running(db: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            StorageFailed, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"
        ):
            db.serve(http_port=port, grpc_port=0)
        with pytest.raises(StorageFailed, match=str(port)):
            db.serve(http_port=0, grpc_port=port)


def test_a_server_open_to_others_without_a_key_says_so(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "workbench"):
        db.serve(http_port=0, grpc_port=None, host="0.0.0.0", api_key="k").stop()
        assert caplog.text == ""
        db.serve(http_port=0, grpc_port=None, host="0.0.0.0").stop()
    assert "OPEN TO OTHER MACHINES WITHOUT A KEY" in caplog.text


def test_a_server_shows_how_to_reach_it_and_no_key(db: Database) -> None:
    with db.serve(http_port=0, grpc_port=None, api_key="secret") as server:
        shown = server._repr_html_()
        assert str(server.url) in shown
        assert "secret" not in shown + repr(server)
    assert "stopped" in server._repr_html_()
