"""Filters as a person types them."""

from __future__ import annotations

import ast
import json
from typing import Any

from workbench.errors import InvalidRequest


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
