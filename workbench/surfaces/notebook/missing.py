"""Why nothing was found: fields of a filter that no point has, which more often than not are misspelled.

A filter on such a field is no error, as in Qdrant: points may get it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from workbench.models.filters import FieldCondition, Filter, IsEmptyField, IsNullField, Nested
from workbench.models.query import ALL, NOTHING
from workbench.query import fetch, scroll
from workbench.segments.view import View

# Points whose payload keys are looked at for a name that is alike.
_SAMPLE = 20


def advice(view: View, flt: Filter) -> str:
    """Return a sentence that names the fields of `flt` in which no point has a value, or ``""``."""
    gone = [
        key
        for key in dict.fromkeys(_fields(flt))
        if not scroll.count(view, Filter(must_not=(IsEmptyField(key),)))
    ]
    if not gone or not view.live:
        return ""
    found, _ = scroll.scroll(view, None, _SAMPLE, None)
    known = list(dict.fromkeys(k for r in fetch.records(view, found, ALL, NOTHING) for k in r.payload or {}))
    near = [match for key in gone for match in get_close_matches(key, known, 1)]
    hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    return f"no point has a value in {', '.join(map(repr, gone))}{hint}"


def _fields(flt: Filter) -> Iterator[str]:
    for condition in flt.conditions():
        match condition:
            case FieldCondition() | IsEmptyField() | IsNullField() | Nested():
                yield condition.key
            case Filter():
                yield from _fields(condition)
