"""The configuration of a collection, read from JSON at its creation.

Changes are read in :mod:`~workbench.api.collection_changes`.
Ranges are those of the OpenAPI schema of 1.19; a table names the fields of each object and how they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from workbench.api.body import REQUIRED, Body
from workbench.api.fields import Fields, choice, flag, inner, named, number, read_fields, whole
from workbench.errors import FormatError, InvalidRequest, OutOfRange
from workbench.models.config import (
    MAX_DIMENSION,
    CollectionConfig,
    Datatype,
    Distance,
    HnswConfig,
    OptimizersConfig,
    SparseVectorParams,
    VectorParams,
)

_LONGEST: Final = 255
_LONGEST_VECTOR: Final = 200
_FORBIDDEN: Final = frozenset('<>:"/\\|?*\0\u001f')

U32: Final = (1 << 32) - 1
DISABLED: Final = "Disabled"

_QUANTIZATIONS: Final = ("scalar", "product", "binary", "turbo")


def _threads(body: Body, name: str) -> int | str:
    value = body.raw(name)
    if isinstance(value, str) and value != "auto":
        raise FormatError(f"{body.at(name)}: unknown variant `{value}`, expected `auto` or a number")
    return "auto" if value == "auto" else int(body.integer(name))


_MEMORY: Final = choice("cold", "cached", "pinned")
_DATATYPE: Final = choice(*(d.value for d in Datatype))

HNSW: Final[Fields] = {
    "m": whole(),
    "ef_construct": whole(4),
    "full_scan_threshold": whole(10),
    "max_indexing_threads": whole(),
    "on_disk": flag,
    "memory": _MEMORY,
    "payload_m": whole(),
    "inline_storage": flag,
    "ef": whole(1),  # ours: what a search takes that names none; Qdrant passes over the field
}

OPTIMIZERS: Final[Fields] = {
    "deleted_threshold": number(0, 1),
    "vacuum_min_vector_number": whole(100),
    "default_segment_number": whole(),
    "max_segment_size": whole(1),
    "memmap_threshold": whole(),
    "indexing_threshold": whole(),
    "flush_interval_sec": whole(),
    "max_optimization_threads": _threads,
    "prevent_unoptimized": flag,
}

WAL: Final[Fields] = {
    "wal_capacity_mb": whole(1),
    "wal_segments_ahead": whole(),
    "wal_retain_closed": whole(1),
}

STRICT_MODE: Final[Fields] = {
    "enabled": flag,
    "max_query_limit": whole(1),
    "max_timeout": whole(1),
    "unindexed_filtering_retrieve": flag,
    "unindexed_filtering_update": flag,
    "search_max_hnsw_ef": whole(),
    "search_allow_exact": flag,
    "search_max_oversampling": number(),
    "upsert_max_batchsize": whole(),
    "search_max_batchsize": whole(),
    "max_collection_vector_size_bytes": whole(),
    "read_rate_limit": whole(1),
    "write_rate_limit": whole(1),
    "max_collection_payload_size_bytes": whole(),
    "max_points_count": whole(1),
    "filter_max_conditions": whole(),
    "condition_max_size": whole(),
    "multivector_config": named({"max_vectors": whole(1)}),
    "sparse_config": named({"max_length": whole(1)}),
    "max_payload_index_count": whole(),
    "max_resident_memory_percent": whole(1, 100),
}

PAYLOAD: Final[Fields] = {"memory": choice("cold", "cached")}

# What is kept and echoed of a collection's ``params``, beside the vectors.
_PARAMS: Final[Fields] = {
    "shard_number": whole(1, U32),
    "sharding_method": choice("auto", "custom"),
    "replication_factor": whole(1, U32),
    "write_consistency_factor": whole(1, U32),
    "payload": inner(PAYLOAD),
}

MODIFIERS: Final = ("none", "idf")

SPARSE_INDEX: Final[Fields] = {
    "full_scan_threshold": whole(),
    "on_disk": flag,
    "memory": _MEMORY,
    "datatype": _DATATYPE,
}

_PLACEMENT: Final[Fields] = {"always_ram": flag, "memory": _MEMORY}

_QUANTIZATION: Final[Mapping[str, Fields]] = {
    "scalar": {"type": choice("int8"), "quantile": number(0.5, 1.0), **_PLACEMENT},
    "product": {"compression": choice("x4", "x8", "x16", "x32", "x64"), **_PLACEMENT},
    "binary": {
        "encoding": choice("one_bit", "two_bits", "one_and_half_bits"),
        "query_encoding": choice("default", "binary", "scalar4bits", "scalar8bits"),
        **_PLACEMENT,
    },
    "turbo": {"bits": choice("bits1", "bits1_5", "bits2", "bits4"), **_PLACEMENT},
}

_REQUIRED: Final = {"scalar": "type", "product": "compression"}


def read_config(body: Body) -> CollectionConfig:
    """Read the body of ``create_collection``.

    Raises
    ------
    FormatError, OutOfRange, InvalidRequest
        As Qdrant does.
    """
    vectors, sparse = read_vectors(body), read_sparse_vectors(body)
    _check_vector_names(vectors, sparse)
    return CollectionConfig(
        vectors=vectors,
        sparse_vectors=sparse,
        hnsw=HnswConfig().updated(section(body, "hnsw_config", HNSW)),
        optimizers=OptimizersConfig().updated(section(body, "optimizers_config", OPTIMIZERS)),
        quantization=read_quantization(body),
        on_disk_payload=body.flag("on_disk_payload") is not False,
        metadata=read_metadata(body) or {},
        params=read_fields(body, _PARAMS),
        wal=section(body, "wal_config", WAL) or {},
        strict_mode=section(body, "strict_mode_config", STRICT_MODE),
    )


def name_problem(name: str) -> str | None:
    """Return what is wrong with the name of a collection or alias in Qdrant's words, or None."""
    if not 1 <= len(name.encode(errors="surrogatepass")) <= _LONGEST:
        return f'value "{name}" invalid, must be from 1 to {_LONGEST} characters'
    return _sign_problem(name, "collection")


def vector_name_problem(name: str) -> str | None:
    """Return what is wrong with the name of a vector in Qdrant's words, or None."""
    if len(name.encode(errors="surrogatepass")) > _LONGEST_VECTOR:
        return f"vector name must be at most {_LONGEST_VECTOR} bytes long"
    return _sign_problem(name, "vector")


def _sign_problem(name: str, of: str) -> str | None:
    found = next((sign for sign in name if sign in _FORBIDDEN), None)
    return None if found is None else f'{of} name cannot contain "{found}" char'


def _check_vector_names(dense: Iterable[str], sparse: Iterable[str]) -> None:
    for kind, names in (("dense", dense), ("sparse", sparse)):
        for name in names:
            if problem := vector_name_problem(name):
                raise InvalidRequest(f"Invalid {kind} vector name `{name}`: {problem}")
    if "" in sparse:
        raise InvalidRequest("Sparse vector name cannot be empty")
    if both := sorted(set(dense) & set(sparse)):
        raise InvalidRequest(
            f"Dense and sparse vector names must be unique - duplicate found with '{both[0]}'"
        )


def read_vectors(body: Body) -> dict[str, VectorParams]:
    """Read ``vectors``: the parameters of one unnamed vector, or those of each by name."""
    if "vectors" not in body.fields:
        return {}
    own = Body(body.fields["vectors"], body.at("vectors"))
    single = own.fields.keys() & {"size", "distance"}
    if single and not any(isinstance(own.fields[key], Mapping) for key in single):
        return {"": read_vector(own)}
    return {name: read_vector(own.body(name, REQUIRED)) for name in own.fields}


def read_vector(body: Body) -> VectorParams:
    """Read the parameters of one dense vector or multivector."""
    if (multi := body.body("multivector_config")) is not None:
        multi.choice("comparator", ("max_sim",), REQUIRED)
    datatype = body.choice("datatype", [d.value for d in Datatype])
    return VectorParams(
        size=body.integer("size", REQUIRED, 1, MAX_DIMENSION),
        distance=Distance(body.choice("distance", [d.value for d in Distance], REQUIRED)),
        datatype=Datatype(datatype or "float32"),
        on_disk=body.flag("on_disk"),
        hnsw=section(body, "hnsw_config", HNSW),
        quantization=read_quantization(body),
        multivector=multi is not None,
        datatype_given=datatype is not None,
        memory=vector_memory(body),
    )


def read_sparse_vectors(body: Body) -> dict[str, SparseVectorParams]:
    """Read ``sparse_vectors``: parameters by name."""
    if (own := body.body("sparse_vectors")) is None:
        return {}
    return {name: read_sparse_vector(own.body(name, REQUIRED)) for name in own.fields}


def read_sparse_vector(body: Body) -> SparseVectorParams:
    """Read the parameters of one sparse vector."""
    modifier = body.choice("modifier", MODIFIERS)
    return SparseVectorParams(
        idf=modifier == "idf",
        index=section(body, "index", SPARSE_INDEX),
        modifier_given=modifier is not None,
    )


def read_quantization(body: Body, *, disabled: bool = False) -> Any:
    """Read ``quantization_config``; ``"Disabled"`` is allowed in changes, where `disabled` says so."""
    value = body.raw("quantization_config")
    if value is None or (disabled and value == DISABLED):
        return None if value is None else DISABLED
    own = body.body("quantization_config")
    kinds = [kind for kind in _QUANTIZATIONS if own.has(kind)]
    if len(kinds) != 1:
        raise FormatError(
            f"{own.where}: data did not match any variant of untagged enum QuantizationConfig; "
            f"expected one of {', '.join(_QUANTIZATIONS)}"
        )
    (kind,) = kinds
    settings = own.body(kind)
    if kind in _REQUIRED:
        settings.raw(_REQUIRED[kind], REQUIRED)
    return {kind: read_fields(settings, _QUANTIZATION[kind])}


def read_metadata(body: Body) -> dict[str, Any] | None:
    """Read ``metadata``, an object of any content."""
    own = body.body("metadata")
    return None if own is None else dict(own.fields)


def section(body: Body, name: str, known: Fields) -> dict[str, Any] | None:
    """Return the fields of the object under `name`, or None when it is not there."""
    own = body.body(name)
    return None if own is None else read_fields(own, known)


def vector_memory(body: Body) -> Any:
    """Read the placement of dense vectors."""
    memory = _MEMORY(body, "memory")
    if memory == "pinned":
        raise OutOfRange(body.at("memory"), "`pinned` is not supported for dense vector storage")
    return memory
