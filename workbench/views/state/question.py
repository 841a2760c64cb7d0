"""Filters as a person types them, and joined to one."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from workbench.errors import InvalidRequest

# The keys of Qdrant's own filters, which are no fields.
_CLAUSES = ("must", "should", "must_not", "min_should")


def read_filter(text: str, words_in: str) -> dict[str, Any] | None:
    """Return the filter that a person typed.

    A mapping, written in Python or JSON; or plain words, which must all be in the key `words_in`. Nothing is
    evaluated but literals.

    Raises
    ------
    InvalidRequest
        When it begins like a mapping and is none.

    Examples
    --------
    >>> read_filter("{'year': {'gte': 2000}}", "title"), read_filter("robot dreams", "title")
    ({'year': {'gte': 2000}}, {'title': {'text': 'robot dreams'}})
    """
    text = text.strip()
    if not text:
        return None
    if not text.startswith("{"):
        if not words_in:
            raise InvalidRequest(
                'filter: no payload key holds texts, so expected a mapping such as {"year": {"gte": 2000}}'
            )
        return {words_in: {"text": text}}
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            raise InvalidRequest(
                'filter: expected plain words or a mapping such as {"year": {"gte": 2000}}, '
                f"got {text:.80}"
            ) from None
    if not isinstance(found, dict):
        raise InvalidRequest(
            f"filter: expected a mapping of field to value, got a {type(found).__name__}: {text:.80}"
        )
    return found


def written(where: Any) -> str:
    """Return a filter as text that :func:`read_filter` reads."""
    if where is None:
        return ""
    if hasattr(where, "to_json"):
        return json.dumps(where.to_json(), ensure_ascii=False)
    return repr(dict(where))


def combined(where: Any, narrowed: Mapping[str, Any], words: str, words_in: str) -> Any:
    """Return one filter of all that is asked: a mapping where that is possible, None for every point.

    Examples
    --------
    >>> combined({"year": 2000}, {"topic": ["Arts"]}, "robot", "title")
    {'year': 2000, 'topic': ['Arts'], 'title': {'text': 'robot'}}
    >>> combined({"topic": "Arts"}, {"topic": ["Arts"]}, "", "title")
    {'$and': [{'topic': 'Arts'}, {'topic': ['Arts']}]}
    """
    parts = [dict(narrowed)] if narrowed else []
    if words.strip() and words_in:
        parts.append({words_in: {"text": words.strip()}})
    if where is not None:
        parts.insert(0, where)
    if len(parts) < 2:
        return parts[0] if parts else None
    if all(_by_field(part) for part in parts):
        keys = [key for part in parts for key in part]
        if len(set(keys)) == len(keys):
            return {key: value for part in parts for key, value in part.items()}
    return {"$and": parts}


def _by_field(part: Any) -> bool:
    """Whether entries of a mapping can stand beside those of another."""
    return isinstance(part, Mapping) and not all(key in _CLAUSES for key in part)


def page_code(state: Any, where: Any) -> str:
    """Return the Python that gives the page of a :class:`~workbench.views.state.browsing.Browsing`."""
    offset = (state.page - 1) * state.page_size
    if state.ranked:
        examples = bool(state.like or state.unlike)
        first = (
            [repr(state.like), repr(state.unlike) if state.unlike else ""]
            if examples
            else [repr(state.search)]
        )
        parts = [
            *first,
            f"text={state.search!r}" if examples and state.search else "",
            f"where={where!r}" if where is not None else "",
            f"k={state.page_size}",
            f"offset={offset}" if offset else "",
            f"vector={state.vector!r}" if state.vector else "",
        ]
        return (
            f"collection.{'recommend' if examples else 'search'}({', '.join(filter(None, parts))}).to_frame()"
        )
    parts = [
        repr(where) if where is not None else "",
        f"offset={offset}" if offset else "",
        f"limit={state.page_size}",
        f"sort={state.sort!r}" if state.sort else "",
        "descending=True" if state.descending else "",
    ]
    return f"collection.page({', '.join(filter(None, parts))})"
