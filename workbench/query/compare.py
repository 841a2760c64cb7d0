"""Vectors of every kind compared in one way: dense vectors, multivectors and sparse vectors.

A *similarity* is greater for nearer: the dot product, or the negative squared L2 or L1 distance; of
multivectors the sum over the query's vectors of the greatest to one of the stored ones. Whatever is asked
besides the nearest neighbours is a formula of such numbers, as in Qdrant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import DimensionMismatch, InvalidVector
from workbench.indexes import multivector, sparse
from workbench.models.config import CollectionConfig, Distance, VectorParams
from workbench.models.query import SearchParams
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.query import idf, nearest
from workbench.query.nearest import WRONG_MULTI, WRONG_SPARSE, FloatArray, Found, Query
from workbench.segments.ids import Rows
from workbench.segments.multi_columns import MultiColumn
from workbench.segments.sparse_columns import SparseColumn
from workbench.segments.vector_columns import Column, VectorColumn
from workbench.segments.view import View

Stored = npt.NDArray[Any] | SparseVector
"""A vector as it is stored: T[d], T[s, d] or sparse."""

Value = Stored | Sequence[Any]
"""A vector as a caller gives it."""

# Vectors compared at a time: the float32 copy of a chunk is 16 MB at 1024 dimensions.
_CHUNK = 4096


def check_query(value: Value, config: CollectionConfig, vector: str) -> Query:
    """Return one query as :func:`workbench.query.nearest.search` takes it.

    Parameters
    ----------
    value : T[d], T[s, d], SparseVector or sequence
        One vector is a multivector of one.
    config : CollectionConfig
        Of the collection searched.
    vector : str
        Name of the vector compared.

    Raises
    ------
    UnknownVector
        When the collection has no such vector.
    InvalidVector
        When the value is of another kind than the vector, or has numbers that are not finite.
    DimensionMismatch
        When its length, or that of one of its vectors, is not the vector's.
    """
    params = config.vectors.get(vector)
    if params is None:
        idf.sparse_params_of(config, vector)
        if not isinstance(value, SparseVector):
            raise InvalidVector(WRONG_MULTI if np.ndim(value) == 2 else WRONG_SPARSE)
        return value
    if isinstance(value, SparseVector):
        raise InvalidVector(WRONG_SPARSE)
    if params.multivector:
        return _multi_query(value, params)
    return nearest.check_query(value, params)


def _multi_query(value: Value, params: VectorParams) -> FloatArray:
    try:
        matrix = np.asarray(value)
    except ValueError as error:
        raise InvalidVector(f"multivector: expected vectors of one length: {error}") from error
    if matrix.ndim < 2:
        matrix = matrix.reshape(1, -1)
    if matrix.ndim != 2 or len(matrix) == 0:
        raise InvalidVector(f"multivector: expected one or more vectors, got shape {list(matrix.shape)}")
    if matrix.shape[1] != params.size:
        raise DimensionMismatch(params.size, matrix.shape[1])
    return np.stack([nearest.check_query(row, params) for row in matrix])


def distance_of(config: CollectionConfig, vector: str) -> Distance:
    """Return the distance of a vector, which for sparse ones is Dot; or raise ``UnknownVector``."""
    params = config.vectors.get(vector)
    if params is not None:
        return params.distance
    idf.sparse_params_of(config, vector)
    return Distance.DOT


def weighted(view: View, vector: str, queries: Sequence[Query], params: SearchParams) -> list[Query]:
    """Return checked queries as stored vectors are compared with them: weighted under ``idf``."""
    parts = [query for query in queries if isinstance(query, SparseVector)]
    if parts:
        return list(idf.weighted(view, vector, parts, params.idf_corpus))
    if params.idf_corpus is not None:
        raise idf.not_weighted(vector)
    return list(queries)


def similarities(column: Column, slots: Rows, queries: Sequence[Query]) -> Iterator[FloatArray]:
    """Yield float32[chunk, e] for the vectors at `slots`, in order, and e queries, or none, of their kind."""
    if not queries:
        yield np.empty((len(slots), 0), np.float32)
        return
    if isinstance(column, VectorColumn):
        yield from _dense(column, slots, queries)
        return
    similar = np.empty((len(slots), len(queries)), np.float32)
    for i, query in enumerate(queries):
        if isinstance(column, SparseColumn):
            assert isinstance(query, SparseVector)
            similar[:, i] = sparse.products(column.parts(), query)[slots]
        else:
            assert isinstance(query, np.ndarray)
            metric = distances.metric(column.params.distance)
            similar[:, i] = -multivector.distances(column.searched, query, metric, slots)
    yield similar


def _dense(column: VectorColumn, slots: Rows, queries: Sequence[Query]) -> Iterator[FloatArray]:
    metric = distances.metric(column.params.distance)
    examples = np.stack([query for query in queries if isinstance(query, np.ndarray)])
    for start in range(0, len(slots), _CHUNK):
        rows = column.searched[slots[start : start + _CHUNK]].astype(np.float32, copy=False)
        if metric == distances.NEGATIVE_DOT:
            yield rows @ examples.T
            continue
        similar = np.empty((len(rows), len(examples)), np.float32)
        for i, example in enumerate(examples):
            gaps = rows - example
            squared = metric == distances.SQUARED_L2
            similar[:, i] = -np.einsum("nd,nd->n", gaps, gaps) if squared else -np.abs(gaps).sum(axis=1)
        yield similar


def gathered(view: View, vector: str, found: Found) -> tuple[Column, npt.NDArray[np.bool_]]:
    """Return the vectors of the points found as one column, and which of the points have one.

    The column has as many vectors as the mask has True values, in the order of `found`.
    """
    config = view.config
    has = np.zeros(len(found), np.bool_)
    vectors: list[Any] = [None] * len(found)
    for number, places in found.parts():
        column = view.segments[number].column(vector)
        slots = column.slots(found.rows[places])
        for place, slot in zip(places.tolist(), slots.tolist(), strict=True):
            if slot >= 0:
                has[place], vectors[place] = True, column.vector(slot)
    own = [one for one in vectors if one is not None]
    return column_from(own, config, vector), has


def column_from(vectors: Sequence[Any], config: CollectionConfig, vector: str) -> Column:
    """Return vectors in stored form as a column by itself."""
    params = config.vectors.get(vector)
    if params is None:
        return SparseColumn(SparseRows.of(vectors), None, idf.sparse_params_of(config, vector))
    if params.multivector:
        return MultiColumn(MultiRows.of(vectors, params.size), None, params)
    dtype = distances.dtype(params.datatype)
    return VectorColumn(np.stack(vectors) if vectors else np.empty((0, params.size), dtype), None, params)


def as_queries(column: Column) -> list[Query]:
    """Return the vectors of a column as queries to the vectors of their kind."""
    if isinstance(column, SparseColumn):
        return [column.vector(slot) for slot in range(column.count)]
    if isinstance(column, MultiColumn):
        return [column.searched.row(slot).astype(np.float32) for slot in range(column.count)]
    return list(column.searched.astype(np.float32))
