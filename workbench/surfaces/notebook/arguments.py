"""What the arguments of ``db.create`` mean: dimensions, types, payload indexes, metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench import embedding
from workbench.errors import InvalidRequest
from workbench.models.config import Datatype, Distance, VectorParams
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import FieldIndex, parse_field_schema
from workbench.surfaces.notebook import texts
from workbench.surfaces.notebook.adding import Source


def sizes_of(
    source: Source | None,
    model: embedding.Embedder | None,
    size: int | Mapping[str, int] | None,
    vectors: Any,
) -> dict[str, int]:
    """Return the dimensions of each vector name."""
    if source is not None and source.texts is None:
        found = {name: int(array.shape[1]) for name, array in source.vectors.items() if array.ndim == 2}
        if any(d == 0 for d in found.values()) and size is None:
            raise InvalidRequest(
                "vectors: expected at least one number a vector, got none; pass size= for an empty start"
            )
        return {name: d or size for name, d in found.items()} if isinstance(size, int) else found
    if model is not None and size is None:
        return {"": model.dim}
    if isinstance(size, Mapping):
        return {str(name): int(d) for name, d in size.items()}
    if size is None:
        raise InvalidRequest(
            "expected frame= and text= or vectors=, or size=<dimensions> for an empty collection"
        )
    return {"": size}


def params_of(
    sizes: Mapping[str, int], distance: str, datatype: str, on_disk: bool
) -> dict[str, VectorParams]:
    """Return the parameters of each vector name."""
    kind, stored, cold = Distance.parse(distance), _datatype(datatype), True if on_disk else None
    return {
        name: VectorParams(size=size, distance=kind, datatype=stored, on_disk=cold)
        for name, size in sizes.items()
    }


def indexes_of(given: Mapping[str, Any] | None) -> dict[str, FieldIndex]:
    """Return the payload indexes by key."""
    if given is not None and not isinstance(given, Mapping):
        raise InvalidRequest(f'payload_indexes: expected {{"field": "type"}}, got {given!r:.80}')
    return {
        str(parse_path(key)): parse_field_schema(value, f"payload_indexes[{key!r}]")
        for key, value in (given or {}).items()
    }


def metadata_of(given: Mapping[str, Any] | None, record: texts.TextRecord | None) -> dict[str, Any]:
    """Return the metadata, and beside it who embedded which column."""
    if given is not None and not isinstance(given, Mapping):
        raise InvalidRequest(f"metadata: expected a mapping, got {given!r:.80}")
    return {**(given or {}), **({texts.KEY: record.to_json()} if record else {})}


def _datatype(value: str) -> Datatype:
    try:
        return Datatype(value)
    except ValueError:
        raise InvalidRequest(
            f"expected a datatype out of {', '.join(d.value for d in Datatype)}, got {value!r}"
        ) from None
