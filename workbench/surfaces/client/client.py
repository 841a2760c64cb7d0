"""The engine's side of a ``qdrant_client.QdrantClient``: every call goes straight to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engine import Engine
from workbench.surfaces.client.collection import CollectionCalls
from workbench.surfaces.client.query import QueryCalls
from workbench.surfaces.client.reads import ReadCalls
from workbench.surfaces.client.service import ServiceCalls
from workbench.surfaces.client.writes import WriteCalls


class EngineClient(CollectionCalls, WriteCalls, ReadCalls, QueryCalls, ServiceCalls):
    """Answers the calls that a ``QdrantClient`` passes on, each as the operation of the API that it names.

    What only matters between machines (``timeout``, ``ordering``, ``consistency``) is checked and changes
    nothing: a call is over when it returns, in the order of the calls. Errors are those of
    :mod:`workbench.errors` and of Qdrant's client at once: :mod:`workbench.surfaces.client.failures`.

    Parameters
    ----------
    engine : Engine
        Where the collections are.
    on_close : callable or None
        Called when the client is closed.
    """

    def __init__(self, engine: Engine, on_close: Callable[[], None] | None = None) -> None:
        super().__init__(engine)
        self._on_close = on_close

    def close(self, **kwargs: Any) -> None:
        """Let go of the engine."""
        if self._on_close is not None:
            self._on_close()
