"""Issues, listed and cleared; :mod:`workbench.api.suspects` finds them."""

from __future__ import annotations

from typing import Any

from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service


@operation(Access.READ)
def get_issues(service: Service, call: Call) -> dict[str, Any]:
    """List what was found since the start that makes queries slow."""
    return {"issues": service.issues.list()}


@operation(Access.MANAGE)
def clear_issues(service: Service, call: Call) -> bool:
    """Forget every issue; what is still so will be found again."""
    service.issues.clear()
    return True
