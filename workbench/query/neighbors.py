"""The nearest neighbours of an example: a point, or a vector of any kind."""

from __future__ import annotations

from workbench.models.filters import Filter
from workbench.models.query import SearchParams
from workbench.query.examples import Example, Examples
from workbench.query.nearest import DEFAULT_PARAMS, search
from workbench.query.ranking import scored
from workbench.query.scored import Scored


def neighbors(
    examples: Examples,
    example: Example,
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
) -> Scored:
    """Return the `k` points nearest to `example`, a point never being its own answer.

    Parameters
    ----------
    examples : Examples
        The collection, its vector, and where ids are looked up.
    example : id or vector of any kind
        What is asked for.
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits.
    params : SearchParams
        As :func:`workbench.query.nearest.search` takes them.

    Raises
    ------
    NotFound
        When the example does not exist.
    """
    view, vector, query = examples.view, examples.vector, examples.query(example)
    return scored(view, vector, search(view, vector, query, k, flt=examples.others(flt), params=params))
