"""New versions of points: how vectors reach the tail, and what versions take over from older ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import orjson

from workbench.collection.collection import Collection
from workbench.errors import StorageFailed
from workbench.models.answers import UpdateResult
from workbench.models.points import IdArray, VectorBatch
from workbench.models.vectors import VectorRows, join_rows, take_rows
from workbench.segments.ids import Rows
from workbench.segments.payloads import PointsGone
from workbench.segments.vector_columns import named_vectors
from workbench.segments.view import View


def append_versions(
    collection: Collection,
    kind: str,
    ids: IdArray,
    payloads: Sequence[bytes],
    vectors: Mapping[str, VectorBatch],
    replaced: Sequence[Rows],
) -> UpdateResult:
    """Write points as new versions and bury the ones they replace; only the writer may call it.

    The vectors are kept, written and synced beside the rows of the transaction that names them, which is
    committed only when they are durable, so that all of it counts or nothing.

    Parameters
    ----------
    collection : Collection
        Where to.
    kind : str
        The operation, for its receipt.
    ids, payloads : IdArray, sequence of bytes
        The points, each id once.
    vectors : mapping of str to VectorBatch
        Vectors in stored form.
    replaced : sequence of intp[n]
        For each segment of the view the row of each point's version that dies, -1 where there is none.
    """
    view, tail, store = collection.view, collection.tail, collection.store
    if len(ids) == 0:
        with store.transaction():
            operation = store.record(kind, 0)
        collection.publish(operation=operation)
        return UpdateResult(operation)
    if not store.settle():  # the rows of a write that failed may count after a crash
        raise StorageFailed(f"writing {store.path}: the disk still fails; nothing was acknowledged")
    before = {name: tail.vector_count(name) for name in tail.names}
    try:
        for name, batch in vectors.items():
            tail.append_vectors(name, batch.values)
        with store.transaction():
            operation = store.record(kind, len(ids))
            store.insert(tail.first_key + tail.count, ids.stored(), payloads)
            store.bury(keys_of(view, replaced))
            receipts = tail.sync()
            entry = {n: [len(batch.values), receipts[n], _json_rows(batch)] for n, batch in vectors.items()}
            receipt = orjson.dumps({"op": operation, "vectors": entry})
            store.add_append(tail.number, tail.count, len(ids), receipt)
    except BaseException:
        tail.truncate(before)
        raise
    tail.commit(ids, {name: batch.rows for name, batch in vectors.items()}, operation)
    segments = [s.with_dead(r[r >= 0]) for s, r in zip(view.segments, replaced, strict=True)]
    segments[-1] = segments[-1].grown(tail.count)
    collection.publish(segments, operation=operation)
    collection.upkeep.wake()
    collection.announce("updated")
    return UpdateResult(operation, points=len(ids))


def keys_of(view: View, rows: Sequence[Rows]) -> list[int]:
    """Return the version keys of the rows of each segment that are not -1."""
    keys: list[int] = []
    for segment, own in zip(view.segments, rows, strict=True):
        keys.extend(segment.segment.keys(own[own >= 0]).tolist())
    return keys


def payloads_at(view: View, rows: Sequence[Rows]) -> list[bytes]:
    """Return the stored payloads of points; `rows` as from ``View.locate``, each point in one segment."""
    keys = np.full(len(rows[0]), -1, np.int64)
    for segment, own in zip(view.segments, rows, strict=True):
        here = own >= 0
        keys[here] = segment.segment.keys(own[here])
    wanted = keys.tolist()
    stored = view.store.payloads(wanted)
    if len(stored) < len(wanted):
        raise PointsGone(view.store)
    return [stored[key] for key in wanted]


def vectors_at(
    view: View, rows: Sequence[Rows], changes: Mapping[str, VectorBatch], without: Sequence[str] = ()
) -> dict[str, VectorBatch]:
    """Return the vectors of points in stored form, as they are with `changes` in place.

    Parameters
    ----------
    view : View
        Where the points are.
    rows : sequence of intp[n]
        As from ``View.locate``, each point in one segment.
    changes : mapping of str to VectorBatch
        Vectors that come in place of the stored ones, in stored form.
    without : sequence of str
        Names of which nothing is taken over.
    """
    count = len(rows[0])
    result: dict[str, VectorBatch] = {}
    for name in named_vectors(view.config):
        parts: list[tuple[Rows, VectorRows]] = []
        kept = np.full(count, name not in without)
        new = changes.get(name)
        if new is not None:
            places = np.arange(count) if new.rows is None else new.rows
            parts.append((places, new.values))
            kept[places] = False
        parts += _taken_over(view, rows, name, kept)
        if parts:
            result[name] = _in_order(parts, count)
    return result


def _taken_over(
    view: View, rows: Sequence[Rows], name: str, kept: npt.NDArray[np.bool_]
) -> list[tuple[Rows, VectorRows]]:
    parts: list[tuple[Rows, VectorRows]] = []
    for segment, own in zip(view.segments, rows, strict=True):
        places = np.flatnonzero(kept & (own >= 0))
        if len(places) == 0:
            continue
        column = segment.column(name)
        slots = column.slots(own[places])
        has = slots >= 0
        if has.any():
            parts.append((places[has], take_rows(column.stored, slots[has])))
    return parts


def _in_order(parts: Sequence[tuple[Rows, VectorRows]], count: int) -> VectorBatch:
    places = np.concatenate([p for p, _ in parts])
    order = np.argsort(places)
    values = take_rows(join_rows([v for _, v in parts]), order)
    return VectorBatch(values, None if len(places) == count else places[order])


def _json_rows(batch: VectorBatch) -> list[int] | None:
    return None if batch.rows is None else batch.rows.tolist()
