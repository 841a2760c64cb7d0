"""A real ``qdrant_client.QdrantClient`` whose other end is an engine in this process."""

from __future__ import annotations

from typing import Any

import numpy as np
import qdrant_client
from qdrant_client.http import models

from workbench.engine import Engine
from workbench.surfaces.client.client import EngineClient


class InProcessClient(qdrant_client.QdrantClient):
    """Qdrant's own client class over an engine: no server, no network, no copy of the engine.

    Closing it leaves the engine open. Qdrant's client keeps whatever answers it in one attribute,
    ``_client``; its constructor puts an empty local mode there, which costs 2 µs, and this puts the engine in
    its place.

    Parameters
    ----------
    engine : Engine
        Where the collections are.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(":memory:")
        self._client: Any = EngineClient(engine)

    def query_points(
        self, collection_name: str, query: Any = None, *args: Any, **kwargs: Any
    ) -> models.QueryResponse:
        """Query points, as ``QdrantClient.query_points`` does.

        A plain vector goes to the engine as it is: inside a model it would be a list checked number by
        number.
        """
        plain = isinstance(query, np.ndarray) or (
            isinstance(query, list) and query and type(query[0]) is float
        )
        if plain and not args and kwargs.get("prefetch") is None:
            answer: models.QueryResponse = self._client.query_points(collection_name, query, **kwargs)
            return answer
        return super().query_points(collection_name, query, *args, **kwargs)


def client_over(engine: Engine) -> qdrant_client.QdrantClient:
    """Return a ``QdrantClient`` over `engine`; closing the client leaves the engine open."""
    return InProcessClient(engine)
