"""The collection that the suite over clients asks about, and how refusals are told apart on every surface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

FILMS = "suite-films"

PLANE = models.VectorParams(size=2, distance=models.Distance.DOT)

# id, vector, payload: four films on a plane, compared by dot product.
_FILMS: tuple[tuple[int, list[float], dict[str, Any]], ...] = (
    (1, [1.0, 0.0], {"title": "Alien", "genre": "horror", "year": 1979, "tags": ["space", "ship"]}),
    (2, [0.0, 1.0], {"title": "Brazil", "genre": "satire", "year": 1985, "tags": []}),
    (3, [0.75, 0.25], {"title": "Carrie", "genre": "horror", "year": 1976, "seen": True}),
    (4, [0.5, 0.5], {"title": "Dune", "genre": "epic", "year": 2021, "tags": ["space"], "seen": None}),
)

# What a status of HTTP is over gRPC.
_GRPC = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ALREADY_EXISTS",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
}


class FilmTests:
    """Gives tests the films; ``client`` is the fixture of the subclass."""

    @pytest.fixture
    def films(self, client: QdrantClient) -> Iterator[QdrantClient]:
        """Return the client, with the collection of films in its database."""
        client.delete_collection(FILMS)
        client.create_collection(FILMS, PLANE)
        points = [models.PointStruct(id=i, vector=vector, payload=payload) for i, vector, payload in _FILMS]
        client.upsert(FILMS, points, wait=True)
        yield client
        client.delete_collection(FILMS)


def hits(response: models.QueryResponse) -> list[tuple[Any, Any]]:
    """Return ids and scores, to be compared with literals."""
    return [(point.id, pytest.approx(point.score, abs=1e-6)) for point in response.points]


def ids(points: Any) -> list[Any]:
    """Return the ids of records or hits."""
    return [point.id for point in points]


def genre(name: str) -> models.Filter:
    """Return a filter on the genre."""
    return models.Filter(must=[models.FieldCondition(key="genre", match=models.MatchValue(value=name))])


@contextmanager
def refused(status: int, text: str = "") -> Iterator[None]:
    """Expect a refusal with this HTTP status, or over gRPC its code, whose message has `text`."""
    with pytest.raises((UnexpectedResponse, grpc.RpcError)) as raised:
        yield
    error: Any = raised.value
    if isinstance(error, UnexpectedResponse):
        assert error.status_code == status
        message = error.structured()["status"]["error"]
    else:
        assert error.code().name == _GRPC[status]
        message = error.details()
    assert text in message, f"expected {text!r} in {message!r}"
