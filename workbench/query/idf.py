"""Inverse document frequency: dimensions that few points have count for more.

With N the points that have the vector and n those of them that have the dimension, a query's value is
multiplied by ``ln((N - n + 0.5) / (n + 0.5) + 1)``, as Qdrant does under the modifier ``idf``. N and n count
live points of the whole collection, or of a *corpus*, whatever the filter of the query. (Qdrant goes on
counting a deleted point until its segment is rebuilt; here an answer does not depend on when that happens.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest, UnknownVector
from workbench.indexes import sparse
from workbench.models.config import CollectionConfig, SparseVectorParams
from workbench.models.vectors import SparseVector
from workbench.segments.sparse_columns import SparseColumn
from workbench.segments.view import View

if TYPE_CHECKING:
    from workbench.models.filters import Filter


def weighted(
    view: View, vector: str, queries: Sequence[SparseVector], corpus: Filter | None = None
) -> list[SparseVector]:
    """Return the queries with their values multiplied, or as they are when the vector has no such modifier.

    Parameters
    ----------
    view : View
    vector : str
        Name of sparse vectors.
    queries : sequence of SparseVector
    corpus : Filter or None
        The points that are counted; None counts all, and so does an empty filter.

    Raises
    ------
    UnknownVector
        When the collection has no sparse vector of the name.
    InvalidRequest
        When a corpus is given and the vector has no modifier ``idf``.
    """
    if not sparse_params_of(view.config, vector).idf:
        if corpus is not None:
            raise not_weighted(vector)
        return list(queries)
    from workbench.models.filters import Filter

    corpus = corpus if corpus != Filter() else None
    dimensions = np.unique(np.concatenate([np.empty(0, np.uint32), *(q.indices for q in queries)]))
    factors = _factors(*_counts(view, vector, dimensions, corpus))
    return [
        SparseVector(q.indices, q.values * factors[np.searchsorted(dimensions, q.indices)]) for q in queries
    ]


def sparse_params_of(config: CollectionConfig, vector: str) -> SparseVectorParams:
    """Return the settings of a sparse vector, or raise ``UnknownVector``."""
    try:
        return config.sparse_vectors[vector]
    except KeyError:
        raise UnknownVector(vector, [*config.vectors, *config.sparse_vectors]) from None


def not_weighted(vector: str) -> InvalidRequest:
    """Return the error for ``params.idf`` of a query to another kind of vector."""
    return InvalidRequest(
        "Validation failed: search param `idf` requires a sparse vector with the `idf` modifier, "
        f'which vector "{vector}" is not'
    )


def _counts(
    view: View, vector: str, dimensions: npt.NDArray[np.uint32], corpus: Filter | None
) -> tuple[int, npt.NDArray[np.int64]]:
    """Return how many points have the vector, and how many have each dimension."""
    total, having = 0, np.zeros(len(dimensions), np.int64)
    for segment in view.segments:
        column = segment.column(vector)
        if not isinstance(column, SparseColumn) or column.count == 0:
            continue
        mask = segment.mask(corpus)
        counted = mask if mask is None or column.rows is None else mask[column.rows]
        filled = np.diff(column.stored.starts) > 0  # a vector without dimensions is no document
        total += int(np.count_nonzero(filled if counted is None else filled & counted))
        having += sparse.document_counts(column.parts(), dimensions, counted)
    return total, having


def _factors(total: int, having: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return np.log((total - having + 0.5) / (having + 0.5) + 1.0).astype(np.float32)
