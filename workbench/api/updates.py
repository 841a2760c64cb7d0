"""What every call that changes points has in common: how it is read, made and receipted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.api import strict_mode
from workbench.api.body import Body
from workbench.api.inference import infer_documents
from workbench.api.operations import Call
from workbench.api.service import Service
from workbench.api.values import id_json, points_selector
from workbench.collection import Collection
from workbench.errors import BadRequest, FormatError, NotFound
from workbench.models.answers import UpdateResult
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.models.requests import InferenceObject
from workbench.query import scroll

Change = Callable[[], UpdateResult]
Prepare = Callable[[Service, Collection, Body], Change]
"""Reads and checks a request, and returns what makes the change."""

ORDERINGS = ("weak", "medium", "strong")

_EMPTY = "Empty update request"


def perform(service: Service, call: Call, prepare: Prepare) -> UpdateResult:
    """Read one write and make it; it is applied in any case, but only a caller who waits is told so."""
    check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    return settled(call, collection, prepare(service, collection, call.reader())())


def check_parameters(call: Call) -> bool:
    """Check the query parameters of a write, and return whether its caller waits.

    `ordering` changes nothing: writes run one after the other. `timeout` is how long :func:`settled` waits.
    """
    call.number("timeout", 1)
    Body(call.params).choice("ordering", ORDERINGS, None)
    return call.flag("wait")


def receipt(result: UpdateResult, wait: bool) -> UpdateResult:
    """Return the receipt of a write with the status that its caller is to see."""
    return result if wait else replace(result, status="acknowledged")


def settled(call: Call, collection: Collection, result: UpdateResult) -> UpdateResult:
    """Return the receipt of a change of points, when these are optimized if the collection demands that."""
    wait = call.flag("wait")
    demanded = wait and collection.config.optimizers.prevent_unoptimized
    if demanded and not collection.upkeep.settle(call.number("timeout", 1)):
        return replace(result, status="wait_timeout")
    return receipt(result, wait)


def inference(service: Service) -> Callable[[Sequence[InferenceObject], str], Sequence[Any]]:
    """Return what makes vectors of the documents in an upsert."""
    return lambda objects, name: infer_documents(service, objects)


def refuse_shard_key(body: Body) -> None:
    """Refuse a shard key: a collection is one shard here."""
    key = body.raw("shard_key")
    if key is None or key == []:
        return
    named = key[0] if isinstance(key, list) else key
    named = named.get("target") if isinstance(named, Mapping) else named
    if isinstance(named, bool) or not isinstance(named, str | int):
        raise FormatError("shard_key: data did not match any variant of untagged enum ShardKeySelector")
    raise BadRequest(f"Shard key {named} not found")


def selected(collection: Collection, body: Body, *, grows: bool = False) -> IdArray | Filter:
    """Return the points that a write is about, ``points`` or ``filter``, when strict mode allows the write.

    Parameters
    ----------
    collection : Collection
        Where.
    body : Body
        The request.
    grows : bool
        Whether payload is added.
    """
    refuse_shard_key(body)
    which = points_selector(body.fields, body.where)
    if isinstance(which, IdArray):
        not_empty(len(which))
    strict_mode.check_update(collection, which, grows=grows)
    return which


def not_empty(count: int) -> None:
    """Refuse a write about no point at all."""
    if count == 0:
        raise BadRequest(_EMPTY)


def on_existing(collection: Collection, which: IdArray | Filter, change: Change) -> Change:
    """Return a change that is made only if every id in `which` exists, else nothing is changed.

    Qdrant changes the points that exist and then fails; both tell the first that does not.
    """
    if not isinstance(which, IdArray):
        return change

    def checked() -> UpdateResult:
        check_exist(collection, which)
        return change()

    return lambda: collection.write(checked)


def check_exist(collection: Collection, ids: IdArray) -> None:
    """Raise ``NotFound`` for the first of the ids that no point has."""
    _, exist = scroll.by_ids(collection.view, ids)
    missing = set(range(len(ids))) - set(exist.tolist())
    if missing:
        (first,) = ids.take([min(missing)]).tolist()
        raise NotFound(f"No point with id {id_json(first)} found")
