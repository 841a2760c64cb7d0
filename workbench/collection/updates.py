"""Upsert and delete points and their vectors: log first, then what readers see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.collection.collection import Collection
from workbench.collection.vector_checks import check_vectors
from workbench.collection.versions import append_versions, keys_of, payloads_at, vectors_at
from workbench.errors import InvalidRequest, NotFound, UnknownVector
from workbench.models.answers import UpdateResult
from workbench.models.config import CollectionConfig
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import take_rows
from workbench.query import scroll
from workbench.segments.ids import Rows
from workbench.segments.vector_columns import named_vectors
from workbench.segments.view import View

MODES = ("upsert", "insert_only", "update_only")


def upsert(
    collection: Collection, batch: PointBatch, *, mode: str = "upsert", flt: Filter | None = None
) -> UpdateResult:
    """Insert points, replacing those of the same id as a whole; all of the batch or nothing.

    Parameters
    ----------
    collection : Collection
        Where to.
    batch : PointBatch
        Of points with the same id the last counts, whatever the mode and the filter.
    mode : {"upsert", "insert_only", "update_only"}
        Whether points that exist are replaced, and whether others are inserted.
    flt : Filter or None
        Points that exist are replaced only when they match it, as they are before the call.

    Raises
    ------
    InvalidRequest, DimensionMismatch, InvalidVector, UnknownVector
        Before anything is written.
    """
    if mode not in MODES:
        raise InvalidRequest(f"update_mode: expected one of {', '.join(MODES)}, got {mode!r}")
    return write(collection, checked(collection, batch), mode=mode, flt=flt)


@dataclass(frozen=True, slots=True)
class Checked:
    """Points that may be written: each id once, and the vectors in stored form, as `config` wants them."""

    batch: PointBatch
    config: CollectionConfig
    stored: dict[str, VectorBatch]


def checked(collection: Collection, batch: PointBatch) -> Checked:
    """Check points before they are written, which may be while others are; raises as :func:`upsert` does."""
    if len(batch.payloads) != len(batch):
        raise InvalidRequest(f"payloads: expected {len(batch)}, one a point, got {len(batch.payloads)}")
    _check_lengths(batch)
    batch = _last_of_each_id(batch)
    config = collection.config
    return Checked(batch, config, check_vectors(config, batch))


def write(
    collection: Collection, points: Checked, *, mode: str = "upsert", flt: Filter | None = None
) -> UpdateResult:
    """Insert points that were checked; see :func:`upsert`."""
    batch = points.batch
    if len(batch) == 0:
        return UpdateResult(collection.view.operation)

    def change() -> UpdateResult:
        stored = _still(collection, points.config, batch, points.stored)
        return _upsert(collection, batch, stored, mode, flt)

    return collection.write(change)


def _upsert(
    collection: Collection, batch: PointBatch, stored: dict[str, VectorBatch], mode: str, flt: Filter | None
) -> UpdateResult:
    view = collection.view
    replaced = view.locate(batch.ids)
    ids, payloads = batch.ids, batch.payloads
    if mode != "upsert" or flt is not None:
        keep = _chosen(view, replaced, mode, flt)
        stored = _of_points(stored, keep, len(batch))
        replaced = [rows[keep] for rows in replaced]
        ids, payloads = ids.take(keep), [payloads[i] for i in keep.tolist()]
    return append_versions(collection, "upsert", ids, payloads, stored, replaced)


def _chosen(view: View, rows: Sequence[Rows], mode: str, flt: Filter | None) -> Rows:
    """Return which points a conditional upsert writes."""
    exists = _exists(rows)
    if mode == "insert_only":
        return np.flatnonzero(~exists)
    matching = exists if flt is None else _matching(view, rows, flt)
    return np.flatnonzero(matching if mode == "update_only" else matching | ~exists)


def _exists(rows: Sequence[Rows]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(rows[0]), np.bool_)
    for own in rows:
        found |= own >= 0
    return found


def _matching(view: View, rows: Sequence[Rows], flt: Filter) -> npt.NDArray[np.bool_]:
    """Return which of the points at `rows` a filter accepts."""
    matching = np.zeros(len(rows[0]), np.bool_)
    for own, accepted in zip(rows, places(view, flt), strict=True):
        matching |= (own >= 0) & np.isin(own, accepted)
    return matching


def delete(collection: Collection, selector: IdArray | Filter) -> UpdateResult:
    """Delete points by ids, or all that a filter accepts; ids that do not exist are passed over.

    A filter is resolved to versions here, before it is logged, so that it can never meet other points later.
    """
    return collection.write(lambda: _delete(collection, selector))


def _delete(collection: Collection, selector: IdArray | Filter) -> UpdateResult:
    view, store = collection.view, collection.store
    rows = places(view, selector)
    keys = keys_of(view, rows)
    with store.transaction():
        store.bury(keys)
        operation = store.record("delete", len(keys))
    segments = [s.with_dead(r[r >= 0]) for s, r in zip(view.segments, rows, strict=True)]
    collection.publish(segments, operation=operation)
    collection.upkeep.wake()
    collection.announce("updated")
    return UpdateResult(operation, points=len(keys))


def update_vectors(collection: Collection, batch: PointBatch, flt: Filter | None = None) -> UpdateResult:
    """Replace the vectors named in `batch`; other vectors and the payloads of its points stay as they are.

    Parameters
    ----------
    collection : Collection
        Where.
    batch : PointBatch
        Ids and vectors; its payloads are not looked at. Of the vectors that one id has under one name the
        last counts.
    flt : Filter or None
        Only points that match it are changed.

    Raises
    ------
    NotFound
        When a point does not exist.
    InvalidRequest, DimensionMismatch, InvalidVector, UnknownVector
        Before anything is written, as every error.
    """
    _check_lengths(batch)
    batch = _merged(batch)
    config = collection.config
    stored = check_vectors(config, batch)
    return collection.write(
        lambda: _update_vectors(collection, batch, _still(collection, config, batch, stored), flt)
    )


def _update_vectors(
    collection: Collection, batch: PointBatch, stored: dict[str, VectorBatch], flt: Filter | None
) -> UpdateResult:
    view = collection.view
    ids, rows = batch.ids, _existing(view, batch.ids)
    if flt is not None:
        keep = np.flatnonzero(_matching(view, rows, flt))
        stored = _of_points(stored, keep, len(batch))
        ids, rows = ids.take(keep), [own[keep] for own in rows]
    vectors = vectors_at(view, rows, stored)
    return append_versions(collection, "update_vectors", ids, payloads_at(view, rows), vectors, rows)


def delete_vectors(collection: Collection, selector: IdArray | Filter, names: Sequence[str]) -> UpdateResult:
    """Delete the vectors `names` of points; a point may lack them already.

    Raises
    ------
    UnknownVector
        When the collection has no vector of a name.
    NotFound
        When a point that is selected by its id does not exist.
    """
    return collection.write(lambda: _delete_vectors(collection, selector, names))


def _delete_vectors(collection: Collection, selector: IdArray | Filter, names: Sequence[str]) -> UpdateResult:
    view = collection.view
    known = named_vectors(view.config)
    for name in names:
        if name not in known:
            raise UnknownVector(name, list(known))
    if isinstance(selector, IdArray):
        _existing(view, selector)
    found = places(view, selector)
    # Points that lack the vectors are written too: in Qdrant their versions rise as well.
    ids = IdArray.concatenate([s.ids().take(own) for s, own in zip(view.segments, found, strict=True)])
    rows = view.locate(ids)
    vectors = vectors_at(view, rows, {}, names)
    return append_versions(collection, "delete_vectors", ids, payloads_at(view, rows), vectors, rows)


def places(view: View, selector: IdArray | Filter) -> list[Rows]:
    """Return the live rows that ids or a filter mean, for each segment; ids may repeat or not exist."""
    if isinstance(selector, IdArray):
        return [np.unique(rows[rows >= 0]) for rows in view.locate(selector)]
    found = scroll.matching(view, selector)
    return [found.rows[found.segments == number] for number in range(len(view.segments))]


def _existing(view: View, ids: IdArray) -> list[Rows]:
    """Return the row of each id, for each segment; raise ``NotFound`` when one does not exist."""
    rows = view.locate(ids)
    missing = np.flatnonzero(~_exists(rows))
    if len(missing):
        raise NotFound(f"No point with id {ids.take(missing[:1]).tolist()[0]} found")
    return rows


def _still(
    collection: Collection, config: CollectionConfig, batch: PointBatch, stored: dict[str, VectorBatch]
) -> dict[str, VectorBatch]:
    """Return `stored`, checked again if a vector name came or went while the write waited for its turn."""
    return stored if collection.config is config else check_vectors(collection.config, batch)


def _of_points(vectors: dict[str, VectorBatch], keep: Rows, size: int) -> dict[str, VectorBatch]:
    return {name: batch.take(keep, size) for name, batch in vectors.items()}


def _check_lengths(batch: PointBatch) -> None:
    for name, vectors in batch.vectors.items():
        rows, count = vectors.rows, len(vectors.values)
        if count != (len(batch) if rows is None else len(rows)):
            raise InvalidRequest(
                f"vector {name!r}: expected {len(batch) if rows is None else len(rows)}, got {count}"
            )
        if (
            rows is not None
            and count
            and (rows[0] < 0 or rows[-1] >= len(batch) or (np.diff(rows) <= 0).any())
        ):
            raise InvalidRequest(f"vector {name!r}: expected ascending rows from 0 to {len(batch) - 1}")


def _last_of_each_id(batch: PointBatch) -> PointBatch:
    """Return the batch with only the last point of each id, as if they had come one after the other."""
    order, differs = _runs(batch.ids)
    if bool(differs.all()):
        return batch
    keep = np.sort(order[np.append(differs, True)])
    vectors = _of_points(dict(batch.vectors), keep, len(batch))
    return PointBatch(batch.ids.take(keep), vectors, [batch.payloads[i] for i in keep.tolist()])


def _merged(batch: PointBatch) -> PointBatch:
    """Return the batch with each id once, having the last vector of each name that it came with."""
    order, differs = _runs(batch.ids)
    if bool(differs.all()):
        return batch
    point = np.empty(len(batch), np.intp)
    point[order] = np.cumsum(np.append(False, differs))
    vectors: dict[str, VectorBatch] = {}
    for name, given in batch.vectors.items():
        owners = point if given.rows is None else point[given.rows]
        last = np.full(int(point.max()) + 1, -1, np.intp)
        np.maximum.at(last, owners, np.arange(len(owners)))
        rows = np.flatnonzero(last >= 0)
        vectors[name] = VectorBatch(take_rows(given.values, last[rows]), rows)
    return PointBatch(batch.ids.take(order[np.append(True, differs)]), vectors, ())


def _runs(ids: IdArray) -> tuple[Rows, npt.NDArray[np.bool_]]:
    """Return the stable order of ids, and for all but the first whether it differs from the one before."""
    order = ids.order()
    ordered = ids.take(order)
    differs: npt.NDArray[np.bool_] = ordered.low[1:] != ordered.low[:-1]
    if ordered.high is not None and ordered.is_uuid is not None:
        differs |= (ordered.high[1:] != ordered.high[:-1]) | (ordered.is_uuid[1:] != ordered.is_uuid[:-1])
    return order, differs
