"""Payloads of points that are there: set, overwritten, deleted in part, cleared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.api.body import REQUIRED, Body
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.api.updates import Change, Prepare, on_existing, perform, selected
from workbench.api.values import payload_json
from workbench.collection import Collection, payloads
from workbench.errors import FormatError
from workbench.models.answers import UpdateResult
from workbench.models.json_path import parse_path


@operation(Access.WRITE)
def set_payload(service: Service, call: Call) -> UpdateResult:
    """Set keys of payloads, at the top or inside the object at the path ``key``."""
    return perform(service, call, prepare_set)


@operation(Access.WRITE)
def overwrite_payload(service: Service, call: Call) -> UpdateResult:
    """Replace whole payloads; ``key`` is passed over, as in Qdrant."""
    return perform(service, call, prepare_overwrite)


@operation(Access.WRITE)
def delete_payload(service: Service, call: Call) -> UpdateResult:
    """Remove what is at the paths ``keys`` from payloads."""
    return perform(service, call, prepare_delete)


@operation(Access.WRITE)
def clear_payload(service: Service, call: Call) -> UpdateResult:
    """Remove whole payloads."""
    return perform(service, call, prepare_clear)


def prepare_set(service: Service, collection: Collection, body: Body) -> Change:
    """Read which keys to set on which points."""
    values, key = _values(body), body.text("key")
    if key is not None:
        parse_path(key)
    which = selected(collection, body, grows=True)
    return on_existing(collection, which, lambda: payloads.set_payload(collection, which, values, key))


def prepare_overwrite(service: Service, collection: Collection, body: Body) -> Change:
    """Read which payload to give which points."""
    values = _values(body)
    which = selected(collection, body, grows=True)
    return on_existing(collection, which, lambda: payloads.overwrite_payload(collection, which, values))


def prepare_delete(service: Service, collection: Collection, body: Body) -> Change:
    """Read which keys to remove from which points."""
    keys = body.items("keys", REQUIRED)
    if not all(isinstance(key, str) for key in keys):
        raise FormatError(f"{body.at('keys')}: invalid type, expected a list of keys")
    for key in keys:
        parse_path(key)
    which = selected(collection, body)
    return on_existing(collection, which, lambda: payloads.delete_payload(collection, which, list(keys)))


def prepare_clear(service: Service, collection: Collection, body: Body) -> Change:
    """Read which payloads to clear."""
    which = selected(collection, body)
    return on_existing(collection, which, lambda: payloads.clear_payload(collection, which))


PAYLOAD_WRITES: Mapping[str, Prepare] = {
    "set_payload": prepare_set,
    "overwrite_payload": prepare_overwrite,
    "delete_payload": prepare_delete,
    "clear_payload": prepare_clear,
}
"""The kinds of a batch that are about payloads."""


def _values(body: Body) -> dict[str, Any]:
    """Return the payload as it will be read back."""
    given = body.raw("payload", REQUIRED)
    values: dict[str, Any] = orjson.loads(payload_json(given, body.at("payload")))
    return values
