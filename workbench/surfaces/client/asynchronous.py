"""``AsyncQdrantClient`` in process, and with the calls that clients 1.16 dropped."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import qdrant_client

from workbench.surfaces.client.compat import QdrantClient
from workbench.surfaces.client.legacy import LegacyCalls
from workbench.surfaces.client.legacy_texts import LegacyTexts

# What Qdrant's own asynchronous client does not make a coroutine of either.
_PLAIN = frozenset({"upload_points", "upload_collection", "migrate"})
# Nor did it of these, while it had them.
_SETTINGS = frozenset({"set_model", "get_vector_field_name", "get_fastembed_vector_params"})


class AsyncQdrantClient(qdrant_client.AsyncQdrantClient):
    """Qdrant's asynchronous client, whose in-process modes are this engine.

    In process a call runs on a thread, so that the event loop answers others meanwhile. So do, in process or
    not, the calls that clients 1.16 dropped.

    Parameters
    ----------
    location : str or None
        ``":memory:"`` for an engine of its own that ends with the client; else the `url` of a server.
    path : str or None
        Folder of a database in this process, which it may share with other clients here.
    url, host, port, **options
        A server, as in ``qdrant_client.AsyncQdrantClient``.
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
        self._now: QdrantClient | None = None
        self._same = functools.partial(QdrantClient, location, url, port, host=host, path=path, **options)
        if location == ":memory:" or path is not None:
            super().__init__(":memory:")
            self._client: Any = _InThreads(self._blocking())
            # The engine makes vectors of documents, as a server does.
            self.cloud_inference = True
        else:
            super().__init__(location, url, port, host=host, **options)

    def _blocking(self) -> QdrantClient:
        """Return the client of the same place that does not return before it has answered."""
        if self._now is None:
            self._now = self._same()
        return self._now

    async def close(self, grpc_grace: float | None = None, **kwargs: Any) -> None:
        """Close the connection, or the database when no other client here has it open."""
        await super().close(grpc_grace, **kwargs)
        if self._now is not None and self._now is not getattr(self._client, "client", None):
            await asyncio.to_thread(self._now.close)


class _InThreads:
    """The calls of a client as coroutines, each of which runs on a thread."""

    def __init__(self, client: QdrantClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        return call if name in _PLAIN else _later(call)


def _later(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def later(*args: Any, **options: Any) -> Any:
        return await asyncio.to_thread(call, *args, **options)

    return later


def _dropped(name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(LegacyTexts, name))
    async def later(self: AsyncQdrantClient, *args: Any, **options: Any) -> Any:
        return await asyncio.to_thread(getattr(self._blocking(), name), *args, **options)

    return later


def _setting(name: str) -> Callable[..., Any]:
    @functools.wraps(getattr(LegacyTexts, name))
    def at_once(self: AsyncQdrantClient, *args: Any, **options: Any) -> Any:
        return getattr(self._blocking(), name)(*args, **options)

    return at_once


for _name, _call in [*vars(LegacyCalls).items(), *vars(LegacyTexts).items()]:
    if callable(_call) and not _name.startswith("_") and _name != "upload_records":
        setattr(AsyncQdrantClient, _name, (_setting if _name in _SETTINGS else _dropped)(_name))
