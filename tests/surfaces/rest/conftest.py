"""A server over a database in memory, and a plain HTTP client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import workbench as wb
from workbench.api.service import service_of
from workbench.surfaces.rest import RestServer
from workbench.surfaces.settings import Settings

Serve = Callable[..., RestServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server over a new database in memory, with any settings."""
    running: list[tuple[RestServer, Any]] = []

    def start(**settings: Any) -> RestServer:
        database = wb.open()
        server = RestServer(service_of(database.engine), Settings(http_port=0, **settings))
        server.start()
        running.append((server, database))
        return server

    yield start
    for server, database in running:
        server.stop()
        database.close()


@pytest.fixture
def http(serve: Serve) -> Iterator[httpx.Client]:
    """Speak to a server that was set up with nothing."""
    with httpx.Client(base_url=serve().url) as client:
        yield client


@pytest.fixture
def pets(http: httpx.Client) -> httpx.Client:
    """Have the collection ``pets`` of two dimensions with three points."""
    http.put("/collections/pets", json={"vectors": {"size": 2, "distance": "Dot"}}).raise_for_status()
    points = [
        {"id": 1, "vector": [0.1, 0.9], "payload": {"name": "cat", "legs": 4}},
        {"id": 2, "vector": [0.9, 0.1], "payload": {"name": "dog", "legs": 4}},
        {"id": "936da01f-9abd-4d9d-80c7-02af85c822a8", "vector": [0.5, 0.5], "payload": {"legs": 2}},
    ]
    http.put("/collections/pets/points?wait=true", json={"points": points}).raise_for_status()
    return http
