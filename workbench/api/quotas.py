"""Quotas of the whole database, read and set."""

from __future__ import annotations

from typing import Any, Final

from workbench.api.collection_config import Fields, fields, flag, whole
from workbench.api.operations import Access, Call, operation
from workbench.api.room import QuotaConfig
from workbench.api.service import Service

_FIELDS: Final[Fields] = {
    "enabled": flag,
    "max_resident_memory_percent": whole(1, 100),
    "max_disk_usage_percent": whole(1, 100),
    "release_margin_percent": whole(0, 100),
}


@operation(Access.MANAGE)
def get_quotas(service: Service, call: Call) -> dict[str, Any]:
    """Return the quotas, and what is used."""
    return {"config": service.quotas.config.to_json(), "usage": service.quotas.usage()}


@operation(Access.MANAGE)
def update_quotas(service: Service, call: Call) -> bool:
    """Replace the quotas: what the body does not name has no limit."""
    service.quotas.set(QuotaConfig(**fields(call.reader(), _FIELDS)))
    return True
