"""Queries of every kind: single, in batches, grouped; facets; and distances within a sample."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from workbench.api import strict_mode
from workbench.api.body import REQUIRED
from workbench.api.inference import resolve
from workbench.api.operations import Access, Call, operation
from workbench.api.query_json import QueryReader, read_matrix
from workbench.api.reads import check_consistency, opened
from workbench.api.service import Service
from workbench.api.values import read_filter
from workbench.collection import Collection
from workbench.errors import InvalidPointId
from workbench.models.answers import PointGroup, ScoredPoint
from workbench.models.ids import parse_point_id
from workbench.models.json_path import parse_path
from workbench.models.points import IdArray, PointId, Record
from workbench.models.requests import GroupLookup, GroupsRequest, QueryRequest
from workbench.query import scroll
from workbench.query.facet import facet as count_values
from workbench.query.fetch import records, retrying, scored_points, versions
from workbench.query.group import group, having, widened
from workbench.query.matrix import Matrix, matrix
from workbench.query.nearest import FloatArray, named
from workbench.query.scored import Scored
from workbench.query.tree import Scope, answer
from workbench.segments.view import View

T = TypeVar("T")

Columns = tuple[list[PointId], FloatArray, list[int]]
"""Ids, scores float32[k] and versions of hits, best first."""

# Says nothing of how long an answer may take.
_UNLIMITED = Call()


@operation(Access.READ)
def query_points(service: Service, call: Call) -> list[ScoredPoint]:
    """Return the points that a query finds."""
    collection = _collection(service, call)
    return asked(service, call, collection, reader(service).request(call.body))


@operation(Access.READ)
def query_batch_points(service: Service, call: Call) -> list[list[ScoredPoint]]:
    """Return what each of several queries finds, in their order."""
    collection = _collection(service, call)
    read, given = reader(service), call.reader().items("searches", REQUIRED)
    requests = [read.request(value, f"searches[{i}]") for i, value in enumerate(given)]
    return asked_all(service, call, collection, requests)


@operation(Access.READ)
def query_points_groups(service: Service, call: Call) -> list[PointGroup]:
    """Return the best points of each value of a payload field."""
    collection = _collection(service, call)
    return asked_groups(service, call, collection, reader(service).groups(call.body))


@operation(Access.READ)
def facet(service: Service, call: Call) -> list[tuple[str | int | bool, int]]:
    """Return the most frequent values of a payload field and their counts."""
    collection, body = opened(service, call)
    key = body.text("key", REQUIRED)
    parse_path(key)
    limit, exact = body.integer("limit", 10, low=1), body.flag("exact") or False
    flt = read_filter(body.raw("filter"))
    strict_mode.check_read(collection, flt, limit=limit, exact=exact)
    return retrying(lambda: collection.view, lambda view: count_values(view, key, flt, limit, exact))


@operation(Access.READ)
def search_matrix_pairs(service: Service, call: Call) -> list[tuple[PointId, PointId, np.float32]]:
    """Return pairs of near points within a random sample."""
    found = _matrix(service, call)
    return [
        (point, other, score)
        for point, near in zip(found.ids, found.nearest, strict=True)
        for other, score in near
    ]


@operation(Access.READ)
def search_matrix_offsets(service: Service, call: Call) -> dict[str, Any]:
    """Return the same as the entries of a sparse matrix over the ids of the sample."""
    found = _matrix(service, call)
    offsets = {point: i for i, point in enumerate(found.ids)}
    entries = [(i, offsets[other], score) for i, near in enumerate(found.nearest) for other, score in near]
    return {
        "offsets_row": [row for row, _, _ in entries],
        "offsets_col": [column for _, column, _ in entries],
        "scores": [score for _, _, score in entries],
        "ids": found.ids,
    }


# -- what the operations before 1.16 share with these ------------------------------------------------------


def reader(service: Service) -> QueryReader:
    """Return what reads queries, with the models of this service."""
    return QueryReader(lambda value: resolve(service, value, query=True))


def asked(service: Service, call: Call, collection: Collection, request: QueryRequest) -> list[ScoredPoint]:
    """Ask one query."""
    return _asked(service, call, collection, request, _points)


def ask(service: Service, collection_name: str, request: QueryRequest) -> list[ScoredPoint]:
    """Ask a query that was read before, as :func:`query_points` does."""
    return _ask_again(service, collection_name, request, _points)


def ask_columns(service: Service, collection_name: str, request: QueryRequest) -> Columns:
    """Ask a query that was read before, and return ids, scores and versions: half the work of points."""
    return _ask_again(service, collection_name, request, _columns)


def asked_all(
    service: Service, call: Call, collection: Collection, requests: Sequence[QueryRequest]
) -> list[list[ScoredPoint]]:
    """Ask several queries."""
    strict_mode.check_queries(collection, requests)
    asks = [_ask(service, call, request, _points) for request in requests]
    return [retrying(lambda: collection.view, ask) for ask in asks]


def asked_groups(
    service: Service, call: Call, collection: Collection, request: GroupsRequest
) -> list[PointGroup]:
    """Ask a query whose answer is grouped, and for the points that the groups name elsewhere."""
    strict_mode.check_groups(collection, request)
    query, until = widened(request.query, request.group_size), deadline(call)

    def once(view: View) -> list[PointGroup]:
        scope = Scope(view, lambda name: service.engine.collection(name).view, until)
        found = group(
            view,
            lambda flt, k: answer(scope, query, flt, k),
            request.group_by,
            query.limit,
            request.group_size,
            having(request.group_by, query.flt),
        )
        return [
            PointGroup(own.id, scored_points(view, own.hits, query.payload, query.vectors)) for own in found
        ]

    groups = retrying(lambda: collection.view, once)
    if request.lookup is not None:
        _look_up(service, groups, request.lookup)
    return groups


def deadline(call: Call) -> float | None:
    """Return the moment of ``time.monotonic`` at which ``timeout`` is over."""
    seconds = call.number("timeout", 1)
    return None if seconds is None else time.monotonic() + seconds


def _collection(service: Service, call: Call) -> Collection:
    if call.params:
        check_consistency(call)
    return service.engine.collection(call.collection_name)


Shape = Callable[[View, Scored, QueryRequest], T]
"""What makes an answer of what was found."""


def _points(view: View, hits: Scored, request: QueryRequest) -> list[ScoredPoint]:
    return scored_points(view, hits, request.payload, request.vectors)


def _columns(view: View, hits: Scored, request: QueryRequest) -> Columns:
    return named(view, hits.found), hits.scores, versions(view, hits.found)


def _asked(service: Service, call: Call, collection: Collection, request: QueryRequest, shape: Shape[T]) -> T:
    if collection.config.strict_mode:
        strict_mode.check_query(collection, request)
    return retrying(lambda: collection.view, _ask(service, call, request, shape))


def _ask_again(service: Service, collection_name: str, request: QueryRequest, shape: Shape[T]) -> T:
    def answer() -> T:
        return _asked(service, _UNLIMITED, service.engine.collection(collection_name), request, shape)

    return service.watched(collection_name, answer, lambda: [] if request.flt is None else [request.flt])


def _ask(service: Service, call: Call, request: QueryRequest, shape: Shape[T]) -> Callable[[View], T]:
    until = deadline(call) if call.params else None
    stop = request.offset + request.limit

    def once(view: View) -> T:
        scope = Scope(view, lambda name: service.engine.collection(name).view, until)
        hits = answer(scope, request, request.flt, stop)
        if request.offset:
            hits = hits.page(request.offset, stop)
        return shape(view, hits, request)

    return once


def _look_up(service: Service, groups: list[PointGroup], place: GroupLookup) -> None:
    """Give each group the point that its value names in another collection."""
    collection = service.engine.collection(place.collection)
    wanted: dict[PointId, list[PointGroup]] = {}
    for own in groups:
        try:
            wanted.setdefault(parse_point_id(own.id), []).append(own)
        except InvalidPointId:
            continue  # a value that is no id names no point

    def once(view: View) -> list[Record]:
        found, _ = scroll.by_ids(view, IdArray.of(wanted))
        return records(view, found, place.payload, place.vectors)

    for record in retrying(lambda: collection.view, once):
        for own in wanted[record.id]:
            own.lookup = record


def _matrix(service: Service, call: Call) -> Matrix:
    collection = _collection(service, call)
    request = read_matrix(call.body)
    strict_mode.check_read(collection, request.flt, limit=request.sample * request.limit)
    return retrying(lambda: collection.view, lambda view: matrix(view, request))
