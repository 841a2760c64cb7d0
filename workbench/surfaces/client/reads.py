"""Reads: points by id, in pages, counted, and what values their payloads have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qdrant_client.http import models

from workbench.api.values import id_json
from workbench.surfaces.client.base import EngineCalls, parameters
from workbench.surfaces.client.plain import listed, without_none
from workbench.surfaces.client.results import client_record


class ReadCalls(EngineCalls):
    """Answers the calls that change nothing and ask no query."""

    def retrieve(
        self,
        collection_name: str,
        ids: Sequence[Any],
        with_payload: Any = True,
        with_vectors: Any = False,
        **options: Any,
    ) -> list[models.Record]:
        """Return the points that exist, in the order of `ids`."""
        body = _body(options, with_payload=with_payload, with_vector=with_vectors)
        body["ids"] = listed(ids, "ids")
        found = self._run("get_points", collection_name, body, parameters(options))
        return [client_record(record) for record in found]

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
        """Return a page of points by id, or by a payload value, and the id at which the next begins."""
        body = _body(
            options,
            filter=scroll_filter,
            limit=limit,
            order_by=order_by,
            offset=offset,
            with_payload=with_payload,
            with_vector=with_vectors,
        )
        found, following = self._run("scroll_points", collection_name, body, parameters(options))
        page = [client_record(record) for record in found]
        return page, None if following is None else id_json(following)

    def count(
        self, collection_name: str, count_filter: Any = None, exact: bool = True, **options: Any
    ) -> models.CountResult:
        """Return how many points a filter accepts."""
        body = _body(options, filter=count_filter, exact=exact)
        count = self._run("count_points", collection_name, body, parameters(options))
        return models.CountResult(count=count)

    def facet(
        self,
        collection_name: str,
        key: str,
        facet_filter: Any = None,
        limit: int = 10,
        exact: bool = False,
        **options: Any,
    ) -> models.FacetResponse:
        """Return the values of a field, and how many points have each."""
        body = _body(options, key=key, filter=facet_filter, limit=limit, exact=exact)
        found = self._run("facet", collection_name, body, parameters(options))
        hits = [models.FacetValueHit.model_construct(value=value, count=count) for value, count in found]
        return models.FacetResponse(hits=hits)


def _body(options: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return without_none(shard_key=options.get("shard_key_selector"), **fields)
