"""Filters put together line by line: a field, an operator that its type knows, and a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.errors import InvalidRequest
from workbench.models.datetimes import parse_datetime

_SAME = [("is", "is"), ("not", "is not"), ("in", "is one of")]
_THERE = [("empty", "is missing"), ("there", "is there")]
_BOUNDS = [("gte", "≥"), ("lte", "≤"), ("gt", ">"), ("lt", "<"), ("between", "between")]

# What may be asked of a field of each kind: operators, and how they are said.
OPERATORS: dict[str, list[tuple[str, str]]] = {
    "keyword": [
        *_SAME, ("prefix", "begins with"), ("substring", "contains"), ("text", "has the words"), *_THERE,
    ],
    "text": [
        ("text", "has the words"), ("text_any", "has one of the words"), ("phrase", "has the phrase"),
        ("prefix", "begins with"), ("substring", "contains"), ("is", "is"), *_THERE,
    ],
    "integer": [("is", "="), ("not", "≠"), *_BOUNDS, ("in", "is one of"), *_THERE],
    "float": [*_BOUNDS, ("is", "="), *_THERE],
    "datetime": [*_BOUNDS, *_THERE],
    "bool": [("is", "is"), *_THERE],
}  # fmt: skip


def built(lines: Sequence[Sequence[str]], kinds: dict[str, str], *, any_of: bool = False) -> Any:
    """Return the filter of some lines, None if there are none.

    Parameters
    ----------
    lines : sequence of (key, operator, value)
        The value as it was typed: several are separated by commas.
    kinds : dict of str to str
        The kind of each known field; others are taken as keywords.
    any_of : bool
        Whether one line has to hold instead of all.

    Raises
    ------
    InvalidRequest
        For a value that the operator does not take; the text says what was expected.

    Examples
    --------
    >>> built([("year", "between", "1990, 1999"), ("topic", "is", "Arts")], {"year": "integer"})
    {'year': {'gte': 1990, 'lte': 1999}, 'topic': 'Arts'}
    """
    parts = [{key: _condition(key, op, value, kinds.get(key, "keyword"))} for key, op, value in lines if key]
    if not parts:
        return None
    if any_of and len(parts) > 1:
        return {"$or": parts}
    keys = [key for part in parts for key in part]
    if len(set(keys)) < len(keys):
        return {"$and": parts}
    return {key: value for part in parts for key, value in part.items()}


def _condition(key: str, op: str, typed: str, kind: str) -> Any:
    match op:
        case "empty":
            return None
        case "there":
            return {"not": None}
        case "is":
            return _value(key, typed, kind)
        case "not":
            return {"not": _value(key, typed, kind)}
        case "in":
            return [_value(key, part, kind) for part in _several(key, typed)]
        case "between":
            ends = _several(key, typed)
            if len(ends) != 2:
                raise InvalidRequest(f"{key}: expected two values such as 1990, 1999, got {typed!r}")
            return {"gte": _value(key, ends[0], kind), "lte": _value(key, ends[1], kind)}
        case _:
            return {op: _value(key, typed, kind)}


def _several(key: str, typed: str) -> list[str]:
    parts = [part.strip() for part in typed.split(",") if part.strip()]
    if not parts:
        raise InvalidRequest(f"{key}: expected one or more values with commas between, got none")
    return parts


def _value(key: str, typed: str, kind: str) -> Any:
    typed = typed.strip()
    if not typed:
        raise InvalidRequest(f"{key}: expected a value, got none")
    if kind == "bool":
        if typed.lower() not in ("true", "false"):
            raise InvalidRequest(f"{key}: expected true or false, got {typed!r}")
        return typed.lower() == "true"
    if kind == "datetime" and parse_datetime(typed) is None:
        raise InvalidRequest(
            f"{key}: expected a moment such as 2024-01-31 or 2024-01-31T12:30:00Z, got {typed!r}"
        )
    if kind in ("integer", "float"):
        return _number(key, typed)
    return typed


def _number(key: str, typed: str) -> int | float:
    try:
        return int(typed)
    except ValueError:
        pass
    try:
        return float(typed)
    except ValueError:
        raise InvalidRequest(f"{key}: expected a number, got {typed!r}") from None
