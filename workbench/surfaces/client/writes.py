"""Writes: points, and payloads of points that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from qdrant_client.http import models

from workbench.collection import Collection, payloads, updates
from workbench.errors import InvalidRequest, NotFound
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.points import IdArray, UpdateResult
from workbench.query import scroll
from workbench.segments.view import View
from workbench.surfaces.client.filters import points_of, refuse
from workbench.surfaces.client.points import batch_of, column_batches, encode_payload, upload_batches
from workbench.surfaces.client.refusals import EngineCalls
from workbench.surfaces.client.results import client_update


class WriteCalls(EngineCalls):
    """Answers the calls that change points."""

    def upsert(
        self, collection_name: str, points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Insert or replace points; all of them or none."""
        refuse(**options)
        collection = self.engine.collection(collection_name)
        batch = batch_of(points, collection.config)
        if len(batch) == 0:
            raise InvalidRequest("Empty update request: expected at least one point")
        return client_update(updates.upsert(collection, batch), wait)

    def upload_points(self, collection_name: str, points: Iterable[Any], **options: Any) -> None:
        """Upsert points in batches; the graph is built once, at the end."""
        refuse(**options)
        collection = self.engine.collection(collection_name)
        with collection.upkeep.held():
            for part in upload_batches(points):
                updates.upsert(collection, batch_of(part, collection.config))

    def upload_collection(
        self,
        collection_name: str,
        vectors: Any,
        payload: Iterable[Any] | None = None,
        ids: Iterable[Any] | None = None,
        **options: Any,
    ) -> None:
        """Upsert columns in batches: arrays, payloads and ids; random UUIDs where there are no ids."""
        refuse(**options)
        collection = self.engine.collection(collection_name)
        with collection.upkeep.held():
            for batch in column_batches(vectors, payload, ids, collection.config):
                updates.upsert(collection, batch)

    def delete(
        self, collection_name: str, points_selector: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Delete points by ids or filter; ids that do not exist are passed over."""
        refuse(**options)
        which = points_of(points_selector)
        return client_update(updates.delete(self.engine.collection(collection_name), which), wait)

    def set_payload(
        self,
        collection_name: str,
        payload: Any,
        points: Any,
        key: str | None = None,
        *,
        wait: bool = True,
        **options: Any,
    ) -> models.UpdateResult:
        """Set keys of payloads, at the top or inside the object at the path `key`."""
        values = _payload(payload)
        return self._change(
            collection_name,
            points,
            wait,
            options,
            lambda own, which: payloads.set_payload(own, which, values, key),
        )

    def overwrite_payload(
        self, collection_name: str, payload: Any, points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Replace whole payloads."""
        values = _payload(payload)
        return self._change(
            collection_name,
            points,
            wait,
            options,
            lambda own, which: payloads.overwrite_payload(own, which, values),
        )

    def delete_payload(
        self, collection_name: str, keys: Sequence[str], points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove keys from payloads."""
        for key in keys:
            parse_path(key)
        return self._change(
            collection_name,
            points,
            wait,
            options,
            lambda own, which: payloads.delete_payload(own, which, keys),
        )

    def clear_payload(
        self, collection_name: str, points_selector: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove whole payloads."""
        return self._change(collection_name, points_selector, wait, options, payloads.clear_payload)

    def _change(
        self,
        collection_name: str,
        selector: Any,
        wait: bool,
        options: dict[str, Any],
        change: Callable[[Collection, IdArray | Filter], UpdateResult],
    ) -> models.UpdateResult:
        refuse(**options)
        collection, which = self.engine.collection(collection_name), points_of(selector)

        def checked() -> UpdateResult:
            if isinstance(which, IdArray):
                _check_exist(collection.view, which)
            return change(collection, which)

        return client_update(collection.write(checked), wait)

    def create_payload_index(
        self,
        collection_name: str,
        field_name: str,
        field_schema: Any = None,
        field_type: Any = None,
        *,
        wait: bool = True,
        **options: Any,
    ) -> models.UpdateResult:
        """Build the column of a field now, so that the first filter on it is as fast as the next.

        Filters are answered from columns whether or not this is called; what a column can answer does not
        depend on its type, which is therefore not kept: ``payload_schema`` of :meth:`get_collection` stays
        empty.
        """
        collection = self.engine.collection(collection_name)
        parse_path(field_name)
        view = collection.view
        for segment in view.segments:
            if segment.count:
                segment.segment.table.values(field_name, segment.count)
        return client_update(UpdateResult(view.operation), wait)

    def delete_payload_index(
        self, collection_name: str, field_name: str, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Take back :meth:`create_payload_index`, which left nothing that has to go; filters stay as fast."""
        parse_path(field_name)
        return client_update(UpdateResult(self.engine.collection(collection_name).view.operation), wait)


def _payload(payload: Any) -> dict[str, Any]:
    """Return a payload as it will be read back."""
    if payload is None:
        raise InvalidRequest("payload: expected a JSON object, got None")
    values: dict[str, Any] = orjson.loads(encode_payload(payload, "of this call"))
    return values


def _check_exist(view: View, ids: IdArray) -> None:
    _, exist = scroll.by_ids(view, ids)
    missing = set(range(len(ids))) - set(exist.tolist())
    if missing:
        raise NotFound(f"No point with id {ids.take([min(missing)]).tolist()[0]} found; nothing was changed")
