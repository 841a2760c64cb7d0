"""Maximal marginal relevance: points that are near the query and far from one another.

(Carbonell and Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
summaries", 1998.) The nearest of some candidates comes first; then, one by one, the candidate of the greatest

    ``(1 - diversity) r - diversity max(s)``

with r its similarity to the query and s those to the points chosen before. A hit keeps the score that it has
as a neighbour of the query, so the scores of an answer are not in order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes import flat
from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query.compare import as_queries, gathered, similarities
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, Query
from workbench.query.neighbors import neighbors
from workbench.query.scored import Scored
from workbench.segments.multi_columns import MultiColumn
from workbench.segments.vector_columns import Column
from workbench.segments.view import View


def mmr(
    examples: Examples,
    example: Example,
    k: int,
    *,
    diversity: float = 0.5,
    candidates: int | None = None,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return `k` of the nearest points, chosen to be unlike one another.

    Parameters
    ----------
    examples : Examples
        The collection, its vector, and where ids are looked up.
    example : id or vector of any kind
        What is asked for; a point is never its own answer.
    k : int
        Hits wanted; fewer come back when there are fewer candidates.
    diversity : float
        0 to 1; 0 looks at nearness only.
    candidates : int or None
        How many of the nearest to choose from; None takes `k`.
    flt : Filter or None
        Which points may be hits. To choose among the answers of another query, give their ids.
    params : SearchParams
        Of the search for the candidates.

    Raises
    ------
    NotFound
        When the example does not exist.
    """
    limit = k if candidates is None else candidates
    near = neighbors(examples, example, limit, flt=flt, params=params)
    return select(examples.view, examples.vector, examples.query(example), near, k, diversity)


def select(view: View, vector: str, query: Query, candidates: Scored, k: int, diversity: float) -> Scored:
    """Return `k` of the candidates that have the vector, chosen as the top of this module says.

    Parameters
    ----------
    view, vector
        The collection, and the name of the vector compared.
    query : Query
        From :meth:`workbench.query.examples.Examples.query`.
    candidates : Scored
        What to choose from, with the scores that the answer shall have.
    k, diversity
        As of :func:`mmr`.
    """
    column, has = gathered(view, vector, candidates.found)
    places = np.flatnonzero(has)
    chosen = places[_chosen(column, query, min(k, len(places)), diversity)]
    return candidates.take(chosen)


def _chosen(column: Column, query: Query, k: int, diversity: float) -> npt.NDArray[np.intp]:
    """Return which vectors of the column are chosen, in order."""
    own = as_queries(column)
    relevance = _similar(column, query)
    nearest = np.full(column.count, -np.inf, np.float32)  # to the points chosen before
    left = np.arange(column.count)
    chosen: list[int] = []
    value = relevance
    while len(chosen) < k:
        # The last of equal ones, and the order in which they are left, are Qdrant's: equal vectors then come
        # out as they do there.
        best = len(left) - 1 - int(np.argmax(value[left][::-1]))
        chosen.append(int(left[best]))
        left[best] = left[-1]
        left = left[:-1]
        nearest = np.maximum(nearest, _similar_to(column, own, chosen[-1]))
        value = np.float32(1.0 - diversity) * relevance - np.float32(diversity) * nearest
    return np.array(chosen, np.intp)


def _similar_to(column: Column, own: list[Query], chosen: int) -> FloatArray:
    """Return the similarity of every vector of the column, as a query, to the one that was chosen."""
    if not isinstance(column, MultiColumn):
        return _similar(column, own[chosen])
    # MaxSim has a direction: each vector of a candidate looks for the nearest of the chosen ones.
    stored, metric = column.searched, distances.metric(column.params.distance)
    gaps = [flat.distances(stored.values, row, metric) for row in stored.row(chosen)]
    return -np.add.reduceat(np.minimum.reduce(gaps), stored.starts[:-1])


def _similar(column: Column, query: Query) -> FloatArray:
    """Return the similarity of every vector of the column to one query, float32[v]."""
    parts = list(similarities(column, np.arange(column.count), [query]))
    return np.concatenate(parts)[:, 0] if parts else np.empty(0, np.float32)
