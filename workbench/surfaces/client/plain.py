"""From the models of Qdrant's client to plain values in the shape of the REST API.

Numbers of vectors pass through as they are, in the list or array that the caller made: nothing is copied or
looked at here, so a large upsert costs a few attribute reads a point.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel
from qdrant_client.http import models

from workbench.api.body import kind_of
from workbench.errors import FormatError, InvalidRequest
from workbench.surfaces.client.failures import as_response

Plain = Callable[[Any], Any]

_SCALARS = frozenset((str, int, float, bool, type(None), uuid.UUID, np.ndarray, bytes))
# A longer list that begins with a float is a vector; a formula may have a shorter one, with models in it.
_VECTOR = 64
# Fields that hold what the caller wants stored, which is JSON of its own.
_STORED = frozenset(("payload", "payloads", "metadata"))


def plain(value: Any) -> Any:
    """Return a model, or anything with models in it, as plain values; fields that are None are left out."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    convert = _converters.get(kind)
    if convert is None:
        convert = _converters[kind] = _converter(kind)
    return convert(value)


def _converter(kind: type[Any]) -> Plain:
    if issubclass(kind, BaseModel):
        return _model_converter(kind)
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, np.generic):
        return lambda value: value.item()
    if hasattr(kind, "__array__"):
        return np.asarray  # a tensor or a column of a table
    if issubclass(kind, date):
        return lambda value: value.isoformat()
    if issubclass(kind, Mapping):
        return lambda value: {_key(k): plain(v) for k, v in value.items()}
    if kind.__module__.endswith("_pb2"):
        return _message
    if issubclass(kind, Iterable) and not issubclass(kind, str | bytes):
        return _sequence
    return lambda value: value


def _sequence(values: Iterable[Any]) -> Any:
    items = values if isinstance(values, list) else list(values)
    if len(items) > _VECTOR and type(items[0]) is float:
        return items  # a vector: the API checks the rest of it where it becomes an array
    return items if _SCALARS.issuperset(map(type, items)) else [plain(item) for item in items]


def _key(key: Any) -> str:
    if isinstance(key, Enum):
        key = key.value
    if not isinstance(key, str):
        raise as_response(
            FormatError(f"invalid type: {kind_of(key)}, expected a string as the key of an object")
        )
    return key


def listed(values: Any, where: str) -> list[Any]:
    """Return what can be iterated over as a list of plain values.

    Raises
    ------
    InvalidRequest
        For anything else.
    """
    try:
        if isinstance(values, str | bytes | Mapping):
            raise TypeError
        return [plain(value) for value in values]
    except TypeError:
        raise as_response(InvalidRequest(f"{where}: expected a list, got {type(values).__name__}")) from None


def _model_converter(kind: type[BaseModel]) -> Plain:
    fields = [(name, field.alias or name) for name, field in kind.model_fields.items()]

    def convert(model: BaseModel) -> dict[str, Any]:
        own = model.__dict__
        given = {
            alias: value if name in _STORED and isinstance(value, dict | list) else plain(value)
            for name, alias in fields
            if (value := own.get(name)) is not None
        }
        if model.__pydantic_extra__:
            given.update({name: plain(value) for name, value in model.__pydantic_extra__.items()})
        return given

    return convert


def _message(value: Any) -> Any:
    """Return a structure of gRPC, which Qdrant's client takes too, as the plain values of its model."""
    return plain(_model_of(value))


def _model_of(message: Any) -> Any:
    from qdrant_client.conversions.conversion import GrpcToRest

    kind = type(message).__name__
    convert = getattr(GrpcToRest, f"convert_{_CAPITAL.sub('_', kind).lower()}", None)
    if convert is None:
        raise as_response(InvalidRequest(f"expected what qdrant_client.models has, got the message {kind}"))
    return convert(message)


def _is_message(value: Any) -> bool:
    return type(value).__module__.endswith("_pb2")


_CAPITAL = re.compile("(?<!^)(?=[A-Z])")
_converters: dict[type[Any], Plain] = {}


def without_none(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not None, as plain values."""
    return {name: plain(value) for name, value in fields.items() if value is not None}


# -- points ------------------------------------------------------------------------------------------------


def point_batch(points: Any) -> dict[str, Any]:
    """Return the body of an upsert.

    Parameters
    ----------
    points : models.Batch, models.PointsBatch, models.PointsList, mapping, or iterable of points
        A point is a ``PointStruct``, a ``Record``, a mapping, or any object with ``id``, ``vector`` and
        ``payload``.

    Raises
    ------
    InvalidRequest
        When it is none of these.
    """
    if isinstance(points, models.Batch):
        return {"batch": plain(points)}
    if isinstance(points, models.PointsBatch | models.PointsList):
        body: dict[str, Any] = plain(points)
        return body
    if isinstance(points, Mapping) and points.keys() & {"points", "batch"}:
        return dict(points)
    return {"points": point_rows(points)}


def point_rows(points: Any) -> list[dict[str, Any]]:
    """Return points, or the vectors of some, as JSON has them; what is no list is an ``InvalidRequest``."""
    try:
        if isinstance(points, str | Mapping):
            raise TypeError
        given = iter(points)
    except TypeError:
        raise as_response(
            InvalidRequest(f"points: expected models.Batch or a list of points, got {type(points).__name__}")
        ) from None
    return [point_json(point) for point in given]


def point_json(point: Any) -> dict[str, Any]:
    """Return one point, or the vectors of one, as JSON has it."""
    if isinstance(point, Mapping):
        return {**point, "vector": plain(point["vector"])} if "vector" in point else dict(point)
    if _is_message(point):
        point = _model_of(point)
    try:
        vector = point.vector
        body = {"id": plain(point.id), "vector": {} if vector is None else plain(vector)}
    except AttributeError:
        raise as_response(
            InvalidRequest(f"point: expected models.PointStruct, got {type(point).__name__}")
        ) from None
    payload = getattr(point, "payload", None)
    if payload is not None:
        body["payload"] = payload
    return body


def selector_body(selector: Any, shard_key: Any = None) -> dict[str, Any]:
    """Return the points that a selector means: a list of ids, a filter, or one of the models of these.

    Raises
    ------
    InvalidRequest
        When it is none of these.
    """
    if _is_message(selector):
        selector = _model_of(selector)
    if isinstance(selector, models.FilterSelector | models.PointIdsList):
        body: dict[str, Any] = plain(selector)
    elif isinstance(selector, models.Filter):
        body = {"filter": plain(selector)}
    elif isinstance(selector, Mapping):
        own = plain(selector)
        body = own if own.keys() & {"points", "filter"} else {"filter": own}
    elif isinstance(selector, str) or not isinstance(selector, Iterable):
        raise as_response(
            InvalidRequest(
                "points_selector: expected a list of ids, models.Filter, FilterSelector or PointIdsList, got "
                f"{type(selector).__name__}"
            )
        )
    else:
        body = {"points": listed(selector, "points_selector")}
    if shard_key is not None:
        body["shard_key"] = plain(shard_key)
    return body
