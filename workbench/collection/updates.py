"""Upsert and delete: log first, then what readers see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from workbench import distances
from workbench.collection.collection import Collection
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector, UnknownVector
from workbench.models.config import CollectionConfig, Datatype, Distance, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, UpdateResult, VectorBatch
from workbench.query import scroll
from workbench.segments.ids import Rows
from workbench.segments.view import View

AnyArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

# Rows checked for NaN and infinity at a time: 4 MB at 1024 dimensions, so no long hold of the interpreter.
_CHUNK = 1024


def upsert(collection: Collection, batch: PointBatch) -> UpdateResult:
    """Insert points, replacing those of the same id as a whole; all of the batch or nothing.

    Raises
    ------
    InvalidRequest, DimensionMismatch, InvalidVector, UnknownVector
        Before anything is written.
    """
    _check_lengths(batch)
    batch = _last_of_each_id(batch)
    stored = check_vectors(collection.config, batch)
    if len(batch) == 0:
        return UpdateResult(collection.view.operation)
    return collection.write(lambda: _upsert(collection, batch, stored))


def _upsert(collection: Collection, batch: PointBatch, stored: dict[str, AnyArray]) -> UpdateResult:
    view, tail, store = collection.view, collection.tail, collection.store
    replaced = view.locate(batch.ids)
    before = {name: tail.vector_count(name) for name in collection.config.vectors}
    try:
        entry = {
            name: [len(values), tail.append_vectors(name, values), _json_rows(batch.vectors[name])]
            for name, values in stored.items()
        }
        with store.transaction():
            store.insert(tail.first_key + tail.count, batch.ids.stored(), batch.payloads)
            store.bury(_keys(view, replaced))
            store.add_append(tail.number, tail.count, len(batch), orjson.dumps(entry))
            operation = store.record("upsert", len(batch))
    except BaseException:
        tail.truncate(before)
        raise
    tail.commit(batch.ids, {name: batch.vectors[name].rows for name in stored})
    segments = [s.with_dead(r[r >= 0]) for s, r in zip(view.segments, replaced, strict=True)]
    segments[-1] = segments[-1].grown(tail.count)
    collection.publish(segments, operation=operation)
    collection.upkeep.wake()
    collection.announce("updated")
    return UpdateResult(operation, points=len(batch))


def delete(collection: Collection, selector: IdArray | Filter) -> UpdateResult:
    """Delete points by ids, or all that a filter accepts; ids that do not exist are passed over.

    A filter is resolved to versions here, before it is logged, so that it can never meet other points later.
    """
    return collection.write(lambda: _delete(collection, selector))


def _delete(collection: Collection, selector: IdArray | Filter) -> UpdateResult:
    view, store = collection.view, collection.store
    rows = places(view, selector)
    keys = _keys(view, rows)
    with store.transaction():
        store.bury(keys)
        operation = store.record("delete", len(keys))
    segments = [s.with_dead(r[r >= 0]) for s, r in zip(view.segments, rows, strict=True)]
    collection.publish(segments, operation=operation)
    collection.upkeep.wake()
    collection.announce("updated")
    return UpdateResult(operation, points=len(keys))


def places(view: View, selector: IdArray | Filter) -> list[Rows]:
    """Return the live rows that ids or a filter mean, for each segment; ids may repeat or not exist."""
    if isinstance(selector, IdArray):
        return [np.unique(rows[rows >= 0]) for rows in view.locate(selector)]
    found = scroll.matching(view, selector)
    return [found.rows[found.segments == number] for number in range(len(view.segments))]


def _keys(view: View, rows: Sequence[Rows]) -> list[int]:
    keys: list[int] = []
    for segment, own in zip(view.segments, rows, strict=True):
        keys.extend(segment.segment.keys(own[own >= 0]).tolist())
    return keys


def _json_rows(batch: VectorBatch) -> list[int] | None:
    return None if batch.rows is None else batch.rows.tolist()


def _check_lengths(batch: PointBatch) -> None:
    if len(batch.payloads) != len(batch):
        raise InvalidRequest(f"payloads: expected {len(batch)}, one a point, got {len(batch.payloads)}")
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
    order = batch.ids.order()
    if len(order) < 2:
        return batch
    ordered = batch.ids.take(order)
    differs = ordered.low[1:] != ordered.low[:-1]
    if ordered.high is not None and ordered.is_uuid is not None:
        differs |= (ordered.high[1:] != ordered.high[:-1]) | (ordered.is_uuid[1:] != ordered.is_uuid[:-1])
    if bool(differs.all()):
        return batch
    keep = np.sort(order[np.append(differs, True)])
    vectors = {name: v.take(keep, len(batch)) for name, v in batch.vectors.items()}
    return PointBatch(batch.ids.take(keep), vectors, [batch.payloads[i] for i in keep.tolist()])


def check_vectors(config: CollectionConfig, batch: PointBatch) -> dict[str, AnyArray]:
    """Return the vectors of a batch in stored form, by name.

    Raises
    ------
    UnknownVector, DimensionMismatch, InvalidVector
        Naming the point and the position.
    """
    stored: dict[str, AnyArray] = {}
    for name, vectors in batch.vectors.items():
        if name not in config.vectors:
            raise UnknownVector(name, list(config.vectors))
        params = config.vectors[name]
        floats = _as_floats(vectors.values, name, params)

        def point_of(row: int, rows: Rows | None = vectors.rows, name: str = name) -> str:
            place = row if rows is None else int(rows[row])
            return f"vector {name!r} of point {batch.ids.take([place]).tolist()[0]}"

        _check_numbers(floats, params, point_of)
        stored[name] = distances.preprocess(floats, params.distance, params.datatype)
        if params.datatype is Datatype.FLOAT16:
            _check_numbers(stored[name], params, point_of)
    return stored


def _as_floats(values: Any, name: str, params: VectorParams) -> FloatArray:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiubO":
            raise TypeError(f"got {array.dtype}")
        with np.errstate(over="ignore"):  # 1e308 becomes infinite here, and is reported by the caller
            floats = np.ascontiguousarray(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidVector(f"vector {name!r}: expected rows of {params.size} numbers: {error}") from error
    if floats.ndim != 2:
        raise InvalidVector(
            f"vector {name!r}: expected rows of {params.size} numbers, got shape {floats.shape}"
        )
    if len(floats) and floats.shape[1] != params.size:
        raise DimensionMismatch(params.size, floats.shape[1], f"vector {name!r}" if name else "")
    return floats.reshape(len(floats), params.size)


def _check_numbers(values: AnyArray, params: VectorParams, point_of: Callable[[int], str]) -> None:
    """Refuse what makes a distance NaN, or infinite against every query: such a point would rank first."""
    for start in range(0, len(values), _CHUNK):
        part = values[start : start + _CHUNK]
        largest = max(float(part.max()), -float(part.min()))
        if largest * largest * part.shape[1] <= distances.MAX_SQUARES:  # false for NaN and infinity
            continue
        finite = np.isfinite(part)
        if not finite.all():
            row, position = np.argwhere(~finite)[0].tolist()
            raise InvalidVector(
                f"expected finite {values.dtype} numbers, got {part[row, position]} at position {position} "
                f"of {point_of(start + row)}; nothing of the batch was written"
            )
        squares = np.einsum("ij,ij->i", part, part, dtype=np.float64)
        long = np.flatnonzero(squares > distances.MAX_SQUARES)
        if len(long) and params.distance is not Distance.COSINE:
            raise InvalidVector(
                f"expected numbers whose squares add up to at most {distances.MAX_SQUARES:.3g}, what float32 "
                f"can hold, got more in {point_of(start + int(long[0]))}; nothing of the batch was written"
            )
