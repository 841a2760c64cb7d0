"""Discover and context: pairs of examples divide the space, and points on the positive side are wanted.

With p and n the similarities of a point to the two examples of a pair (greater is nearer), t its similarity
to the target, and ``f(x) = x / (1 + |x|)``, as in Qdrant (``lib/segment/src/vector_storage/query``):

==========  ==================================================================
discover    sum over pairs of ``sign(p - n)``, plus ``(f(t) + 1) / 2``
context     sum over pairs of ``f(min(p - n - epsilon, 0))``, at most 0
==========  ==================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray
from workbench.query.ranking import rank, sigmoid, unit_sigmoid
from workbench.query.scored import Scored

Pair = tuple[Example, Example]

# float32's own, as in Qdrant: a point as near to the one as to the other is not quite on the positive side.
_EPSILON = np.finfo(np.float32).eps


def discover(
    examples: Examples,
    target: Example,
    pairs: Sequence[Pair],
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return the `k` points on the right side of most pairs, and of those the nearest to `target`.

    Parameters
    ----------
    examples : Examples
        The collection, its vector, and where ids are looked up.
    target : id or vector of any kind
        What decides among points that satisfy as many pairs.
    pairs : sequence of (positive, negative)
        May be empty: then it is the nearest neighbours of `target`, scanned exactly.
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits; the examples never are.
    params : SearchParams
        ``idf_corpus`` weighs sparse examples; every vector is looked at in any case.

    Raises
    ------
    NotFound
        When an example does not exist.
    """
    queries = examples.resolve([target, *(example for pair in pairs for example in pair)], params)

    def score(similar: FloatArray) -> FloatArray:
        ranks = np.sign(similar[:, 1::2] - similar[:, 2::2]).sum(axis=1)
        return np.asarray(ranks + unit_sigmoid(similar[:, 0]), dtype=np.float32)

    return rank(examples.view, examples.vector, queries, score, k, examples.others(flt))


def context(
    examples: Examples,
    pairs: Sequence[Pair],
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return the `k` points that are least on the wrong side of the pairs; see :func:`discover`.

    Without pairs nothing is on the wrong side, and every score is 0.

    Raises
    ------
    NotFound
        When an example does not exist.
    """
    queries = examples.resolve([example for pair in pairs for example in pair], params)

    def score(similar: FloatArray) -> FloatArray:
        behind = np.minimum(similar[:, 0::2] - similar[:, 1::2] - _EPSILON, 0.0)
        return np.asarray(sigmoid(behind).sum(axis=1), dtype=np.float32)

    return rank(examples.view, examples.vector, queries, score, k, examples.others(flt))
