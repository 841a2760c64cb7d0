"""The suite of calls that every surface answers, through the official client over REST."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient

import workbench as wb
from workbench.testing.client_tests import ClientTests


@pytest.fixture(scope="module")
def client() -> Iterator[QdrantClient]:
    """Connect Qdrant's own client of today to a server."""
    with wb.open() as database, database.serve(http_port=0, grpc_port=None) as server:
        client = QdrantClient(url=server.url, check_compatibility=False)
        yield client
        client.close()


class TestOverRest(ClientTests):
    """``client`` is the fixture above."""
