"""From the client's points to batches of arrays: one array a batch and vector, never an object per number."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from qdrant_client.http import models

from workbench.errors import DimensionMismatch, InvalidPayload, InvalidRequest, InvalidVector, Unsupported
from workbench.models.config import CollectionConfig
from workbench.models.datetimes import encode_moment
from workbench.models.ids import parse_point_id
from workbench.models.points import IdArray, PointBatch, PointId, VectorBatch
from workbench.query.nearest import params_of

# Points written as one operation of an upload. Each operation costs a sync of the disk, 6.6 ms where it was
# measured: 20,000 small points went in at 11,000, 22,000 and 57,000 points/s by 256, 1024 and 4096. Their
# vectors are held twice meanwhile, 2 x 16 MB at 1024 dimensions.
UPLOAD_BATCH = 4096


def batch_of(points: Any, config: CollectionConfig) -> PointBatch:
    """Return points as the engine takes them.

    Parameters
    ----------
    points : models.Batch, or iterable of PointStruct, Record or mapping
        A mapping has ``id``, ``vector`` and, if wanted, ``payload``.
    config : CollectionConfig
        What the collection has.

    Raises
    ------
    InvalidPointId, InvalidPayload, InvalidVector, DimensionMismatch, UnknownVector
        Naming the point.
    Unsupported
        For sparse vectors and multivectors.
    """
    if isinstance(points, models.Batch):
        return _from_columns(points.ids, points.vectors, points.payloads, config)
    if isinstance(points, str | Mapping) or not isinstance(points, Iterable):
        raise InvalidRequest(
            f"points: expected models.Batch or a list of points, got {type(points).__name__}"
        )
    ids: list[PointId] = []
    payloads: list[bytes] = []
    vectors: list[Any] = []
    for point in points:
        given, vector, payload = _parts(point)
        ids.append(parse_point_id(given))
        payloads.append(encode_payload(payload, given))
        vectors.append(vector)
    return PointBatch(IdArray.of(ids), _vectors(vectors, ids, config), payloads)


def upload_batches(points: Iterable[Any]) -> Iterator[list[Any]]:
    """Cut points into lists of ``UPLOAD_BATCH``."""
    rest = iter(points)
    while part := list(itertools.islice(rest, UPLOAD_BATCH)):
        yield part


def column_batches(
    vectors: Any, payload: Iterable[Any] | None, ids: Iterable[Any] | None, config: CollectionConfig
) -> Iterator[PointBatch]:
    """Cut columns, as ``upload_collection`` takes them, into batches; arrays are sliced, never made lists.

    Raises
    ------
    InvalidRequest
        When the columns have different lengths.
    """
    next_ids = (uuid.uuid4() for _ in itertools.count()) if ids is None else iter(ids)
    next_payloads = itertools.repeat(None) if payload is None else iter(payload)
    for part, count in _slices(vectors):
        own_ids = list(itertools.islice(next_ids, count))
        own_payloads = list(itertools.islice(next_payloads, count))
        if not len(own_ids) == len(own_payloads) == count:
            raise InvalidRequest(
                f"upload_collection: expected as many ids and payloads as vectors; {count} "
                f"vectors have {len(own_ids)} ids and {len(own_payloads)} payloads"
            )
        yield _from_columns(own_ids, part, own_payloads, config)


def _slices(vectors: Any) -> Iterator[tuple[Any, int]]:
    if isinstance(vectors, np.ndarray):
        vectors = {"": vectors}
    if isinstance(vectors, Mapping):
        arrays = {name: np.asarray(values) for name, values in vectors.items()}
        if len({len(array) for array in arrays.values()}) != 1:
            shapes = {name: array.shape for name, array in arrays.items()}
            raise InvalidRequest(f"upload_collection: expected arrays of one length, got {shapes}")
        for start in range(0, len(next(iter(arrays.values()))), UPLOAD_BATCH):
            part = {name: array[start : start + UPLOAD_BATCH] for name, array in arrays.items()}
            yield part, len(next(iter(part.values())))
        return
    for rows in upload_batches(vectors):
        yield rows, len(rows)


def _from_columns(
    given: Sequence[Any], vectors: Any, payloads: Sequence[Any] | None, config: CollectionConfig
) -> PointBatch:
    """Build a batch of ids, vectors (rows, or columns by name) and payloads."""
    ids = [parse_point_id(value) for value in given]
    bodies = [{}] * len(ids) if payloads is None else payloads
    columns = vectors.values() if isinstance(vectors, Mapping) else [vectors]
    if any(len(column) != len(ids) for column in [bodies, *columns]):
        counts = sorted({len(bodies), *(len(column) for column in columns)})
        raise InvalidRequest(
            f"batch: expected {len(ids)} vectors and payloads, as there are ids, got {counts}"
        )
    encoded = [encode_payload(body, value) for body, value in zip(bodies, given, strict=True)]
    if isinstance(vectors, Mapping):
        named = {name: VectorBatch(_matrix(rows, name, ids, config)) for name, rows in vectors.items()}
    else:
        named = _vectors(vectors, ids, config)
    return PointBatch(IdArray.of(ids), named, encoded)


def _parts(point: Any) -> tuple[Any, Any, Any]:
    if isinstance(point, models.PointStruct | models.Record):
        return point.id, point.vector, point.payload
    if isinstance(point, Mapping):
        unknown = set(point) - {"id", "vector", "payload"}
        if unknown or "id" not in point:
            raise InvalidRequest(
                f"point: expected the fields id, vector and payload, got {sorted(map(str, point))}"
            )
        return point["id"], point.get("vector"), point.get("payload")
    if all(hasattr(point, name) for name in ("id", "vector", "payload")):
        return point.id, point.vector, point.payload
    raise InvalidRequest(f"point: expected models.PointStruct, got {type(point).__name__}")


def _vectors(rows: Sequence[Any], ids: Sequence[PointId], config: CollectionConfig) -> dict[str, VectorBatch]:
    """Gather what each point brings (one vector, or vectors by name, or none) into a column a name."""
    values: dict[str, list[Any]] = {}
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row is None:
            continue
        for name, vector in row.items() if isinstance(row, Mapping) else (("", row),):
            values.setdefault(name, []).append(vector)
            places.setdefault(name, []).append(place)
    result: dict[str, VectorBatch] = {}
    for name, column in values.items():
        own = [ids[place] for place in places[name]]
        everywhere = len(own) == len(rows)
        result[name] = VectorBatch(
            _matrix(column, name, own, config), None if everywhere else np.array(places[name], np.intp)
        )
    return result


def _matrix(rows: Any, name: str, ids: Sequence[PointId], config: CollectionConfig) -> npt.NDArray[Any]:
    """Return vectors of one name as an array, checked as far as an array cannot say later what was wrong."""
    size = params_of(config, name).size
    try:
        matrix = np.asarray(rows)
    except ValueError:
        matrix = np.empty(0, object)
    if matrix.dtype.kind in "fiu" and matrix.ndim == 2:
        return matrix
    for row, point in zip(rows, ids, strict=True):
        _check_row(row, size, f"vector {name!r} of point {point}")
    raise InvalidVector(f"vector {name!r}: expected rows of {size} numbers, got shape {matrix.shape}")


def _check_row(row: Any, size: int, what: str) -> None:
    if isinstance(row, models.SparseVector):
        raise Unsupported(f"{what}: this version does not store sparse vectors")
    if isinstance(row, models.Document | models.Image | models.InferenceObject):
        raise Unsupported(
            f"{what}: this version does not embed {type(row).__name__} objects; embed first, then upsert"
        )
    try:
        array = np.asarray(row)
    except ValueError as error:
        raise InvalidVector(f"{what}: expected a flat list of {size} numbers, got {row!r:.80}") from error
    if array.ndim == 2 and array.dtype.kind in "fiu":
        raise Unsupported(f"{what}: this version does not store multivectors")
    if array.ndim != 1 or (array.size and array.dtype.kind not in "fiu"):
        raise InvalidVector(f"{what}: expected a flat list of {size} numbers, got {row!r:.80}")
    if array.size != size:
        raise DimensionMismatch(size, array.size, what)


def encode_payload(payload: Any, point: Any) -> bytes:
    """Return a payload as JSON.

    Raises
    ------
    InvalidPayload
        When it is not an object of what JSON has; NumPy's numbers and arrays, dates and UUIDs are written as
        it can.
    """
    if payload is None:
        return b"{}"
    if not isinstance(payload, Mapping):
        raise InvalidPayload(
            f"payload of point {point}: expected a JSON object, got {type(payload).__name__}"
        )
    try:
        return orjson.dumps(
            payload if isinstance(payload, dict) else dict(payload),
            default=encode_moment,
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPayload(f"payload of point {point}: expected what JSON can hold: {error}") from error
