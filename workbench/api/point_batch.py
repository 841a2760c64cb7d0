"""Points of an upsert, from rows or columns of plain values to arrays; never an object per number."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from workbench.api.body import wrong_type
from workbench.api.values import Vector, holds_flags, is_inference, payload_json, read_ids, read_vector
from workbench.errors import (
    DimensionMismatch,
    FormatError,
    InferenceFailed,
    InvalidVector,
    OutOfRange,
    UnknownVector,
)
from workbench.models.config import CollectionConfig
from workbench.models.points import PointBatch, VectorBatch
from workbench.models.requests import InferenceObject
from workbench.models.vectors import MultiRows, SparseRows, SparseVector

Infer = Callable[[Sequence[InferenceObject], str], Sequence[Any]]
"""Objects and the name of the vector they are for, to one vector each."""

NOT_INITIALIZED = (
    "InferenceService is not initialized. Please check if it was properly configured and initialized during "
    "startup."
)


def read_points(body: Any, config: CollectionConfig | None = None, infer: Infer | None = None) -> PointBatch:
    """Return the points of an upsert.

    Parameters
    ----------
    body : mapping or PointBatch
        ``{"points": [{"id", "vector", "payload"}, …]}`` or ``{"batch": {"ids", "vectors", "payloads"}}``.
    config : CollectionConfig or None
        Names the vector of a wrong length; lengths themselves are checked where points are written.
    infer : callable or None
        Makes vectors of objects that stand for them.

    Raises
    ------
    FormatError, InvalidPointId, InvalidPayload, InvalidVector, DimensionMismatch, UnknownVector
        Naming the place in the request.
    OutOfRange
        When columns have different lengths.
    InferenceFailed
        When an object stands for a vector and no model can make it.
    """
    if isinstance(body, PointBatch):
        return body
    if not isinstance(body, Mapping):
        raise wrong_type(body, "an object")
    reader = _Reader(config, infer)
    for name, read in (("batch", _from_columns), ("points", _from_rows)):  # with both, Qdrant reads the batch
        if name in body:
            own = body[name]
            return own if isinstance(own, PointBatch) else read(own, reader)
    raise FormatError("Invalid PointInsertOperations format")


def read_point_vectors(
    rows: Any, config: CollectionConfig | None = None, infer: Infer | None = None
) -> PointBatch:
    """Return ``[{"id", "vector"}, …]``, as an update of vectors has them; payloads are empty.

    Raises
    ------
    OutOfRange
        For a point without a vector, or with empty ones only, beside what :func:`read_points` raises.
    """
    if not isinstance(rows, PointBatch):
        if isinstance(rows, Sequence) and True in (bare := list(map(_is_bare, rows))):
            raise _nothing_for(bare.index(True))
        return _from_rows(rows, _Reader(config, infer), with_payloads=False)
    without = np.ones(len(rows), np.bool_)
    for column in rows.vectors.values():
        without[slice(None) if column.rows is None else column.rows] = False
    if without.any():
        raise _nothing_for(int(without.argmax()))
    return rows


def _nothing_for(place: int) -> OutOfRange:
    return OutOfRange(f"points[{place}].vector", "must specify vectors to update for point")


def _is_bare(point: Any) -> bool:
    """Whether a row names no vector of any length."""
    if not isinstance(point, Mapping):
        return False
    vector = point.get("vector", point.get("vectors"))
    if isinstance(vector, Mapping) and not is_inference(vector):
        return all(map(_is_empty, vector.values()))
    return _is_empty(vector)


def _is_empty(vector: Any) -> bool:
    if isinstance(vector, Mapping):
        vector = vector.get("indices")
    return isinstance(vector, list | tuple | np.ndarray | SparseVector) and len(vector) == 0


def _from_rows(points: Any, reader: _Reader, with_payloads: bool = True) -> PointBatch:
    if isinstance(points, str | bytes) or not isinstance(points, Sequence):
        raise wrong_type(points, "a sequence", "points")
    try:
        ids = [point["id"] for point in points]
        vectors = [point["vector"] for point in points]
        payloads = [point.get("payload") for point in points] if with_payloads else [None] * len(points)
    except (KeyError, TypeError, AttributeError, IndexError):
        return _from_rows(_with_newer_names(points), reader, with_payloads)
    batch = read_ids(ids, "points.id")
    columns = reader.columns(vectors, "points[{}].vector", ids)
    return PointBatch(batch, columns, _payloads(payloads, "points[{}].payload"))


def _with_newer_names(points: Sequence[Any]) -> list[Any]:
    """Return rows whose ``vectors`` are their ``vector``; raise for the first row that is none."""
    if not any(
        isinstance(point, Mapping) and "vector" not in point and "vectors" in point for point in points
    ):
        _explain(points)
    return [
        {"vector": point["vectors"], **point} if isinstance(point, Mapping) and "vectors" in point else point
        for point in points
    ]


def _explain(points: Sequence[Any]) -> NoReturn:
    for place, point in enumerate(points):
        if not isinstance(point, Mapping):
            raise wrong_type(point, "struct PointStruct", f"points[{place}]")
        for name in ("id", "vector"):
            if name not in point:
                raise FormatError(f"points[{place}]: missing field `{name}`")
    raise FormatError("points: data did not match any variant of untagged enum PointInsertOperations")


def _from_columns(batch: Any, reader: _Reader) -> PointBatch:
    if not isinstance(batch, Mapping):
        raise wrong_type(batch, "struct Batch", "batch")
    for name in ("ids", "vectors"):
        if batch.get(name) is None:
            raise FormatError(f"batch: missing field `{name}`")
    given, vectors, payloads = batch["ids"], batch["vectors"], batch.get("payloads")
    ids = read_ids(given, "batch.ids")
    count = len(ids)
    if payloads is None:
        payloads = [None] * count
    elif isinstance(payloads, str) or not isinstance(payloads, Sequence):
        raise wrong_type(payloads, "a sequence", "batch.payloads")
    named = vectors if isinstance(vectors, Mapping) else {"": vectors}
    for name, column in named.items():
        rows = isinstance(column, Sequence) or (isinstance(column, np.ndarray) and column.ndim > 0)
        if isinstance(column, str) or not rows:
            raise wrong_type(column, "a sequence", f"batch.vectors.{name}" if name else "batch.vectors")
        _same(count, len(column), "vectors")
    _same(count, len(payloads), "payloads")
    columns = {
        name: VectorBatch(reader.column(column, name, f"batch.vectors[{name!r}][{{}}]", given))
        for name, column in named.items()
    }
    return PointBatch(ids, columns if count else {}, _payloads(payloads, "batch.payloads[{}]"))


def _same(ids: int, others: int, what: str) -> None:
    if ids != others:
        raise OutOfRange("batch", f"number of ids and {what} must be equal ({ids} != {others})")


def _payloads(payloads: Sequence[Any], where: str) -> list[bytes]:
    try:
        return [b"{}" if payload is None else payload_json(payload) for payload in payloads]
    except ValueError:
        for place, payload in enumerate(payloads):  # again, to name the first that is wrong
            payload_json(payload, where.format(place))
        raise


class _Reader:
    """Rows of vectors as columns by name."""

    def __init__(self, config: CollectionConfig | None, infer: Infer | None) -> None:
        self.config, self.infer = config, infer

    def columns(self, rows: list[Any], where: str, ids: Sequence[Any]) -> dict[str, VectorBatch]:
        """Gather what each point brings: one vector, or vectors by name."""
        values: dict[str, list[Any]] = {}
        places: dict[str, list[int]] = {}
        if not any(isinstance(row, Mapping) for row in rows):
            values[""], places[""] = rows, list(range(len(rows)))
        else:
            for place, row in enumerate(rows):
                own = row if isinstance(row, Mapping) and not is_inference(row) else {"": row}
                for name, vector in own.items():
                    values.setdefault(name, []).append(vector)
                    places.setdefault(name, []).append(place)
        columns: dict[str, VectorBatch] = {}
        for name, column in values.items():
            if not column:
                continue
            own_ids = [ids[place] for place in places[name]]
            read = self.column(column, name, where, own_ids, places[name])
            everywhere = len(column) == len(rows)
            columns[name] = VectorBatch(read, None if everywhere else np.array(places[name], np.intp))
        return columns

    def column(
        self, rows: Any, name: str, where: str, ids: Sequence[Any], places: Sequence[int] | None = None
    ) -> Any:
        """Return the vectors of one name: float[v, d], or sparse or multi rows."""
        if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiu" and rows.ndim in (2, 3):
            return rows if rows.ndim == 2 else MultiRows.of(list(rows), rows.shape[2])
        matrix = _dense(rows)
        if matrix is not None:
            return matrix
        at = places if places is not None else range(len(rows))
        vectors: list[Vector] = [
            read_vector(row, where.format(place)) for row, place in zip(rows, at, strict=True)
        ]
        return self._joined(self._inferred(vectors, name), name, ids)

    def _inferred(self, vectors: list[Vector], name: str) -> list[Any]:
        asked = [place for place, vector in enumerate(vectors) if isinstance(vector, InferenceObject)]
        if not asked:
            return vectors
        if self.infer is None:
            raise InferenceFailed(NOT_INITIALIZED)
        made = self.infer([v for v in vectors if isinstance(v, InferenceObject)], name)
        result: list[Any] = list(vectors)
        for place, vector in zip(asked, made, strict=True):
            result[place] = vector
        return result

    def _joined(self, vectors: list[Any], name: str, ids: Sequence[Any]) -> Any:
        sparse = sum(isinstance(vector, SparseVector) for vector in vectors)
        if sparse == len(vectors):
            return SparseRows.of(vectors)
        if sparse:
            raise InvalidVector(f"vector {name!r}: expected dense or sparse vectors, got both")
        self._check_widths(vectors, name, ids)
        if all(vector.ndim == 1 for vector in vectors):
            return np.array(vectors)
        matrices = [vector.reshape(1, -1) if vector.ndim == 1 else vector for vector in vectors]
        return MultiRows.of(matrices, matrices[0].shape[1])

    def _check_widths(self, vectors: list[Any], name: str, ids: Sequence[Any]) -> None:
        widths = [vector.shape[-1] for vector in vectors]
        if self.config is not None and name not in self.config.vectors:
            raise UnknownVector(name, [*self.config.vectors, *self.config.sparse_vectors])
        size = self.config.vectors[name].size if self.config is not None else widths[0]
        for width, point in zip(widths, ids, strict=True):
            if width != size:
                raise DimensionMismatch(size, width, f"vector {name!r} of point {point}")


def _dense(rows: Sequence[Any]) -> npt.NDArray[Any] | None:
    """Return rows of numbers of one length as float[v, d]; None when they are anything else.

    An ``array`` reads a list of floats in 17 ns a float, refusing texts and nulls, which NumPy's own reading
    (25 ns) would turn into numbers.
    """
    kinds = set(map(type, rows))
    if kinds == {list} and len(widths := set(map(len, rows))) == 1 and widths != {0}:
        numbers = array("f")
        try:
            for row in rows:
                numbers.fromlist(row)
        except (TypeError, ValueError, OverflowError):  # what is no number, or claims to be one
            return None
        matrix = np.frombuffer(numbers, np.float32).reshape(len(rows), -1)
        return None if holds_flags(matrix, rows) else matrix
    if kinds == {np.ndarray} and len({(row.shape, row.dtype.kind in "fiu") for row in rows}) == 1:
        return np.array(rows) if rows[0].ndim == 1 and rows[0].dtype.kind in "fiu" else None
    return None
