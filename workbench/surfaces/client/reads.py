"""Reads: points by id, in pages, counted, and found by queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client.http import models

from workbench.models.ids import parse_point_id
from workbench.models.query import check_limit
from workbench.query import scroll
from workbench.query.fetch import retrying
from workbench.segments.view import View
from workbench.surfaces.client.filters import filter_of, ids_of, payload_selector, refuse, vector_selector
from workbench.surfaces.client.query import answer, answer_groups, question
from workbench.surfaces.client.refusals import EngineCalls
from workbench.surfaces.client.results import client_records


class ReadCalls(EngineCalls):
    """Answers the calls that change nothing."""

    def retrieve(
        self,
        collection_name: str,
        ids: Sequence[Any],
        with_payload: Any = True,
        with_vectors: Any = False,
        **options: Any,
    ) -> list[models.Record]:
        """Return the points that exist, in the order of `ids`."""
        refuse(**options)
        wanted, payload, vectors = ids_of(ids), payload_selector(with_payload), vector_selector(with_vectors)

        def once(view: View) -> list[models.Record]:
            found, _ = scroll.by_ids(view, wanted)
            return client_records(view, found, payload, vectors)

        collection = self.engine.collection(collection_name)
        return retrying(lambda: collection.view, once)

    def scroll(
        self,
        collection_name: str,
        scroll_filter: Any = None,
        limit: int = 10,
        order_by: Any = None,
        offset: Any = None,
        with_payload: Any = True,
        with_vectors: Any = False,
        **options: Any,
    ) -> tuple[list[models.Record], Any]:
        """Return a page of points in the order of their ids, and the id at which the next begins."""
        refuse(order_by=order_by, **options)
        flt, count = filter_of(scroll_filter, "scroll_filter"), check_limit("limit", limit, 1)
        start = None if offset is None else parse_point_id(offset)
        payload, vectors = payload_selector(with_payload), vector_selector(with_vectors)

        def once(view: View) -> tuple[list[models.Record], Any]:
            found, following = scroll.scroll(view, flt, count, start)
            page = client_records(view, found, payload, vectors)
            return page, str(following) if following is not None and not isinstance(
                following, int
            ) else following

        collection = self.engine.collection(collection_name)
        return retrying(lambda: collection.view, once)

    def count(
        self, collection_name: str, count_filter: Any = None, exact: bool = True, **options: Any
    ) -> models.CountResult:
        """Return how many points a filter accepts; always exact."""
        refuse(**options)
        flt = filter_of(count_filter, "count_filter")
        collection = self.engine.collection(collection_name)
        return models.CountResult(
            count=retrying(lambda: collection.view, lambda view: scroll.count(view, flt))
        )

    def query_points(
        self,
        collection_name: str,
        query: Any = None,
        using: str | None = None,
        prefetch: Any = None,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        offset: int | None = None,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        lookup_from: Any = None,
        **options: Any,
    ) -> models.QueryResponse:
        """Return the best points: nearest, recommended, discovered, in context, or simply the first."""
        refuse(prefetch=prefetch, **options)
        ask = question(
            self.engine,
            query,
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            score_threshold=score_threshold,
            lookup_from=lookup_from,
        )
        payload, vectors = payload_selector(with_payload), vector_selector(with_vectors)
        return answer(ask, collection_name, limit, offset, payload, vectors)

    def query_batch_points(
        self, collection_name: str, requests: Sequence[Any], **kwargs: Any
    ) -> list[models.QueryResponse]:
        """Answer several queries, each as :meth:`query_points` does."""
        given = [models.QueryRequest(**r) if isinstance(r, Mapping) else r for r in requests]
        return [
            self.query_points(
                collection_name,
                r.query,
                r.using,
                r.prefetch,
                r.filter,
                r.params,
                10 if r.limit is None else r.limit,
                r.offset,
                r.with_payload,
                r.with_vector,
                r.score_threshold,
                r.lookup_from,
                shard_key_selector=r.shard_key,
            )
            for r in given
        ]

    def query_points_groups(
        self,
        collection_name: str,
        group_by: str,
        query: Any = None,
        using: str | None = None,
        prefetch: Any = None,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        group_size: int = 3,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        with_lookup: Any = None,
        lookup_from: Any = None,
        **options: Any,
    ) -> models.GroupsResult:
        """Return the best points of each value of a field."""
        refuse(prefetch=prefetch, **options)
        ask = question(
            self.engine,
            query,
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            score_threshold=score_threshold,
            lookup_from=lookup_from,
        )
        payload, vectors = payload_selector(with_payload), vector_selector(with_vectors)
        return answer_groups(ask, collection_name, group_by, limit, group_size, payload, vectors, with_lookup)
