"""Operations by name: what a surface calls, and what the table of the docs is made from."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from workbench.api.body import Body, as_flag, as_integer

if TYPE_CHECKING:
    from workbench.api.service import Service

MODULES = (
    "points", "payloads", "reads", "queries", "legacy", "collections", "indexes", "vector_names", "aliases",
    "snapshots", "cluster", "optimizations", "probes", "telemetry", "metrics", "quotas", "issues",
)  # fmt: skip
"""Where operations are; imported when the first is asked for."""


class Access(StrEnum):
    """What a key must allow: reading, writing, or everything."""

    READ = "read"
    WRITE = "write"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whatever wire it came by.

    Parameters
    ----------
    collection_name : str
        From the path; empty for calls that are about no collection.
    body : object
        Plain values in the shape of the REST API. Numbers of vectors may be NumPy arrays; ``points`` of an
        upsert may be a :class:`workbench.models.points.PointBatch` already.
    params : mapping
        Query parameters (``wait``, ``timeout``, …): texts from REST, Python values from elsewhere.
    path : mapping
        The other parts of the path: ``id``, ``field_name``, ``vector_name``, ``snapshot_name``, ``shard_id``,
        ``peer_id``.
    """

    collection_name: str = ""
    body: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)

    def reader(self) -> Body:
        """Return the body to be read; raise ``FormatError`` when it is no object."""
        return Body(self.body)

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a query parameter that is true or false."""
        value = self.params.get(name)
        return default if value is None else as_flag(value, name)

    def number(self, name: str, low: int | None = None) -> int | None:
        """Return a query parameter that is a whole number, or None."""
        value = self.params.get(name)
        return None if value is None else as_integer(value, name, low)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API; its name is the ``operationId`` of the OpenAPI schema."""

    name: str
    run: Callable[[Service, Call], Any]
    access: Access


class Accepted:
    """The result of a call whose work goes on in the background: HTTP 202."""


ACCEPTED = Accepted()

_OPERATIONS: dict[str, Operation] = {}

Run = Callable[["Service", Call], Any]


def operation(access: Access, name: str | None = None) -> Callable[[Run], Run]:
    """Register a function as the operation of its name."""

    def register(run: Run) -> Run:
        own = name or run.__name__
        _OPERATIONS[own] = Operation(own, run, access)
        return run

    return register


@cache
def operations() -> Mapping[str, Operation]:
    """Return every operation by name."""
    for module in MODULES:
        importlib.import_module(f"workbench.api.{module}")
    return _OPERATIONS
