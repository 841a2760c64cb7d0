"""Changes of a collection's configuration, read from JSON: what ``update_collection`` may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from workbench.api.body import REQUIRED, Body
from workbench.api.collection_config import (
    DISABLED,
    HNSW,
    MODIFIERS,
    OPTIMIZERS,
    PAYLOAD,
    SPARSE_INDEX,
    STRICT_MODE,
    U32,
    read_metadata,
    read_quantization,
    section,
    vector_memory,
)
from workbench.api.fields import Fields, inner, whole
from workbench.errors import InvalidRequest
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams

_PARAMS_DIFF: Final[Fields] = {
    "replication_factor": whole(1, U32),
    "write_consistency_factor": whole(1, U32),
    "read_fan_out_factor": whole(0, U32),
    "read_fan_out_delay_ms": whole(),
    "payload": inner(PAYLOAD),
}


def read_changes(body: Body) -> Callable[[CollectionConfig], CollectionConfig]:
    """Read the body of ``update_collection``; return what it makes of a configuration.

    What is returned raises :class:`InvalidRequest` for a vector that the collection does not have.
    """
    params, params_body = section(body, "params", _PARAMS_DIFF), body.body("params")
    on_disk_payload = None if params_body is None else params_body.flag("on_disk_payload")
    hnsw, optimizers = section(body, "hnsw_config", HNSW), section(body, "optimizers_config", OPTIMIZERS)
    strict_mode = section(body, "strict_mode_config", STRICT_MODE)
    quantization = read_quantization(body, disabled=True)
    metadata, vectors = read_metadata(body), _vector_changes(body)
    sparse = _sparse_changes(body)

    def change(config: CollectionConfig) -> CollectionConfig:
        merged = {**config.metadata, **(metadata or {})}
        return replace(
            config,
            vectors=_changed_vectors(config, vectors),
            sparse_vectors=_changed_sparse(config, sparse),
            hnsw=config.hnsw.updated(hnsw),
            optimizers=config.optimizers.updated(optimizers),
            quantization=_quantization(config.quantization, quantization),
            on_disk_payload=config.on_disk_payload if on_disk_payload is None else on_disk_payload,
            params={**config.params, **(params or {})},
            strict_mode=(
                config.strict_mode if strict_mode is None else {**(config.strict_mode or {}), **strict_mode}
            ),
            metadata={key: value for key, value in merged.items() if value is not None},
        )

    return change


def _vector_changes(body: Body) -> dict[str, dict[str, Any]]:
    own = body.body("vectors")
    changes = {}
    for name in own.fields if own is not None else ():
        vector = own.body(name, REQUIRED)
        changes[name] = {
            "hnsw": section(vector, "hnsw_config", HNSW),
            "quantization": read_quantization(vector, disabled=True),
            "on_disk": vector.flag("on_disk"),
            "memory": vector_memory(vector),
        }
    return changes


def _sparse_changes(body: Body) -> dict[str, dict[str, Any]]:
    own = body.body("sparse_vectors")
    changes = {}
    for name in own.fields if own is not None else ():
        vector = own.body(name, REQUIRED)
        changes[name] = {
            "index": section(vector, "index", SPARSE_INDEX),
            "modifier": vector.choice("modifier", MODIFIERS),
        }
    return changes


def _changed_vectors(
    config: CollectionConfig, changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, VectorParams]:
    vectors = dict(config.vectors)
    for name, change in changes.items():
        if name not in vectors:
            raise InvalidRequest(f"Not existing vector name error: {name}")
        old = vectors[name]
        hnsw = change["hnsw"]  # an empty object removes the vector's own settings
        vectors[name] = replace(
            old,
            hnsw=old.hnsw if hnsw is None else {**(old.hnsw or {}), **hnsw} if hnsw else None,
            quantization=_quantization(old.quantization, change["quantization"]),
            on_disk=old.on_disk if change["on_disk"] is None else change["on_disk"],
            memory=change["memory"] or old.memory,
        )
    return vectors


def _changed_sparse(
    config: CollectionConfig, changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, SparseVectorParams]:
    vectors = dict(config.sparse_vectors)
    for name, change in changes.items():
        if name not in vectors:
            raise InvalidRequest(f"Not existing vector name error: {name}")
        old, index = vectors[name], change["index"]
        vectors[name] = replace(
            old,
            idf=old.idf if change["modifier"] is None else change["modifier"] == "idf",
            modifier_given=old.modifier_given or change["modifier"] is not None,
            index=old.index if index is None else {**(old.index or {}), **index},
        )
    return vectors


def _quantization(old: Mapping[str, Any] | None, change: Any) -> Mapping[str, Any] | None:
    if change is None:
        return old
    if change == DISABLED:
        return None
    own: Mapping[str, Any] = change
    return own
