"""The suite for every surface, over the client in process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient

from workbench.engine import open_engine
from workbench.surfaces.client import client_over
from workbench.testing.client_tests import ClientTests


class TestInProcess(ClientTests):
    @pytest.fixture
    def client(self) -> Iterator[QdrantClient]:
        with open_engine() as engine:
            yield client_over(engine)
