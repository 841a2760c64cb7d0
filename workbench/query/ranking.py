"""Points with scores, and the ranking of every stored vector by its similarity to examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.models.config import Distance
from workbench.models.filters import Filter
from workbench.query.nearest import FloatArray, Found, params_of, slots_mask
from workbench.segments.ids import Rows
from workbench.segments.view import View

Score = Callable[[FloatArray], FloatArray]

# Vectors compared at a time: the float32 copy of a chunk is 16 MB at 1024 dimensions.
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Scored:
    """Places of points and the scores a caller reads, best first.

    Parameters
    ----------
    found : Found
        Where the k points are.
    scores : float32[k]
        In the order of `found`.
    """

    found: Found
    scores: FloatArray

    def __len__(self) -> int:
        return len(self.scores)

    def page(self, start: int, stop: int) -> Scored:
        """Return the hits from `start` to `stop`."""
        return Scored(self.found.first(start, stop), self.scores[start:stop])

    def beyond(self, threshold: float | None, distance: Distance) -> Scored:
        """Return the hits before the first that does not pass `threshold`.

        A score must be greater than the threshold, or smaller under Euclid and Manhattan, and never equal.
        The engine goes by the distance for recommend, discover and context too, although their greater scores
        are the better ones (measured on qdrant-edge-py 0.9.0), and so does this.
        """
        if threshold is None:
            return self
        passes = self.scores > threshold if distances.greater_is_nearer(distance) else self.scores < threshold
        return self if bool(passes.all()) else self.page(0, int(np.argmin(passes)))


def scored(view: View, vector: str, found: Found) -> Scored:
    """Return nearest neighbours with the scores of their distance."""
    return Scored(found, distances.scores(found.distances, view.config.vectors[vector].distance))


def rank(view: View, vector: str, examples: FloatArray, score: Score, k: int, flt: Filter | None) -> Scored:
    """Return the `k` live points of the greatest score; every vector that `flt` accepts is looked at.

    Parameters
    ----------
    view : View
        The collection.
    vector : str
        Name of the vector compared.
    examples : float32[e, d]
        From :func:`workbench.query.nearest.check_query`.
    score : callable
        Takes similarities, float32[n, e] (greater is nearer: dot, or the negative squared L2 or L1 distance),
        and gives float32[n].
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits.
    """
    metric = distances.metric(params_of(view.config, vector).distance)
    segments: list[Rows] = [np.empty(0, np.intp)]
    rows: list[Rows] = [np.empty(0, np.intp)]
    scores: list[FloatArray] = [np.empty(0, np.float32)]
    for number, segment in enumerate(view.segments):
        if segment.count == 0:
            continue
        column = segment.dense(vector)
        allowed = slots_mask(segment.mask(flt), column.rows)
        slots = np.arange(len(column.stored)) if allowed is None else np.flatnonzero(allowed)
        parts = [score(s) for s in _similarities(column.searched, slots, examples, metric)]
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


def _similarities(
    vectors: npt.NDArray[Any], slots: Rows, examples: FloatArray, metric: int
) -> Iterator[FloatArray]:
    """Yield float32[chunk, e] for the vectors at `slots`, in order."""
    for start in range(0, len(slots), _CHUNK):
        rows = vectors[slots[start : start + _CHUNK]].astype(np.float32, copy=False)
        if metric == distances.NEGATIVE_DOT:
            yield rows @ examples.T
            continue
        similar = np.empty((len(rows), len(examples)), np.float32)
        for i, example in enumerate(examples):
            gaps = rows - example
            squared = metric == distances.SQUARED_L2
            similar[:, i] = -np.einsum("nd,nd->n", gaps, gaps) if squared else -np.abs(gaps).sum(axis=1)
        yield similar


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
