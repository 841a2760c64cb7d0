"""Payload indexes of a live collection: made, removed, and how many points have values for them.

The columns that answer filters are built at the first use of a field in any case. An index builds them at
once, gives its type's meaning to conditions on the field (``workbench.models.filter_binding``), and allows
what Qdrant allows only with one: facets, ordering by a field, and filters under strict mode.
"""

from __future__ import annotations

from dataclasses import replace

from workbench.collection.collection import Collection
from workbench.models.answers import UpdateResult
from workbench.models.config import CollectionConfig
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import FieldIndex
from workbench.segments.view import View


def create_index(collection: Collection, key: str, index: FieldIndex) -> UpdateResult:
    """Index a field; an index of that key with another type or other parameters is replaced.

    Raises
    ------
    InvalidRequest
        If the key is not a JSON path.
    """
    key = str(parse_path(key))

    def create() -> UpdateResult:
        config = collection.config
        if config.payload_indexes.get(key) == index:
            return UpdateResult(collection.view.operation)
        indexes = {**config.payload_indexes, key: index}
        return _publish(collection, "create_index", replace(config, payload_indexes=indexes))

    result = collection.write(create)
    # On the caller's thread: writes go on meanwhile.
    indexed_points(collection.view, key)
    return result


def delete_index(collection: Collection, key: str) -> UpdateResult:
    """Remove the index of a field; nothing is done when there is none.

    Raises
    ------
    InvalidRequest
        If the key is not a JSON path.
    """
    key = str(parse_path(key))

    def delete() -> UpdateResult:
        config = collection.config
        if key not in config.payload_indexes:
            return UpdateResult(collection.view.operation)
        indexes = {known: index for known, index in config.payload_indexes.items() if known != key}
        return _publish(collection, "delete_index", replace(config, payload_indexes=indexes))

    return collection.write(delete)


def indexed_points(view: View, key: str) -> int:
    """Return how many live points have a value that the index of `key` reads; 0 when there is none."""
    index = view.config.payload_indexes.get(key)
    return 0 if index is None else sum(segment.indexed_points(key, index) for segment in view.segments)


def _publish(collection: Collection, kind: str, config: CollectionConfig) -> UpdateResult:
    with collection.store.transaction():
        collection.store.set_meta("config", config.to_json())
        operation = collection.store.record(kind, 0)
    collection.publish(config=config, operation=operation)
    collection.announce("configured")
    return UpdateResult(operation)
