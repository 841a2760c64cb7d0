"""Groups: the best points of each value of a payload field, the groups in order of their best point.

A point belongs to a group for each of its values, which are strings or integers; a point with a value of
another type among them belongs to none, as in Qdrant (``lib/collection/src/grouping``). Qdrant stops after
five requests to complete the groups; here they are complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from workbench.models.filters import Condition, FieldCondition, Filter, IsEmptyField, MatchExcept, MatchValue
from workbench.models.json_path import parse_path
from workbench.models.query import Selector
from workbench.models.requests import Prefetch
from workbench.query.fetch import payloads
from workbench.query.nearest import Found
from workbench.query.scored import Scored
from workbench.segments.view import View

GroupId = str | int
P = TypeVar("P", bound=Prefetch)
Ask = Callable[[Filter | None, int], Scored]


@dataclass(frozen=True, slots=True)
class Group:
    """The best points, at most as many as were asked for, that share the value `id`."""

    id: GroupId
    hits: Scored
    complete: bool


def widened(query: P, size: int) -> P:
    """Return a query whose prefetches find `size` times as many, so that groups can fill, as in Qdrant."""
    wider = tuple(widened(replace(own, limit=own.limit * size), size) for own in query.prefetches)
    return replace(query, prefetches=wider) if wider else query


def having(key: str, flt: Filter | None) -> Filter:
    """Return the filter that asks for a value of the field too: no prefetch is wasted on points without."""
    own = Filter(must_not=(IsEmptyField(key),))
    return own if flt is None else Filter(must=(flt, own))


def group(view: View, ask: Ask, key: str, limit: int, size: int, flt: Filter | None = None) -> list[Group]:
    """Return up to `limit` groups of up to `size` points.

    Parameters
    ----------
    view : View
        What `ask` searches.
    ask : callable
        ``ask(filter, k)`` gives the `k` best points that the filter accepts.
    key : str
        JSON path of the field.
    limit, size : int
        Groups wanted, and points of each.
    flt : Filter or None
        Which points may be hits.

    Raises
    ------
    InvalidRequest
        When `key` is no JSON path.
    PointsGone
        As :func:`workbench.query.fetch.records` does.
    """
    parse_path(key)
    groups: dict[GroupId, Group] = {}
    k = limit * size
    while len(groups) < limit:
        hits = ask(_with(flt, _others(key, list(groups))), k)
        fresh = _fresh(view, hits, key, size, groups, exhausted=len(hits) < k)
        groups |= fresh
        if len(hits) < k:
            break
        # A page without a new group is full of points that belong to none: look further.
        k = k if fresh else 2 * k
    best = sorted(groups.values(), key=lambda own: float(own.hits.found.distances[0]))[:limit]
    return [own if own.complete else _completed(view, ask, key, own.id, size, flt) for own in best]


def _fresh(
    view: View, hits: Scored, key: str, size: int, known: Mapping[GroupId, Group], *, exhausted: bool
) -> dict[GroupId, Group]:
    """Return the groups among `hits` that are not known yet."""
    places: dict[GroupId, list[int]] = {}
    for place, values in enumerate(values_of(view, hits.found, key)):
        for value in values:
            if value not in known:
                places.setdefault(value, []).append(place)
    return {
        value: Group(value, _take(hits, own[:size]), exhausted or len(own) >= size)
        for value, own in places.items()
    }


def _completed(view: View, ask: Ask, key: str, value: GroupId, size: int, flt: Filter | None) -> Group:
    """Ask for one group by itself: the page that found it ended before its `size` points."""
    k = size
    while True:
        hits = ask(_with(flt, (FieldCondition(key, (MatchValue(value),)),)), k)
        places = [i for i, values in enumerate(values_of(view, hits.found, key)) if value in values]
        if len(places) >= size or len(hits) < k:
            return Group(value, _take(hits, places[:size]), complete=True)
        k *= 2


def values_of(view: View, found: Found, key: str) -> list[list[GroupId]]:
    """Return the groups to which each point belongs."""
    path = parse_path(key)
    result: list[list[GroupId]] = []
    for payload in payloads(view, found, Selector()):
        values = [
            v for value in path.select(payload) for v in (value if isinstance(value, list) else [value])
        ]
        fits = all(type(value) in (str, int) for value in values)
        result.append(list(dict.fromkeys(values)) if fits else [])
    return result


def _take(hits: Scored, places: Sequence[int]) -> Scored:
    return hits.take(np.array(places, np.intp))


def _others(key: str, known: Sequence[GroupId]) -> tuple[Condition, ...]:
    """Conditions of points with some value that is none of these."""
    texts = tuple(value for value in known if isinstance(value, str))
    numbers = tuple(value for value in known if isinstance(value, int))
    return tuple(FieldCondition(key, (MatchExcept(values),)) for values in (texts, numbers) if values)


def _with(flt: Filter | None, conditions: tuple[Condition, ...]) -> Filter | None:
    if not conditions:
        return flt
    return Filter(must=conditions if flt is None else (flt, *conditions))
