"""JSON paths: how a filter names a field of a payload.

=================  ==========================================================
``a``              the value of key ``a``
``a.b``            the value of key ``b`` of the object at ``a``
``a[]``            every element of the array at ``a``
``a[0]``           its first element
``"a.b c"``        a key with dots, blanks or signs in it, in double quotes
=================  ==========================================================

A bare key is made of letters, digits, ``_`` and ``-``. A path does not enter an array on its own: ``a.b``
selects nothing from ``{"a": [{"b": 1}]}``, ``a[].b`` does. (Grammar measured on qdrant-edge-py 0.9.0.)
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from workbench.errors import FormatError, InvalidRequest
from workbench.text.words import WORD


class Each(enum.Enum):
    """The part ``[]`` of a path: every element of an array."""

    EACH = "[]"


EACH: Final = Each.EACH
Part = str | int | Each

_BARE = rf"(?:{WORD}|[_-])+"
_ASCII = re.compile(r"[\w-]+", re.ASCII)
_MAX_INDEX = 2**64


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A parsed path: keys (``str``), positions (``int``) and ``EACH``; the first part is always a key."""

    parts: tuple[Part, ...]

    def each(self) -> JsonPath:
        """The path of the elements of the array at this path: ``a`` and ``a[]`` both give ``a[]``."""
        return self if self.parts[-1] is EACH else JsonPath((*self.parts, EACH))

    def select(self, payload: Mapping[str, Any]) -> list[Any]:
        """The values this path selects from a payload, in order; empty if the field is missing."""
        values: list[Any] = [payload]
        for part in self.parts:
            values = [found for value in values for found in _step(value, part)]
        return values

    def __str__(self) -> str:
        text = ""
        for part in self.parts:
            if part is EACH:
                text += "[]"
            elif isinstance(part, int):
                text += f"[{part}]"
            else:
                text += ("." if text else "") + quote_key(str(part))
        return text


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a bare key and of a step; all of Unicode's letters take 20 ms to compile."""
    step = rf'(?P<dot>\.)?(?:"(?P<quoted>[^"]*)"|(?P<bare>{_BARE}))|\[(?P<index>[0-9]*)\]'
    return re.compile(_BARE), re.compile(step)


def _step(value: Any, part: Part) -> list[Any]:
    if part is EACH:
        return value if isinstance(value, list) else []
    if isinstance(part, int):
        return [value[part]] if isinstance(value, list) and part < len(value) else []
    return [value[part]] if isinstance(value, dict) and part in value else []


def quote_key(key: str) -> str:
    """One key as it is written in a path, in quotes where it needs them.

    Raises
    ------
    InvalidRequest
        If the key has a double quote, which no path can name.
    """
    if _ASCII.fullmatch(key) or _patterns()[0].fullmatch(key):
        return key
    if '"' in key:
        raise InvalidRequest(
            f"the key {key!r} has a double quote, which a JSON path cannot name; rename the field"
        )
    return f'"{key}"'


@lru_cache(maxsize=4096)
def parse_path(text: str) -> JsonPath:
    """Parse a path such as ``a.b[].c``.

    Raises
    ------
    FormatError
        If the text is not a path.
    """
    if _ASCII.fullmatch(text):
        return JsonPath((text,))
    step = _patterns()[1]
    parts: list[Part] = []
    position = 0
    while position < len(text):
        found = step.match(text, position)
        if found is None:
            raise _malformed(text)
        is_key = found["index"] is None
        # The first part is a key without a dot; every later key has one.
        if (is_key and bool(found["dot"]) != bool(parts)) or (not is_key and not parts):
            raise _malformed(text)
        position = found.end()
        if is_key:
            parts.append(found["bare"] if found["quoted"] is None else found["quoted"])
        else:
            parts.append(_position(text, found["index"]))
    if not parts:
        raise _malformed(text)
    return JsonPath(tuple(parts))


def _position(text: str, digits: str) -> Part:
    if not digits:
        return EACH
    if len(digits) > 20 or int(digits) >= _MAX_INDEX:
        raise _malformed(text)
    return int(digits)


def _malformed(text: str) -> FormatError:
    return FormatError(
        f"invalid JSON path {text!r}: expected keys joined by dots, with [] or [0] after an array "
        'and double quotes round a key with other signs, as in a.b[].c or "my field"'
    )
