"""The one shard of a collection and its segments, as telemetry tells them."""

from __future__ import annotations

from typing import Any

from workbench.api.collection_info import config_json, payload_schema, vector_json
from workbench.api.optimizations import status_json
from workbench.collection import Collection
from workbench.collection.info import describe, is_indexed, vectors_in
from workbench.collection.jobs import Job, SegmentName
from workbench.models.datetimes import format_seconds
from workbench.segments.view import SegmentView

Json = dict[str, Any]


def shard_json(collection: Collection, *, segments: bool) -> Json:
    """Return the shard in the shape of ``ReplicaSetTelemetry``; with `segments`, each of them."""
    said, view = describe(collection), collection.view
    names = [*said.config.vectors, *said.config.sparse_vectors]
    vectors = {name: sum(vectors_in(segment, name) for segment in view.segments) for name in names}
    done = [job for job in collection.upkeep.jobs if job.ended is not None]
    local: Json = {
        "variant_name": "local shard",
        "status": said.status,
        "total_optimized_points": sum(segment.points for job in done for segment in job.segments),
        "vectors_size_bytes": said.vector_bytes,
        "num_points": said.points_count,
        "num_vectors": sum(vectors.values()),
        "num_vectors_by_name": vectors,
        "optimizations": {
            "status": "ok" if said.optimizer_error is None else {"error": said.optimizer_error},
            "optimizations": {"count": len(done)},
            "log": [_log(job) for job in reversed(collection.upkeep.jobs)],
        },
        "update_queue": {"length": 0, "op_num": said.operation},
    }
    if segments:
        schema = payload_schema(collection)
        local["segments"] = [_segment(collection, segment, schema) for segment in view.segments]
    return {"id": 0, "local": local, "remote": [], "replicate_states": {}}


def _log(job: Job) -> Json:
    return {
        "name": job.reason,
        "uuid": str(job.uuid),
        "segment_ids": [segment.number for segment in job.segments],
        "segment_uuids": [str(segment.uuid) for segment in job.segments],
        "status": status_json(job),
        "start_at": format_seconds(job.started),
        "end_at": None if job.ended is None else format_seconds(job.ended),
    }


def _segment(collection: Collection, segment: SegmentView, schema: Json) -> Json:
    config, size = collection.config, segment.segment.nbytes
    names = [*config.vectors, *config.sparse_vectors]
    counts = {name: vectors_in(segment, name) for name in names}
    indexed = {name: counts[name] if is_indexed(config, segment, name) else 0 for name in names}
    deleted = {name: segment.column(name).count - counts[name] for name in names}
    return {
        "info": {
            "uuid": str(SegmentName.of(collection.name, segment).uuid),
            "segment_type": "indexed" if segment.sealed and any(indexed.values()) else "plain",
            "num_vectors": sum(counts.values()),
            "num_points": segment.live,
            "num_indexed_vectors": sum(indexed.values()),
            "num_deleted_vectors": sum(deleted.values()),
            "vectors_size_bytes": size,
            "payloads_size_bytes": 0,
            "ram_usage_bytes": 0 if segment.sealed and collection.folder is not None else size,
            "disk_usage_bytes": size if collection.folder is not None else 0,
            "is_appendable": not segment.sealed,
            "index_schema": schema,
            "vector_data": {
                name: {
                    "num_vectors": counts[name],
                    "num_indexed_vectors": indexed[name],
                    "num_deleted_vectors": deleted[name],
                }
                for name in names
            },
        },
        "config": _config(collection, segment),
        "vector_index_searches": [],
        "payload_field_indices": [],
    }


def _config(collection: Collection, segment: SegmentView) -> Json:
    config = collection.config
    kept = "Mmap" if segment.sealed and collection.folder is not None else "ChunkedMmap"
    dense = {}
    for name, params in config.vectors.items():
        own = vector_json(params)
        keep = ("size", "distance", "quantization_config", "multivector_config", "datatype")
        hnsw = {**config_json(config)["hnsw_config"], **(params.hnsw or {})}
        graph = {"type": "hnsw", "options": hnsw}
        dense[name] = {
            **{field: own[field] for field in keep if field in own},
            "storage_type": kept,
            "index": graph if _has_graph(segment, name) else {"type": "plain", "options": {}},
        }
    sparse = {
        name: {
            "index": {"index_type": "Mmap" if segment.sealed else "MutableRam"},
            "storage_type": "mmap",
            **({"modifier": "idf"} if params.idf else {}),
        }
        for name, params in config.sparse_vectors.items()
    }
    return {
        "vector_data": dense,
        **({"sparse_vector_data": sparse} if sparse else {}),
        "payload_storage_type": {"type": "mmap" if config.on_disk_payload else "in_ram_mmap"},
    }


def _has_graph(segment: SegmentView, name: str) -> bool:
    return getattr(segment.column(name), "searcher", None) is not None
