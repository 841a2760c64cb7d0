from __future__ import annotations

from collections.abc import Iterator

import pytest
from qdrant_client import QdrantClient, models

from workbench.engine import Engine, open_engine
from workbench.surfaces.client import client_over


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as engine:
        yield engine


@pytest.fixture
def client(engine: Engine) -> QdrantClient:
    return client_over(engine)


@pytest.fixture
def films(client: QdrantClient) -> QdrantClient:
    """Four films on a plane, compared by dot product."""
    client.create_collection("films", models.VectorParams(size=2, distance=models.Distance.DOT))
    client.upsert(
        "films",
        [
            models.PointStruct(
                id=1, vector=[1.0, 0.0], payload={"title": "Alien", "genre": "horror", "year": 1979}
            ),
            models.PointStruct(
                id=2, vector=[0.0, 1.0], payload={"title": "Brazil", "genre": "satire", "year": 1985}
            ),
            models.PointStruct(
                id=3, vector=[0.8, 0.2], payload={"title": "Carrie", "genre": "horror", "year": 1976}
            ),
            models.PointStruct(
                id=4, vector=[0.5, 0.5], payload={"title": "Dune", "genre": "epic", "year": 2021}
            ),
        ],
    )
    return client
