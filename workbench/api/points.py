"""Points and their vectors: upserted, changed, deleted, and all of it in one batch."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.api import strict_mode
from workbench.api.body import REQUIRED, Body
from workbench.api.operations import Access, Call, operation
from workbench.api.payloads import PAYLOAD_WRITES
from workbench.api.point_batch import read_point_vectors, read_points
from workbench.api.service import Service
from workbench.api.updates import (
    Change,
    Prepare,
    check_parameters,
    inference,
    not_empty,
    on_existing,
    perform,
    refuse_shard_key,
    selected,
    settled,
)
from workbench.api.values import read_filter
from workbench.collection import Collection, updates
from workbench.errors import FormatError, OutOfRange
from workbench.models.answers import UpdateResult
from workbench.models.points import PointBatch

MODES = ("upsert", "insert_only", "update_only")


@operation(Access.WRITE)
def upsert_points(service: Service, call: Call) -> UpdateResult:
    """Insert or replace points; all of them or none."""
    return perform(service, call, prepare_upsert)


@operation(Access.WRITE)
def delete_points(service: Service, call: Call) -> UpdateResult:
    """Delete points by ids or filter; ids that no point has are passed over."""
    return perform(service, call, prepare_delete)


@operation(Access.WRITE)
def update_vectors(service: Service, call: Call) -> UpdateResult:
    """Replace the named vectors of points that exist; their other vectors and payloads stay."""
    return perform(service, call, prepare_update_vectors)


@operation(Access.WRITE)
def delete_vectors(service: Service, call: Call) -> UpdateResult:
    """Remove the named vectors of points."""
    return perform(service, call, prepare_delete_vectors)


@operation(Access.WRITE)
def batch_update(service: Service, call: Call) -> list[UpdateResult]:
    """Make several writes one after the other.

    All are read before the first is made, so that a request of the wrong shape changes nothing.
    """
    check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    changes = [_prepared(service, collection, own) for own in call.reader().bodies("operations", REQUIRED)]
    return [settled(call, collection, result) for result in [change() for change in changes]]


def _prepared(service: Service, collection: Collection, body: Body) -> Change:
    for kind, prepare in WRITES.items():
        if body.has(kind):
            return prepare(service, collection, body.body(kind))
    raise FormatError(f"{body.where}: data did not match any variant of untagged enum UpdateOperation")


def prepare_upsert(service: Service, collection: Collection, body: Body) -> Change:
    """Read an upsert: ``points`` or ``batch``, with ``update_mode`` and ``update_filter``."""
    refuse_shard_key(body)
    mode, flt = (
        body.choice("update_mode", MODES, "upsert"),
        read_filter(body.raw("update_filter"), "update_filter"),
    )
    batch = read_points(body.fields, collection.config, inference(service))
    not_empty(len(batch))
    strict_mode.check_upsert(collection, batch)
    strict_mode.check_filter_update(collection, flt)
    return lambda: updates.upsert(collection, batch, mode=mode, flt=flt)


def prepare_delete(service: Service, collection: Collection, body: Body) -> Change:
    """Read which points to delete."""
    which = selected(collection, body)
    return lambda: updates.delete(collection, which)


def prepare_update_vectors(service: Service, collection: Collection, body: Body) -> Change:
    """Read new vectors of points, and the filter that those must fit to be changed."""
    refuse_shard_key(body)
    flt = read_filter(body.raw("update_filter"), "update_filter")
    rows = body.raw("points", REQUIRED)
    if not len(rows if isinstance(rows, PointBatch) else body.items("points")):
        raise OutOfRange(body.at("points"), "must specify points to update")
    batch = read_point_vectors(rows, collection.config, inference(service))
    strict_mode.check_upsert(collection, batch, update=True)
    strict_mode.check_filter_update(collection, flt)
    return on_existing(collection, batch.ids, lambda: updates.update_vectors(collection, batch, flt))


def prepare_delete_vectors(service: Service, collection: Collection, body: Body) -> Change:
    """Read which vectors of which points to remove."""
    names = body.renamed(vectors="vector").items("vector", REQUIRED)
    if not all(isinstance(name, str) for name in names):
        raise FormatError(f"{body.at('vector')}: invalid type, expected a list of vector names")
    if not names:
        raise OutOfRange(body.at("vector"), "must specify vector names to delete")
    which = selected(collection, body)
    return on_existing(collection, which, lambda: updates.delete_vectors(collection, which, list(names)))


WRITES: Mapping[str, Prepare] = {
    "upsert": prepare_upsert,
    "delete": prepare_delete,
    "delete_points": prepare_delete,  # its name before 1.2
    "update_vectors": prepare_update_vectors,
    "delete_vectors": prepare_delete_vectors,
    **PAYLOAD_WRITES,
}
"""The kinds of a batch."""
