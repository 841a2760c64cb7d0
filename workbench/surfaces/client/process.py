"""A real ``qdrant_client.QdrantClient`` whose other end is an engine in this process."""

from __future__ import annotations

import inspect
from typing import Any

import qdrant_client

from workbench.engine import Engine
from workbench.surfaces.client.client import EngineClient

# What query_points takes by name; it refuses anything else itself.
_ARGUMENTS = inspect.signature(qdrant_client.QdrantClient.query_points).parameters.keys() - {"self", "kwargs"}


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
        self._answer_from(EngineClient(engine))

    def _answer_from(self, client: EngineClient) -> None:
        self._client: Any = client
        # The engine makes vectors of documents, as a server does, and not Qdrant's client by FastEmbed.
        self.cloud_inference = True

    def query_points(self, collection_name: str, query: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Query points, as ``QdrantClient.query_points`` does.

        A query goes to the engine as it is: inside a model it would be a list checked number by number.
        """
        if args or not kwargs.keys() <= _ARGUMENTS or not isinstance(self._client, EngineClient):
            return super().query_points(collection_name, query, *args, **kwargs)
        return self._client.query_points(collection_name, query, **kwargs)


def client_over(engine: Engine) -> qdrant_client.QdrantClient:
    """Return a ``QdrantClient`` over `engine`; closing the client leaves the engine open."""
    return InProcessClient(engine)
