"""Recommend: points like the positive examples and unlike the negative ones.

With p and n the similarities of a point to the positive and the negative examples (greater is nearer), and
``s(x) = (x / (1 + |x|) + 1) / 2``, the three strategies of Qdrant (``lib/segment/src/vector_storage/query``):

==================  =============================================================
average_vector      nearest neighbours of ``2 mean(positive) - mean(negative)``
best_score          ``s(max p)`` if ``max p > max n``, else ``-s(max n)``
sum_scores          ``sum p - sum n``
==================  =============================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from workbench.errors import InvalidRequest
from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, check_query, params_of, search
from workbench.query.ranking import Scored, rank, scored, unit_sigmoid


class Strategy(StrEnum):
    """How examples become one score."""

    AVERAGE_VECTOR = "average_vector"
    BEST_SCORE = "best_score"
    SUM_SCORES = "sum_scores"


def recommend(
    examples: Examples,
    positive: Sequence[Example],
    negative: Sequence[Example],
    k: int,
    *,
    strategy: Strategy = Strategy.AVERAGE_VECTOR,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return the `k` best points, the examples themselves left out.

    Parameters
    ----------
    examples : Examples
        The collection, its vector, and where ids are looked up.
    positive, negative : sequence of id or vector
        What the answer should be like, and what not.
    k : int
        Hits wanted; fewer come back when fewer match.
    strategy : Strategy
        See the top of this module. The average is one search of the graph; the others look at every vector.
    flt : Filter or None
        Which points may be hits.
    params : SearchParams
        Of the search for the average.

    Raises
    ------
    InvalidRequest
        When there are no examples, or no positive one for the average.
    NotFound
        When an example does not exist.
    """
    view, vector = examples.view, examples.vector
    if strategy is Strategy.AVERAGE_VECTOR:
        average = _average(examples, positive, negative)
        query = check_query(average, params_of(view.config, vector))
        return scored(view, vector, search(view, vector, query, k, flt=examples.others(flt), params=params))
    if not positive and not negative:
        raise InvalidRequest(f"{strategy}: expected at least one positive or negative example, got none")
    liked, disliked = examples.resolve(positive), examples.resolve(negative)
    count = len(liked)

    def best(similar: FloatArray) -> FloatArray:
        p = similar[:, :count].max(axis=1, initial=-np.inf)
        n = similar[:, count:].max(axis=1, initial=-np.inf)
        return np.where(p > n, unit_sigmoid(p), -unit_sigmoid(n))

    def total(similar: FloatArray) -> FloatArray:
        return np.asarray(similar[:, :count].sum(axis=1) - similar[:, count:].sum(axis=1), dtype=np.float32)

    formula = best if strategy is Strategy.BEST_SCORE else total
    return rank(view, vector, np.stack(liked + disliked), formula, k, examples.others(flt))


def _average(examples: Examples, positive: Sequence[Example], negative: Sequence[Example]) -> FloatArray:
    if not positive:
        raise InvalidRequest(
            "average_vector: expected at least one positive example, got none; "
            "best_score and sum_scores also work with negative ones alone"
        )
    liked = np.mean(examples.raw(positive), axis=0, dtype=np.float64)
    if not negative:
        return np.asarray(liked, dtype=np.float32)
    disliked = np.mean(examples.raw(negative), axis=0, dtype=np.float64)
    return np.asarray(2.0 * liked - disliked, dtype=np.float32)
