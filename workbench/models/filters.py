"""Filters: frozen values that say which points a caller wants. What they mean is in ``workbench.filters``.

A ``Filter`` joins conditions with Qdrant's four clauses; a filter is itself a condition. A
``FieldCondition`` holds one or more predicates about one field.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import InvalidRequest
from workbench.models.datetimes import Instant, microseconds
from workbench.models.ids import parse_point_id
from workbench.models.json_path import JsonPath, parse_path

MAX_DEPTH = 64
"""Filters within filters that are accepted; a person's filter has 3, and the evaluators recurse."""

_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class MatchValue:
    """An element equal to this string, integer or boolean; types never mix: 1 is neither 1.0 nor true."""

    value: str | int | bool
    kind: type = field(init=False, repr=False)  # keeps MatchValue(1) and MatchValue(True) unequal

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", type(self.value))
        if not isinstance(self.value, bool):
            _check_scalar("match.value", self.value, "; to compare with a float use a range")


@dataclass(frozen=True, slots=True)
class MatchAny:
    """An element equal to one of these strings, or to one of these integers."""

    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        _check_values("match.any", self.values)


@dataclass(frozen=True, slots=True)
class MatchExcept:
    """An element, not null, equal to none of these strings, or to none of these integers."""

    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        _check_values("match.except", self.values)


@dataclass(frozen=True, slots=True)
class MatchText:
    """A string that has every word of this text as a whole word, in any order and case."""

    text: str

    def __post_init__(self) -> None:
        _check_text("match.text", self.text)


@dataclass(frozen=True, slots=True)
class MatchTextAny:
    """A string that has at least one word of this text as a whole word, in any case."""

    text: str

    def __post_init__(self) -> None:
        _check_text("match.text_any", self.text)


@dataclass(frozen=True, slots=True)
class MatchPhrase:
    """A string that has the words of this text next to each other and in this order, in any case."""

    text: str

    def __post_init__(self) -> None:
        _check_text("match.phrase", self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A number between bounds, compared as float64; no bound at all: any number."""

    lt: float | None = None
    gt: float | None = None
    lte: float | None = None
    gte: float | None = None

    def __post_init__(self) -> None:
        for name in ("lt", "gt", "lte", "gte"):
            bound = getattr(self, name)
            if bound is None:
                continue
            if isinstance(bound, bool) or not isinstance(bound, int | float) or math.isnan(bound):
                raise InvalidRequest(f"range.{name}: expected a number, got {bound!r}")
            object.__setattr__(self, name, as_float(bound))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatetimeRange:
    """A string that is a moment in time between bounds, which are microseconds since 1970-01-01 UTC."""

    lt: int | None = None
    gt: int | None = None
    lte: int | None = None
    gte: int | None = None

    @classmethod
    def of(
        cls,
        *,
        lt: Instant | None = None,
        gt: Instant | None = None,
        lte: Instant | None = None,
        gte: Instant | None = None,
    ) -> DatetimeRange:
        """From RFC 3339 texts, ``datetime`` or ``date`` objects (without a zone: UTC).

        Raises
        ------
        InvalidRequest
            If a bound is not a moment in time.
        """
        bounds = {"lt": lt, "gt": gt, "lte": lte, "gte": gte}
        return cls(**{name: microseconds(bound) for name, bound in bounds.items() if bound is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesCount:
    """How many values a field has: the length of an array, 0 for null and for a missing field, else 1."""

    lt: int | None = None
    gt: int | None = None
    lte: int | None = None
    gte: int | None = None

    def __post_init__(self) -> None:
        for name in ("lt", "gt", "lte", "gte"):
            bound = getattr(self, name)
            if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int) or bound < 0):
                raise InvalidRequest(f"values_count.{name}: expected an integer of 0 or more, got {bound!r}")


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """A value that is null or ``[]``, or a missing field; with ``False``: a value that is neither."""

    expected: bool = True


@dataclass(frozen=True, slots=True)
class IsNull:
    """A value that is null or an array with a null in it; with ``False``: any other, or a missing field."""

    expected: bool = True


Match = MatchValue | MatchAny | MatchExcept | MatchText | MatchTextAny | MatchPhrase
# A new predicate or condition is added here, and mypy then names every `assert_never` that has to learn it.
Predicate = Match | Range | DatetimeRange | ValuesCount | IsEmpty | IsNull
_KINDS: dict[type, str] = {
    **dict.fromkeys(Match.__args__, "match"),
    **dict.fromkeys((Range, DatetimeRange), "range"),
    ValuesCount: "values_count",
    IsEmpty: "is_empty",
    IsNull: "is_null",
}


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """Predicates about one field, at most one of each kind; ``workbench.filters`` says how they are joined.

    Parameters
    ----------
    key : str
        A JSON path, see ``workbench.models.json_path``.
    predicates : tuple of Predicate
    """

    key: str
    predicates: tuple[Predicate, ...]
    path: JsonPath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", parse_path(_check_key(self.key)))
        kinds = [_KINDS.get(type(predicate)) for predicate in self.predicates]
        if not kinds or None in kinds or len(set(kinds)) < len(kinds):
            raise InvalidRequest(
                f"condition on {self.key!r}: expected one or more of match, range, values_count, is_empty, "
                f"is_null, each at most once, got {self.predicates!r}"
            )


@dataclass(frozen=True, slots=True)
class IsEmptyField:
    """The condition ``is_empty``: the field is missing, or every value its path selects is null or ``[]``."""

    key: str
    path: JsonPath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", parse_path(_check_key(self.key)))


@dataclass(frozen=True, slots=True)
class IsNullField:
    """The condition ``is_null``: a value its path selects is null or an array with a null in it."""

    key: str
    path: JsonPath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", parse_path(_check_key(self.key)))


@dataclass(frozen=True, slots=True)
class HasId:
    """The point's id is one of these (integers or UUIDs; strings are parsed)."""

    ids: frozenset[int | uuid.UUID]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", frozenset(parse_point_id(point_id) for point_id in self.ids))


@dataclass(frozen=True, slots=True)
class Nested:
    """One object of the array at ``key`` fulfils the whole filter, whose keys are those of the object."""

    key: str
    filter: Filter
    path: JsonPath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", parse_path(_check_key(self.key)).each())


@dataclass(frozen=True, slots=True)
class MinShould:
    """At least ``min_count`` (1 or more) of these conditions hold."""

    conditions: tuple[Condition, ...]
    min_count: int

    def __post_init__(self) -> None:
        if isinstance(self.min_count, bool) or not isinstance(self.min_count, int) or self.min_count < 1:
            raise InvalidRequest(
                f"min_should.min_count: expected an integer of 1 or more, got {self.min_count!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions joined by clauses; every clause given must hold, and ``Filter()`` accepts every point.

    Parameters
    ----------
    must : tuple of Condition
        All of these hold.
    should : tuple of Condition or None
        At least one of these holds. ``()`` differs from None only within ``Nested``, see
        ``workbench.filters``.
    must_not : tuple of Condition
        None of these holds.
    min_should : MinShould or None
        At least so many of these hold.

    Raises
    ------
    InvalidRequest
        If filters are nested more than ``MAX_DEPTH`` deep.
    """

    must: tuple[Condition, ...] = ()
    should: tuple[Condition, ...] | None = None
    must_not: tuple[Condition, ...] = ()
    min_should: MinShould | None = None
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        depth = 1 + max((_depth(condition) for condition in self.conditions()), default=0)
        check_depth(depth)
        object.__setattr__(self, "depth", depth)

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all clauses, without those inside them."""
        counted = self.min_should.conditions if self.min_should else ()
        return (*self.must, *(self.should or ()), *self.must_not, *counted)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Filter:
        """From the shape of Qdrant's REST API; raises ``InvalidRequest`` naming the place of an error."""
        from workbench.models.filter_json import parse_filter

        return parse_filter(value)

    def to_json(self) -> dict[str, Any]:
        """The shape of Qdrant's REST API; ``Filter.from_json`` reads it back equal."""
        from workbench.models.filter_json import dump_filter

        return dump_filter(self)


Condition = FieldCondition | IsEmptyField | IsNullField | HasId | Nested | Filter


def check_depth(depth: int) -> None:
    """Raise ``InvalidRequest`` beyond ``MAX_DEPTH`` filters within each other."""
    if depth > MAX_DEPTH:
        raise InvalidRequest(
            f"filters are nested more than {MAX_DEPTH} deep; join the inner clauses into one filter"
        )


def as_float(number: int | float) -> float:
    """A JSON number as float64, the way range conditions see it; beyond the largest float: infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _depth(condition: Condition) -> int:
    if isinstance(condition, Filter):
        return condition.depth
    return condition.filter.depth if isinstance(condition, Nested) else 0


def _check_key(key: object) -> str:
    if not isinstance(key, str):
        raise InvalidRequest(f"condition key: expected a JSON path as a string, got {key!r}")
    return key


def _check_scalar(where: str, value: object, hint: str = "") -> None:
    if isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise InvalidRequest(f"{where}: expected a string or a signed 64-bit integer, got {value!r}{hint}")


def _check_values(where: str, values: tuple[object, ...]) -> None:
    for value in values:
        _check_scalar(where, value)
    if len({type(value) for value in values}) > 1:
        raise InvalidRequest(f"{where}: expected either only strings or only integers, got {values!r}")


def _check_text(where: str, text: object) -> None:
    if not isinstance(text, str):
        raise InvalidRequest(f"{where}: expected a string, got {text!r}")
