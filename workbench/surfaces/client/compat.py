"""``QdrantClient`` as code of 2024 knows it: in process for ``":memory:"`` and ``path=``, else remote.

The calls that clients 1.16 dropped are here again, each as the ``query_points`` it became, so that they also
work against a server. :mod:`workbench.surfaces.client.models` has the models of that time.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from workbench.collection.info import describe
from workbench.engine import Engine, open_engine
from workbench.errors import InvalidRequest
from workbench.segments.view import View
from workbench.surfaces.client import models
from workbench.surfaces.client.client import EngineClient
from workbench.surfaces.client.legacy_texts import LegacyTexts
from workbench.surfaces.client.process import InProcessClient

# How many clients opened each engine by its path: closing the last closes the engine.
_clients: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()
_counting = threading.Lock()


class QdrantClient(LegacyTexts):
    """Qdrant's client, whose in-process modes are this engine, and which still has ``search`` and the like.

    Parameters
    ----------
    location : str or None
        ``":memory:"`` for an engine of its own that ends with the client; else the `url` of a server.
    path : str or None
        Folder of a database in this process. Clients of the same folder share one engine; it is closed, and
        the folder free for other processes, when the last of them is closed.
    url, host, port, **options
        A server, as in ``qdrant_client.QdrantClient``.
    """

    def __init__(
        self,
        location: str | None = None,
        url: str | None = None,
        port: int | None = 6333,
        *,
        host: str | None = None,
        path: Any = None,
        **options: Any,
    ) -> None:
        if sum(place is not None for place in (location, url, host, path)) > 1:
            raise InvalidRequest("expected only one of location, url, host and path")
        self._engine: Engine | None = None
        if location == ":memory:" or path is not None:
            self._engine = open_engine(path)
            super().__init__(self._engine)
            if path is not None:
                with _counting:
                    _clients[self._engine] = _clients.get(self._engine, 0) + 1
            self._answer_from(EngineClient(self._engine, self._leave))
            return
        # Past InProcessClient, to the constructor of Qdrant's own client.
        super(InProcessClient, self).__init__(location, url, port, host=host, **options)

    def __del__(self) -> None:
        # A cell that is run again makes a new client before the old one is collected: what is in a folder
        # stays open for it. Only `close` closes that.
        engine = getattr(self, "_engine", None)
        if engine is None or engine.root is None:
            self.close()

    def _leave(self) -> None:
        engine, self._engine = self._engine, None
        if engine is None:
            return
        if engine.root is not None:
            with _counting:
                _clients[engine] -= 1
                if _clients[engine] > 0:
                    return
        engine.close()

    def get_collection(self, collection_name: str, **kwargs: Any) -> models.CollectionInfo:
        """Return counts, status, sizes and configuration."""
        info = super().get_collection(collection_name, **kwargs)
        extra: dict[str, Any] = {}
        if isinstance(self._client, EngineClient):
            collection = self._client.engine.collection(collection_name)
            said = describe(collection)
            extra = {
                "vectors_count": _vectors_count(collection.view),
                "disk_data_size": said.disk_bytes,
                "ram_data_size": said.vector_bytes + said.graph_bytes,
            }
        return models.CollectionInfo(
            **{name: getattr(info, name) for name in type(info).model_fields}, **extra
        )


def _vectors_count(view: View) -> int:
    total = 0
    for segment in view.segments:
        alive = segment.alive()
        for name in view.config.vectors:
            rows = segment.column(name).rows
            if rows is None:
                total += segment.live
            else:
                total += len(rows) if alive is None else int(np.count_nonzero(alive[rows]))
    return total
