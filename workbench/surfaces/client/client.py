"""The engine's side of a ``qdrant_client.QdrantClient``: every call goes straight to the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qdrant_client.http import models

from workbench.engine import Engine
from workbench.surfaces.client.collection import CollectionCalls
from workbench.surfaces.client.reads import ReadCalls
from workbench.surfaces.client.writes import WriteCalls

# The version of Qdrant whose calls are answered.
VERSION = "1.19.0"


class EngineClient(CollectionCalls, WriteCalls, ReadCalls):
    """Answers the calls that a ``QdrantClient`` passes on.

    Arguments that only matter between machines (``timeout``, ``ordering``, ``consistency``) are taken and
    change nothing: a call is over when it returns, in the order of the calls. Errors are those of
    :mod:`workbench.errors`.

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

    def info(self) -> models.VersionInfo:
        """Return the version of Qdrant's API that is spoken."""
        return models.VersionInfo(title="workbench - vector search engine", version=VERSION)
