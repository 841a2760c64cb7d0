"""``where={...}``: filters as a person writes them in a notebook.

============================================  ==============================================================
``{"topic": "science"}``                      the field equals a string, an integer, a boolean, a date
``{"score": 0.5}``                            the field equals a float (a range of one number)
``{"topic": ["science", "art"]}``             one of a list, array or Series; the same as ``{"in": [...]}``
``{"topic": None}``                           it is missing, null or ``[]``
``{"year": {"gte": 2000, "lt": 2010}}``       bounds: ``gt gte lt lte``, of numbers, dates or RFC 3339 texts
``{"genre": {"not": "horror"}}``              not equal; also holds where the field is missing
``{"genre": {"not": ["horror", "war"]}}``     none of these (``not`` takes whatever a field takes)
``{"genre": {"not": None}}``                  the field is there and not null
``{"title": {"text": "robot dreams"}}``       every word is in it, as a whole word, in any case
``{"title": {"text_any": "robot android"}}``  at least one of the words is in it
``{"title": {"phrase": "lonely robot"}}``     the words are in it, side by side
``{"title": {"prefix": "Rob"}}``              it starts so, in this case; ``substring``: it is somewhere in it
``{"tags": {"count": {"gte": 2}}}``           the number of values; ``{"count": 2}`` is exactly 2
``{"tags": {"except": ["a", "b"]}}``          some value is none of these
``{"seen": {"is_null": True}}``               null, or an array with a null; ``is_empty`` likewise
``{"cast": {"any": {"name": "Ann", ...}}}``   one object of the array fulfils the whole mapping
``{"place": {"near": {...}}}``                ``{"lon": 13.4, "lat": 52.5, "meters": 500}``
``{"place": {"box": {...}}}``                 ``{"west": 5, "south": 47, "east": 15, "north": 55}``
``{"place": {"polygon": [...]}}``             inside a line through (longitude, latitude) pairs
``{"$id": [1, 2]}``                           the point has one of these ids
``{"$or": [{...}, {...}]}``                   one of these holds; ``$and`` all, ``$not`` (one mapping) none
============================================  ==============================================================

Entries of one mapping are joined by AND, and so are the operators of one field. Keys are JSON paths
(``"author.name"``, ``"tags[0]"``); a column name that is no path, such as ``"release year"``, is taken as
it stands. Operators may be written as in MongoDB, with ``$`` before them (``$gte``, ``$in``, ``$nin``,
``$ne``, ``$eq``).

A mapping whose keys are all clauses (``must``, ``should``, ``must_not``, ``min_should``) is Qdrant's own
JSON shape.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from workbench.errors import InvalidRequest
from workbench.models.filter_json import CLAUSES
from workbench.models.filters import (
    Condition,
    DatetimeRange,
    FieldCondition,
    Filter,
    HasId,
    IsEmpty,
    IsEmptyField,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchPrefix,
    MatchSubstring,
    MatchText,
    MatchTextAny,
    MatchValue,
    Nested,
    Predicate,
    Range,
    ValuesCount,
    check_depth,
)
from workbench.models.geo import GeoBoundingBox, GeoPoint, GeoPolygon, GeoRadius
from workbench.models.json_path import parse_path, quote_key

_BOUNDS = ("lt", "gt", "lte", "gte")
_ALIASES = {"ne": "not", "nin": "not", "not_in": "not", "eq": "in"}
_TEXTS: dict[str, type[MatchText | MatchTextAny | MatchPhrase | MatchPrefix | MatchSubstring]] = {
    "text": MatchText,
    "text_any": MatchTextAny,
    "phrase": MatchPhrase,
    "prefix": MatchPrefix,
    "substring": MatchSubstring,
}
_AREAS = {"near": ("lon", "lat", "meters"), "box": ("west", "south", "east", "north")}
_OPERATORS = (
    *_BOUNDS, "in", "not", *_TEXTS, "except", "count", "is_null", "is_empty", "any", *_AREAS, "polygon",
)  # fmt: skip
# A program asks with the same few filters. Telling by its JSON that a mapping was read before takes 0.4 µs,
# reading it 10 to 30; and for the same filter a view knows the points that it accepted
# (``SegmentView.selection``). JSON tells 1, 1.0 and true apart, which Python's equality does not; equality
# tells a date from its text and NaN from null, which JSON does not.
_known: dict[bytes, tuple[dict[Any, Any], Filter]] = {}
_KEPT, _SHORT = 64, 2000
_LISTS = (list, tuple, set, frozenset, range)


def where(condition: Filter | Mapping[str, Any] | None, *, depth: int = 1) -> Filter:
    """A filter from what a person wrote; the table is at the top of this module.

    Parameters
    ----------
    condition : Filter, mapping or None
        None accepts every point.
    depth : int
        How many mappings this one is inside, with itself.

    Raises
    ------
    InvalidRequest
        For an unknown operator (the message names those there are) or a value that an operator does not take.
    """
    if type(condition) is not dict or depth > 1:
        return _read(condition, depth)
    try:
        spelled = orjson.dumps(condition)
    except TypeError:  # arrays, sets and the like have no spelling
        return _read(condition, depth)
    known = _known.get(spelled)
    if known is not None and known[0] == condition:
        return known[1]
    made = _read(condition, depth)
    if len(spelled) <= _SHORT:
        while len(_known) >= _KEPT:
            _known.pop(next(iter(list(_known)), b""), None)
        _known[spelled] = copy.deepcopy(condition), made  # the caller may change his
    return made


def _read(condition: Any, depth: int) -> Filter:
    check_depth(depth)
    if condition is None:
        return Filter()
    if isinstance(condition, Filter):
        return condition
    if hasattr(condition, "model_dump"):  # qdrant_client.models.Filter
        clauses: dict[str, Any] = condition.model_dump(mode="json", exclude_none=True)
        if clauses.keys() <= set(CLAUSES):
            return Filter.from_json(clauses)
    if not isinstance(condition, Mapping):
        raise InvalidRequest(
            f"where: expected a mapping such as {{'year': {{'gte': 2000}}}}, got {type(condition).__name__} "
            f"{condition!r:.80}"
        )
    if condition and all(key in CLAUSES for key in condition):
        return Filter.from_json(condition)
    return Filter(must=tuple(part for key, value in condition.items() for part in _entry(key, value, depth)))


def _entry(key: object, value: Any, depth: int) -> tuple[Condition, ...]:
    if not isinstance(key, str):
        raise InvalidRequest(f"where: expected field names as strings, got {key!r}")
    match key:
        case "$id":
            value = _plain(value)
            return (HasId(frozenset(value if isinstance(value, _LISTS) else [value])),)
        case "$and":
            return tuple(where(part, depth=depth + 1) for part in _mappings(key, value))
        case "$or":
            parts = tuple(where(part, depth=depth + 1) for part in _mappings(key, value))
            # An empty `should` accepts everything to Qdrant; to a person, one of no mappings never holds.
            return (Filter(should=parts) if parts else HasId(frozenset()),)
        case "$not":
            return (Filter(must_not=(where(value, depth=depth + 1),)),)
    if key.startswith("$"):
        raise InvalidRequest(f"where: unknown operator {key!r}; expected a field, $id, $and, $or or $not")
    return _field(_path(key), value, depth)


def _mappings(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidRequest(f"where[{key!r}]: expected a list of mappings, got {value!r}")
    return list(value)


def _path(key: str) -> str:
    """The key if it is a JSON path, else the name of one field, quoted."""
    try:
        parse_path(key)
    except InvalidRequest:
        return quote_key(key)
    return key


def _field(key: str, value: Any, depth: int) -> tuple[Condition, ...]:
    """The conditions, joined by AND, that a mapping's value puts on a field."""
    if isinstance(value, Mapping):
        return _operators(key, value, depth)
    value = _plain(value)
    if value is None:
        return (IsEmptyField(key),)
    if isinstance(value, _LISTS):
        return (_any_of(key, list(value)),)
    return (FieldCondition(key, (_equal(key, value),)),)


def _operators(key: str, value: Mapping[str, Any], depth: int) -> tuple[Condition, ...]:
    named = {
        _ALIASES.get(name, name): operand for name, operand in ((_bare(key, k), v) for k, v in value.items())
    }
    if not named or len(named) < len(value):
        raise InvalidRequest(f"where[{key!r}]: expected operators, each once, got {dict(value)!r}")
    bounds = {name: _plain(operand) for name, operand in named.items() if name in _BOUNDS}
    conditions: list[Condition] = [FieldCondition(key, (_range(key, bounds),))] if bounds else []
    for name, operand in named.items():
        if name not in _BOUNDS:
            conditions.extend(_operator(key, name, operand, depth))
    return tuple(conditions)


def _bare(key: str, name: object) -> str:
    bare = name.removeprefix("$") if isinstance(name, str) else name
    if bare not in _OPERATORS and bare not in _ALIASES:
        raise InvalidRequest(
            f"where[{key!r}]: unknown operator {name!r}; expected {', '.join(_OPERATORS)}. "
            f"For a field inside an object write {f'{key}.{name}'!r}"
        )
    return str(bare)


def _operator(key: str, name: str, operand: Any, depth: int) -> tuple[Condition, ...]:
    match name:
        case "in":
            return _field(key, operand, depth)
        case "not":
            return (Filter(must_not=(Filter(must=_field(key, operand, depth)),)),)
        case "any":
            return (Nested(key, where(operand, depth=depth + 1)),)
        case _:
            return (FieldCondition(key, (_predicate(key, name, operand),)),)


def _predicate(key: str, name: str, operand: Any) -> Predicate:
    operand = _plain(operand)
    if name in _TEXTS:
        return _TEXTS[name](operand)
    if name in _AREAS or name == "polygon":
        return _area(f"where[{key!r}][{name!r}]", name, operand)
    if name == "except" and isinstance(operand, _LISTS):
        return MatchExcept(tuple(_plain(value) for value in operand))
    if name == "count":
        bounds = operand if isinstance(operand, Mapping) else {"gte": operand, "lte": operand}
        if bounds.keys() <= set(_BOUNDS):
            return ValuesCount(**bounds)
    if isinstance(operand, bool) and name in ("is_empty", "is_null"):
        return IsEmpty(operand) if name == "is_empty" else IsNull(operand)
    expected = {"except": "a list", "count": "an integer or bounds"}.get(name, "True or False")
    raise InvalidRequest(f"where[{key!r}][{name!r}]: expected {expected}, got {operand!r}")


def _area(place: str, name: str, operand: Any) -> GeoRadius | GeoBoundingBox | GeoPolygon:
    if name == "polygon":
        if not isinstance(operand, list | tuple) or not all(_is_pair(corner) for corner in operand):
            raise InvalidRequest(f"{place}: expected a list of (longitude, latitude) pairs, got {operand!r}")
        line = tuple(GeoPoint(_plain(lon), _plain(lat)) for lon, lat in operand)
        return GeoPolygon(line if line[:1] == line[-1:] else (*line, line[0]))
    names = _AREAS[name]
    if not isinstance(operand, Mapping) or set(operand) != set(names):
        raise InvalidRequest(f"{place}: expected a mapping with {', '.join(names)}, got {operand!r}")
    numbers = [_plain(operand[field]) for field in names]
    if name == "near":
        return GeoRadius(GeoPoint(*numbers[:2]), numbers[2])
    west, south, east, north = numbers
    return GeoBoundingBox(GeoPoint(west, north), GeoPoint(east, south))


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def _plain(value: Any) -> Any:
    """What NumPy and pandas have, as Python's own; a UUID as payloads hold it; anything else unchanged."""
    if isinstance(value, UUID):
        return str(value)
    return value.tolist() if hasattr(value, "tolist") else value  # a scalar, an array, a Series, an Index


def _equal(key: str, value: Any) -> Predicate:
    value = _plain(value)
    if isinstance(value, float):
        return Range(gte=value, lte=value)
    if isinstance(value, date):
        return DatetimeRange.of(gte=value, lte=value)
    if not isinstance(value, str | int):
        raise InvalidRequest(
            f"where[{key!r}]: expected a string, number, boolean, date, list or mapping of operators, "
            f"got {value!r}"
        )
    return MatchValue(value)


def _any_of(key: str, values: list[Any]) -> Condition:
    """One of the values; strings and integers in one condition each, which is what an index answers best."""
    plain = [_plain(value) for value in values]
    strings = tuple(value for value in plain if isinstance(value, str))
    integers = tuple(value for value in plain if type(value) is int)
    matches: list[Match] = [MatchAny(kind) for kind in (strings, integers) if kind]
    conditions: list[Condition] = [FieldCondition(key, (match,)) for match in matches]
    for value in plain:
        if not isinstance(value, str) and type(value) is not int:
            conditions.extend(_field(key, value, 1))
    if not conditions:
        return FieldCondition(key, (MatchAny(()),))
    return conditions[0] if len(conditions) == 1 else Filter(should=tuple(conditions))


def _range(key: str, bounds: dict[str, Any]) -> Predicate:
    dates = [isinstance(bound, str | date) for bound in bounds.values()]
    if any(dates) and not all(dates):
        raise InvalidRequest(
            f"where[{key!r}]: expected either only numbers or only dates as bounds, got {bounds!r}"
        )
    return DatetimeRange.of(**bounds) if any(dates) else Range(**bounds)
