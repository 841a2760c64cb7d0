"""From the client's queries to those of the engine: what is compared, with what, and how."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qdrant_client.http import models

from workbench.engine import Engine
from workbench.errors import InvalidPointId, InvalidRequest, InvalidVector, Unsupported
from workbench.models.filters import Filter
from workbench.models.ids import parse_point_id
from workbench.models.points import IdArray
from workbench.models.query import SearchParams, Selector, check_limit
from workbench.query import group as grouping
from workbench.query import nearest, scroll
from workbench.query.discover import context, discover
from workbench.query.examples import Example, Examples
from workbench.query.fetch import retrying
from workbench.query.nearest import params_of
from workbench.query.ranking import Scored, scored
from workbench.query.recommend import Strategy, recommend
from workbench.segments.view import View
from workbench.surfaces.client.filters import filter_of, payload_selector, refuse, vector_selector
from workbench.surfaces.client.results import client_group, client_points, client_records

_NOT_YET: dict[Any, str] = {
    models.OrderByQuery: "order_by queries; sort what scroll returns",
    models.FusionQuery: "fusion, which joins prefetched queries",
    models.RrfQuery: "fusion, which joins prefetched queries",
    models.FormulaQuery: "formula queries",
    models.SampleQuery: "random samples",
    models.RelevanceFeedbackQuery: "relevance feedback",
    models.TextQuery: "BM25 text queries; use a filter with models.MatchText",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One query, read but not yet asked.

    Parameters
    ----------
    engine : Engine
        Where other collections are looked up.
    query
        As the client gives it: a model, a vector, an id, or None.
    using : str
        Name of the vector; ``""`` is the unnamed one.
    flt, params, threshold, lookup
        ``query_filter``, ``search_params``, ``score_threshold`` and ``lookup_from``.
    """

    engine: Engine
    query: Any = None
    using: str = ""
    flt: Filter | None = None
    params: SearchParams = field(default_factory=SearchParams)
    threshold: float | None = None
    lookup: models.LookupLocation | None = None

    def ask(self, view: View, flt: Filter | None, k: int) -> Scored:
        """Return the `k` best points that `flt` accepts."""
        if self.query is None:
            found, _ = scroll.scroll(view, flt, k, None)
            return Scored(found, np.ones(len(found), np.float32))
        hits = self._scored(view, flt, k)
        return hits.beyond(self.threshold, view.config.vectors[self.using].distance)

    def _scored(self, view: View, flt: Filter | None, k: int) -> Scored:
        examples, query = Examples(view, self.using, self._lookup()), self.query
        if isinstance(query, models.RecommendQuery):
            given = query.recommend
            return recommend(
                examples,
                [example(value) for value in given.positive or []],
                [example(value) for value in given.negative or []],
                k,
                strategy=Strategy((given.strategy or models.RecommendStrategy.AVERAGE_VECTOR).value),
                flt=flt,
                params=self.params,
            )
        if isinstance(query, models.DiscoverQuery):
            return discover(
                examples, example(query.discover.target), _pairs(query.discover.context), k, flt=flt
            )
        if isinstance(query, models.ContextQuery):
            return context(examples, _pairs(query.context), k, flt=flt)
        if type(query) in _NOT_YET:
            raise Unsupported(f"this version does not answer {_NOT_YET[type(query)]}")
        if isinstance(query, models.NearestQuery):
            refuse(mmr=query.mmr)
            query = query.nearest
        (vector,) = examples.resolve([example(query)])
        found = nearest.search(view, self.using, vector, k, flt=examples.others(flt), params=self.params)
        return scored(view, self.using, found)

    def _lookup(self) -> tuple[View, str] | None:
        place = self.lookup
        if place is None:
            return None
        refuse(shard_key=place.shard_key)
        vector = self.using if place.vector is None else place.vector
        return self.engine.collection(place.collection).view, vector


def question(
    engine: Engine,
    query: Any,
    *,
    using: str | None,
    query_filter: Any,
    search_params: Any,
    score_threshold: float | None,
    lookup_from: Any,
) -> Question:
    """Read the arguments that every kind of query has."""
    lookup = models.LookupLocation(**lookup_from) if isinstance(lookup_from, Mapping) else lookup_from
    flt, params = filter_of(query_filter, "query_filter"), search_params_of(search_params)
    return Question(engine, query, using or "", flt, params, score_threshold, lookup)


def answer(
    ask: Question, collection: str, limit: int, offset: int | None, payload: Selector, vectors: Selector
) -> models.QueryResponse:
    """Ask for one page of points."""
    start = check_limit("offset", offset or 0)
    stop = start + check_limit("limit", limit, 1)

    def once(view: View) -> list[models.ScoredPoint]:
        if ask.query is not None:
            params_of(view.config, ask.using)
        hits = ask.ask(view, ask.flt, stop).page(start, stop)
        return client_points(view, hits, payload, vectors)

    own = ask.engine.collection(collection)
    return models.QueryResponse(points=retrying(lambda: own.view, once))


def answer_groups(
    ask: Question,
    collection: str,
    group_by: str,
    limit: int,
    group_size: int,
    payload: Selector,
    vectors: Selector,
    with_lookup: Any,
) -> models.GroupsResult:
    """Ask for groups of points, with the point that each group's value names in another collection."""
    check_limit("limit", limit, 1)
    check_limit("group_size", group_size, 1)

    def once(view: View) -> list[models.PointGroup]:
        if ask.query is not None:
            params_of(view.config, ask.using)
        own = grouping.group(view, lambda flt, k: ask.ask(view, flt, k), group_by, limit, group_size, ask.flt)
        return [client_group(view, g, payload, vectors) for g in own]

    own = ask.engine.collection(collection)
    groups = retrying(lambda: own.view, once)
    if with_lookup is not None:
        _look_up(ask.engine, groups, with_lookup)
    return models.GroupsResult(groups=groups)


def _look_up(engine: Engine, groups: list[models.PointGroup], place: Any) -> None:
    where = models.WithLookup(collection=place) if isinstance(place, str) else place
    collection = engine.collection(where.collection)
    payload = payload_selector(True if where.with_payload is None else where.with_payload)
    vectors = vector_selector(where.with_vectors)
    for own in groups:
        try:
            wanted = IdArray.of([parse_point_id(own.id)])
        except InvalidPointId:
            continue  # a value that is no id names no point

        def once(view: View, wanted: IdArray = wanted) -> list[models.Record]:
            found, _ = scroll.by_ids(view, wanted)
            return client_records(view, found, payload, vectors)

        own.lookup = next(iter(retrying(lambda: collection.view, once)), None)


def example(value: Any) -> Example:
    """Return an example as the engine takes it: an id, or an array."""
    if isinstance(value, int | str | uuid.UUID):
        return parse_point_id(value)
    if isinstance(value, models.SparseVector):
        raise Unsupported("this version does not answer sparse vectors")
    if isinstance(value, models.Document | models.Image | models.InferenceObject):
        raise Unsupported(
            f"this version does not embed {type(value).__name__} objects; embed first, then ask"
        )
    if isinstance(value, np.integer):
        return int(value)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InvalidVector(f"query: expected a flat list of numbers, got {value!r:.80}") from error
    if array.ndim == 2 and array.dtype.kind in "fiu":
        raise Unsupported("this version does not answer multivectors: expected one flat list of numbers")
    if array.size and array.dtype.kind not in "fiu":
        raise InvalidVector(f"query: expected a flat list of numbers, got {value!r:.80}")
    return array


def _pairs(value: Any) -> list[tuple[Example, Example]]:
    pairs = [value] if isinstance(value, models.ContextPair) else value or []
    return [(example(pair.positive), example(pair.negative)) for pair in pairs]


def search_params_of(value: Any) -> SearchParams:
    """Return the search parameters; those of quantization and ACORN change no answer here.

    Raises
    ------
    InvalidRequest
        When one is out of range.
    """
    if value is None:
        return nearest.DEFAULT_PARAMS
    given = models.SearchParams(**value) if isinstance(value, Mapping) else value
    if not isinstance(given, models.SearchParams):
        raise InvalidRequest(f"search_params: expected models.SearchParams, got {type(value).__name__}")
    refuse(idf=given.idf)
    return SearchParams(hnsw_ef=given.hnsw_ef, exact=bool(given.exact), indexed_only=bool(given.indexed_only))
