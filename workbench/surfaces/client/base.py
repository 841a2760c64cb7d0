"""What answers the calls of a ``QdrantClient``: an operation by its name, and its errors as Qdrant's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qdrant_client.client_base import QdrantBase
from qdrant_client.http import models

from workbench.api.operations import Call
from workbench.api.service import service_of
from workbench.engine import Engine
from workbench.errors import WorkbenchError
from workbench.surfaces.client.failures import as_response
from workbench.surfaces.client.plain import plain
from workbench.surfaces.client.repeated_query import RepeatedQueries
from workbench.surfaces.client.results import client_update

_PARAMETERS = ("timeout", "ordering", "consistency")


class EngineCalls(QdrantBase):
    """What answers over an engine.

    Parameters
    ----------
    engine : Engine
        Where the collections are.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine, self.service = engine, service_of(engine)
        self._repeated = RepeatedQueries(self.service)

    def _run(
        self,
        operation: str,
        collection_name: str = "",
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        **path: str,
    ) -> Any:
        """Run an operation; what it raises is also what Qdrant's client raises."""
        try:
            return self.service.run(operation, Call(collection_name, body, params or {}, path))
        except WorkbenchError as error:
            raise as_response(error).with_traceback(error.__traceback__) from error.__cause__

    def _write(
        self,
        operation: str,
        collection_name: str,
        body: Any,
        wait: bool,
        options: Mapping[str, Any],
        **path: str,
    ) -> models.UpdateResult:
        """Run an operation that answers with the receipt of a write."""
        params = {**parameters(options), "wait": wait}
        return client_update(self._run(operation, collection_name, body, params, **path))


def parameters(options: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Return the options that are query parameters."""
    return {name: plain(options[name]) for name in (*_PARAMETERS, *more) if options.get(name) is not None}
