"""Queries: single, in batches and in groups, and distances within a sample."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from qdrant_client.http import models

from workbench.api.values import id_json
from workbench.errors import WorkbenchError
from workbench.surfaces.client.base import EngineCalls, parameters
from workbench.surfaces.client.failures import as_response
from workbench.surfaces.client.plain import listed, without_none
from workbench.surfaces.client.repeated_query import is_dense, key_of
from workbench.surfaces.client.results import client_group, client_points


class QueryCalls(EngineCalls):
    """Answers the calls that find points."""

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
        """Return the best points: nearest, recommended, discovered, in context, fused, or just the first."""
        body = partial(
            without_none,
            query=query,
            using=using,
            prefetch=prefetch,
            filter=query_filter,
            params=search_params,
            limit=limit,
            offset=offset,
            with_payload=with_payload,
            with_vector=with_vectors,
            score_threshold=score_threshold,
            lookup_from=lookup_from,
            shard_key=options.get("shard_key_selector"),
        )
        key, settled = None, all(value is None for value in options.values())
        if is_dense(query) and settled and query_filter is prefetch is lookup_from is None:
            given = collection_name, using, limit, offset, with_payload, with_vectors, score_threshold
            key = key_of(search_params, *given)
        if key is None:
            found = self._run("query_points", collection_name, body(), parameters(options))
            return _response(client_points(found))
        try:
            return _response(self._repeated.answer(key, collection_name, query, body))
        except WorkbenchError as error:
            raise as_response(error).with_traceback(error.__traceback__) from error.__cause__

    def query_batch_points(
        self, collection_name: str, requests: Sequence[Any], **options: Any
    ) -> list[models.QueryResponse]:
        """Answer several queries, each as :meth:`query_points` does; payloads where a request says so."""
        body = {"searches": listed(requests, "requests")}
        found = self._run("query_batch_points", collection_name, body, parameters(options))
        return [_response(client_points(points)) for points in found]

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
        body = without_none(
            group_by=group_by,
            query=query,
            using=using,
            prefetch=prefetch,
            filter=query_filter,
            params=search_params,
            limit=limit,
            group_size=group_size,
            with_payload=with_payload,
            with_vector=with_vectors,
            score_threshold=score_threshold,
            with_lookup=with_lookup,
            lookup_from=lookup_from,
            shard_key=options.get("shard_key_selector"),
        )
        groups = self._run("query_points_groups", collection_name, body, parameters(options))
        return models.GroupsResult.model_construct(groups=[client_group(group) for group in groups])

    def search_matrix_pairs(
        self,
        collection_name: str,
        query_filter: Any = None,
        limit: int = 3,
        sample: int = 10,
        using: str | None = None,
        **options: Any,
    ) -> models.SearchMatrixPairsResponse:
        """Return the nearest neighbors of each point of a sample, as pairs of ids with scores."""
        body = _matrix(options, query_filter, limit, sample, using)
        found = self._run("search_matrix_pairs", collection_name, body, parameters(options))
        pairs = [
            models.SearchMatrixPair(a=id_json(a), b=id_json(b), score=float(score)) for a, b, score in found
        ]
        return models.SearchMatrixPairsResponse(pairs=pairs)

    def search_matrix_offsets(
        self,
        collection_name: str,
        query_filter: Any = None,
        limit: int = 3,
        sample: int = 10,
        using: str | None = None,
        **options: Any,
    ) -> models.SearchMatrixOffsetsResponse:
        """Return the same as the rows and columns of a sparse matrix."""
        body = _matrix(options, query_filter, limit, sample, using)
        found = self._run("search_matrix_offsets", collection_name, body, parameters(options))
        return models.SearchMatrixOffsetsResponse(
            offsets_row=_list(found["offsets_row"]),
            offsets_col=_list(found["offsets_col"]),
            scores=[float(score) for score in found["scores"]],
            ids=[id_json(point) for point in found["ids"]],
        )


def _response(points: list[models.ScoredPoint]) -> models.QueryResponse:
    made: models.QueryResponse = models.QueryResponse.model_construct(points=points)
    return made


def _matrix(options: dict[str, Any], flt: Any, limit: int, sample: int, using: str | None) -> dict[str, Any]:
    return without_none(
        filter=flt, limit=limit, sample=sample, using=using, shard_key=options.get("shard_key_selector")
    )


def _list(values: Any) -> list[int]:
    return [int(value) for value in np.asarray(values).tolist()]
