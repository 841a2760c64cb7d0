"""What the server tells of itself, in as much detail as asked: 0 is a summary, 4 names every segment."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import shutil
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workbench.api.collection_info import config_json, params_json
from workbench.api.operations import Access, Call, operation
from workbench.api.request_statistics import Statistics, Surface
from workbench.api.resources import resident_bytes, total_memory
from workbench.api.service import VERSION, Service
from workbench.api.shard_telemetry import shard_json
from workbench.collection import Collection
from workbench.collection.info import describe
from workbench.errors import WorkbenchError
from workbench.models.datetimes import format_seconds
from workbench.tasks import cores

Json = dict[str, Any]

# What each level adds.
_COLLECTIONS, _CONFIG, _SHARDS, _SEGMENTS = 1, 2, 3, 4

_NAMESPACE: Final = uuid.UUID("0d5b4dbb-2f0d-4d0e-9d3c-2e5e3b1f9f4a")


@operation(Access.READ)
def telemetry(service: Service, call: Call) -> Json:
    """Describe the server, its collections and what was asked of it."""
    level = call.number("details_level") or 0
    call.number("timeout", 1)
    result = telemetry_of(service, level, per_collection=call.flag("per_collection"))
    return anonymous(result) if call.flag("anonymize") else result


def telemetry_of(service: Service, level: int, *, per_collection: bool = False) -> Json:
    """Return the telemetry at a level of detail."""
    result: Json = {
        "id": str(uuid.uuid5(_NAMESPACE, f"{os.getpid()} {service.started}")),
        "app": _app(service, level),
        "collections": _collections(service, level),
        "cluster": {"enabled": False},
        "quota": {"config": service.quotas.config.to_json(), "exceeded": service.quotas.exceeded()},
        "requests": {
            surface: _responses(service, surface, per_collection=per_collection)
            for surface in ("rest", "grpc")
        },
    }
    if level >= _COLLECTIONS:
        result["memory"] = memory_json()
        result["hardware"] = {"collection_data": {}}
    return result


def memory_json() -> dict[str, int]:
    """Return the bytes this process holds; what only Qdrant's allocator could tell is 0."""
    resident = resident_bytes() or 0
    return {
        "active_bytes": resident,
        "allocated_bytes": resident,
        "metadata_bytes": 0,
        "resident_bytes": resident,
        "retained_bytes": 0,
    }


def _app(service: Service, level: int) -> Json:
    app: Json = {"name": "workbench", "version": VERSION, "startup": format_seconds(service.started)}
    if level >= _COLLECTIONS:
        flags = ("debug", "service_debug_feature", "recovery_mode", "gpu", "rocksdb", "staging")
        app["features"] = dict.fromkeys(flags, False)
        app["system"] = _system(service.engine.root)
        app["jwt_rbac"] = False
    return app


def _system(root: Path | None) -> Json:
    disk = shutil.disk_usage(root or Path.cwd()).total
    found: Json = {
        "distribution": platform.system(),
        "distribution_version": platform.release(),
        "is_docker": Path("/.dockerenv").exists(),
        "cores": cores(),
        "disk_size": disk // 1024,
        "cpu_flags": platform.machine(),
        "cpu_endian": sys.byteorder,
    }
    if (memory := total_memory()) is not None:
        found["ram_size"] = memory // 1024
    return found


def _collections(service: Service, level: int) -> Json:
    names = service.engine.names()
    result: Json = {"number_of_collections": len(names)}
    if level >= _COLLECTIONS:
        opened = []
        for name in names:
            try:
                opened.append(service.engine.collection(name))
            except WorkbenchError:  # a damaged one has nothing to tell, or it was removed meanwhile
                continue
        tell = _whole if level >= _CONFIG else _summary
        result["collections"] = [tell(collection, level) for collection in opened]
    return result


def _summary(collection: Collection, level: int) -> Json:
    said = describe(collection)
    return {
        "vectors": said.points_count * max(1, len(said.config.vectors) + len(said.config.sparse_vectors)),
        "optimizers_status": "ok" if said.optimizer_error is None else {"error": said.optimizer_error},
        "params": params_json(said.config),
    }


def _whole(collection: Collection, level: int) -> Json:
    shards: Json = {}
    if level >= _SHARDS:
        shards["shards"] = [shard_json(collection, segments=level >= _SEGMENTS)]
    return {
        "id": collection.name,
        "init_time_ms": 0,
        "config": config_json(collection.config),
        **shards,
        "transfers": [],
        "resharding": [],
    }


def _responses(service: Service, surface: Surface, *, per_collection: bool) -> Json:
    result: Json = {"responses": {}}
    for (_, endpoint, status), one in service.requests.seen(surface).items():
        result["responses"].setdefault(endpoint, {})[str(status)] = _statistics(one)
    if per_collection:
        own: Json = {}
        for (name, endpoint, status), one in service.requests.seen(surface, per_collection=True).items():
            own.setdefault(name, {}).setdefault(endpoint, {})[str(status)] = _statistics(one)
        result["per_collection_responses"] = own
    return result


def _statistics(one: Statistics) -> Json:
    return {
        "count": one.count,
        "avg_duration_micros": one.seconds / one.count * 1e6,
        "min_duration_micros": one.shortest * 1e6,
        "max_duration_micros": one.longest * 1e6,
        "total_duration_micros": round(one.seconds * 1e6),
        "last_responded": format_seconds(one.last),
    }


# -- without names ---------------------------------------------------------------------------------------

_BY_NAME: Final = frozenset(
    {"vectors", "sparse_vectors", "vector_data", "sparse_vector_data", "index_schema", "num_vectors_by_name",
     "per_collection_responses", "multivector_config", "sparse_config"}
)  # fmt: skip
_COUNTS: Final = frozenset(
    {"points_count", "num_points", "num_vectors", "number_of_collections", "count", "vectors"}
)


def anonymous(value: Any) -> Any:
    """Return telemetry that names nobody: names are hashed, counts rounded, metadata left out."""
    if isinstance(value, list):
        return [anonymous(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    result: Json = {}
    for key, item in value.items():
        if key == "metadata":
            continue
        if key in _BY_NAME and isinstance(item, Mapping) and not item.keys() & {"size", "comparator"}:
            result[key] = {hashed(name): anonymous(own) for name, own in item.items()}
        elif key == "id" and isinstance(item, str) and "startup" not in value.get("app", {}):
            result[key] = hashed(item)
        elif key in _COUNTS and isinstance(item, int):
            result[key] = rounded(item)
        else:
            result[key] = anonymous(item)
    return result


def hashed(name: str) -> str:
    """Return what stands for a name; nothing stands for nothing, the unnamed vector."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16] if name else ""


def rounded(count: int) -> int:
    """Return a count to its first two digits."""
    if count < 100:
        return count
    step: int = 10 ** (int(math.log10(count)) - 1)
    return count // step * step
