"""Aliases: other names of collections, changed all at once."""

from __future__ import annotations

from typing import Any

from workbench.api.body import REQUIRED, Body
from workbench.api.collection_config import name_problem
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.errors import FormatError, NotFound, OutOfRange

_ACTIONS = ("create_alias", "delete_alias", "rename_alias")


@operation(Access.MANAGE)
def update_aliases(service: Service, call: Call) -> bool:
    """Do a list of changes, all or none.

    An alias that is there already moves to its new collection; deleting one that is not there does nothing.
    """
    call.number("timeout", 1)
    actions = [_action(body) for body in call.reader().bodies("actions", REQUIRED)]

    def change(aliases: dict[str, str]) -> dict[str, str]:
        for kind, body in actions:
            _apply(service, aliases, kind, body)
        return aliases

    service.engine.change_aliases(change)
    return True


@operation(Access.READ)
def get_collection_aliases(service: Service, call: Call) -> dict[str, Any]:
    """List the aliases of one collection."""
    name = service.engine.collection(call.collection_name).name
    return {"aliases": [entry for entry in _entries(service) if entry["collection_name"] == name]}


@operation(Access.READ)
def get_collections_aliases(service: Service, call: Call) -> dict[str, Any]:
    """List all aliases."""
    return {"aliases": _entries(service)}


def _entries(service: Service) -> list[dict[str, str]]:
    return [
        {"alias_name": alias, "collection_name": name}
        for alias, name in sorted(service.engine.aliases().items())
    ]


def _action(body: Body) -> tuple[str, Body]:
    for kind in _ACTIONS:
        if body.has(kind):
            return kind, body.body(kind)
    raise FormatError(f"{body.where}: data did not match any variant of untagged enum AliasOperations")


def _apply(service: Service, aliases: dict[str, str], kind: str, body: Body) -> None:
    if kind == "create_alias":
        name = body.text("collection_name", REQUIRED)
        if not service.engine.exists(name):
            raise NotFound(f"Collection `{name}` doesn't exist!")
        aliases[_new_name(body, "alias_name")] = name
    elif kind == "delete_alias":
        aliases.pop(body.text("alias_name", REQUIRED), None)
    else:
        old = body.text("old_alias_name", REQUIRED)
        new = _new_name(body, "new_alias_name")
        if old not in aliases:
            raise NotFound(f"Alias {old} does not exists!")
        aliases[new] = aliases.pop(old)


def _new_name(body: Body, field: str) -> str:
    name: str = body.text(field, REQUIRED)
    if problem := name_problem(name):
        raise OutOfRange(body.at(field), problem)
    return name
