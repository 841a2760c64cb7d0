"""A whole query: prefetches answered first, and what is asked of their answers.

The rules are those of Qdrant's planner (``lib/shard/src/query/planned_query.rs``), measured on
qdrant-edge-py 0.9.0:

* The filter of a query holds for its prefetches too, at any depth; so does its exclusion of the points that
  it names as examples.
* On prefetches, only what they found can be a hit; a search among those is exact.
* MMR at the top chooses among the nearest ``candidates_limit`` points, which reach the threshold. Further
  down it is another thing: a prefetch without its own hands on its candidates unchosen, and one with its own
  chooses among all that these found, with the scores that they have.
* ``score_threshold`` is for scores of vectors, fusion and formulas; what is ordered by a field, drawn at
  random or listed by id has the score 1 and passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.errors import InvalidRequest, TimedOut
from workbench.models.filters import Filter, HasId
from workbench.models.points import PointId
from workbench.models.query import SearchParams
from workbench.models.requests import (
    Context,
    Discover,
    Feedback,
    Formula,
    Fusion,
    Mmr,
    Nearest,
    OrderBy,
    Prefetch,
    Query,
    Recommend,
    Sample,
    VectorInput,
    VectorQuery,
)
from workbench.query import formula, scroll
from workbench.query.compare import distance_of
from workbench.query.discover import context, discover
from workbench.query.examples import Examples
from workbench.query.feedback import feedback
from workbench.query.fusion import fuse
from workbench.query.mmr import select
from workbench.query.nearest import Found
from workbench.query.neighbors import neighbors
from workbench.query.order import order_by
from workbench.query.recommend import Strategy, recommend
from workbench.query.sample import sample
from workbench.query.scored import Scored, candidates, joined, merged
from workbench.segments.view import View

MAX_DEPTH = 64
"""Prefetches within prefetches that are accepted, as in Qdrant."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a query is asked of.

    Parameters
    ----------
    view : View
        The collection.
    lookup : callable
        Gives the view of another collection by name, and raises ``NotFound``.
    deadline : float or None
        Moment of ``time.monotonic`` after which no further stage is begun.
    seed : int or None
        For samples; None draws anew each time.
    """

    view: View
    lookup: Callable[[str], View]
    deadline: float | None = None
    seed: int | None = None


def answer(scope: Scope, query: Prefetch, flt: Filter | None, k: int) -> Scored:
    """Return the `k` best points of a query.

    Parameters
    ----------
    scope : Scope
        What is asked.
    query : Prefetch
        The question; its own filter and limit give way to the next two.
    flt : Filter or None
        Which points may be hits.
    k : int
        Hits wanted; fewer come back when fewer match.

    Raises
    ------
    InvalidRequest
        When the parts do not fit together, or a formula has no value.
    NotFound
        When an example does not exist.
    TimedOut
        When the deadline passed.
    """
    if not query.prefetches and isinstance(query.query, Nearest):  # by far the most common
        return _leaf(scope, query, query.query, flt, k)
    check_depth(query)
    return _stage(scope, query, flt, k)


def check_depth(query: Prefetch) -> None:
    """Raise ``InvalidRequest`` when prefetches are nested too deeply."""
    depth, level = 0, list(query.prefetches)
    while level:
        depth += 1
        level = [below for own in level for below in own.prefetches]
    if depth > MAX_DEPTH:
        raise InvalidRequest(f"Validation failed: prefetches depth {depth} exceeds max depth {MAX_DEPTH}")


def _stage(scope: Scope, query: Prefetch, flt: Filter | None, k: int) -> Scored:
    if scope.deadline is not None and time.monotonic() > scope.deadline:
        raise TimedOut("the query took longer than its timeout; allow more, or ask for less")
    own = query.query
    if not query.prefetches:
        if isinstance(own, Fusion | Formula):
            raise InvalidRequest(f"Validation failed: cannot apply {type(own).__name__} without prefetches")
        return _leaf(scope, query, own, flt, k)
    if own is None:
        raise InvalidRequest("Validation failed: cannot have prefetches without a query")
    sources = _sources(scope, query, flt)
    if isinstance(own, Fusion):
        return fuse(own, sources, k, query.score_threshold)
    if isinstance(own, Formula):
        return formula.score(scope.view, own, sources, k, query.score_threshold)
    exact = replace(query, params=SearchParams(exact=True, idf_corpus=query.params.idf_corpus))
    return _leaf(scope, exact, own, candidates(scope.view, sources), k)


def _sources(scope: Scope, query: Prefetch, flt: Filter | None) -> list[Scored]:
    """Answer the prefetches of a query."""
    flt = joined(flt, _others(query))
    return [_source(scope, below, joined(flt, below.flt)) for below in query.prefetches]


def _source(scope: Scope, query: Prefetch, flt: Filter | None) -> Scored:
    """Answer one prefetch. MMR is another thing there than at the top, see the head of this module."""
    own = query.query
    if not isinstance(own, Nearest) or own.mmr is None:
        return _stage(scope, query, flt, query.limit)
    if not query.prefetches:
        pool = query.limit if own.mmr.candidates_limit is None else own.mmr.candidates_limit
        return _stage(scope, replace(query, query=Nearest(own.vector)), flt, pool)
    found = merged(_sources(scope, query, flt))
    examples = Examples(scope.view, query.using, _lookup(scope, query))
    asked = examples.query(own.vector)
    return select(scope.view, query.using, asked, found, query.limit, own.mmr.diversity)


def _leaf(scope: Scope, query: Prefetch, own: Query | None, flt: Filter | None, k: int) -> Scored:
    """Answer a query that has no prefetches, or has been given their points as its filter."""
    view = scope.view
    match own:
        case None:
            return _alike(scroll.scroll(view, flt, k, None)[0])
        case OrderBy():
            return order_by(view, own, flt, k)
        case Sample():
            return _alike(sample(view, flt, k, scope.seed))
        case Fusion() | Formula():
            raise AssertionError("needs prefetches")
    examples = Examples(view, query.using, _lookup(scope, query))
    return _compared(examples, own, flt, k, query)


def _compared(examples: Examples, own: VectorQuery, flt: Filter | None, k: int, query: Prefetch) -> Scored:
    """Answer a question about vectors, with hits beyond the threshold only."""
    params = query.params
    match own:
        case Nearest(vector, unlike):
            if unlike is not None:
                return _diverse(examples, vector, unlike, flt, k, query)
            hits = neighbors(examples, vector, k, flt=flt, params=params)
        case Recommend(positive, negative, strategy):
            how = Strategy(strategy)
            hits = recommend(examples, positive, negative, k, strategy=how, flt=flt, params=params)
        case Discover(target, pairs):
            hits = discover(examples, target, pairs, k, flt=flt, params=params)
        case Context(pairs):
            hits = context(examples, pairs, k, flt=flt, params=params)
        case Feedback():
            coefficients = (own.a, own.b, own.c)
            with np.errstate(over="ignore", invalid="ignore"):  # any coefficients may be asked for
                hits = feedback(examples, own.target, own.items, coefficients, k, flt=flt, params=params)
    return _beyond(hits, examples, query)


def _diverse(
    examples: Examples, vector: VectorInput, how: Mmr, flt: Filter | None, k: int, query: Prefetch
) -> Scored:
    """Answer by MMR; what does not reach the threshold is no candidate."""
    pool = k if how.candidates_limit is None else how.candidates_limit
    near = _beyond(neighbors(examples, vector, pool, flt=flt, params=query.params), examples, query)
    return select(examples.view, examples.vector, examples.query(vector), near, k, how.diversity)


def _beyond(hits: Scored, examples: Examples, query: Prefetch) -> Scored:
    if query.score_threshold is None:
        return hits
    return hits.beyond(query.score_threshold, distance_of(examples.view.config, query.using))


def _alike(found: Found) -> Scored:
    """Return points that all have the score 1."""
    return Scored(found, np.ones(len(found), np.float32))


def _lookup(scope: Scope, query: Prefetch) -> tuple[View, str] | None:
    place = query.lookup
    if place is None:
        return None
    return scope.lookup(place.collection), query.using if place.vector is None else place.vector


def _others(query: Prefetch) -> Filter | None:
    """Return the filter that leaves out the points that a query names as examples."""
    if query.lookup is not None:
        return None
    named = frozenset(own for own in inputs(query.query) if isinstance(own, PointId))
    return Filter(must_not=(HasId(named),)) if named else None


def inputs(query: Query | None) -> Iterator[VectorInput]:
    """Yield the vectors and ids that a query names."""
    match query:
        case Nearest(vector):
            yield vector
        case Recommend(positive, negative):
            yield from positive
            yield from negative
        case Discover(target, pairs):
            yield target
            yield from _both(pairs)
        case Context(pairs):
            yield from _both(pairs)
        case Feedback(target, items):
            yield target
            yield from (example for example, _ in items)


def _both(pairs: Sequence[tuple[VectorInput, VectorInput]]) -> Iterator[VectorInput]:
    for pair in pairs:
        yield from pair
