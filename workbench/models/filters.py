"""Filters: frozen values that say which points a caller wants. What they mean is in ``workbench.filters``.

A ``Filter`` joins conditions with Qdrant's four clauses; a filter is itself a condition. A
``FieldCondition`` holds one or more predicates (``workbench.models.predicates``) about one field.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import InvalidRequest, OutOfRange
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius
from workbench.models.ids import parse_point_id
from workbench.models.json_path import JsonPath, parse_path
from workbench.models.predicates import (
    DatetimeRange,
    IsEmpty,
    IsNull,
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
    Predicate,
    Range,
    ValuesCount,
    as_float,
    kind_of,
)

__all__ = [
    "Condition", "DatetimeRange", "FieldCondition", "Filter", "GeoBoundingBox", "GeoPolygon", "GeoRadius",
    "HasId", "HasVector", "IsEmpty", "IsEmptyField", "IsNull", "IsNullField", "Match", "MatchAny",
    "MatchExcept", "MatchPhrase", "MatchPrefix", "MatchSubstring", "MatchText", "MatchTextAny",
    "MatchTokens", "MatchTyped", "MatchValue", "MinShould", "Nested", "OwnCondition", "Predicate", "Range",
    "Slice", "ValuesCount", "as_float", "check_depth",
]  # fmt: skip

MAX_DEPTH = 64
"""Filters within filters that are accepted; a person's filter has 3, and the evaluators recurse."""


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
        kinds = [kind_of(predicate) for predicate in self.predicates]
        if not kinds or None in kinds or len(set(kinds)) < len(kinds):
            raise InvalidRequest(
                f"condition on {self.key!r}: expected one or more of match, range, geo_bounding_box, "
                "geo_radius, geo_polygon, values_count, is_empty, is_null, each at most once, "
                f"got {self.predicates!r}"
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
class HasVector:
    """The point has a vector of this name; ``""`` is the unnamed one."""

    name: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The point's id falls into this one of ``total`` slices, see ``workbench.models.slices``."""

    total: int
    index: int

    def __post_init__(self) -> None:
        for name, value, least in (("total", self.total, 1), ("index", self.index, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**32:
                raise InvalidRequest(
                    f"slice.{name}: expected an integer from {least} to 2**32 - 1, got {value!r}"
                )
        if self.index >= self.total:
            raise OutOfRange("slice.index", f"index {self.index} must be less than total {self.total}")


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
        if isinstance(self.min_count, bool) or not isinstance(self.min_count, int) or self.min_count < 0:
            raise InvalidRequest(
                f"min_should.min_count: expected an integer of 1 or more, got {self.min_count!r}"
            )
        if self.min_count < 1:
            raise OutOfRange("min_should.min_count", f"value {self.min_count} invalid, must be 1 or larger")


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


OwnCondition = HasId | HasVector | Slice
"""Conditions about the point itself, not its payload; inside ``nested`` they accept nothing."""
Condition = FieldCondition | IsEmptyField | IsNullField | OwnCondition | Nested | Filter


def check_depth(depth: int) -> None:
    """Raise ``InvalidRequest`` beyond ``MAX_DEPTH`` filters within each other."""
    if depth > MAX_DEPTH:
        raise InvalidRequest(
            f"filters are nested more than {MAX_DEPTH} deep; join the inner clauses into one filter"
        )


def _depth(condition: Condition) -> int:
    if isinstance(condition, Filter):
        return condition.depth
    return condition.filter.depth if isinstance(condition, Nested) else 0


def _check_key(key: object) -> str:
    if not isinstance(key, str):
        raise InvalidRequest(f"condition key: expected a JSON path as a string, got {key!r}")
    return key
