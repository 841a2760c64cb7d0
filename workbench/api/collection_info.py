"""What a collection says of itself, as Qdrant's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from workbench.collection.collection import Collection
from workbench.collection.info import describe
from workbench.models.config import CollectionConfig, Datatype, SparseVectorParams, VectorParams

Json = dict[str, Any]

# Of the server's own configuration; a collection overrides them at its creation.
_WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1}


def info_json(collection: Collection) -> Json:
    """Return the result of ``get_collection``."""
    said = describe(collection)
    doubts = warnings(said.config)
    return {
        "status": said.status,
        "optimizer_status": "ok" if said.optimizer_error is None else {"error": said.optimizer_error},
        **({"warnings": doubts} if doubts else {}),
        "indexed_vectors_count": said.indexed_vectors_count,
        "points_count": said.points_count,
        "segments_count": said.segments_count,
        "config": config_json(said.config),
        "payload_schema": payload_schema(collection),
        "update_queue": {"length": 0},
    }


def payload_schema(collection: Collection) -> Json:
    """Return the payload indexes by key: type, parameters if any were given, points that have values."""
    view = collection.view
    result: Json = {}
    for key, index in view.config.payload_indexes.items():
        params = {"params": {"type": index.type.value, **index.params}} if index.params else {}
        points = sum(segment.indexed_points(key, index) for segment in view.segments)
        result[key] = {"data_type": index.type.value, **params, "points": points}
    return result


def warnings(config: CollectionConfig) -> list[dict[str, str]]:
    """Return what is set and will not be heeded."""
    found = []
    for name, params in config.vectors.items():
        if not config.hnsw_of(name).inline_storage:
            continue
        option = f"The `hnsw_config.inline_storage` option for vector '{name}'"
        if params.multivector:
            found.append(f"{option} is not compatible with multivectors. This option will be ignored.")
        elif params.quantization is None and config.quantization is None:
            found.append(f"{option} requires quantization to be enabled. This option will be ignored.")
    return [{"message": text} for text in found]


def config_json(config: CollectionConfig) -> Json:
    """Return the configuration with every default."""
    hnsw = asdict(config.hnsw)
    del hnsw["ef"]
    hnsw["on_disk"] = bool(hnsw["on_disk"])
    result: Json = {
        "params": params_json(config),
        "hnsw_config": _given(hnsw),
        "optimizer_config": asdict(config.optimizers),
        "wal_config": {**_WAL, **config.wal},
        "quantization_config": config.quantization,
    }
    if config.strict_mode is not None:
        result["strict_mode_config"] = dict(config.strict_mode)
    if config.metadata:
        result["metadata"] = dict(config.metadata)
    return result


def params_json(config: CollectionConfig) -> Json:
    """Return ``params``: vectors, and what a cluster would do with the collection."""
    vectors: Json = {name: vector_json(params) for name, params in config.vectors.items()}
    result: Json = {
        "vectors": vectors[""] if vectors.keys() == {""} else vectors,
        "shard_number": 1,
        "replication_factor": 1,
        "write_consistency_factor": 1,
        **config.params,
        "on_disk_payload": config.on_disk_payload,
    }
    if config.sparse_vectors:
        result["sparse_vectors"] = {n: sparse_json(params) for n, params in config.sparse_vectors.items()}
    return result


def vector_json(params: VectorParams) -> Json:
    """Return the parameters of a dense vector; what was not given is left out."""
    given = params.datatype_given or params.datatype is not Datatype.FLOAT32
    return _given(
        {
            "size": params.size,
            "distance": params.distance.value,
            "hnsw_config": params.hnsw,
            "quantization_config": params.quantization,
            "on_disk": params.on_disk,
            "memory": params.memory,
            "datatype": params.datatype.value if given else None,
            "multivector_config": {"comparator": "max_sim"} if params.multivector else None,
        }
    )


def sparse_json(params: SparseVectorParams) -> Json:
    """Return the parameters of a sparse vector; what was not given is left out."""
    modifier = "idf" if params.idf else "none" if params.modifier_given else None
    return _given({"index": params.index, "modifier": modifier})


def _given(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value is not None}
