"""Filters as JSON, in the shape of Qdrant's REST API, both ways.

As in Qdrant, a condition is what its first known field says (``key``, ``is_empty``, ``is_null``, ``has_id``,
``has_vector``, ``slice``, ``nested``), and further fields of it are passed over; a filter knows its clauses
only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from workbench.errors import FormatError, InvalidRequest, OutOfRange
from workbench.models.datetimes import format_datetime
from workbench.models.filters import (
    Condition,
    DatetimeRange,
    FieldCondition,
    Filter,
    HasId,
    HasVector,
    IsEmpty,
    IsEmptyField,
    IsNull,
    IsNullField,
    Match,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    MatchTextAny,
    MatchTokens,
    MatchTyped,
    MatchValue,
    MinShould,
    Nested,
    Predicate,
    Range,
    Slice,
    ValuesCount,
    check_depth,
)
from workbench.models.geo import GeoBoundingBox, GeoPoint, GeoPolygon, GeoRadius
from workbench.models.ids import parse_point_id

CLAUSES = ("must", "should", "must_not", "min_should")
_BOUNDS = ("lt", "gt", "lte", "gte")
_TEXTS: dict[str, type[MatchText | MatchTextAny | MatchPhrase | MatchPrefix | MatchSubstring]] = {
    "text": MatchText,
    "text_any": MatchTextAny,
    "phrase": MatchPhrase,
    "prefix": MatchPrefix,
    "substring": MatchSubstring,
}
_MATCHES = ("value", *_TEXTS, "any", "except")
_PREDICATES = (
    "match", "range", "datetime_range", "geo_bounding_box", "geo_radius", "geo_polygon", "values_count",
    "is_empty", "is_null",
)  # fmt: skip
CONDITIONS = ("key", "is_empty", "is_null", "has_id", "has_vector", "slice", "nested")


def parse_filter(value: object, where: str = "filter", depth: int = 1) -> Filter:
    """A filter from decoded JSON.

    Parameters
    ----------
    value
        An object with any of ``must``, ``should``, ``must_not`` (a condition or a list of them) and
        ``min_should``.
    where : str
        The place of the value in the request, for error messages.
    depth : int
        How many filters the value is inside, with itself.

    Raises
    ------
    FormatError
        For what has not the shape of a filter: an unknown clause, a value of another type, too deep nesting.
    OutOfRange
        For a number out of range, a line that is not closed, and a field condition that asks nothing.
    """
    try:
        return _filter(value, where, depth)
    except (FormatError, OutOfRange):
        raise
    except InvalidRequest as error:
        raise FormatError(str(error)) from error


def _filter(value: object, where: str, depth: int) -> Filter:
    check_depth(depth)
    clauses = _object(value, where, CLAUSES)
    should, counted = clauses.get("should"), clauses.get("min_should")
    return Filter(
        must=_conditions(clauses.get("must"), f"{where}.must", depth),
        should=None if should is None else _conditions(should, f"{where}.should", depth),
        must_not=_conditions(clauses.get("must_not"), f"{where}.must_not", depth),
        min_should=None if counted is None else _min_should(counted, f"{where}.min_should", depth),
    )


def _min_should(value: object, where: str, depth: int) -> MinShould:
    fields = _object(value, where, required=("conditions", "min_count"))
    return MinShould(_conditions(fields["conditions"], f"{where}.conditions", depth), fields["min_count"])


def _conditions(value: object, where: str, depth: int) -> tuple[Condition, ...]:
    if value is None:
        return ()
    if isinstance(value, Mapping):
        return (_condition(value, where, depth),)
    items = _list(value, where, "a condition or a list of conditions")
    return tuple(_condition(item, f"{where}[{index}]", depth) for index, item in enumerate(items))


def _condition(value: object, where: str, depth: int) -> Condition:
    fields = _object(value, where)
    name = next((name for name in CONDITIONS if name in fields), None)
    place = f"{where}.{name}"
    match name:
        case "key":
            return _field_condition(fields, where)
        case "is_empty" | "is_null":
            key = _object(fields[name], place, required=("key",))["key"]
            return IsEmptyField(key) if name == "is_empty" else IsNullField(key)
        case "has_id":
            return HasId(frozenset(map(parse_point_id, _list(fields[name], place, "a list of point ids"))))
        case "has_vector":
            if not isinstance(fields[name], str):
                raise FormatError(f"{place}: expected the name of a vector, got {fields[name]!r}")
            return HasVector(fields[name])
        case "slice":
            part = _object(fields[name], place, required=("total", "index"))
            return Slice(part["total"], part["index"])
        case "nested":
            inner = _object(fields[name], place, required=("key", "filter"))
            return Nested(inner["key"], _filter(inner["filter"], f"{place}.filter", depth + 1))
        case _:
            if fields and not fields.keys() & set(CLAUSES):
                raise FormatError(
                    f"{where}: not a condition: {sorted(map(str, fields))}; expected "
                    f"{', '.join(CONDITIONS)} "
                    f"or a filter with {', '.join(CLAUSES)}"
                )
            return _filter(fields, where, depth + 1)


def _field_condition(fields: Mapping[str, Any], where: str) -> FieldCondition:
    predicates = [
        _predicate(name, fields[name], f"{where}.{name}")
        for name in _PREDICATES
        if fields.get(name) is not None
    ]
    if not predicates:
        raise OutOfRange(where, "At least one field condition must be specified")
    return FieldCondition(fields["key"], tuple(predicates))


def _predicate(name: str, value: object, where: str) -> Predicate:
    match name:
        case "match":
            return _match(value, where)
        case "range" | "datetime_range":
            return _range(value, where)
        case "geo_bounding_box":
            box = _object(value, where, required=("top_left", "bottom_right"))
            corners = [
                _geo_point(box[corner], f"{where}.{corner}") for corner in ("top_left", "bottom_right")
            ]
            return GeoBoundingBox(*corners)
        case "geo_radius":
            circle = _object(value, where, required=("center", "radius"))
            return GeoRadius(_geo_point(circle["center"], f"{where}.center"), circle["radius"])
        case "geo_polygon":
            shape = _object(value, where, required=("exterior",))
            holes = _list(shape.get("interiors") or (), f"{where}.interiors", "a list of closed lines")
            return GeoPolygon(
                _ring(shape["exterior"], f"{where}.exterior"),
                tuple(_ring(hole, f"{where}.interiors[{index}]") for index, hole in enumerate(holes)),
            )
        case "values_count":
            return ValuesCount(**_bounds(value, where))
        case _:
            if not isinstance(value, bool):
                raise FormatError(f"{where}: expected true or false, got {value!r}")
            return IsEmpty(value) if name == "is_empty" else IsNull(value)


def _geo_point(value: object, where: str) -> GeoPoint:
    fields = _object(value, where, required=("lon", "lat"))
    return GeoPoint(fields["lon"], fields["lat"])


def _ring(value: object, where: str) -> tuple[GeoPoint, ...]:
    points = _list(
        _object(value, where, required=("points",))["points"], f"{where}.points", "a list of points"
    )
    return tuple(_geo_point(point, f"{where}.points[{index}]") for index, point in enumerate(points))


def _match(value: object, where: str) -> Match:
    fields = _object(value, where)
    name = next((name for name in _MATCHES if name in fields), None)
    if name is None:
        raise FormatError(f"{where}: expected one of {', '.join(_MATCHES)}, got {sorted(map(str, fields))}")
    wanted = fields[name]
    if name in _TEXTS:
        return _TEXTS[name](wanted)
    if name == "value":
        return MatchValue(wanted)
    values = _list(wanted, f"{where}.{name}", "a list of strings or of integers")
    return MatchAny(values) if name == "any" else MatchExcept(values)


def _range(value: object, where: str) -> Range | DatetimeRange:
    bounds = _bounds(value, where)
    texts = [isinstance(bound, str) for bound in bounds.values()]
    if any(texts) and not all(texts):
        raise FormatError(f"{where}: expected either only numbers or only date-times, got {bounds!r}")
    return DatetimeRange.of(**bounds) if any(texts) else Range(**bounds)


def _bounds(value: object, where: str) -> dict[str, Any]:
    fields = _object(value, where)
    return {name: fields[name] for name in _BOUNDS if fields.get(name) is not None}


def _object(
    value: object, where: str, allowed: Iterable[str] = (), required: Iterable[str] = ()
) -> Mapping[str, Any]:
    """The value as an object, with no fields but those allowed (if any are named)."""
    if not isinstance(value, Mapping):
        raise FormatError(f"{where}: expected an object, got {value!r}")
    names = tuple(allowed)
    unknown = [name for name in value if names and name not in names]
    if unknown:
        raise FormatError(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(names)}")
    missing = [name for name in required if name not in value]
    if missing:
        raise FormatError(f"{where}: the field {missing[0]!r} is missing")
    return value


def _list(value: object, where: str, expected: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise FormatError(f"{where}: expected {expected}, got {value!r}")
    return tuple(value)


def dump_filter(flt: Filter) -> dict[str, Any]:
    """A filter as JSON objects; ``parse_filter`` reads it back equal."""
    result: dict[str, Any] = {}
    if flt.must:
        result["must"] = [_dump_condition(condition) for condition in flt.must]
    if flt.should is not None:
        result["should"] = [_dump_condition(condition) for condition in flt.should]
    if flt.must_not:
        result["must_not"] = [_dump_condition(condition) for condition in flt.must_not]
    if flt.min_should is not None:
        conditions = [_dump_condition(condition) for condition in flt.min_should.conditions]
        result["min_should"] = {"conditions": conditions, "min_count": flt.min_should.min_count}
    return result


def _dump_condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case FieldCondition():
            parts = [_dump_predicate(predicate) for predicate in condition.predicates]
            return {"key": condition.key} | dict(parts)
        case IsEmptyField():
            return {"is_empty": {"key": condition.key}}
        case IsNullField():
            return {"is_null": {"key": condition.key}}
        case HasId():
            numbers = sorted(point_id for point_id in condition.ids if isinstance(point_id, int))
            uuids = sorted(str(point_id) for point_id in condition.ids if isinstance(point_id, uuid.UUID))
            return {"has_id": [*numbers, *uuids]}
        case HasVector(name):
            return {"has_vector": name}
        case Slice(total, index):
            return {"slice": {"total": total, "index": index}}
        case Nested():
            return {"nested": {"key": condition.key, "filter": dump_filter(condition.filter)}}
        case Filter():
            return dump_filter(condition)
        case _:
            assert_never(condition)


def _dump_predicate(predicate: Predicate) -> tuple[str, Any]:
    match predicate:
        case MatchValue(value):
            return "match", {"value": value}
        case MatchAny(values):
            return "match", {"any": list(values)}
        case MatchExcept(values):
            return "match", {"except": list(values)}
        case MatchText(text):
            return "match", {"text": text}
        case MatchTextAny(text):
            return "match", {"text_any": text}
        case MatchPhrase(text):
            return "match", {"phrase": text}
        case MatchPrefix(text):
            return "match", {"prefix": text}
        case MatchSubstring(text):
            return "match", {"substring": text}
        case MatchTokens() | MatchTyped():
            return _dump_predicate(predicate.asked)
        case GeoRadius(center, radius):
            return "geo_radius", {"center": _dump_point(center), "radius": radius}
        case GeoBoundingBox(start, end):
            return "geo_bounding_box", {"top_left": _dump_point(start), "bottom_right": _dump_point(end)}
        case GeoPolygon(exterior, interiors):
            holes = {"interiors": [_dump_ring(ring) for ring in interiors]} if interiors else {}
            return "geo_polygon", {"exterior": _dump_ring(exterior), **holes}
        case Range() | ValuesCount():
            bounds = _given_bounds(predicate)
            return ("range" if isinstance(predicate, Range) else "values_count"), bounds
        case DatetimeRange():
            bounds = _given_bounds(predicate)
            return "range", {name: format_datetime(int(bound)) for name, bound in bounds.items()}
        case IsEmpty(expected):
            return "is_empty", expected
        case IsNull(expected):
            return "is_null", expected
        case _:
            assert_never(predicate)


def _dump_point(point: GeoPoint) -> dict[str, float]:
    return {"lon": point.lon, "lat": point.lat}


def _dump_ring(ring: tuple[GeoPoint, ...]) -> dict[str, Any]:
    return {"points": [_dump_point(point) for point in ring]}


def _given_bounds(predicate: Range | DatetimeRange | ValuesCount) -> dict[str, float]:
    bounds = {name: getattr(predicate, name) for name in _BOUNDS}
    return {name: bound for name, bound in bounds.items() if bound is not None}
