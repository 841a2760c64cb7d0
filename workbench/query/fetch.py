"""Payloads and vectors of the points that a query found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import orjson

from workbench.errors import UnknownVector
from workbench.models.points import Record
from workbench.models.query import Selector
from workbench.query.nearest import Found, ids_of
from workbench.segments.payloads import PointsGone
from workbench.segments.view import View

if TYPE_CHECKING:
    from workbench.models.answers import ScoredPoint
    from workbench.query.scored import Scored

T = TypeVar("T")

# A vacuum takes longer than a read, so a second try practically always succeeds.
_TRIES = 5


def records(view: View, found: Found, payload: Selector, vectors: Selector) -> list[Record]:
    """Return the points found, in order, with the parts that were asked for.

    Raises
    ------
    PointsGone
        When a version was replaced and vacuumed meanwhile.
    """
    ids = ids_of(view, found).tolist()
    bodies: Iterable[dict[str, Any] | None] = (
        payloads(view, found, payload) if payload.enabled else [None] * len(ids)
    )
    values: Iterable[dict[str, Any] | None] = (
        vectors_of(view, found, vectors) if vectors.enabled else [None] * len(ids)
    )
    return [Record(i, p, v) for i, p, v in zip(ids, bodies, values, strict=True)]


def scored_points(view: View, hits: Scored, payload: Selector, vectors: Selector) -> list[ScoredPoint]:
    """Return the hits of a query, in order, with the parts that were asked for.

    Raises
    ------
    PointsGone
        When a version was replaced and vacuumed meanwhile.
    """
    from workbench.models.answers import ScoredPoint

    ids, scores = ids_of(view, hits.found).tolist(), list(hits.scores)
    points = [
        ScoredPoint(i, score, version)
        for i, score, version in zip(ids, scores, versions(view, hits.found), strict=True)
    ]
    if payload.enabled:
        for point, body in zip(points, payloads(view, hits.found, payload), strict=True):
            point.payload = body
    if vectors.enabled:
        for point, own in zip(points, vectors_of(view, hits.found, vectors), strict=True):
            point.vectors = own
    if hits.values is not None:
        for point, value in zip(points, hits.values, strict=True):
            point.order_value = value
    return points


def versions(view: View, found: Found) -> list[int]:
    """Return the operation that last changed each of the points found."""
    if found.only >= 0:
        own: list[int] = view.segments[found.only].segment.versions(found.rows).tolist()
        return own
    operations = np.empty(len(found), np.int64)
    for number, places in found.parts():
        operations[places] = view.segments[number].segment.versions(found.rows[places])
    numbers: list[int] = operations.tolist()
    return numbers


def keys_of(view: View, found: Found) -> list[int]:
    """Return the version keys of the points found."""
    if found.only >= 0:
        own: list[int] = view.segments[found.only].segment.keys(found.rows).tolist()
        return own
    keys = np.empty(len(found), np.int64)
    for number, places in found.parts():
        keys[places] = view.segments[number].segment.keys(found.rows[places])
    wanted: list[int] = keys.tolist()
    return wanted


def payloads(view: View, found: Found, selector: Selector) -> list[dict[str, Any]]:
    """Return the payloads of the points found, cut down to what `selector` keeps."""
    keys = keys_of(view, found)
    stored = view.store.payloads(keys)
    if len(stored) < len(set(keys)):
        raise PointsGone(view.store)
    decoded = [orjson.loads(stored[key]) for key in keys]
    if selector.include is None and not selector.exclude:
        return decoded
    from workbench.models.edits import select  # with the grammar of paths 4 ms, which most reads need not

    return [select(body, selector.include, selector.exclude) for body in decoded]


def vectors_of(view: View, found: Found, selector: Selector) -> list[dict[str, Any]]:
    """Return the stored vectors of the points found, by name; a point without one has no entry."""
    names = [*view.config.vectors, *view.config.sparse_vectors]
    wanted = [n for n in names if n not in selector.exclude]
    if selector.include is not None:
        for name in selector.include:
            if name not in names:
                raise UnknownVector(name, names)
        wanted = [n for n in wanted if n in selector.include]
    result: list[dict[str, Any]] = [{} for _ in range(len(found))]
    for number, places in found.parts():
        for name in wanted:
            column = view.segments[number].column(name)
            slots = column.slots(found.rows[places])
            for place, slot in zip(places.tolist(), slots.tolist(), strict=True):
                if slot >= 0:
                    result[place][name] = column.vector(slot)
    return result


def retrying(view: Callable[[], View], ask: Callable[[View], T]) -> T:
    """Ask with the newest view, and again when points were vacuumed while it was read.

    Raises
    ------
    Corrupted
        When a payload stays missing: the file was damaged.
    """
    for _ in range(_TRIES - 1):
        try:
            return ask(view())
        except PointsGone:
            continue
    return ask(view())
