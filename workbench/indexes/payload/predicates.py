"""What a predicate accepts, as array code over a column; ``workbench.filters`` says it value by value."""

from __future__ import annotations

import math
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from workbench.filters import deciding, missing_holds
from workbench.indexes.payload.columns import Column, Tag
from workbench.indexes.payload.narrow import narrow_codes, narrow_integers
from workbench.indexes.payload.passes import between, look_up_codes, spread, within
from workbench.indexes.payload.places import Places
from workbench.indexes.payload.ranks import integers_of, ranked_integers, ranked_moments, ranked_numbers
from workbench.indexes.payload.strings import NO_MOMENT
from workbench.indexes.payload.values import is_whole, whole
from workbench.models.filters import (
    DatetimeRange,
    FieldCondition,
    IsEmpty,
    IsNull,
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
)
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius
from workbench.models.payload_schema import SchemaType

Mask = NDArray[np.bool_]

# Comparing one after the other costs 0.3 ms a value and million rows, a table look-up 1.5 ms in all.
_FEW_VALUES = 4


def is_geo(predicate: Predicate) -> bool:
    """Whether a predicate reads ``Places`` instead of a column."""
    return isinstance(predicate, GeoRadius | GeoBoundingBox | GeoPolygon)


def field_mask(
    condition: FieldCondition, column: Column | None, places: Places | None, among: Mask | None = None
) -> Mask:
    """bool[n]: the rows for which a field condition holds.

    Parameters
    ----------
    condition : FieldCondition
    column : Column or None
        The field; None if only geo predicates decide.
    places : Places or None
        Its positions; None if no geo predicate decides.
    among : bool[n] or None
        May be narrowed in place to the rows for which the condition holds too, and be returned.
    """
    accepted: Mask | None = None
    predicates = tuple(deciding(condition.predicates))
    if len(predicates) > 1 or missing_holds(predicates[0]):
        among = None  # what other rows are accepted by is joined to the mask
    for predicate in predicates:
        if isinstance(predicate, GeoRadius | GeoBoundingBox | GeoPolygon):
            assert places is not None
            own = places.mask(predicate)
        else:
            assert column is not None
            own = _rows_accepted(column, predicate, among)
            if missing_holds(predicate):
                own = own | _rows_with_entry(column, column.tag == np.uint8(Tag.MISSING))
        accepted = own if accepted is None else accepted | own
    assert accepted is not None
    return accepted


def empty_mask(column: Column) -> Mask:
    """bool[n]: the rows where every selected value is null or ``[]``, or there is none."""
    return ~_rows_accepted(column, IsEmpty(False))


def null_mask(column: Column) -> Mask:
    """bool[n]: the rows where a selected value is null or an array with a null in it."""
    return _rows_accepted(column, IsNull(True))


def _rows_accepted(column: Column, predicate: Predicate, among: Mask | None = None) -> Mask:
    """The rows that have a value, and one that the predicate accepts; `among` may be narrowed to them."""
    match predicate:
        case GeoRadius() | GeoBoundingBox() | GeoPolygon():
            raise TypeError("a geo predicate reads places, not a column")
        case MatchTokens():
            return _rows_with_tokens(column, predicate)
        case ValuesCount() | IsEmpty() | IsNull():
            return _rows_with_value(column, _values_accepted(column, predicate))
        case _:
            entries = _entries_accepted(column, predicate, among if column.rows is None else None)
            return _rows_with_entry(column, entries)


def _rows_with_tokens(column: Column, predicate: MatchTokens) -> Mask:
    """The rows whose strings together have the tokens asked for."""
    if column.code is None:
        return np.zeros(column.n, dtype=np.bool_)
    every = column.strings.tokens(predicate)
    if column.rows is None:  # a row has one string, which must have them all
        return _of_strings(column, np.logical_and.reduce(every))
    accepted = np.ones(column.n, dtype=np.bool_)
    for strings in every:
        accepted &= _rows_with_entry(column, _of_strings(column, strings))
    return accepted


def _rows_with_entry(column: Column, accepted: Mask) -> Mask:
    if column.rows is None:
        return accepted
    return spread(column.rows, accepted, column.n)


def _rows_with_value(column: Column, accepted: Mask) -> Mask:
    if column.rows is None or column.value_starts is None:
        return accepted
    return spread(column.rows[column.value_starts], accepted, column.n)


def _values_accepted(column: Column, predicate: ValuesCount | IsEmpty | IsNull) -> Mask:
    """What a predicate about whole values says of each value; False where the path selects none."""
    starts = column.value_starts
    first = column.tag if starts is None else column.tag[starts]
    accepted: Mask
    match predicate:
        case IsEmpty(expected):
            accepted = ((first == np.uint8(Tag.NULL)) | (first == np.uint8(Tag.EMPTY))) == expected
        case IsNull(expected):
            null = (column.tag == np.uint8(Tag.NULL)) | (column.tag == np.uint8(Tag.NULL_ITEM))
            if starts is not None and len(starts):
                null = np.logical_or.reduceat(null, starts)
            accepted = null == expected
        case ValuesCount():
            lengths = (
                np.ones(len(first), np.int64) if starts is None else np.diff(starts, append=len(column.tag))
            )
            counts = np.where((first == np.uint8(Tag.NULL)) | (first == np.uint8(Tag.EMPTY)), 0, lengths)
            accepted = _within(counts, predicate)
        case _:
            assert_never(predicate)
    return accepted & _mask(first != np.uint8(Tag.MISSING))


def _entries_accepted(
    column: Column,
    predicate: MatchValue
    | MatchAny
    | MatchExcept
    | MatchText
    | MatchTextAny
    | MatchPhrase
    | MatchPrefix
    | MatchSubstring
    | MatchTyped
    | Range
    | DatetimeRange,
    among: Mask | None = None,
) -> Mask:
    """What a predicate about elements says of each entry; `among` may be narrowed to it, in place, if that
    is the answer as it stands.
    """
    match predicate:
        case MatchValue(value):
            return _equal(column, value, among)
        case MatchAny(values):
            return _equal_any(column, values, among)
        case MatchExcept(values):
            return _mask(column.tag > np.uint8(Tag.EMPTY)) & ~_equal_any(column, values)
        case Range():
            return _in_range(column, predicate, among)
        case MatchTyped():
            return _typed(column, predicate)
        case MatchText() | MatchTextAny() | MatchPhrase() | MatchPrefix() | MatchSubstring():
            if column.code is None:
                return _none(column)
            return _of_strings(column, column.strings.holds(predicate), among)
        case DatetimeRange():
            return _in_moments(column, predicate, among)
        case _:
            assert_never(predicate)


def _of_strings(column: Column, accepted: Mask, among: Mask | None = None) -> Mask:
    """Which entries are accepted strings, by an item a string and a last False, which code -1 finds."""
    assert column.code is not None
    codes = narrow_codes(column)
    return look_up_codes(column.code, accepted) if codes is None else codes.accepted(accepted, among)


def _in_range(column: Column, bounds: Range, among: Mask | None) -> Mask:
    if column.number is None:
        return _none(column)
    if not _has_bound(bounds):
        return ~np.isnan(column.number)
    low, high = _closed(bounds)
    if low > high:
        return _none(column)
    if (integers := narrow_integers(column)) is not None:
        return integers.within(low, high, among)
    if (ranks := ranked_numbers(column)) is None:
        return between(column.number, low, high)
    return ranks.within(low, high, column.number.__getitem__, among)


def _in_moments(column: Column, bounds: DatetimeRange, among: Mask | None) -> Mask:
    if column.code is None:
        return _none(column)
    codes, ranks = column.code, ranked_moments(column)
    if ranks is None:
        return _of_strings(column, column.strings.within(bounds))
    low, high = _closed_moments(bounds)
    if low > high:
        return _none(column)
    moments = column.strings.moments()
    return ranks.within(low, high, lambda entries: moments[codes[entries]], among)


def _closed_moments(bounds: DatetimeRange) -> tuple[int, int]:
    """Return the first and the last moment that a range accepts, the first after the last if none."""
    lows = [bounds.gte, None if bounds.gt is None else bounds.gt + 1]
    highs = [bounds.lte, None if bounds.lt is None else bounds.lt - 1]
    return (
        max((low for low in lows if low is not None), default=NO_MOMENT + 1),
        min((high for high in highs if high is not None), default=-NO_MOMENT - 1),
    )


def _closed(bounds: Range) -> tuple[float, float]:
    """Return the least and the greatest float that a range accepts, the least above the greatest if none."""
    low = -math.inf if bounds.gte is None else bounds.gte
    high = math.inf if bounds.lte is None else bounds.lte
    if bounds.gt == math.inf or bounds.lt == -math.inf:
        return math.inf, -math.inf
    if bounds.gt is not None:
        low = max(low, math.nextafter(bounds.gt, math.inf))
    if bounds.lt is not None:
        high = min(high, math.nextafter(bounds.lt, -math.inf))
    return low, high


def _typed(column: Column, predicate: MatchTyped) -> Mask:
    """What a match or range says of the entries that an index of its type sees."""
    if predicate.type is SchemaType.UUID:
        return _none(column) if column.code is None else _of_strings(column, column.strings.holds(predicate))
    if predicate.type is SchemaType.KEYWORD:
        return _mask(column.tag == np.uint8(Tag.STRING)) & _entries_accepted(column, predicate.asked)
    match predicate.asked:
        case Range():
            return _without_fractions(column, _entries_accepted(column, predicate.asked))
        case MatchExcept(values):
            return whole(column) & ~_whole_equal(column, values)
        case MatchValue(value):
            return _whole_equal(column, (value,))
        case MatchAny(values):
            return _whole_equal(column, values)
        case _:
            assert_never(predicate.asked)


def _without_fractions(column: Column, accepted: Mask) -> Mask:
    """Entries accepted by a range, less the floats that no integer equals."""
    if column.number is not None:
        floats = np.flatnonzero(accepted & (column.tag == np.uint8(Tag.FLOAT)))
        if len(floats):  # few columns have both, and then few entries are to be looked at again
            accepted[floats] = is_whole(column.number[floats])
    return accepted


def _whole_equal(column: Column, values: tuple[str | int, ...]) -> Mask:
    """Entries equal to one of some integers, floats compared exactly."""
    wanted = tuple(int(value) for value in values)
    accepted = _equal_any(column, wanted)
    exact = [float(value) for value in wanted if int(float(value)) == value]
    if column.number is not None and exact:
        accepted = accepted | (
            _mask(column.tag == np.uint8(Tag.FLOAT)) & _mask(np.isin(column.number, exact))
        )
    return accepted


def _mask(accepted: Any) -> Mask:
    return np.asarray(accepted, dtype=np.bool_)


def _none(column: Column) -> Mask:
    return np.zeros(len(column.tag), dtype=np.bool_)


def _equal(column: Column, value: str | int | bool, among: Mask | None = None) -> Mask:
    if isinstance(value, bool):
        tag = Tag.TRUE if value else Tag.FALSE
        return within(column.tag, tag, tag, among)
    if isinstance(value, str):
        if column.code is None:
            return _none(column)
        codes, code = narrow_codes(column), column.strings.code(value)
        return _mask(column.code == code) if codes is None else codes.equal(code, among)
    if column.number is None:
        return _none(column)
    if (integers := narrow_integers(column)) is not None:
        return integers.equal(value, among)
    return _equal_integers(column, np.array([value], dtype=np.int64))


def _equal_any(column: Column, values: tuple[str, ...] | tuple[int, ...], among: Mask | None = None) -> Mask:
    if len(values) == 1:
        return _equal(column, values[0], among)
    strings = bool(values) and isinstance(values[0], str)
    if len(values) <= _FEW_VALUES and (narrow_codes if strings else narrow_integers)(column) is None:
        accepted = _none(column)
        for value in values:
            accepted |= _equal(column, value)
        return accepted
    if strings:
        if column.code is None:
            return _none(column)
        wanted = np.zeros(len(column.strings) + 1, dtype=np.bool_)
        wanted[[code for code in map(column.strings.code, map(str, values)) if code >= 0]] = True
        return _of_strings(column, wanted, among)
    integers = np.array(values, dtype=np.int64)
    if (narrow := narrow_integers(column)) is not None:
        return narrow.one_of(integers, among)
    return _none(column) if column.number is None else _equal_integers(column, integers)


def _equal_integers(column: Column, wanted: NDArray[np.int64]) -> Mask:
    """Entries that are one of some integers, in a column with too many for ``narrow``."""
    numbers = integers_of(column)
    assert numbers is not None
    if column.integer is None:  # all of its integers are within float64's exact range, and so must these be
        wanted = wanted[(wanted >= -(2**53)) & (wanted <= 2**53)]
    known = wanted.astype(numbers.dtype)
    if (ranks := ranked_integers(column)) is not None:
        return ranks.one_of(known, numbers.__getitem__)
    equal = numbers == known[0] if len(known) == 1 else np.isin(numbers, known)
    return _mask(equal) & _mask(column.tag == np.uint8(Tag.INTEGER))


def _within(numbers: NDArray[Any], bounds: Range | ValuesCount) -> Mask:
    accepted: Mask | None = None
    for name, compare in (
        ("lt", np.less),
        ("gt", np.greater),
        ("lte", np.less_equal),
        ("gte", np.greater_equal),
    ):
        bound = getattr(bounds, name)
        if bound is not None:
            kept = compare(numbers, bound)
            accepted = kept if accepted is None else accepted & kept
    return np.ones(len(numbers), dtype=np.bool_) if accepted is None else accepted


def _has_bound(bounds: Range) -> bool:
    return any(bound is not None for bound in (bounds.lt, bounds.gt, bounds.lte, bounds.gte))
