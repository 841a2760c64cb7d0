"""The searches from before there was one query call: still asked by clients up to 1.15.

Each is a query in other words: it is rewritten as one and read like it. Their shapes are those of Qdrant
1.18.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from workbench.api.body import REQUIRED, Body, wrong_type
from workbench.api.operations import Access, Call, operation
from workbench.api.queries import asked, asked_all, asked_groups, reader
from workbench.api.reads import check_consistency
from workbench.api.service import Service
from workbench.collection import Collection
from workbench.errors import BadRequest, FormatError
from workbench.models.answers import PointGroup, ScoredPoint

Rewrite = Callable[[Body], dict[str, Any]]

# What means the same in the old words and in the new.
_SHARED = (
    "shard_key", "filter", "params", "limit", "offset", "with_payload", "with_vector", "with_vectors",
    "score_threshold", "using", "lookup_from", "group_by", "group_size", "with_lookup",
)  # fmt: skip


@operation(Access.READ)
def search_points(service: Service, call: Call) -> list[ScoredPoint]:
    """Return the points nearest to a vector."""
    return _single(service, call, _search)


@operation(Access.READ)
def search_batch_points(service: Service, call: Call) -> list[list[ScoredPoint]]:
    """Return the points nearest to each of several vectors."""
    return _batch(service, call, _search)


@operation(Access.READ)
def search_point_groups(service: Service, call: Call) -> list[PointGroup]:
    """Return the points nearest to a vector, grouped."""
    return _groups(service, call, _search)


@operation(Access.READ)
def recommend_points(service: Service, call: Call) -> list[ScoredPoint]:
    """Return points like some examples and unlike others."""
    return _single(service, call, _recommend)


@operation(Access.READ)
def recommend_batch_points(service: Service, call: Call) -> list[list[ScoredPoint]]:
    """Return the recommendations of several requests."""
    return _batch(service, call, _recommend)


@operation(Access.READ)
def recommend_point_groups(service: Service, call: Call) -> list[PointGroup]:
    """Return recommendations, grouped."""
    return _groups(service, call, _recommend)


@operation(Access.READ)
def discover_points(service: Service, call: Call) -> list[ScoredPoint]:
    """Return the points on the right side of pairs of examples."""
    return _single(service, call, _discover)


@operation(Access.READ)
def discover_batch_points(service: Service, call: Call) -> list[list[ScoredPoint]]:
    """Return the discoveries of several requests."""
    return _batch(service, call, _discover)


def _single(service: Service, call: Call, rewrite: Rewrite) -> list[ScoredPoint]:
    collection = _collection(service, call)
    return asked(service, call, collection, reader(service).request(rewrite(call.reader())))


def _batch(service: Service, call: Call, rewrite: Rewrite) -> list[list[ScoredPoint]]:
    collection, read = _collection(service, call), reader(service)
    bodies = call.reader().bodies("searches", REQUIRED)
    return asked_all(service, call, collection, [read.request(rewrite(own), own.where) for own in bodies])


def _groups(service: Service, call: Call, rewrite: Rewrite) -> list[PointGroup]:
    collection, body = _collection(service, call), call.reader()
    body.integer("group_size", REQUIRED, low=1)
    return asked_groups(service, call, collection, reader(service).groups(rewrite(body)))


def _collection(service: Service, call: Call) -> Collection:
    check_consistency(call)
    return service.engine.collection(call.collection_name)


def _shared(body: Body) -> dict[str, Any]:
    # ``top`` is what ``limit`` was called first; Qdrant reads both.
    name = "top" if body.has("top") and not body.has("limit") else "limit"
    limit = body.integer(name, REQUIRED, low=1)
    return {**{name: body.fields[name] for name in _SHARED if name in body.fields}, "limit": limit}


def _search(body: Body) -> dict[str, Any]:
    """Rewrite a search: ``vector`` is a vector, or one with its name."""
    vector, name = body.raw("vector", REQUIRED), None
    if isinstance(vector, Mapping) and "name" in vector:
        own = Body(vector, body.at("vector"))
        vector, name = own.raw("vector", REQUIRED), own.text("name")
    if isinstance(vector, bool | int | float | str | uuid.UUID):
        raise wrong_type(vector, "a vector, or a vector with its name", body.at("vector"))
    return {**_shared(body), "query": {"nearest": vector}, "using": name}


def _recommend(body: Body) -> dict[str, Any]:
    positive, negative = body.items("positive", ()), body.items("negative", ())
    strategy = body.text("strategy", "average_vector")
    if not positive and (not negative or strategy == "average_vector"):
        raise BadRequest("At least one positive vector ID required with this strategy")
    query = {"positive": positive, "negative": negative, "strategy": strategy}
    return {**_shared(body), "query": {"recommend": query}}


def _discover(body: Body) -> dict[str, Any]:
    """Rewrite a discovery; without a target it is about the context alone."""
    target, context = body.raw("target"), body.items("context", ())
    if target is None:
        if not context:
            raise BadRequest("target and/or context must be specified")
        return {**_shared(body), "query": {"context": context}}
    if not isinstance(context, list | tuple):
        raise FormatError("context: expected a list of pairs")
    return {**_shared(body), "query": {"discover": {"target": target, "context": context}}}
