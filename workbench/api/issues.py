"""Issues: fields whose lack of an index made a query slow, and the call that mends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from workbench.api import strict_filters
from workbench.api.operations import Access, Call, operation
from workbench.collection import Collection
from workbench.models.datetimes import format_seconds
from workbench.models.filters import Filter

if TYPE_CHECKING:
    from workbench.api.service import Service

SLOW_S: Final = 1.2
"""Seconds from which a query is looked at; Qdrant's threshold."""

_DOCS: Final = "https://qdrant.tech/documentation/concepts/indexing/#payload-index"


@operation(Access.READ)
def get_issues(service: Service, call: Call) -> dict[str, Any]:
    """List what was found since the start that makes queries slow."""
    return {"issues": service.issues.list()}


@operation(Access.MANAGE)
def clear_issues(service: Service, call: Call) -> bool:
    """Forget every issue; what is still so will be found again."""
    service.issues.clear()
    return True


class Issues:
    """What was found since the start, by id; any thread may add to it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[str, dict[str, Any]] = {}

    def list(self) -> list[dict[str, Any]]:
        """Return the issues, in the order in which they were found."""
        with self._guard:
            return [dict(issue) for issue in self._known.values()]

    def clear(self) -> None:
        """Forget all of them."""
        with self._guard:
            self._known.clear()

    def solved(self, collection: str, key: str | None = None) -> None:
        """Forget what was found of a collection, or of one of its keys."""
        with self._guard:
            for known, issue in list(self._known.items()):
                about = issue["related_collection"] == collection
                if about and (key is None or known == _id(collection, key)):
                    del self._known[known]

    def look(self, collection: Collection, flt: Filter) -> None:
        """Note the keys of a slow query's filter that have no index that helps."""
        for key, types in strict_filters.every_unindexed(flt, collection.config.payload_indexes).items():
            kinds = [kind for kind in types if kind != "uuid"] or types
            issue = _issue(collection.name, key, kinds)
            with self._guard:
                self._known.setdefault(issue["id"], issue)


def filters_in(body: Any) -> list[Filter]:
    """Return the filters of a request that was read already, and of each search of a batch."""
    if not isinstance(body, Mapping):
        return []
    found = (own.get("filter") for own in (body, *(body.get("searches") or ())) if isinstance(own, Mapping))
    return [flt if isinstance(flt, Filter) else Filter.from_json(flt) for flt in found if flt]


def _id(collection: str, key: str) -> str:
    return f"UNINDEXED_FIELD/{collection}/{key}"


def _issue(collection: str, key: str, kinds: list[str]) -> dict[str, Any]:
    solutions = [_solution(collection, key, kind) for kind in kinds]
    one = {"immediate": solutions[0]}
    return {
        "id": _id(collection, key),
        "description": f"Unindexed field '{key}' might be slowing queries down in collection '{collection}'",
        "solution": one if len(solutions) == 1 else {"immediate_choice": solutions},
        "timestamp": format_seconds(time.time()),
        "related_collection": collection,
    }


def _solution(collection: str, key: str, kind: str) -> dict[str, Any]:
    return {
        "message": f"Create an index on field '{key}' of schema \"{kind}\" in collection '{collection}'. "
        f"Check the documentation for more details: {_DOCS}",
        "action": {
            "method": "PUT",
            "uri": f"/collections/{quote(collection, safe='')}/index",
            "headers": {"content-type": "application/json"},
            "body": {"field_name": key, "field_schema": kind},
        },
    }
