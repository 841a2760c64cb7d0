"""Small questions about the server: what it is, and whether it lives."""

from __future__ import annotations

from typing import Any

from workbench.api.operations import Access, Call, operation
from workbench.api.service import VERSION, Service

TITLE = "Workbench - vector search engine, speaking Qdrant"


@operation(Access.READ)
def root(service: Service, call: Call) -> dict[str, Any]:
    """Tell the title, and the version of Qdrant whose calls are answered."""
    return {"title": TITLE, "version": VERSION, "commit": None}


@operation(Access.READ)
def healthz(service: Service, call: Call) -> str:
    """Tell that the server answers."""
    return "healthz check passed"


@operation(Access.READ)
def livez(service: Service, call: Call) -> str:
    """Tell that the server answers."""
    return "healthz check passed"


@operation(Access.READ)
def readyz(service: Service, call: Call) -> str:
    """Tell that every collection is open, which is so once the engine is."""
    service.engine.names()
    return "all shards are ready"
