"""Distances within a random sample of the points: who is near whom, for maps and clusters of a collection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench import distances
from workbench.indexes import exact
from workbench.models.filters import Filter, HasId
from workbench.models.points import PointId
from workbench.models.query import SearchParams
from workbench.models.requests import MatrixRequest
from workbench.models.vectors import SparseVector
from workbench.query import nearest
from workbench.query.examples import Examples
from workbench.query.nearest import FloatArray, ids_of
from workbench.query.neighbors import neighbors
from workbench.query.sample import sample
from workbench.segments.view import View

_EXACT = SearchParams(exact=True)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The nearest of each sampled point within the sample.

    Parameters
    ----------
    ids : list of PointId
        The points sampled, ascending, integers before UUIDs.
    nearest : list of list of (PointId, float32)
        For each of them, its nearest others, the best first; fewer than asked for when the sample is small.
    """

    ids: list[PointId]
    nearest: list[list[tuple[PointId, np.float32]]]


def matrix(view: View, request: MatrixRequest, seed: int | None = None, device: str = "auto") -> Matrix:
    """Sample points that have the vector, and find the nearest of each among them.

    Parameters
    ----------
    view : View
        The collection.
    request : MatrixRequest
        How many points, how many neighbors of each, of which points, by which vector.
    seed : int or None
        The same seed draws the same points; None draws anew each time.
    device : {"cpu", "gpu", "auto"}
        Where the points are compared; ``"auto"`` takes a GPU where there is one and the sample is worth it.

    Raises
    ------
    UnknownVector
        When the collection has no such vector.
    """
    drawn = ids_of(view, sample(view, request.flt, request.sample, seed, vector=request.using))
    ids = drawn.take(drawn.order()).tolist()
    if len(ids) < 2:  # nobody has a neighbor
        return Matrix([], [])
    queries = (Examples(view, request.using).query(point) for point in ids)
    dense = [query for query in queries if not isinstance(query, SparseVector) and query.ndim == 1]
    if len(dense) == len(ids):
        return Matrix(ids, _among(view, request, ids, np.stack(dense), device))
    among = Filter(must=(HasId(frozenset(ids)),))
    near: list[list[tuple[PointId, np.float32]]] = []
    for point in ids:
        hits = neighbors(Examples(view, request.using), point, request.limit, flt=among, params=_EXACT)
        near.append(list(zip(ids_of(view, hits.found).tolist(), hits.scores, strict=True)))
    return Matrix(ids, near)


def _among(
    view: View, request: MatrixRequest, ids: list[PointId], vectors: FloatArray, device: str
) -> list[list[tuple[PointId, np.float32]]]:
    """Compare float32[n, d], the vectors of the points sampled, with each other."""
    target = nearest.target(view, request.using)
    rows, gaps = exact.search_batch(vectors, vectors, request.limit + 1, target.metric, device=device)
    scores = distances.scores(gaps, target.params.distance)
    near = []
    for own, (found, score) in enumerate(zip(rows.tolist(), scores, strict=True)):
        others = [(ids[row], value) for row, value in zip(found, score, strict=True) if row != own]
        near.append(others[: request.limit])
    return near
