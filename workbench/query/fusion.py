"""Fusion: the answers of several queries joined into one.

Measured on qdrant-edge-py 0.9.0 (``reciprocal_rank_fusion.rs`` and ``score_fusion.rs`` of Qdrant), all in
float32:

====  ==============================================================================================
rrf   the sum over sources of ``1 / (rank / w + k - 1)``, rank from 1; a source of weight 0 or less adds 0
      (Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", 2009, with weights)
dbsf  the sum over sources of the score's place between mean - 3 sigma (0) and mean + 3 sigma (1), sigma of
      the sample; 0.5 where all scores of a source are equal (Mazzeschi, "Distribution-Based Score Fusion")
====  ==============================================================================================

DBSF adds scores as they are, so that under Euclid and Manhattan the farthest of a source counts most; Qdrant
does the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.errors import InvalidRequest
from workbench.models.requests import Fusion
from workbench.query.nearest import FloatArray
from workbench.query.scored import OrderValue, Scored, distinct, ranked


def fuse(fusion: Fusion, sources: Sequence[Scored], k: int, threshold: float | None = None) -> Scored:
    """Return the `k` best points of all sources together.

    Parameters
    ----------
    fusion : Fusion
        By rank or by score.
    sources : sequence of Scored
        Each best first.
    k : int
        Hits wanted.
    threshold : float or None
        Scores below it are left out.

    Raises
    ------
    InvalidRequest
        When there are not as many weights as sources.
    """
    weights = (1.0,) * len(sources) if fusion.weights is None else fusion.weights
    if len(weights) != len(sources):
        raise InvalidRequest(
            f"Validation failed: RRF weights length ({len(weights)}) does not match number of prefetches "
            f"({len(sources)})"
        )
    places, positions = distinct(sources)
    totals = np.zeros(len(places), np.float32)
    values: list[OrderValue | None] = [None] * len(places)
    met = 0
    for source, at, weight in zip(sources, positions, weights, strict=True):
        own = by_rank(len(source), fusion.k, weight) if fusion.kind == "rrf" else normalized(source.scores)
        np.add.at(totals, at, own)  # a source ordered by a field may name a point twice
        if source.values is not None:  # a point keeps the value with which it was first met
            for place, value in zip(at[::-1].tolist(), source.values[::-1], strict=True):
                if place >= met:
                    values[place] = value
        met = max(met, int(at.max(initial=-1)) + 1)
    answer = ranked(places, totals, len(places), threshold, values)
    return (_by_value(answer) if fusion.kind == "dbsf" else answer).page(0, k)


def _by_value(answer: Scored) -> Scored:
    """Return the greatest order values first, then what has none: so Qdrant sorts what DBSF added."""
    if answer.values is None or not any(value is not None for value in answer.values):
        return answer
    leading = np.array([-np.inf if value is None else value for value in answer.values])
    return answer.take(np.argsort(-leading, kind="stable"))


def by_rank(count: int, k: int, weight: float) -> FloatArray:
    """Return float32[count], what RRF gives the ranks from 1 to `count` of a source."""
    if weight <= 0:
        return np.zeros(count, np.float32)
    ranks = np.arange(1, count + 1, dtype=np.float32)
    with np.errstate(over="ignore", divide="ignore"):  # a weight that float32 cannot hold is infinite
        share = ranks / np.float32(weight) + np.float32(k - 1)
        return np.asarray(np.float32(1.0) / share, np.float32)


def normalized(scores: FloatArray) -> FloatArray:
    """Return float32[n], the scores of a source as DBSF adds them."""
    if len(scores) < 2:
        return np.full(len(scores), 0.5, np.float32)
    spread = float(np.std(scores, ddof=1, dtype=np.float64))
    if spread == 0.0:
        return np.full(len(scores), 0.5, np.float32)
    low = float(np.mean(scores, dtype=np.float64)) - 3.0 * spread
    return np.asarray((scores - low) / (6.0 * spread), np.float32)
