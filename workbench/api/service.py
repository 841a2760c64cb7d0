"""What operations run on: the engine, and what a service knows beside it."""

from __future__ import annotations

import threading
import time
from typing import Any

from workbench.api.operations import Call, operations
from workbench.embedding import Embedder
from workbench.engine import Engine
from workbench.errors import Unsupported

# The version of Qdrant whose calls are answered.
VERSION = "1.19.0"


class Service:
    """One engine as Qdrant's API sees it; shared by every surface over that engine, see :func:`service_of`.

    Parameters
    ----------
    engine : Engine
        Where the collections are.

    Attributes
    ----------
    started : float
        When it was made, seconds since 1970.
    embedders : dict of str to Embedder
        Models that documents in requests may name, beside those of :mod:`workbench.api.inference`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.started = time.time()
        self.embedders: dict[str, Embedder] = {}

    def run(self, name: str, call: Call) -> Any:
        """Run an operation by its name.

        Raises
        ------
        WorkbenchError
            As the operation does; :func:`workbench.api.failures.failure_of` says what that is on a wire.
        """
        operation = operations().get(name)
        if operation is None:
            raise Unsupported(f"this version does not answer {name}")
        return operation.run(self, call)


_guard = threading.Lock()


def service_of(engine: Engine) -> Service:
    """Return the service over `engine`, made at the first call."""
    with _guard:
        known: Service = engine.beside.setdefault("service", None) or Service(engine)
        engine.beside["service"] = known
        return known
