"""What a collection is made with: vectors, distances, HNSW and optimizer settings.

Names and defaults are those of Qdrant 1.19 (``CollectionConfig`` of its OpenAPI schema).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import InvalidRequest

if TYPE_CHECKING:
    from workbench.models.payload_schema import FieldIndex
    from workbench.models.quantization import Quantization

MAX_DIMENSION = 65_536


class Distance(StrEnum):
    """How two vectors are compared; see :mod:`workbench.distances` for the arithmetic."""

    COSINE = "Cosine"
    EUCLID = "Euclid"
    DOT = "Dot"
    MANHATTAN = "Manhattan"

    @classmethod
    def parse(cls, value: str | Distance) -> Distance:
        """Accept any capitalization of the four names."""
        for member in cls:
            if str(value).lower() == member.value.lower():
                return member
        raise InvalidRequest(f"expected a distance out of {', '.join(m.value for m in cls)}, got {value!r}")


class Datatype(StrEnum):
    """How the numbers of a vector are stored; the TurboQuant types are kept, echoed and stored as float32."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    UINT8 = "uint8"
    TURBO4 = "turbo4"
    TURBO8 = "turbo8"
    TURBO16 = "turbo16"


@dataclass(frozen=True, slots=True, kw_only=True)
class HnswConfig:
    """Settings of the HNSW graph.

    Parameters
    ----------
    m : int
        Links of a node on the upper layers; layer 0 has twice as many.
    ef_construct : int
        Candidates looked at when a point is linked.
    full_scan_threshold : int
        Kept and echoed: ``query/plan.py`` decides by estimated distances when to scan instead.
    max_indexing_threads : int
        Threads of one build; 0 means all cores.
    on_disk : bool or None
        Kept and echoed: links on disk are always mapped.
    payload_m : int or None
        Links of a point to others with the same value of an indexed field (keyword, integer, bool, uuid), for
        values of more than `full_scan_threshold` kilobytes of vectors; None and 0 mean none.
    memory : str or None
        Qdrant's placement, ``cold``, ``cached`` or ``pinned``; kept and echoed.
    inline_storage : bool or None
        Kept and echoed: vectors are not copied into the graph's file.
    ef : int or None
        Candidates of a search that names no ``hnsw_ef``; None means `ef_construct`, as in Qdrant.
    """

    m: int = 16
    ef_construct: int = 100
    full_scan_threshold: int = 10_000
    max_indexing_threads: int = 0
    on_disk: bool | None = None
    payload_m: int | None = None
    memory: str | None = None
    inline_storage: bool | None = None
    ef: int | None = None

    def __post_init__(self) -> None:
        _check("hnsw_config.m", self.m, 0, 2048)
        if self.m == 1:  # a graph whose nodes know one neighbor each falls apart
            raise InvalidRequest("hnsw_config.m: expected 0 (no graph) or at least 2, got 1")
        _check("hnsw_config.ef_construct", self.ef_construct, 4, 1_000_000)
        _check("hnsw_config.full_scan_threshold", self.full_scan_threshold, 0, 1 << 60)
        _check("hnsw_config.max_indexing_threads", self.max_indexing_threads, 0, 4096)
        if self.payload_m is not None:
            _check("hnsw_config.payload_m", self.payload_m, 0, 2048)
        if self.ef is not None:
            _check("hnsw_config.ef", self.ef, 1, 1_000_000)

    def updated(self, changes: Mapping[str, Any] | None) -> Self:
        """Return a copy with the given fields replaced; fields that are None stay."""
        known = {k: v for k, v in (changes or {}).items() if v is not None and k in _HNSW_FIELDS}
        return dataclasses.replace(self, **known)


_HNSW_FIELDS = frozenset(f.name for f in dataclasses.fields(HnswConfig))


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizersConfig:
    """When segments are sealed, merged and vacuumed.

    Parameters
    ----------
    deleted_threshold : float
        Share of dead points from which a segment is rebuilt.
    vacuum_min_vector_number : int
        Segments with fewer points are not vacuumed.
    default_segment_number : int
        Sealed segments to keep at most; 0 lets the optimizer choose.
    indexing_threshold : int
        In kilobytes of vectors: from this size an appendable segment is sealed and gets a graph; 0 never.
    flush_interval_sec : int
        Kept for Qdrant's sake: every acknowledged write is on disk already.
    max_optimization_threads : int or None
        0 stops the optimizer; other numbers are kept and echoed, as one job runs at a time. None is Qdrant's
        ``"auto"``.
    prevent_unoptimized : bool or None
        Whether who waits for a write waits until its points are indexed too. They are found at once in any
        case: Qdrant hides them until then.
    """

    deleted_threshold: float = 0.2
    vacuum_min_vector_number: int = 1000
    default_segment_number: int = 0
    indexing_threshold: int = 10_000
    flush_interval_sec: int = 5
    max_segment_size: int | None = None
    memmap_threshold: int | None = None
    max_optimization_threads: int | None = None
    prevent_unoptimized: bool | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.deleted_threshold <= 1.0:
            raise InvalidRequest(
                f"optimizers_config.deleted_threshold: expected 0 to 1, got {self.deleted_threshold}"
            )
        _check("optimizers_config.vacuum_min_vector_number", self.vacuum_min_vector_number, 0, 1 << 60)
        _check("optimizers_config.indexing_threshold", self.indexing_threshold, 0, 1 << 60)

    def updated(self, changes: Mapping[str, Any] | None) -> Self:
        """Return a copy with the given fields replaced; fields that are None stay."""
        known = {f.name for f in dataclasses.fields(self)}
        own = {k: v for k, v in (changes or {}).items() if v is not None and k in known}
        if own.get("max_optimization_threads") == "auto":
            own["max_optimization_threads"] = None
        return dataclasses.replace(self, **own)


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorParams:
    """One named vector of a collection.

    Parameters
    ----------
    size : int
        Number of dimensions, 1 to 65,536.
    distance : Distance
        How vectors are compared.
    datatype : Datatype
        How numbers are stored: float32, float16, or uint8 (values are truncated to 0..255).
    on_disk : bool or None
        Sealed vectors are always mapped; those on disk are also given back to the system as searches read
        them, so that they take next to no memory where codes are walked. The tail is in memory.
    hnsw : mapping or None
        HNSW fields that differ from the collection's.
    quantization : mapping or None
        Quantization settings as Qdrant's JSON, instead of the collection's.
    multivector : bool
        Each point has a small matrix under this name, compared by MaxSim (Khattab and Zaharia, "ColBERT",
        2020).
    memory : str or None
        Qdrant's placement: ``cold`` is on disk, whatever `on_disk` says, ``cached`` is not.
    datatype_given : bool
        Whether the datatype was named, and is echoed though it is the default.
    """

    size: int
    distance: Distance = Distance.COSINE
    datatype: Datatype = Datatype.FLOAT32
    on_disk: bool | None = None
    hnsw: Mapping[str, Any] | None = None
    quantization: Mapping[str, Any] | None = None
    multivector: bool = False
    memory: str | None = None
    datatype_given: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        _check("vectors.size", self.size, 1, MAX_DIMENSION)

    @property
    def cold(self) -> bool:
        """Whether sealed vectors are to stay on disk."""
        return self.memory == "cold" if self.memory is not None else bool(self.on_disk)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseVectorParams:
    """One named sparse vector of a collection; similarity is the dot product.

    Parameters
    ----------
    idf : bool
        Query weights are multiplied by the inverse document frequency of their dimension (modifier ``idf``).
    index : mapping or None
        Qdrant's JSON (``full_scan_threshold``, ``on_disk``, ``memory``, ``datatype``); kept and echoed.
    modifier_given : bool
        Whether the modifier was named, and is echoed though it is the default.
    """

    idf: bool = False
    index: Mapping[str, Any] | None = None
    modifier_given: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionConfig:
    """Everything a collection was created or later patched with.

    The vector without a name, Qdrant's default, is the one called ``""``.

    Parameters
    ----------
    vectors, sparse_vectors : mapping
        By name; no name is in both.
    payload_indexes : mapping of str to FieldIndex
        By key (a JSON path as text).
    quantization : mapping or None
        Qdrant's JSON: how the codes are made that searches of sealed vectors go by; see
        :class:`workbench.models.quantization.Quantization`.
    params : mapping
        Settings of a cluster (``shard_number``, ``replication_factor``, …) as Qdrant's JSON; kept and echoed.
    wal : mapping
        Settings of a write-ahead log as Qdrant's JSON; kept and echoed.
    strict_mode : mapping or None
        Limits as Qdrant's JSON; enforced in :mod:`workbench.api.strict_mode`.
    """

    vectors: Mapping[str, VectorParams]
    hnsw: HnswConfig = field(default_factory=HnswConfig)
    optimizers: OptimizersConfig = field(default_factory=OptimizersConfig)
    quantization: Mapping[str, Any] | None = None
    on_disk_payload: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sparse_vectors: Mapping[str, SparseVectorParams] = field(default_factory=dict)
    payload_indexes: Mapping[str, FieldIndex] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    wal: Mapping[str, Any] = field(default_factory=dict)
    strict_mode: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for name in (*self.vectors, *self.sparse_vectors):
            if len(name) > 255 or "\0" in name:
                raise InvalidRequest(f"vector name: expected at most 255 characters, got {name[:40]!r}…")
            if name in self.vectors:
                # Refuse now what would fail each time the optimizer looks.
                self.hnsw_of(name)
                self.quantization_of(name)
        import orjson  # not above: the kernels, which read a name or two from here, so need NumPy alone

        try:
            orjson.dumps(self.metadata)
        except TypeError as error:
            raise InvalidRequest(f"metadata: expected what JSON can hold: {error}") from error

    def hnsw_of(self, vector: str) -> HnswConfig:
        """Return the HNSW settings of one vector: the collection's, with the vector's own on top."""
        return self.hnsw.updated(self.vectors[vector].hnsw)

    def quantization_of(self, vector: str) -> Quantization | None:
        """Return how one vector is quantized: its own way, or else the collection's."""
        own = self.vectors[vector].quantization
        settings = self.quantization if own is None else own
        if settings is None:  # and opening need not read how the kinds are told
            return None
        from workbench.models.quantization import Quantization

        return Quantization.parse(settings)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that :meth:`from_json` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CollectionConfig:
        """Read what :meth:`to_json` wrote."""
        vectors = {
            name: VectorParams(
                **{**v, "distance": Distance(v["distance"]), "datatype": Datatype(v["datatype"])}
            )
            for name, v in data["vectors"].items()
        }
        return cls(
            vectors=vectors,
            hnsw=HnswConfig(**data["hnsw"]),
            optimizers=OptimizersConfig(**data["optimizers"]),
            quantization=data.get("quantization"),
            on_disk_payload=data["on_disk_payload"],
            metadata=data["metadata"],
            sparse_vectors={n: SparseVectorParams(**v) for n, v in data.get("sparse_vectors", {}).items()},
            payload_indexes=_indexes_of(data.get("payload_indexes", {})),
            params=data.get("params", {}),
            wal=data.get("wal", {}),
            strict_mode=data.get("strict_mode"),
        )


def _indexes_of(data: Mapping[str, Any]) -> dict[str, FieldIndex]:
    if not data:
        return {}
    from workbench.models.payload_schema import FieldIndex, SchemaType

    return {key: FieldIndex(SchemaType(v["type"]), v["params"]) for key, v in data.items()}


def _check(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRequest(f"{name}: expected an integer from {low} to {high}, got {value!r}")
