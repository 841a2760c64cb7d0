"""Results as JSON in the shape of the API: points, vectors, numbers by their shortest text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import orjson

from workbench.models.answers import PointGroup, ScoredPoint, UpdateResult
from workbench.models.points import PointId, Record
from workbench.models.vectors import SparseVector

# Floats that are float32 print as the shortest text that reads back as that float32: NumPy's types carry it.
_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def encode(value: Any) -> bytes:
    """Return a value as JSON; points, vectors and receipts may stand anywhere in it."""
    try:
        return orjson.dumps(value, _plain, _OPTIONS)
    except orjson.JSONEncodeError:
        # Integers of more than 64 bits and lone surrogates are stored, and Python's encoder writes them.
        return orjson.dumps(_tame(value), _plain, _OPTIONS)


def shaped(operation: str, result: Any) -> Any:
    """Return the result of an operation in the shape of the API's ``result``."""
    shape = _SHAPES.get(operation)
    return result if shape is None else shape(result)


def columns(ids: Iterable[PointId], scores: Iterable[np.float32], versions: Iterable[int]) -> Any:
    """Return points that are nothing but ids, scores and versions in the shape of a query's ``result``."""
    return {
        "points": [
            {"id": point, "version": version, "score": score}
            for point, score, version in zip(ids, scores, versions, strict=True)
        ]
    }


def _record(record: Record) -> dict[str, Any]:
    out: dict[str, Any] = {"id": record.id}
    return _parts(out, record)


def _scored(point: ScoredPoint) -> dict[str, Any]:
    out: dict[str, Any] = {"id": point.id, "version": point.version, "score": point.score}
    return _parts(out, point)


def _parts(out: dict[str, Any], point: Record | ScoredPoint) -> dict[str, Any]:
    if point.payload is not None:
        out["payload"] = point.payload
    if point.vectors is not None:
        out["vector"] = _vectors(point.vectors)
    if point.order_value is not None:
        out["order_value"] = point.order_value
    return out


def _vectors(vectors: Mapping[str, Any]) -> Any:
    if len(vectors) == 1 and "" in vectors:
        return _vector(vectors[""])
    return {name: _vector(value) for name, value in vectors.items()}


def _vector(value: Any) -> Any:
    if isinstance(value, SparseVector):
        return {"indices": value.indices, "values": value.values}
    if isinstance(value, np.ndarray):
        # Whatever it is stored as, Qdrant prints vectors as float32; orjson reads contiguous arrays only.
        return np.ascontiguousarray(value, dtype=np.float32)
    return value


def _group(group: PointGroup) -> dict[str, Any]:
    out: dict[str, Any] = {"id": group.id, "hits": [_scored(hit) for hit in group.hits]}
    if group.lookup is not None:
        out["lookup"] = _record(group.lookup)
    return out


def _receipt(result: UpdateResult) -> dict[str, Any]:
    return {"operation_id": result.operation_id, "status": result.status}


def _plain(value: Any) -> Any:
    """Return what orjson can write in place of what it cannot."""
    if isinstance(value, SparseVector | np.ndarray):
        return _vector(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    raise TypeError(f"cannot be written as JSON: {type(value).__name__}")


def _tame(value: Any) -> Any:
    """Return a payload that orjson refuses, nearly as it is: wide integers as floats, texts mended."""
    if isinstance(value, dict):
        return {_tame(k) if isinstance(k, str) else k: _tame(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(v) for v in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < (1 << 64):
        wide = float(value) if abs(value) < 1 << 1023 else math.inf
        return wide if math.isfinite(wide) else None
    return value


def _points(result: list[ScoredPoint]) -> Any:
    return {"points": [_scored(p) for p in result]}


def _hits(result: list[ScoredPoint]) -> Any:
    return [_scored(p) for p in result]


def _scroll(result: tuple[list[Record], Any]) -> Any:
    records, following = result
    return {"points": [_record(r) for r in records], "next_page_offset": following}


def _groups(result: list[PointGroup]) -> Any:
    return {"groups": [_group(g) for g in result]}


def _facet(result: list[tuple[Any, int]]) -> Any:
    return {"hits": [{"value": value, "count": count} for value, count in result]}


def _pairs(result: list[tuple[Any, Any, float]]) -> Any:
    return {"pairs": [{"a": a, "b": b, "score": score} for a, b, score in result]}


def _count(result: int) -> Any:
    return {"count": result}


_WRITES: Final = (
    "upsert_points", "delete_points", "update_vectors", "delete_vectors", "set_payload", "overwrite_payload",
    "delete_payload", "clear_payload", "create_field_index", "delete_field_index", "create_vector_name",
    "delete_vector_name",
)  # fmt: skip


def _receipt_or_value(result: Any) -> Any:
    return _receipt(result) if isinstance(result, UpdateResult) else result


_SHAPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_WRITES, _receipt_or_value),
    "batch_update": lambda result: [_receipt_or_value(r) for r in result],
    "query_points": _points,
    "query_batch_points": lambda result: [_points(r) for r in result],
    "query_points_groups": _groups,
    "search_points": _hits,
    "recommend_points": _hits,
    "discover_points": _hits,
    "search_batch_points": lambda result: [_hits(r) for r in result],
    "recommend_batch_points": lambda result: [_hits(r) for r in result],
    "discover_batch_points": lambda result: [_hits(r) for r in result],
    "search_point_groups": _groups,
    "recommend_point_groups": _groups,
    "get_points": lambda result: [_record(r) for r in result],
    "get_point": _record,
    "scroll_points": _scroll,
    "count_points": _count,
    "facet": _facet,
    "search_matrix_pairs": _pairs,
}
