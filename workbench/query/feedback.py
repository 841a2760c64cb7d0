"""Relevance feedback: nearest neighbours, moved by how relevant somebody found some of them.

With t, x and y the similarities of a point to the target and to two of the examples (greater is nearer), and
`gap` by how much the first example was found more relevant than the second, the strategy ``naive`` of Qdrant
1.17 and later scores

    a t + sum over the pairs with gap > 0 of ``c gap^b (x - y)``
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray
from workbench.query.ranking import rank
from workbench.query.scored import Scored


def feedback(
    examples: Examples,
    target: Example,
    items: Sequence[tuple[Example, float]],
    coefficients: tuple[float, float, float],
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return the `k` best points by the formula at the top of this module; every vector is looked at.

    Parameters
    ----------
    examples : Examples
        The collection, its vector, and where ids are looked up.
    target : id or vector of any kind
        What was asked first.
    items : sequence of (id or vector, float)
        Examples and how relevant each was found.
    coefficients : (float, float, float)
        a, b and c of the formula; `b` is not negative.
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits; the examples never are.
    params : SearchParams
        ``idf_corpus`` weighs sparse examples.

    Raises
    ------
    NotFound
        When an example does not exist.
    """
    queries = examples.resolve([target, *(example for example, _ in items)], params)
    weights = _weights([relevance for _, relevance in items], *coefficients)

    def score(similar: FloatArray) -> FloatArray:
        return np.asarray(similar @ weights, dtype=np.float32)

    return rank(examples.view, examples.vector, queries, score, k, examples.others(flt))


def _weights(relevances: Sequence[float], a: float, b: float, c: float) -> FloatArray:
    """Return the weight of each similarity in the score, float32[1 + n]: the formula is linear in them."""
    found = np.asarray(relevances, np.float32)
    gaps = found[:, None] - found[None, :]
    steps = np.where(gaps > 0, c * np.maximum(gaps, 0.0) ** b, 0.0)
    return np.asarray([a, *(steps.sum(axis=1) - steps.sum(axis=0))], dtype=np.float32)
