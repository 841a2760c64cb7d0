"""The ranking of every stored vector by its similarity to examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench import distances
from workbench.models.filters import Filter
from workbench.query.compare import distance_of, similarities
from workbench.query.nearest import FloatArray, Found, Query, slots_mask
from workbench.query.scored import Scored
from workbench.segments.ids import Rows
from workbench.segments.view import View

Score = Callable[[FloatArray], FloatArray]


def scored(view: View, vector: str, found: Found) -> Scored:
    """Return nearest neighbours with the scores of their distance."""
    return Scored(found, distances.scores(found.distances, distance_of(view.config, vector)))


def rank(
    view: View, vector: str, queries: Sequence[Query], score: Score, k: int, flt: Filter | None
) -> Scored:
    """Return the `k` live points of the greatest score; every vector that `flt` accepts is looked at.

    Parameters
    ----------
    view : View
        The collection.
    vector : str
        Name of the vector compared, of any kind.
    queries : sequence of Query
        From :meth:`workbench.query.examples.Examples.resolve`.
    score : callable
        Takes similarities, float32[n, e], see :func:`workbench.query.compare.similarities`, and gives
        float32[n].
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits.
    """
    segments: list[Rows] = [np.empty(0, np.intp)]
    rows: list[Rows] = [np.empty(0, np.intp)]
    scores: list[FloatArray] = [np.empty(0, np.float32)]
    for number, segment in enumerate(view.segments):
        if segment.count == 0:
            continue
        column = segment.column(vector)
        allowed = slots_mask(segment.mask(flt), column.rows)
        slots = np.arange(column.count) if allowed is None else np.flatnonzero(allowed)
        parts = [score(s) for s in similarities(column, slots, queries)]
        if not parts:
            continue
        own = np.concatenate(parts)
        best = _greatest(own, k)
        segments.append(np.full(len(best), number, np.intp))
        rows.append(slots[best] if column.rows is None else column.rows[slots[best]])
        scores.append(own[best])
    merged = np.concatenate(scores)
    best = _greatest(merged, k)
    found = Found(np.concatenate(segments)[best], np.concatenate(rows)[best], -merged[best])
    return Scored(found, merged[best])


def _greatest(scores: FloatArray, k: int) -> Rows:
    """Return where the `k` greatest are, greatest first, the earlier of equal ones first."""
    if k < len(scores):
        # Everything not below the k-th stays, so that among equal scores the order decides, not the
        # partition.
        kth = np.partition(scores, len(scores) - k)[len(scores) - k] if k > 0 else np.float32(np.inf)
        near = np.flatnonzero(scores >= kth)
    else:
        near = np.arange(len(scores))
    return near[np.argsort(-scores[near], kind="stable")[:k]]


def sigmoid(values: FloatArray) -> FloatArray:
    """Return ``x / (1 + |x|)``, Qdrant's fast sigmoid (``common/math.rs``): -1 to 1, and monotonic."""
    with np.errstate(invalid="ignore"):  # an infinite x stays as it is
        squeezed: FloatArray = np.where(np.isinf(values), values, values / (1.0 + np.abs(values)))
    return squeezed.astype(np.float32, copy=False)


def unit_sigmoid(values: FloatArray) -> FloatArray:
    """Return the fast sigmoid scaled to 0 to 1."""
    return np.asarray(0.5 * (sigmoid(values) + 1.0), dtype=np.float32)
