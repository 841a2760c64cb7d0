"""Filters: where their messages differ from the REST API."""

from __future__ import annotations

from typing import Any

from workbench.errors import FormatError
from workbench.surfaces.grpc.messages import chosen, entries, plain, shape

# What a match is called in the REST API, and the field its list is in.
_MATCHES = {
    "keyword": ("value", ""),
    "integer": ("value", ""),
    "boolean": ("value", ""),
    "keywords": ("any", "strings"),
    "integers": ("any", "integers"),
    "except_keywords": ("except", "strings"),
    "except_integers": ("except", "integers"),
}


@shape("PointId")
def point_id(message: Any) -> int | str:
    """Return an id: a number, or the text of a UUID."""
    kind = message.WhichOneof("point_id_options")
    if kind == "num":
        return int(message.num)
    if kind == "uuid":
        return str(message.uuid)
    raise FormatError("No ID options provided")


@shape("Condition")
def _condition(message: Any) -> Any:
    kind = chosen(message, "condition_one_of")
    content = getattr(message, kind)
    if kind in ("field", "filter"):
        return plain(content)
    if kind == "has_id":
        return {"has_id": [point_id(point) for point in content.has_id]}
    if kind == "has_vector":
        return {"has_vector": content.has_vector}
    return {kind: plain(content)}


@shape("FieldCondition")
def _field_condition(message: Any) -> dict[str, Any]:
    found = entries(message)
    if "datetime_range" in found:
        found["range"] = found.pop("datetime_range")
    return found


@shape("Match")
def _match(message: Any) -> dict[str, Any]:
    kind = chosen(message, "match_value")
    content = getattr(message, kind)
    name, many = _MATCHES.get(kind, (kind, ""))
    return {name: list(getattr(content, many)) if many else content}


@shape("DatetimeRange")
def _datetime_range(message: Any) -> dict[str, Any]:
    return {field.name: moment(value) for field, value in message.ListFields()}


@shape("GeoLineString")
def _line(message: Any) -> dict[str, Any]:
    return {"points": [entries(point) for point in message.points]}


@shape("MinShould")
def _min_should(message: Any) -> dict[str, Any]:
    return {"conditions": [_condition(c) for c in message.conditions], "min_count": message.min_count}


def moment(timestamp: Any) -> str:
    """Return a timestamp as RFC 3339."""
    try:
        return str(timestamp.ToJsonString())
    except ValueError as error:
        raise FormatError(f"Malformed Timestamp: {error}") from error
