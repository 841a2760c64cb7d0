"""Point ids: unsigned 64-bit integers, or UUIDs in any of four spellings."""

from __future__ import annotations

import operator
import re
import uuid
from typing import Any

from workbench.errors import InvalidPointId
from workbench.models.points import PointId

_PLAIN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID = re.compile(rf"(?:urn:uuid:)?{_PLAIN}|{{{_PLAIN}}}|[0-9a-f]{{32}}", re.IGNORECASE | re.ASCII)
_EXPECTED = (
    "expected an integer from 0 to 18446744073709551615 or a UUID as "
    "'936da01f-9abd-4d9d-80c7-02af85c822a8', '936da01f9abd4d9d80c702af85c822a8' "
    "or 'urn:uuid:936da01f-9abd-4d9d-80c7-02af85c822a8'"
)


def parse_point_id(value: Any) -> PointId:
    """A point id from what a caller gave.

    Parameters
    ----------
    value
        An ``int`` (Python's or NumPy's), a ``uuid.UUID``, or a string that spells a UUID.

    Raises
    ------
    InvalidPointId
        For a boolean, a negative integer, one of 2**64 or more, a float, a string that is no UUID, or
        anything else.
    """
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str):
        if (found := parse_uuid(value)) is None:
            raise InvalidPointId(f"invalid point id {value!r}: {_EXPECTED}")
        return found
    # bool is an int to Python, and NumPy's bool answers __index__ in old versions: both are mistakes, not
    # ids.
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        raise InvalidPointId(f"invalid point id {value!r} (a boolean): {_EXPECTED}")
    try:
        number = operator.index(value)
    except TypeError:
        raise InvalidPointId(f"invalid point id {value!r} ({type(value).__name__}): {_EXPECTED}") from None
    if not 0 <= number < 2**64:
        raise InvalidPointId(f"invalid point id {number}: {_EXPECTED}")
    return number


def parse_uuid(text: str) -> uuid.UUID | None:
    """Return the UUID that a text spells as Qdrant reads it, or None.

    Python's own reader takes more for one: hyphens and braces anywhere, underscores, spaces.
    """
    return uuid.UUID(text.lower().removeprefix("urn:uuid:")) if _UUID.fullmatch(text) else None
