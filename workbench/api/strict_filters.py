"""Filters under strict mode: how large they are, and which payload indexes they need.

What needs which index is Qdrant's table (``unindexed_field.rs`` of 1.19).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from workbench.models.filters import (
    Condition,
    FieldCondition,
    Filter,
    HasId,
    IsEmptyField,
    IsNullField,
    Nested,
)
from workbench.models.formula import Apply, Decay, Divide, Expression, GeoDistance, MomentAt, Variable, When
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius
from workbench.models.ids import parse_uuid
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.predicates import (
    DatetimeRange,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    MatchTextAny,
    MatchValue,
    Predicate,
    Range,
)

Indexes = Mapping[str, FieldIndex]
Need = tuple[str, frozenset[str]]
"""A key, and what its index must be able to do, any of these."""

# What an index is asked to do, and the type of index that does it.
_TYPES: Final = {
    "match integer": "integer",
    "range integer": "integer",
    "match keyword": "keyword",
    "prefix keyword": "keyword",
    "range float": "float",
    "words": "text",
    "phrase": "text",
    "match bool": "bool",
    "match uuid": "uuid",
    "range datetime": "datetime",
    "geo": "geo",
}
_ANY: Final = frozenset(_TYPES)

_BY_PREDICATE: Final[Mapping[type, tuple[str, ...]]] = {
    MatchText: ("words",),
    MatchTextAny: ("words",),
    MatchPhrase: ("phrase",),
    MatchPrefix: ("prefix keyword",),
    Range: ("range float", "range integer"),
    DatetimeRange: ("range datetime",),
    GeoBoundingBox: ("geo",),
    GeoRadius: ("geo",),
    GeoPolygon: ("geo",),
}


def leaves(flt: Filter, prefix: str = "") -> Iterator[tuple[str, Condition]]:
    """Yield every condition that is no filter itself, with the path of the nested object it is about."""
    for condition in flt.conditions():
        if isinstance(condition, Filter):
            yield from leaves(condition, prefix)
        elif isinstance(condition, Nested):
            key = condition.key if condition.key.endswith("[]") else f"{condition.key}[]"
            yield from leaves(condition.filter, f"{prefix}{key}.")
        else:
            yield prefix, condition


def size(condition: Condition) -> int:
    """Return how many values a condition lists."""
    if isinstance(condition, HasId):
        return len(condition.ids)
    if isinstance(condition, FieldCondition):
        return sum(len(p.values) for p in condition.predicates if isinstance(p, MatchAny | MatchExcept))
    return 0


def substring_key(flt: Filter) -> str | None:
    """Return a key that is searched for substrings, which no index answers."""
    for prefix, condition in leaves(flt):
        if isinstance(condition, FieldCondition) and any(
            isinstance(p, MatchSubstring) for p in condition.predicates
        ):
            return prefix + condition.key
    return None


def unindexed(flt: Filter, indexes: Indexes) -> tuple[str, list[str]] | None:
    """Return a key of `flt` that lacks an index, and the types that would do; None when all have one."""
    return _first(_needs_of(flt), indexes)


def every_unindexed(flt: Filter, indexes: Indexes) -> dict[str, list[str]]:
    """Return every key of `flt` that lacks an index, with the types that would do."""
    missing = (_first(iter([need]), indexes) for need in _needs_of(flt))
    return dict(found for found in missing if found is not None)


def unindexed_in(expression: Expression, indexes: Indexes) -> tuple[str, list[str]] | None:
    """Return a key of a formula that lacks an index, and the types that would do."""
    return _first(_expression_needs(expression), indexes)


def abilities(index: FieldIndex) -> frozenset[str]:
    """Return what an index can do."""
    params = index.params
    match index.type:
        case SchemaType.INTEGER:
            own = {"match integer": params.get("lookup"), "range integer": params.get("range")}
            return frozenset(name for name, asked in own.items() if asked is not False)
        case SchemaType.KEYWORD:
            return frozenset({"match keyword", *(["prefix keyword"] if params.get("prefix") else [])})
        case SchemaType.TEXT:
            return frozenset({"words", *(["phrase"] if params.get("phrase_matching") else [])})
        case _:
            return frozenset(name for name, kind in _TYPES.items() if kind == index.type.value)


def _first(needs: Iterator[Need], indexes: Indexes) -> tuple[str, list[str]] | None:
    for given, wanted in needs:
        key = str(parse_path(given))
        index = indexes.get(key)
        if wanted and (index is None or not abilities(index) & wanted):
            return key, sorted({_TYPES[name] for name in wanted})
    return None


def _needs_of(flt: Filter) -> Iterator[Need]:
    for prefix, condition in leaves(flt):
        yield from _condition_needs(condition, prefix)


def _condition_needs(condition: Condition, prefix: str = "") -> Iterator[Need]:
    if isinstance(condition, FieldCondition):
        wanted: set[str] = set()
        for predicate in condition.predicates:
            wanted.update(_predicate_needs(predicate))
        yield prefix + condition.key, frozenset(wanted)
    elif isinstance(condition, IsEmptyField | IsNullField):
        yield prefix + condition.key, _ANY


def _predicate_needs(predicate: Predicate) -> tuple[str, ...] | frozenset[str]:
    if isinstance(predicate, MatchValue):
        return _value_needs((predicate.value,))
    if isinstance(predicate, MatchAny | MatchExcept):
        return _value_needs(predicate.values)
    return _BY_PREDICATE.get(type(predicate), _ANY)


def _value_needs(values: tuple[Any, ...]) -> tuple[str, ...]:
    if not values:
        return ()
    if isinstance(values[0], bool):
        return ("match bool",)
    if isinstance(values[0], int):
        return ("match integer",)
    return ("match uuid", "match keyword") if all(map(parse_uuid, values)) else ("match keyword",)


def _expression_needs(expression: Expression) -> Iterator[Need]:
    match expression:
        case Variable(key):
            yield key, frozenset({"match integer", "range integer", "range float"})
        case GeoDistance(key=key):
            yield key, frozenset({"geo"})
        case MomentAt(key):
            yield key, frozenset({"range datetime"})
        case When(condition):
            yield from _needs_of(Filter(must=(condition,)))
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _expression_needs(argument)
        case Divide(left, right):
            yield from _expression_needs(left)
            yield from _expression_needs(right)
        case Decay(x=x, target=target):
            yield from _expression_needs(x)
            yield from _expression_needs(target)
