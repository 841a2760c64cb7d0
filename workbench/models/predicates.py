"""Predicates: what a condition may ask of a field's values; ``workbench.filters`` says what they mean."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from workbench.errors import InvalidRequest
from workbench.models.datetimes import Instant, microseconds
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius
from workbench.models.payload_schema import SchemaType
from workbench.text.analyzer import Analyzer

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


@dataclass(frozen=True, slots=True)
class MatchPrefix:
    """A string that starts with this text, in the same case."""

    prefix: str

    def __post_init__(self) -> None:
        _check_text("match.prefix", self.prefix)


@dataclass(frozen=True, slots=True)
class MatchSubstring:
    """A string that has this text somewhere in it, in the same case."""

    substring: str

    def __post_init__(self) -> None:
        _check_text("match.substring", self.substring)


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


@dataclass(frozen=True, slots=True)
class MatchTokens:
    """A text match on a field with a text index: its tokens, and the index's analyzer for stored texts.

    Made by :func:`workbench.models.filter_binding.bind` only. All strings of a field together are one text,
    but a phrase is within one of them.
    """

    asked: MatchText | MatchTextAny | MatchPhrase
    wanted: tuple[str, ...]
    analyzer: Analyzer


@dataclass(frozen=True, slots=True)
class MatchTyped:
    """A match or range on a field whose index reads values as a type, and sees no others.

    Made by :func:`workbench.models.filter_binding.bind` only.

    Parameters
    ----------
    asked : MatchValue, MatchAny, MatchExcept or Range
        UUIDs are in their canonical form.
    type : SchemaType
        KEYWORD sees strings, INTEGER also whole floats, UUID strings in any of a UUID's forms.
    """

    asked: MatchValue | MatchAny | MatchExcept | Range
    type: SchemaType


Match = (
    MatchValue
    | MatchAny
    | MatchExcept
    | MatchText
    | MatchTextAny
    | MatchPhrase
    | MatchPrefix
    | MatchSubstring
)
Geo = GeoBoundingBox | GeoRadius | GeoPolygon
# A new predicate is added here, and mypy then names every `assert_never` that has to learn it.
Predicate = Match | MatchTokens | MatchTyped | Range | DatetimeRange | Geo | ValuesCount | IsEmpty | IsNull
_KINDS: dict[type, str] = {
    **dict.fromkeys((*Match.__args__, MatchTokens), "match"),
    **dict.fromkeys((Range, DatetimeRange), "range"),
    GeoBoundingBox: "geo_bounding_box",
    GeoRadius: "geo_radius",
    GeoPolygon: "geo_polygon",
    ValuesCount: "values_count",
    IsEmpty: "is_empty",
    IsNull: "is_null",
}


def kind_of(predicate: object) -> str | None:
    """Return the field of Qdrant's JSON that a predicate is written in, or None for anything else."""
    return _KINDS.get(type(predicate.asked if isinstance(predicate, MatchTyped) else predicate))


def as_float(number: int | float) -> float:
    """A JSON number as float64, the way range conditions see it; beyond the largest float: infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


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
