"""What a batch's vectors must be before anything is written, and the form in which they are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import DimensionMismatch, InvalidVector, UnknownVector
from workbench.models.config import CollectionConfig, Datatype, Distance, SparseVectorParams, VectorParams
from workbench.models.numbers import floats_of
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows, VectorRows
from workbench.segments.vector_columns import named_vectors

AnyArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

# Rows checked for NaN and infinity at a time: 4 MB at 1024 dimensions, so no long hold of the interpreter.
_CHUNK = 1024


def check_vectors(config: CollectionConfig, batch: PointBatch) -> dict[str, VectorBatch]:
    """Return the vectors of a batch in stored form, by name.

    Raises
    ------
    UnknownVector, DimensionMismatch, InvalidVector
        Naming the point and the position.
    """
    named = named_vectors(config)
    stored: dict[str, VectorBatch] = {}
    for name, vectors in batch.vectors.items():
        if name not in named:
            raise UnknownVector(name, list(named))
        place = _Place(name, batch.ids, vectors)
        stored[name] = VectorBatch(_stored_form(vectors.values, named[name], place), vectors.rows)
    return stored


class _Place:
    """Which point a row of a batch's vectors belongs to, for the texts of errors."""

    def __init__(self, name: str, ids: IdArray, vectors: VectorBatch) -> None:
        self.name, self._ids, self._rows = name, ids, vectors.rows
        values = vectors.values
        self._starts = values.starts if isinstance(values, MultiRows | SparseRows) else None

    def of_row(self, row: int) -> str:
        """Name the point of the vector number `row`."""
        place = row if self._rows is None else int(self._rows[row])
        return f"vector {self.name!r} of point {self._ids.take([place]).tolist()[0]}"

    def of_element(self, element: int) -> str:
        """Name the point of an inner vector, or of an element of a sparse vector."""
        if self._starts is None:
            return self.of_row(element)
        return self.of_row(int(np.searchsorted(self._starts, element, side="right")) - 1)


def _stored_form(values: Any, params: VectorParams | SparseVectorParams, place: _Place) -> VectorRows:
    if isinstance(params, SparseVectorParams):
        if isinstance(values, MultiRows):
            raise _mixed("multi", place)
        if not isinstance(values, SparseRows):
            raise _mixed("sparse", place)
        return _checked_sparse(values, place)
    if isinstance(values, SparseRows):
        raise _mixed("sparse", place)
    if not params.multivector:
        if isinstance(values, MultiRows):
            raise _mixed("multi", place)
        return _checked_dense(values, params, place.name, place.of_row)
    if not isinstance(values, MultiRows):  # as in Qdrant, a vector is a multivector of one
        dense = _checked_dense(values, params, place.name, place.of_row)
        return MultiRows(np.arange(len(dense) + 1), dense)
    empty = np.flatnonzero(np.diff(values.starts) == 0)
    if len(empty):
        raise DimensionMismatch(params.size, 0, place.of_row(int(empty[0])))
    return MultiRows(values.starts, _checked_dense(values.values, params, place.name, place.of_element))


def _mixed(kind: str, place: _Place) -> InvalidVector:
    return InvalidVector(
        f"Conversion between {kind} and regular vectors failed ({place.of_row(0)}); nothing of the batch was "
        "written"
    )


def _checked_sparse(values: SparseRows, place: _Place) -> SparseRows:
    indices = np.ascontiguousarray(values.indices, dtype=np.uint32)
    weights = np.ascontiguousarray(values.values, dtype=np.float32)
    rising = np.ones(len(indices) + 1, np.bool_)
    rising[1:-1] = indices[1:] > indices[:-1]
    rising[values.starts] = True  # a row may begin anew
    for good, text in ((np.isfinite(weights), "finite values"), (rising[:-1], "ascending, unique indices")):
        if not good.all():
            wrong = place.of_element(int(np.flatnonzero(~good)[0]))
            raise InvalidVector(f"expected {text} in {wrong}; nothing of the batch was written")
    return SparseRows(np.asarray(values.starts, np.int64), indices, weights)


def _checked_dense(values: Any, params: VectorParams, name: str, point_of: Callable[[int], str]) -> AnyArray:
    floats = _as_floats(values, name, params)
    _check_numbers(floats, params, point_of)
    stored = distances.preprocess(floats, params.distance, params.datatype)
    if params.datatype is Datatype.FLOAT16:
        _check_numbers(stored, params, point_of)
    return stored


def _as_floats(values: Any, name: str, params: VectorParams) -> FloatArray:
    try:
        floats = np.ascontiguousarray(floats_of(values))  # what becomes infinite is reported by the caller
    except (TypeError, ValueError, OverflowError) as error:
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
                f"expected numbers whose squares add up to at most {distances.MAX_SQUARES:.3g}, so that "
                f"distances fit float32, got more in {point_of(start + int(long[0]))}; nothing of the batch "
                "was written"
            )
