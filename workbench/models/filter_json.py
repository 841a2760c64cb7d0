"""Filters as JSON, in the shape of Qdrant's REST API, both ways."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from workbench.errors import InvalidRequest, Unsupported
from workbench.models.datetimes import format_datetime
from workbench.models.filters import (
    Condition,
    DatetimeRange,
    FieldCondition,
    Filter,
    HasId,
    IsEmpty,
    IsEmptyField,
    IsNull,
    IsNullField,
    Match,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchText,
    MatchTextAny,
    MatchValue,
    MinShould,
    Nested,
    Predicate,
    Range,
    ValuesCount,
    check_depth,
)

CLAUSES = ("must", "should", "must_not", "min_should")
_BOUNDS = ("lt", "gt", "lte", "gte")
_MATCHES = ("value", "any", "except", "text", "text_any", "phrase")
_PREDICATES = ("match", "range", "values_count", "is_empty", "is_null")
_NOT_YET = frozenset(
    ("geo_bounding_box", "geo_radius", "geo_polygon", "has_vector", "slice", "prefix", "substring")
)


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
    InvalidRequest
        For an unknown field, a value of the wrong type or out of range, and too deep nesting.
    Unsupported
        For a condition that this version does not answer.
    """
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
    fields = _object(value, where, ("conditions", "min_count"), required=("conditions", "min_count"))
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
    if "key" in fields:
        return _field_condition(fields, where)
    if "nested" in fields:
        nested = _object(
            _only(fields, "nested", where), f"{where}.nested", ("key", "filter"), ("key", "filter")
        )
        return Nested(nested["key"], parse_filter(nested["filter"], f"{where}.nested.filter", depth + 1))
    if "has_id" in fields:
        return HasId(
            frozenset(_list(_only(fields, "has_id", where), f"{where}.has_id", "a list of point ids"))
        )
    for name, kind in (("is_empty", IsEmptyField), ("is_null", IsNullField)):
        if name in fields:
            inner = _object(_only(fields, name, where), f"{where}.{name}", ("key",), ("key",))
            return kind(inner["key"])
    if fields and not fields.keys() & set(CLAUSES):
        _refuse_unanswered(fields, where)
        raise InvalidRequest(
            f"{where}: not a condition: {sorted(map(str, fields))}; expected key, is_empty, is_null, has_id, "
            f"nested or a filter with {', '.join(CLAUSES)}"
        )
    return parse_filter(fields, where, depth + 1)


def _field_condition(fields: Mapping[str, Any], where: str) -> FieldCondition:
    _object(fields, where, ("key", *_PREDICATES))
    predicates: list[Predicate] = []
    for name in _PREDICATES:
        value, place = fields.get(name), f"{where}.{name}"
        if value is None:
            continue
        if name == "match":
            predicates.append(_match(value, place))
        elif name == "range":
            predicates.append(_range(value, place))
        elif name == "values_count":
            predicates.append(ValuesCount(**_object(value, place, _BOUNDS)))
        elif not isinstance(value, bool):
            raise InvalidRequest(f"{place}: expected true or false, got {value!r}")
        else:
            predicates.append(IsEmpty(value) if name == "is_empty" else IsNull(value))
    if not predicates:
        raise InvalidRequest(f"{where}: expected at least one of {', '.join(_PREDICATES)} beside key")
    return FieldCondition(fields["key"], tuple(predicates))


def _match(value: object, where: str) -> Match:
    fields = _object(value, where, _MATCHES)
    if len(fields) != 1:
        raise InvalidRequest(f"{where}: expected exactly one of {', '.join(_MATCHES)}, got {sorted(fields)}")
    ((name, wanted),) = fields.items()
    match name:
        case "value":
            return MatchValue(wanted)
        case "any":
            return MatchAny(_list(wanted, f"{where}.any", "a list of strings or of integers"))
        case "except":
            return MatchExcept(_list(wanted, f"{where}.except", "a list of strings or of integers"))
        case "text":
            return MatchText(wanted)
        case "text_any":
            return MatchTextAny(wanted)
        case _:
            return MatchPhrase(wanted)


def _range(value: object, where: str) -> Range | DatetimeRange:
    bounds = {name: bound for name, bound in _object(value, where, _BOUNDS).items() if bound is not None}
    texts = [isinstance(bound, str) for bound in bounds.values()]
    if any(texts) and not all(texts):
        raise InvalidRequest(f"{where}: expected either only numbers or only date-times, got {bounds!r}")
    return DatetimeRange.of(**bounds) if any(texts) else Range(**bounds)


def _only(fields: Mapping[str, Any], name: str, where: str) -> Any:
    return _object(fields, where, (name,))[name]


def _object(
    value: object, where: str, allowed: Iterable[str] = (), required: Iterable[str] = ()
) -> Mapping[str, Any]:
    """The value as an object, with no fields but those allowed (if any are named)."""
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{where}: expected an object, got {value!r}")
    names = tuple(allowed)
    unknown = [name for name in value if names and name not in names]
    if unknown:
        _refuse_unanswered(unknown, where)
        raise InvalidRequest(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(names)}")
    missing = [name for name in required if name not in value]
    if missing:
        raise InvalidRequest(f"{where}: the field {missing[0]!r} is missing")
    return value


def _refuse_unanswered(names: Iterable[str], where: str) -> None:
    for name in names:
        if name in _NOT_YET:
            raise Unsupported(f"{where}: this version does not answer the condition {name!r}")


def _list(value: object, where: str, expected: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise InvalidRequest(f"{where}: expected {expected}, got {value!r}")
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


def _given_bounds(predicate: Range | DatetimeRange | ValuesCount) -> dict[str, float]:
    bounds = {name: getattr(predicate, name) for name in _BOUNDS}
    return {name: bound for name, bound in bounds.items() if bound is not None}
