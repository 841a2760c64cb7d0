"""What a person types or pastes to ask for: a vector, or the id of a point."""

from __future__ import annotations

import ast
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import InvalidRequest, NotFound
from workbench.models.ids import parse_point_id

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

KINDS = ("text", "vector", "point", "image")

# What NumPy prints around the numbers of an array, and PyTorch likewise.
_WRAPPED = re.compile(r"^(?:np\.|numpy\.|torch\.)?(?:array|asarray|tensor)\((.*)\)$", re.DOTALL)
_OPTIONS = re.compile(r",\s*(?:dtype|device|shape)\s*=\s*[^\]]*$", re.DOTALL)


def read_vector(text: str) -> list[Any]:
    """Return the vector that a person pasted.

    A JSON or Python list, or what ``print(array)`` and ``repr(array)`` give; a matrix of one row is its row.
    Nothing is evaluated but numbers.

    Raises
    ------
    InvalidRequest
        When it is none, or NumPy left numbers out.

    Examples
    --------
    >>> read_vector("[1, 0.5]"), read_vector("array([[1. , 0.5]], dtype=float32)"), read_vector("[1. 0.5]")
    ([1, 0.5], [1.0, 0.5], [1.0, 0.5])
    """
    body = text.strip()
    if wrapped := _WRAPPED.match(body):
        body = _OPTIONS.sub("", wrapped.group(1)).strip()
    if "..." in body or "…" in body:
        raise InvalidRequest(
            "vector: expected all numbers, and some are left out ('...'); paste json.dumps(array.tolist())"
        )
    if "," not in body:  # printed with blanks between
        body = re.sub(r"(?<=[\d.])\s+(?=[-+\d.])", ", ", body)
    try:
        found = json.loads(body)
    except ValueError:
        try:
            found = ast.literal_eval(body)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            found = None
    while isinstance(found, list | tuple) and len(found) == 1 and isinstance(found[0], list | tuple):
        found = found[0]
    numeric = isinstance(found, list | tuple) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in found
    )
    if not numeric or not found:
        raise InvalidRequest(f"vector: expected a list of numbers such as [0.1, 0.2], got {text:.60}")
    return list(found)


def written_vector(vector: Any) -> str:
    """Return a vector as text that :func:`read_vector` reads, with as many digits as its numbers have.

    Raises
    ------
    InvalidRequest
        When it is no list of numbers.
    """
    try:
        values = np.asarray(vector)
        if values.ndim != 1 or values.dtype.kind not in "fiu":
            raise TypeError(f"got {vector!r:.60}")
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"search_box: expected a text or a list of numbers: {error}") from None
    # A float32 has fewer digits than the Python float that equals it: 0.1 and not 0.10000000149011612.
    return f"[{', '.join(str(value) for value in values)}]"


def read_point(text: str) -> int | uuid.UUID:
    """Return the id that a person typed.

    Raises
    ------
    InvalidPointId
        When it is neither an unsigned integer nor a UUID.
    """
    text = text.strip()
    return parse_point_id(int(text) if text.isdecimal() else text)


def read_query(collection: Collection, text: str, vector: str) -> Any:
    """Return what a person asks for in one box: the text, or for ``#`` and an id that point's vector.

    Raises
    ------
    InvalidPointId
        When what follows ``#`` is no id.
    NotFound
        When there is no such point, or it has no vector of the name `vector`.
    """
    if not text.startswith("#"):
        return text
    points = collection.get([read_point(text[1:])], vectors=[vector])
    if not points or vector not in (points[0].vectors or {}):
        raise NotFound(f"query: expected # and the id of a point that has this vector, got {text!r}")
    return np.asarray((points[0].vectors or {})[vector], np.float32)


def query_code(text: str, vector: str) -> str:
    """Return :func:`read_query` as Python."""
    if not text.startswith("#"):
        return repr(text)
    return f"collection.get([{plain_id(text[1:])!r}], vectors=True)[0].vectors[{vector!r}]"


def plain_id(text: str) -> int | str:
    """Return an id as Python code has it: a number, or the text of a UUID."""
    said = text.strip()
    return int(said) if said.isdecimal() else said
