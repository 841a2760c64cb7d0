"""Writes: points, their vectors and payloads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qdrant_client.http import models

from workbench.surfaces.client.base import EngineCalls, parameters
from workbench.surfaces.client.failures import responses
from workbench.surfaces.client.plain import listed, point_batch, point_rows, selector_body, without_none
from workbench.surfaces.client.results import client_update
from workbench.surfaces.client.uploads import column_bodies, row_bodies


class WriteCalls(EngineCalls):
    """Answers the calls that change points."""

    def upsert(
        self, collection_name: str, points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Insert or replace points; all of them or none."""
        body = {**point_batch(points), **_conditions(options)}
        return self._write("upsert_points", collection_name, body, wait, options)

    def upload_points(
        self, collection_name: str, points: Iterable[Any], *, wait: bool = True, **options: Any
    ) -> None:
        """Upsert points in batches; the graph is built once, at the end."""
        self._upload(collection_name, row_bodies(points), options)

    def upload_collection(
        self,
        collection_name: str,
        vectors: Any,
        payload: Iterable[Any] | None = None,
        ids: Iterable[Any] | None = None,
        **options: Any,
    ) -> None:
        """Upsert columns in batches: arrays, payloads and ids; random UUIDs where there are no ids."""
        self._upload(collection_name, column_bodies(vectors, payload, ids), options)

    def _upload(
        self, collection_name: str, bodies: Iterable[dict[str, Any]], options: dict[str, Any]
    ) -> None:
        conditions = _conditions(options)
        with responses(), self.engine.collection(collection_name).upkeep.held():
            for body in bodies:
                self._run("upsert_points", collection_name, {**body, **conditions}, {"wait": True})

    def update_vectors(
        self,
        collection_name: str,
        points: Sequence[Any],
        *,
        wait: bool = True,
        update_filter: Any = None,
        shard_key_selector: Any = None,
        **options: Any,
    ) -> models.UpdateResult:
        """Replace the named vectors of points that exist."""
        rows = point_rows(points)
        body = without_none(update_filter=update_filter, shard_key=shard_key_selector)
        return self._write("update_vectors", collection_name, {"points": rows, **body}, wait, options)

    def delete_vectors(
        self, collection_name: str, vectors: Sequence[str], points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove named vectors of points."""
        return self._change("delete_vectors", collection_name, points, wait, options, vector=vectors)

    def delete(
        self, collection_name: str, points_selector: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Delete points by ids or filter; ids that do not exist are passed over."""
        return self._change("delete_points", collection_name, points_selector, wait, options)

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
        return self._change("set_payload", collection_name, points, wait, options, payload=payload, key=key)

    def overwrite_payload(
        self, collection_name: str, payload: Any, points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Replace whole payloads."""
        return self._change("overwrite_payload", collection_name, points, wait, options, payload=payload)

    def delete_payload(
        self, collection_name: str, keys: Sequence[str], points: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove keys from payloads."""
        return self._change("delete_payload", collection_name, points, wait, options, keys=keys)

    def clear_payload(
        self, collection_name: str, points_selector: Any, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove whole payloads."""
        return self._change("clear_payload", collection_name, points_selector, wait, options)

    def batch_update_points(
        self,
        collection_name: str,
        update_operations: Sequence[Any],
        *,
        wait: bool = True,
        **options: Any,
    ) -> list[models.UpdateResult]:
        """Make several writes one after the other."""
        body = {"operations": listed(update_operations, "update_operations")}
        params = {**parameters(options), "wait": wait}
        return [client_update(r) for r in self._run("batch_update", collection_name, body, params)]

    def _change(
        self,
        operation: str,
        collection_name: str,
        selector: Any,
        wait: bool,
        options: dict[str, Any],
        **fields: Any,
    ) -> models.UpdateResult:
        body = selector_body(selector, options.get("shard_key_selector"))
        body.update({name: value for name, value in fields.items() if value is not None})
        body.update({name: listed(body[name], name) for name in ("vector", "keys") if name in body})
        return self._write(operation, collection_name, body, wait, options)


def _conditions(options: dict[str, Any]) -> dict[str, Any]:
    return without_none(
        update_filter=options.get("update_filter"),
        update_mode=options.get("update_mode"),
        shard_key=options.get("shard_key_selector"),
    )
