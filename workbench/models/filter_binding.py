"""What payload indexes change in the meaning of a filter: ``bind`` writes it into the filter's predicates.

Measured on qdrant-edge-py 0.9.0, index by index:

* **text**: text, text_any and phrase compare the tokens that the index's parameters make. All strings of a
  field are one text, so that ``["cat", "sat"]`` has both words of "cat sat", but a phrase is within one
  string. Without ``phrase_matching`` a phrase matches nothing, and so does a question without tokens.
* **keyword**: ``except`` of strings sees only strings.
* **integer**: whole floats are integers: 1.0 is matched by 1. Matches, ``except`` of integers and ranges see
  nothing else. With ``lookup`` or ``range`` switched off, matches or ranges are as without the index.
* **uuid**: a UUID matches any of its spellings, and ``except`` of UUIDs sees only UUIDs.

Where the engine compares what has no common meaning, we answer as without the index: a range of dates on
integer and float indexes (it takes the numbers for microseconds), a range of numbers on a datetime index,
and the match of a string that is a UUID on integer, float and datetime indexes (it finds nothing).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.models.filters import Condition, FieldCondition, Filter, MinShould, Nested
from workbench.models.ids import parse_uuid
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.predicates import (
    MatchAny,
    MatchExcept,
    MatchPhrase,
    MatchText,
    MatchTextAny,
    MatchTokens,
    MatchTyped,
    MatchValue,
    Predicate,
    Range,
)
from workbench.text.analyzer import analyzer_of

Indexes = Mapping[str, FieldIndex]


def bind(flt: Filter, indexes: Indexes) -> Filter:
    """Return the filter that means without indexes what `flt` means with these; the same one if it is equal.

    Parameters
    ----------
    flt : Filter
    indexes : mapping of str to FieldIndex
        By key, as in ``CollectionConfig.payload_indexes``.
    """
    return _bound(flt, indexes, "") if indexes else flt


def _bound(flt: Filter, indexes: Indexes, prefix: str) -> Filter:
    def each(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(_condition(condition, indexes, prefix) for condition in conditions)

    before = flt.conditions()
    must, must_not = each(flt.must), each(flt.must_not)
    should = None if flt.should is None else each(flt.should)
    counted = None
    if flt.min_should is not None:
        counted = MinShould(each(flt.min_should.conditions), flt.min_should.min_count)
    made = (*must, *(should or ()), *must_not, *(counted.conditions if counted else ()))
    if all(new is old for new, old in zip(made, before, strict=True)):
        return flt
    return Filter(must=must, should=should, must_not=must_not, min_should=counted)


def _condition(condition: Condition, indexes: Indexes, prefix: str) -> Condition:
    if isinstance(condition, Filter):
        return _bound(condition, indexes, prefix)
    if isinstance(condition, Nested):
        inner = _bound(condition.filter, indexes, f"{prefix}{condition.path}.")
        return condition if inner is condition.filter else replace(condition, filter=inner)
    if isinstance(condition, FieldCondition):
        index = indexes.get(f"{prefix}{condition.key}")
        if index is not None and (not prefix or index.type is SchemaType.TEXT):
            predicates = tuple(_predicate(predicate, index) for predicate in condition.predicates)
            if predicates != condition.predicates:
                return FieldCondition(condition.key, predicates)
    return condition


def _predicate(predicate: Predicate, index: FieldIndex) -> Predicate:
    match predicate, index.type:
        case MatchPhrase(text), SchemaType.TEXT:
            analyzer = analyzer_of(index.params)
            wanted = analyzer.tokens(text) if analyzer.phrase_matching else ()
            return MatchTokens(predicate, tuple(wanted), analyzer)
        case MatchText() | MatchTextAny(), SchemaType.TEXT:
            analyzer = analyzer_of(index.params)
            return MatchTokens(predicate, tuple(analyzer.query_tokens(predicate.text)), analyzer)
        case MatchExcept(values), SchemaType.KEYWORD if all(isinstance(value, str) for value in values):
            return MatchTyped(predicate, SchemaType.KEYWORD)
        case MatchValue() | MatchAny() | MatchExcept(), SchemaType.INTEGER:
            numbers = _values(predicate)
            usable = numbers and all(type(number) is int for number in numbers)
            if usable and index.params.get("lookup") is not False:
                return MatchTyped(predicate, SchemaType.INTEGER)
        case Range(), SchemaType.INTEGER if index.params.get("range") is not False:
            return MatchTyped(predicate, SchemaType.INTEGER)
        case MatchValue() | MatchAny() | MatchExcept(), SchemaType.UUID:
            return _of_uuids(predicate)
        case _:
            pass
    return predicate


def _values(predicate: MatchValue | MatchAny | MatchExcept) -> tuple[object, ...]:
    return (predicate.value,) if isinstance(predicate, MatchValue) else predicate.values


def _of_uuids(predicate: MatchValue | MatchAny | MatchExcept) -> Predicate:
    canonical = [canonical_uuid(value) for value in _values(predicate)]
    texts = tuple(text for text in canonical if text is not None)
    if len(texts) < len(canonical):  # some value is no UUID
        return predicate
    asked = MatchValue(texts[0]) if isinstance(predicate, MatchValue) else type(predicate)(texts)
    return MatchTyped(asked, SchemaType.UUID)


def canonical_uuid(value: object) -> str | None:
    """Return a UUID's spelling with hyphens and small letters, or None for what is no UUID."""
    found = parse_uuid(value) if isinstance(value, str) else None
    return None if found is None else str(found)
