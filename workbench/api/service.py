"""What operations run on: the engine, and what a service knows beside it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from workbench.api import strict_mode
from workbench.api.issues import SLOW_S, Issues, filters_in
from workbench.api.operations import Access, Call, operations
from workbench.api.quotas import Quotas
from workbench.api.request_statistics import Recorder
from workbench.embedding import Embedder
from workbench.engine import Engine
from workbench.errors import Closed, Unsupported
from workbench.models.filters import Filter
from workbench.snapshots import Snapshots

T = TypeVar("T")

# The version of Qdrant whose calls are answered.
VERSION = "1.19.0"

# What adds to memory or disk, and is refused where a quota is reached; deleting stays possible.
_GROWING = frozenset(
    {"upsert_points", "update_vectors", "set_payload", "overwrite_payload", "create_field_index"}
)
_GROWING_PARTS = frozenset({"upsert", "update_vectors", "set_payload", "overwrite_payload"})


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
    requests : Recorder
        Where each surface reports what it answered.
    issues : Issues
        What was found that makes queries slow.
    quotas : Quotas
        What share of the machine the database may fill.
    snapshots : Snapshots
        Those of the database, where they are kept.
    peer : int
        What Qdrant would call this process in a cluster.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.started = time.time()
        self.embedders: dict[str, Embedder] = {}
        self.requests = Recorder()
        self.issues = Issues()
        self.quotas = Quotas(engine.root)
        self.snapshots = Snapshots(engine)
        self.peer = secrets.randbits(52)

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
        if self.quotas.config.enabled and _grows(name, call.body):
            self.quotas.check()
        if call.params.get("timeout") is not None and operation.access is not Access.MANAGE:
            self._check_timeout(call)
        filters = partial(filters_in, call.body) if operation.access is Access.READ else tuple
        return self.watched(call.collection_name, partial(operation.run, self, call), filters)

    def watched(
        self, collection_name: str, answer: Callable[[], T], filters: Callable[[], Iterable[Filter]]
    ) -> T:
        """Return what `answer` does; when it took long, look for indexes that its filters lack.

        Raises
        ------
        NotFound
            When the collection was deleted meanwhile.
        """
        started = time.monotonic()
        try:
            result = answer()
        except Closed:
            if collection_name:
                self.engine.collection(collection_name)
            raise
        if collection_name and time.monotonic() - started > SLOW_S:
            collection = self.engine.collection(collection_name)
            for flt in filters():
                self.issues.look(collection, flt)
        return result

    def _check_timeout(self, call: Call) -> None:
        name = self.engine.resolve(call.collection_name)
        if self.engine.exists(name):
            strict_mode.check_timeout(self.engine.collection(name), call.number("timeout", 1))


def _grows(name: str, body: Any) -> bool:
    """Whether an operation adds to what the database holds."""
    if name != "batch_update":
        return name in _GROWING
    parts = body.get("operations") if isinstance(body, Mapping) else None
    return any(isinstance(part, Mapping) and part.keys() & _GROWING_PARTS for part in parts or ())


_guard = threading.Lock()


def service_of(engine: Engine) -> Service:
    """Return the service over `engine`, made at the first call."""
    with _guard:
        known: Service = engine.beside.setdefault("service", None) or Service(engine)
        engine.beside["service"] = known
        return known
