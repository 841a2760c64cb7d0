"""From the client's filters, selectors and ids to those of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qdrant_client.http import models

from workbench.errors import InvalidRequest, Unsupported
from workbench.models.filters import Filter
from workbench.models.ids import parse_point_id
from workbench.models.points import IdArray
from workbench.models.query import Selector


def filter_of(value: models.Filter | Mapping[str, Any] | None, where: str = "filter") -> Filter | None:
    """Return the filter of a request; a mapping is read as Qdrant's JSON.

    Raises
    ------
    InvalidRequest, Unsupported
        Naming the place in the filter.
    """
    if value is None:
        return None
    if isinstance(value, models.Filter):
        # As JSON: dates become RFC 3339 and `except_` becomes "except".
        return Filter.from_json(value.model_dump(mode="json", by_alias=True, exclude_none=True))
    if isinstance(value, Mapping):
        return Filter.from_json(value)
    raise _not_taken(where, "models.Filter", value)


def ids_of(values: Iterable[Any]) -> IdArray:
    """Return point ids from any spelling.

    Raises
    ------
    InvalidPointId
        For the first that is none.
    """
    return IdArray.of(parse_point_id(value) for value in values)


def points_of(selector: Any) -> IdArray | Filter:
    """Return the points a selector means: a list of ids, a filter, or one of the models of these."""
    if isinstance(selector, models.FilterSelector):
        refuse(shard_key=selector.shard_key)
        selector = selector.filter
    if isinstance(selector, models.PointIdsList):
        refuse(shard_key=selector.shard_key)
        selector = selector.points
    if isinstance(selector, models.Filter | Mapping):
        return filter_of(selector, "points_selector") or Filter()
    if (
        isinstance(selector, str)
        or not isinstance(selector, Iterable)
        or type(selector).__module__.endswith("_pb2")
    ):
        raise _not_taken(
            "points_selector", "a list of ids, models.Filter, FilterSelector or PointIdsList", selector
        )
    return ids_of(selector)


def payload_selector(value: Any) -> Selector:
    """Return what ``with_payload`` asks for."""
    if isinstance(value, models.PayloadSelectorInclude):
        return Selector(True, value.include)
    if isinstance(value, models.PayloadSelectorExclude):
        return Selector(True, None, value.exclude)
    return _selector("with_payload", value)


def vector_selector(value: Any) -> Selector:
    """Return what ``with_vectors`` asks for."""
    return _selector("with_vectors", value)


def _selector(where: str, value: Any) -> Selector:
    if value is None or isinstance(value, bool):
        return Selector(bool(value))
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return Selector(True, list(value))
    raise InvalidRequest(f"{where}: expected a bool or a list of names, got {value!r:.80}")


# What a request may say only where there are several machines or shards, or what this version does not do.
_OPTIONS = {
    "shard_key": "shard keys: a collection in process is one shard",
    "shard_key_selector": "shard keys: a collection in process is one shard",
    "update_filter": "conditional updates (update_filter); filter first, then upsert",
    "update_mode": "insert-only and update-only writes (update_mode); retrieve first, then upsert",
    "order_by": "ordering by a payload value; sort what scroll returns",
    "prefetch": "prefetch (hybrid and multi-stage queries); ask the queries one by one",
    "sparse_vectors_config": "sparse vectors",
    "strict_mode_config": "strict mode",
    "multivector_config": "multivectors; store each vector as a point of its own",
    "mmr": "MMR reranking",
    "idf": "IDF statistics, which belong to sparse vectors",
}


def refuse(**options: Any) -> None:
    """Raise ``Unsupported`` for the first option that asks for what this version does not do."""
    for name, value in options.items():
        if name in _OPTIONS and value not in (None, [], {}, models.UpdateMode.UPSERT):
            raise Unsupported(f"this version does not answer {_OPTIONS[name]}")


def _not_taken(where: str, expected: str, value: Any) -> InvalidRequest:
    kind = type(value)
    hint = "; gRPC structures are for a server" if kind.__module__.endswith("_pb2") else ""
    return InvalidRequest(f"{where}: expected {expected}, got {kind.__name__}{hint}")
