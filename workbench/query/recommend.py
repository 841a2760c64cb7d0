"""Recommend: points like the positive examples and unlike the negative ones.

With p and n the similarities of a point to the positive and the negative examples (greater is nearer), and
``s(x) = (x / (1 + |x|) + 1) / 2``, the three strategies of Qdrant (``lib/segment/src/vector_storage/query``):

==================  =============================================================
average_vector      nearest neighbours of ``2 mean(positive) - mean(negative)`` (:func:`average_vector`)
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
from workbench.models.vectors import SparseVector
from workbench.query.compare import check_query
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, search
from workbench.query.ranking import rank, scored, unit_sigmoid
from workbench.query.scored import Scored


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
    positive, negative : sequence of id or vector of any kind
        What the answer should be like, and what not. Points that have no such vector are passed over, as in
        Qdrant.
    k : int
        Hits wanted; fewer come back when fewer match.
    strategy : Strategy
        See the top of this module. The average is one search of the graph; the others look at every vector.
    flt : Filter or None
        Which points may be hits.
    params : SearchParams
        Of the search for the average; ``idf_corpus`` under every strategy.

    Raises
    ------
    InvalidRequest
        When there are no examples, or no positive one for the average.
    NotFound
        When an example does not exist.
    """
    view, vector = examples.view, examples.vector
    liked, disliked = examples.having(positive), examples.having(negative)
    check_examples(strategy, liked, disliked)
    if strategy is Strategy.AVERAGE_VECTOR:
        average = average_vector(examples.raw(liked), examples.raw(disliked))
        query = check_query(average, view.config, vector)
        return scored(view, vector, search(view, vector, query, k, flt=examples.others(flt), params=params))
    queries = examples.resolve([*liked, *disliked], params)
    count = len(liked)

    def best(similar: FloatArray) -> FloatArray:
        p = similar[:, :count].max(axis=1, initial=-np.inf)
        n = similar[:, count:].max(axis=1, initial=-np.inf)
        return np.where(p > n, unit_sigmoid(p), -unit_sigmoid(n))

    def total(similar: FloatArray) -> FloatArray:
        return np.asarray(similar[:, :count].sum(axis=1) - similar[:, count:].sum(axis=1), dtype=np.float32)

    formula = best if strategy is Strategy.BEST_SCORE else total
    return rank(view, vector, queries, formula, k, examples.others(flt))


def check_examples(strategy: Strategy, positive: Sequence[Example], negative: Sequence[Example]) -> None:
    """Raise ``InvalidRequest`` when there are too few examples for the strategy."""
    if strategy is Strategy.AVERAGE_VECTOR and not positive:
        raise InvalidRequest("Positive vectors should not be empty with `average` strategy")
    if not positive and not negative:
        raise InvalidRequest("At least one positive or negative vector ID required with this strategy")


def average_vector(
    positive: Sequence[FloatArray | SparseVector], negative: Sequence[FloatArray | SparseVector]
) -> FloatArray | SparseVector:
    """Return ``2 mean(positive) - mean(negative)``, the mean alone when there is no negative one.

    Parameters
    ----------
    positive, negative : sequence
        All dense, float32[d], all sparse, or all multivectors, float32[s, d]. Multivectors are not averaged
        but joined, the negative ones with their signs changed, as in Qdrant.
    """
    first = positive[0]
    if isinstance(first, SparseVector):
        return _sparse_average(
            [v for v in positive if isinstance(v, SparseVector)],
            [v for v in negative if isinstance(v, SparseVector)],
        )
    liked = [v for v in positive if isinstance(v, np.ndarray)]
    disliked = [v for v in negative if isinstance(v, np.ndarray)]
    if first.ndim == 2:
        return np.concatenate([*liked, *(-matrix for matrix in disliked)])
    mean = np.stack(liked).mean(axis=0, dtype=np.float64)
    if disliked:
        mean = 2.0 * mean - np.stack(disliked).mean(axis=0, dtype=np.float64)
    return np.asarray(mean, dtype=np.float32)


def _sparse_average(positive: Sequence[SparseVector], negative: Sequence[SparseVector]) -> SparseVector:
    parts = [*positive, *negative]
    near, far = (2.0 if negative else 1.0) / len(positive), -1.0 / max(len(negative), 1)
    factors = [near] * len(positive) + [far] * len(negative)
    dimensions, at = np.unique(np.concatenate([v.indices for v in parts]), return_inverse=True)
    products = [v.values * factor for v, factor in zip(parts, factors, strict=True)]
    sums = np.bincount(at, weights=np.concatenate(products), minlength=len(dimensions))
    return SparseVector(dimensions, sums.astype(np.float32))
