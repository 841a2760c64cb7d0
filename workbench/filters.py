"""What a filter means: the one reference evaluator. Every index accepts exactly what this file accepts.

The rules are those of Qdrant's engine, measured on qdrant-edge-py 0.9.0. Where engines or versions
disagree, the choice is written here:

* **Types never mix.** An integer matches integers, a boolean booleans; ``1``, ``1.0``, ``"1"`` and
  ``true`` are four values. An integer outside the signed 64-bit range is matched by no value, but ranges
  see it. Ranges compare float64.
* **Arrays are entered once.** A match or a range holds for a field if it holds for one element of its
  array; an array within the array is an element that nothing matches.
* **Except** holds if some element is not null and not listed: it fails on a missing field, on null and on
  ``[]``.
* **Text** without a text index compares whole words (``workbench.text.words``), as servers after
  1.19.0 do; a text without words matches nothing. Server 1.19.0 looked for a substring instead. What
  indexes change is written into the filter before it comes here (``workbench.models.filter_binding``).
* **Prefix and substring** compare characters as they stand; the empty text is in every string.
* **Geo** conditions see objects with numbers ``lon`` and ``lat`` (``workbench.models.geo``).
* **The parts of one field condition**: the first of values_count, is_empty and is_null that it has decides
  alone; without them, match and range are joined by OR. (Server 1.19.0 joins all parts by OR.) A missing
  field counts 0 values, is empty and is not null; match and range fail on it.
* **``should: []``** is as if absent, but inside ``nested`` it accepts nothing, at any depth. (The Python
  client's local mode differs in the second half.)
* **``min_should`` over no conditions** accepts nothing. (The engine skips it, by a shortcut, if the only
  other clause is one ``has_id``; there alone we differ from it.)
* **Nested** looks at the objects of an array; an object that is not in an array has none. Inside,
  ``has_id``, ``has_vector`` and ``slice`` fail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, assert_never

import numpy as np

from workbench.models import geo
from workbench.models.datetimes import parse_datetime
from workbench.models.filter_binding import canonical_uuid
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
    Nested,
    OwnCondition,
    Predicate,
    Range,
    Slice,
    ValuesCount,
    as_float,
)
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius
from workbench.models.payload_schema import SchemaType
from workbench.models.points import IdArray, PointId
from workbench.models.slices import slices
from workbench.text.words import tokens

Own = Callable[[OwnCondition], bool]
"""Answers a condition about the point itself, not about its payload."""
StringPredicate = MatchText | MatchTextAny | MatchPhrase | MatchPrefix | MatchSubstring | DatetimeRange


def matches(
    flt: Filter, payload: Mapping[str, Any] | None, point_id: PointId, vectors: Collection[str] = ()
) -> bool:
    """Whether a filter accepts a point with this payload (None: ``{}``), this id and these vectors."""

    def own(condition: OwnCondition) -> bool:
        match condition:
            case HasId(ids):
                return point_id in ids
            case HasVector(name):
                return name in vectors
            case Slice(total, index):
                return int(slices(IdArray.of([point_id]), total)[0]) == index
            case _:
                assert_never(condition)

    return holds(flt, payload or {}, own)


def holds(flt: Filter, payload: Mapping[str, Any], own: Own, *, inside_nested: bool = False) -> bool:
    """Like ``matches`` for a point whose id only ``own`` knows, or for an object inside ``nested``."""

    def accepted(condition: Condition) -> bool:
        return _condition_holds(condition, payload, own, inside_nested)

    def count(conditions: tuple[Condition, ...]) -> int:
        return sum(accepted(condition) for condition in conditions)

    should = flt.should if flt.should or inside_nested else None
    return (
        count(flt.must) == len(flt.must)
        and count(flt.must_not) == 0
        and (should is None or count(should) >= 1)
        and (flt.min_should is None or count(flt.min_should.conditions) >= flt.min_should.min_count)
    )


def _condition_holds(condition: Condition, payload: Mapping[str, Any], own: Own, inside_nested: bool) -> bool:
    match condition:
        case FieldCondition():
            return field_holds(condition.predicates, condition.path.select(payload))
        case IsEmptyField():
            return all(is_empty(value) for value in condition.path.select(payload))
        case IsNullField():
            return any(is_null(value) for value in condition.path.select(payload))
        case HasId() | HasVector() | Slice():
            return not inside_nested and own(condition)
        case Nested():
            objects = [value for value in condition.path.select(payload) if isinstance(value, dict)]
            return any(holds(condition.filter, value, own, inside_nested=True) for value in objects)
        case Filter():
            return holds(condition, payload, own, inside_nested=inside_nested)
        case _:
            assert_never(condition)


def field_holds(predicates: tuple[Predicate, ...], values: list[Any]) -> bool:
    """Whether a field condition holds for the values that its path selects."""
    decisive = deciding(predicates)
    if not values:
        return any(missing_holds(predicate) for predicate in decisive)
    return any(_values_hold(predicate, values) for predicate in decisive)


def _values_hold(predicate: Predicate, values: list[Any]) -> bool:
    if isinstance(predicate, MatchTokens):
        elements = [
            element for value in values for element in (value if isinstance(value, list) else [value])
        ]
        return tokens_hold(predicate, [element for element in elements if isinstance(element, str)])
    return any(value_holds(predicate, value) for value in values)


def tokens_hold(predicate: MatchTokens, strings: list[str]) -> bool:
    """Whether a match by tokens holds for the strings of a field."""
    documents = [predicate.analyzer.tokens(string) for string in strings]
    if isinstance(predicate.asked, MatchPhrase):
        return any(_in_a_row(list(predicate.wanted), document) for document in documents)
    known = set().union(*documents)
    if isinstance(predicate.asked, MatchTextAny):
        return not known.isdisjoint(predicate.wanted)
    return bool(predicate.wanted) and known.issuperset(predicate.wanted)


def _in_a_row(phrase: list[str], words: list[str]) -> bool:
    starts = range(len(words) - len(phrase) + 1)
    return bool(phrase) and any(words[start : start + len(phrase)] == phrase for start in starts)


def deciding(predicates: tuple[Predicate, ...]) -> tuple[Predicate, ...]:
    """The predicates of a field condition that decide, joined by OR."""
    for kind in (ValuesCount, IsEmpty, IsNull):
        of_kind = tuple(predicate for predicate in predicates if isinstance(predicate, kind))
        if of_kind:
            return of_kind
    return predicates


def missing_holds(predicate: Predicate) -> bool:
    """Whether a predicate holds if the path selects nothing."""
    match predicate:
        case ValuesCount():
            return within(0, predicate)
        case IsEmpty(expected):
            return expected
        case IsNull(expected):
            return not expected
        case _:
            return False


def value_holds(predicate: Predicate, value: Any) -> bool:
    """Whether a predicate holds for one selected value: an array is asked element by element."""
    match predicate:
        case ValuesCount():
            return within(values_count(value), predicate)
        case IsEmpty(expected):
            return is_empty(value) == expected
        case IsNull(expected):
            return is_null(value) == expected
        case _:
            elements = value if isinstance(value, list) else [value]
            return any(element_holds(predicate, element) for element in elements)


def element_holds(predicate: Predicate, element: Any) -> bool:
    """Whether a match or a range holds for one element."""
    match predicate:
        case MatchValue(value):
            return same(element, value)
        case MatchAny(values):
            return any(same(element, value) for value in values)
        case MatchExcept(values):
            return element is not None and not any(same(element, value) for value in values)
        case Range():
            return _is_number(element) and within(as_float(element), predicate)
        case MatchTyped():
            read = as_typed(element, predicate.type)
            return read is not None and element_holds(predicate.asked, read)
        case GeoRadius() | GeoBoundingBox() | GeoPolygon():
            found = geo.position(element)
            return found is not None and bool(geo.within(predicate, np.array([found], np.float64))[0])
        case MatchTokens():
            return isinstance(element, str) and tokens_hold(predicate, [element])
        case (
            MatchText() | MatchTextAny() | MatchPhrase() | MatchPrefix() | MatchSubstring() | DatetimeRange()
        ):
            return isinstance(element, str) and string_holds(predicate, element)
        case ValuesCount() | IsEmpty() | IsNull():
            return value_holds(predicate, element)
        case _:
            assert_never(predicate)


def as_typed(element: Any, kind: SchemaType) -> str | int | None:
    """Return an element as an index of a type sees it; None if it does not."""
    match kind:
        case SchemaType.UUID:
            return canonical_uuid(element)
        case SchemaType.INTEGER:
            if type(element) is float and element.is_integer():
                element = int(element)
            return element if type(element) is int and -(2**63) <= element < 2**63 else None
        case _:
            return element if isinstance(element, str) else None


def string_holds(predicate: StringPredicate, string: str) -> bool:
    """Whether a predicate that looks inside a string holds for this string."""
    match predicate:
        case MatchText(text):
            wanted = tokens(text)
            return bool(wanted) and set(wanted) <= set(tokens(string))
        case MatchTextAny(text):
            return not set(tokens(text)).isdisjoint(tokens(string))
        case MatchPhrase(text):
            return _in_a_row(tokens(text), tokens(string))
        case MatchPrefix(text):
            return string.startswith(text)
        case MatchSubstring(text):
            return text in string
        case DatetimeRange():
            moment = parse_datetime(string)
            return moment is not None and within(moment, predicate)
        case _:
            assert_never(predicate)


def within(number: float, bounds: Range | DatetimeRange | ValuesCount) -> bool:
    """Whether a number keeps to all bounds that are given."""
    return (
        (bounds.lt is None or number < bounds.lt)
        and (bounds.gt is None or number > bounds.gt)
        and (bounds.lte is None or number <= bounds.lte)
        and (bounds.gte is None or number >= bounds.gte)
    )


def same(element: Any, value: str | int | bool) -> bool:
    """Equality that keeps the JSON types apart, where Python has ``1 == 1.0 == True``."""
    return type(element) is type(value) and bool(element == value)


def is_empty(value: Any) -> bool:
    """Whether a selected value counts as empty."""
    return value is None or value == []


def is_null(value: Any) -> bool:
    """Whether a selected value counts as null."""
    return value is None or (isinstance(value, list) and None in value)


def values_count(value: Any) -> int:
    """How many values a selected value counts as."""
    if isinstance(value, list):
        return len(value)
    return 0 if value is None else 1


def _is_number(element: Any) -> bool:
    return isinstance(element, int | float) and not isinstance(element, bool)
