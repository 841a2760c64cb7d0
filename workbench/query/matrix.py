"""Distances within a random sample of the points: who is near whom, for maps and clusters of a collection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.models.filters import Filter, HasId
from workbench.models.points import PointId
from workbench.models.query import SearchParams
from workbench.models.requests import MatrixRequest
from workbench.query.examples import Examples
from workbench.query.nearest import ids_of
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


def matrix(view: View, request: MatrixRequest, seed: int | None = None) -> Matrix:
    """Sample points that have the vector, and find the nearest of each among them.

    Parameters
    ----------
    view : View
        The collection.
    request : MatrixRequest
        How many points, how many neighbors of each, of which points, by which vector.
    seed : int or None
        The same seed draws the same points; None draws anew each time.

    Raises
    ------
    UnknownVector
        When the collection has no such vector.
    """
    drawn = ids_of(view, sample(view, request.flt, request.sample, seed, vector=request.using))
    ids = drawn.take(drawn.order()).tolist()
    if len(ids) < 2:  # nobody has a neighbor
        return Matrix([], [])
    among = Filter(must=(HasId(frozenset(ids)),))
    near: list[list[tuple[PointId, np.float32]]] = []
    for point in ids:
        hits = neighbors(Examples(view, request.using), point, request.limit, flt=among, params=_EXACT)
        near.append(list(zip(ids_of(view, hits.found).tolist(), hits.scores, strict=True)))
    return Matrix(ids, near)
