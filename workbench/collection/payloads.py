"""Set, overwrite, delete and clear payloads: the vectors and the graph stay, the points' versions rise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from workbench.collection.collection import Collection
from workbench.collection.updates import places
from workbench.errors import InvalidPayload
from workbench.models.answers import UpdateResult
from workbench.models.datetimes import encode_moment
from workbench.models.edits import assign, remove
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.segments.payloads import PointsGone
from workbench.segments.view import SegmentView

Payload = dict[str, Any]

# Changed payloads are evaluated one by one by the reference evaluator (about 2 us each); beyond this many, or
# this share of the rows, rebuilding the segment's columns at the next filter is cheaper.
_MAX_CHANGED, _MAX_SHARE = 5000, 0.05


def set_payload(
    collection: Collection, selector: IdArray | Filter, values: Mapping[str, Any], key: str | None = None
) -> UpdateResult:
    """Set the keys of `values`, at the top or inside the object at the path `key`.

    Raises
    ------
    InvalidPayload
        When `values` is no JSON object.
    """
    own = _plain(values)
    return _rewrite(collection, selector, "set_payload", lambda payload: assign(payload, own, key))


def overwrite_payload(collection: Collection, selector: IdArray | Filter, values: Payload) -> UpdateResult:
    """Replace whole payloads; raise ``InvalidPayload`` when `values` is no JSON object."""
    own = _plain(values)
    return _rewrite(collection, selector, "overwrite_payload", lambda payload: own)


def delete_payload(collection: Collection, selector: IdArray | Filter, keys: Sequence[str]) -> UpdateResult:
    """Remove what is at the paths `keys`."""

    def change(payload: Payload) -> Payload:
        for key in keys:
            payload = remove(payload, key)
        return payload

    return _rewrite(collection, selector, "delete_payload", change)


def clear_payload(collection: Collection, selector: IdArray | Filter) -> UpdateResult:
    """Remove whole payloads."""
    return _rewrite(collection, selector, "clear_payload", lambda payload: {})


def _plain(values: Mapping[str, Any]) -> Payload:
    """Return `values` as JSON gives them back: lists for tuples, and a copy that no caller changes later."""
    if not isinstance(values, Mapping):
        raise InvalidPayload(f"payload: expected a JSON object, got {type(values).__name__}")
    try:
        data = orjson.dumps(dict(values), default=encode_moment, option=orjson.OPT_SERIALIZE_NUMPY)
        found: Payload = orjson.loads(data)
    except TypeError as error:
        raise InvalidPayload(f"payload: expected what JSON can hold: {error}") from error
    return found


def _rewrite(
    collection: Collection, selector: IdArray | Filter, kind: str, change: Callable[[Payload], Payload]
) -> UpdateResult:
    return collection.write(lambda: _apply(collection, selector, kind, change))


def _apply(
    collection: Collection, selector: IdArray | Filter, kind: str, change: Callable[[Payload], Payload]
) -> UpdateResult:
    view, store = collection.view, collection.store
    changed: list[dict[int, Payload | None]] = []
    rows_written: list[tuple[int, int | bytes, bytes]] = []
    for segment, rows in zip(view.segments, places(view, selector), strict=True):
        keys = segment.segment.keys(rows).tolist()
        stored = store.payloads(keys)
        if len(stored) < len(keys):
            raise PointsGone(store)
        fresh = {row: change(orjson.loads(stored[key])) for row, key in zip(rows.tolist(), keys, strict=True)}
        ids = segment.ids().take(rows).stored()
        rows_written += [(k, i, orjson.dumps(p)) for k, i, p in zip(keys, ids, fresh.values(), strict=True)]
        changed.append(dict(fresh))
    with store.transaction():
        operation = store.record(kind, len(rows_written))
        store.set_payloads(rows_written, operation)
    for segment, own in zip(view.segments, changed, strict=True):
        segment.segment.raise_versions(np.fromiter(own, np.intp), operation)
    collection.publish(
        [_with_changed(s, c) for s, c in zip(view.segments, changed, strict=True)], operation=operation
    )
    collection.announce("updated")
    return UpdateResult(operation, points=len(rows_written))


def _with_changed(view: SegmentView, changed: dict[int, Payload | None]) -> SegmentView:
    if not changed:
        return view
    merged = {**view.changed, **changed}
    if len(merged) > max(_MAX_CHANGED, _MAX_SHARE * view.count):
        view.segment.forget_columns()
        merged = {}
    return replace(view, changed=merged)
