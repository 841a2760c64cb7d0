"""Collection settings, from the client's models to the engine's and back."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from qdrant_client.http import models

from workbench.collection.info import CollectionInfo
from workbench.errors import InvalidRequest, Unsupported
from workbench.models.config import (
    CollectionConfig,
    Datatype,
    Distance,
    HnswConfig,
    OptimizersConfig,
    VectorParams,
)
from workbench.surfaces.client.filters import refuse

Fields = dict[str, Any]

_QUANTIZATION: TypeAdapter[Any] = TypeAdapter(models.QuantizationConfig)

# The write-ahead log of a server; here SQLite keeps its own, and what a server says by default is echoed.
_WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1}

# Settings that say where a server keeps what it has; answers are the same either way.
_PLACEMENT = ("memory", "inline_storage")

_told: set[str] = set()


def collection_config(
    vectors: Any,
    *,
    hnsw: Any = None,
    optimizers: Any = None,
    quantization: Any = None,
    on_disk_payload: bool | None = None,
    metadata: Any = None,
) -> CollectionConfig:
    """Return the configuration that a ``create_collection`` asks for.

    Parameters
    ----------
    vectors : models.VectorParams, mapping of str to it, or None
        The unnamed vector, or the named ones; mappings are read as models.

    Raises
    ------
    InvalidRequest
        When a value is out of range.
    Unsupported
        For multivectors, sparse vectors and datatypes that are not stored yet.
    """
    named = {} if vectors is None else {"": vectors} if _is_params(vectors) else dict(vectors)
    return CollectionConfig(
        vectors={name: _vector_params(params) for name, params in named.items()},
        hnsw=HnswConfig().updated(hnsw_fields(hnsw)),
        optimizers=OptimizersConfig().updated(optimizer_fields(optimizers)),
        quantization=quantization_json(quantization),
        on_disk_payload=True if on_disk_payload is None else on_disk_payload,
        metadata=dict(metadata or {}),
    )


def _is_params(value: Any) -> bool:
    return isinstance(value, models.VectorParams) or (
        isinstance(value, Mapping) and {"size", "distance"} <= value.keys()
    )


def _vector_params(value: Any) -> VectorParams:
    params = models.VectorParams(**value) if isinstance(value, Mapping) else value
    if not isinstance(params, models.VectorParams):
        raise InvalidRequest(f"vectors_config: expected models.VectorParams, got {type(value).__name__}")
    refuse(multivector_config=params.multivector_config)
    datatype = "float32" if params.datatype is None else params.datatype.value
    if datatype not in set(Datatype):
        raise Unsupported(
            f"this version does not store the datatype {datatype}; it has {', '.join(Datatype)}"
        )
    without_effect(params, "memory")
    return VectorParams(
        size=params.size,
        distance=Distance.parse(params.distance.value),
        datatype=Datatype(datatype),
        on_disk=params.on_disk,
        hnsw=hnsw_fields(params.hnsw_config),
        quantization=quantization_json(params.quantization_config),
    )


def vector_changes(changes: Any, config: CollectionConfig) -> dict[str, Fields]:
    """Return what ``update_collection(vectors_config=…)`` changes, by vector name."""
    result: dict[str, Fields] = {}
    for name, diff in (changes or {}).items():
        given = models.VectorParamsDiff(**diff) if isinstance(diff, Mapping) else diff
        without_effect(given, "memory")
        own = config.vectors.get(name)
        fields: Fields = {"on_disk": given.on_disk} if given.on_disk is not None else {}
        if given.hnsw_config is not None:
            fields["hnsw"] = {**((own.hnsw if own else None) or {}), **(hnsw_fields(given.hnsw_config) or {})}
        if given.quantization_config is not None:
            fields["quantization"] = quantization_json(given.quantization_config)
        result[name] = fields
    return result


def hnsw_fields(diff: Any) -> Fields | None:
    """Return the HNSW settings that were given, or None."""
    return _fields(diff)


def optimizer_fields(diff: Any) -> Fields | None:
    """Return the optimizer settings that were given, or None."""
    fields = _fields(diff)
    if fields and fields.pop("prevent_unoptimized", None):
        raise Unsupported("this version does not answer prevent_unoptimized: every point is visible at once")
    if fields and fields.get("max_optimization_threads") == "auto":
        del fields["max_optimization_threads"]
    return fields


def quantization_json(config: Any) -> Fields | None:
    """Return quantization settings as Qdrant's JSON; ``{}`` when they are to be removed.

    They are kept and echoed. Vectors are searched in float32 in this version, which is said once.
    """
    if config is None:
        return None
    data = _plain(config)
    if data == "Disabled" or not data:
        return {}
    _tell(
        "quantization_config is kept and echoed, but this version searches float32 vectors: "
        "answers are exact, and memory is not saved"
    )
    return dict(data)


def without_effect(given: Any, *names: str) -> None:
    """Say once of each setting in `names` that it changes nothing here."""
    data = given if isinstance(given, Mapping) else {name: getattr(given, name, None) for name in names}
    for name in names:
        if data.get(name) is not None:
            _tell(
                f"{name} has no effect in process: there is one shard on one machine, and every acknowledged "
                "write is on disk"
            )


def wal_without_effect(given: Any) -> None:
    """Say once that settings of the write-ahead log change nothing, unless they are a server's own."""
    fields = _fields(given) or {}
    if any(_WAL.get(name) != value for name, value in fields.items()):
        without_effect({"wal_config": fields}, "wal_config")


def _fields(diff: Any) -> Fields | None:
    """Return the fields of a model or mapping that were given."""
    if diff is None:
        return None
    fields = {name: value for name, value in dict(_plain(diff)).items() if value is not None}
    without_effect(fields, *_PLACEMENT)
    return fields


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    return getattr(value, "value", value)


def _tell(message: str) -> None:
    """Warn once, at the line outside of this package and Qdrant's client that made the call."""
    if message in _told:
        return
    _told.add(message)
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        ("workbench", "qdrant_client")
    ):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=depth)


# -- back ----------------------------------------------------------------------------------------------


def client_info(info: CollectionInfo) -> models.CollectionInfo:
    """Return what ``get_collection`` answers."""
    failed = info.optimizer_error
    return models.CollectionInfo(
        status=models.CollectionStatus(info.status),
        optimizer_status=models.OptimizersStatusOneOf1(error=failed)
        if failed
        else models.OptimizersStatusOneOf.OK,
        indexed_vectors_count=info.indexed_vectors_count,
        points_count=info.points_count,
        segments_count=info.segments_count,
        config=_client_config(info.config),
        payload_schema={},
        update_queue=models.UpdateQueueInfo(length=0),
    )


def _client_config(config: CollectionConfig) -> models.CollectionConfig:
    named = {name: _client_vector(params) for name, params in config.vectors.items()}
    settings, hnsw = config.optimizers, config.hnsw
    return models.CollectionConfig(
        params=models.CollectionParams(
            vectors=named[""] if named.keys() == {""} else named, on_disk_payload=config.on_disk_payload
        ),
        hnsw_config=models.HnswConfig(**_shared(hnsw, models.HnswConfig)),
        optimizer_config=models.OptimizersConfig(**_shared(settings, models.OptimizersConfig)),
        wal_config=models.WalConfig(**_WAL),
        quantization_config=_client_quantization(config.quantization),
        metadata=dict(config.metadata) or None,
    )


def _client_vector(params: VectorParams) -> models.VectorParams:
    stated = params.datatype is not Datatype.FLOAT32
    return models.VectorParams(
        size=params.size,
        distance=models.Distance(params.distance.value),
        hnsw_config=models.HnswConfigDiff(**_known(params.hnsw, models.HnswConfigDiff))
        if params.hnsw
        else None,
        quantization_config=_client_quantization(params.quantization),
        on_disk=params.on_disk,
        datatype=models.Datatype(params.datatype.value) if stated else None,
    )


def _client_quantization(stored: Mapping[str, Any] | None) -> Any:
    return _QUANTIZATION.validate_python(dict(stored)) if stored else None


def _shared(settings: HnswConfig | OptimizersConfig, model: type[BaseModel]) -> Fields:
    return {name: getattr(settings, name) for name in model.model_fields if hasattr(settings, name)}


def _known(fields: Mapping[str, Any], model: type[BaseModel]) -> Fields:
    return {name: value for name, value in fields.items() if name in model.model_fields}
