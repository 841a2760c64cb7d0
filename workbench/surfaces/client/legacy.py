"""The calls that clients 1.16 dropped, each as the ``query_points`` that it became."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from workbench.surfaces.client import models
from workbench.surfaces.client.process import InProcessClient

Points = list[models.ScoredPoint]


class LegacyCalls(InProcessClient):
    """Search, recommend and discover as clients before 1.16 had them."""

    # -- search ----------------------------------------------------------------------------------------

    def search(
        self,
        collection_name: str,
        query_vector: Any,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        offset: int | None = None,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        **options: Any,
    ) -> Points:
        """Return the points nearest to a vector: a list, an array, ``(name, vector)`` or ``NamedVector``."""
        using, vector = _named(query_vector)
        return self.query_points(
            collection_name,
            query=vector,
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            limit=limit,
            offset=offset,
            with_payload=with_payload,
            with_vectors=with_vectors,
            score_threshold=score_threshold,
            **_still(options),
        ).points

    def search_batch(
        self, collection_name: str, requests: Sequence[models.SearchRequest], **options: Any
    ) -> list[Points]:
        """Answer several searches; payloads come back where a request says so."""
        return [
            self.search(collection_name, r.vector, score_threshold=r.score_threshold, **_page(r), **options)
            for r in requests
        ]

    def search_groups(
        self,
        collection_name: str,
        query_vector: Any,
        group_by: str,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        group_size: int = 1,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        with_lookup: Any = None,
        **options: Any,
    ) -> models.GroupsResult:
        """Return the nearest points of each value of a field."""
        using, vector = _named(query_vector)
        return self.query_points_groups(
            collection_name,
            group_by,
            query=vector,
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            limit=limit,
            group_size=group_size,
            with_payload=with_payload,
            with_vectors=with_vectors,
            score_threshold=score_threshold,
            with_lookup=with_lookup,
            **_still(options),
        )

    # -- examples --------------------------------------------------------------------------------------

    def recommend(
        self,
        collection_name: str,
        positive: Any = None,
        negative: Any = None,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        offset: int = 0,
        with_payload: Any = True,
        with_vectors: Any = False,
        score_threshold: float | None = None,
        using: str | None = None,
        lookup_from: Any = None,
        strategy: Any = None,
        **options: Any,
    ) -> Points:
        """Return points like the positive examples and unlike the negative ones."""
        query = _recommendation(positive, negative, strategy)
        return self.query_points(
            collection_name,
            query=query,
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            limit=limit,
            offset=offset,
            with_payload=with_payload,
            with_vectors=with_vectors,
            score_threshold=score_threshold,
            lookup_from=lookup_from,
            **_still(options),
        ).points

    def recommend_batch(
        self, collection_name: str, requests: Sequence[models.RecommendRequest], **options: Any
    ) -> list[Points]:
        """Answer several recommendations."""
        return [
            self.recommend(
                collection_name,
                r.positive,
                r.negative,
                score_threshold=r.score_threshold,
                using=r.using,
                lookup_from=r.lookup_from,
                strategy=r.strategy,
                **_page(r),
                **options,
            )
            for r in requests
        ]

    def recommend_groups(
        self,
        collection_name: str,
        group_by: str,
        positive: Any = None,
        negative: Any = None,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        group_size: int = 1,
        strategy: Any = None,
        **options: Any,
    ) -> models.GroupsResult:
        """Return the recommended points of each value of a field."""
        return self.query_points_groups(
            collection_name,
            group_by,
            query=_recommendation(positive, negative, strategy),
            query_filter=query_filter,
            search_params=search_params,
            limit=limit,
            group_size=group_size,
            **_still(options),
        )

    def discover(
        self,
        collection_name: str,
        target: Any = None,
        context: Sequence[Any] | None = None,
        query_filter: Any = None,
        search_params: Any = None,
        limit: int = 10,
        offset: int = 0,
        with_payload: Any = True,
        with_vectors: Any = False,
        using: str | None = None,
        lookup_from: Any = None,
        **options: Any,
    ) -> Points:
        """Return the points on the right side of most pairs of examples, the nearest to `target` first."""
        return self.query_points(
            collection_name,
            query=_discovery(target, context),
            using=using,
            query_filter=query_filter,
            search_params=search_params,
            limit=limit,
            offset=offset,
            with_payload=with_payload,
            with_vectors=with_vectors,
            lookup_from=lookup_from,
            **_still(options),
        ).points

    def discover_batch(
        self, collection_name: str, requests: Sequence[models.DiscoverRequest], **options: Any
    ) -> list[Points]:
        """Answer several discoveries."""
        return [
            self.discover(
                collection_name,
                r.target,
                r.context,
                using=r.using,
                lookup_from=r.lookup_from,
                **_page(r),
                **options,
            )
            for r in requests
        ]

    # -- writing ---------------------------------------------------------------------------------------

    def upload_records(self, collection_name: str, records: Iterable[Any], **options: Any) -> None:
        """Upload points given as ``Record``; now called ``upload_points``."""
        self.upload_points(collection_name, records, **options)


def _named(vector: Any) -> tuple[str | None, Any]:
    """Split ``(name, vector)``, or a model of it, into name and vector."""
    if isinstance(vector, models.NamedVector | models.NamedSparseVector):
        return vector.name, vector.vector
    if isinstance(vector, tuple) and len(vector) == 2 and isinstance(vector[0], str):
        return vector
    return None, list(vector) if isinstance(vector, tuple) else vector


def _page(request: Any) -> dict[str, Any]:
    """Return what every legacy request has, by the names of the calls; payloads default to none."""
    page = {
        "query_filter": request.filter,
        "search_params": request.params,
        "limit": request.limit,
        "offset": request.offset or 0,
        "with_payload": False if request.with_payload is None else request.with_payload,
        "with_vectors": False if request.with_vector is None else request.with_vector,
    }
    return page if request.shard_key is None else {**page, "shard_key_selector": request.shard_key}


def _example(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.integer) else value


def _recommendation(positive: Any, negative: Any, strategy: Any) -> models.RecommendQuery:
    liked, disliked = ([_example(e) for e in given or []] for given in (positive, negative))
    return models.RecommendQuery(
        recommend=models.RecommendInput(positive=liked, negative=disliked, strategy=strategy)
    )


def _discovery(target: Any, context: Sequence[Any] | None) -> models.DiscoverQuery | models.ContextQuery:
    pairs = [
        models.ContextPair(positive=_example(p.positive), negative=_example(p.negative))
        for p in context or []
    ]
    if target is None:
        return models.ContextQuery(context=pairs)
    return models.DiscoverQuery(discover=models.DiscoverInput(target=_example(target), context=pairs))


def _still(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that ``query_points`` still has; ``append_payload`` was about the client itself."""
    return {name: value for name, value in options.items() if name != "append_payload"}
