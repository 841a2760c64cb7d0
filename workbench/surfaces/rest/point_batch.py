"""Large upserts: their vectors from bytes straight to arrays, wherever clients put them.

A kernel takes the lists of numbers out of the body, and what remains is small and parsed as ever: 8 MB with
1000 vectors of 384 numbers take 8 ms, where objects for every number take 37. Everything but the numbers goes
the ordinary way, so meanings and errors are the same whichever way a body went; what is unusual in any way,
or comes before the kernel is loaded, goes it as a whole.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from workbench import kernels

SMALLEST: Final = 1 << 14
"""Bytes from which a body is worth it."""

OPERATIONS: Final = frozenset({"upsert_points", "update_vectors"})
"""Whose bodies may hold a batch of points."""

# Lists that are shorter than this, brackets included, are left to the ordinary parser.
_SHORTEST: Final = 8
# One number in ten million is hard: a body with more than this many is made to be.
_MOST_HARD: Final = 256

Lists = list[npt.NDArray[np.float32]]


def warm(block: bool = False) -> None:
    """Load the kernel on a background thread; with `block`, return when it can be called or has failed."""
    kernels.warm(block, kernels.JSON)


def read_large(body: bytes | memoryview) -> dict[str, Any] | None:
    """Return the parsed body, each vector of its points float32[d]; None when it is for the ordinary path."""
    if not kernels.ready(kernels.JSON):
        return None
    rest, lists = _take(body)
    if not lists:
        return None
    try:
        plain = orjson.loads(rest)
        given = plain["points"] if "points" in plain else plain["batch"]
        placed = _fill_rows(given, lists) if "points" in plain else _fill_columns(given, lists)
    except (orjson.JSONDecodeError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    # A list that nothing refers to had a key that is there twice; or a digit stood behind it, where none may,
    # and made its number another's.
    return plain if len(placed) == len(set(placed)) == len(lists) else None


def _take(body: bytes | memoryview) -> tuple[memoryview, Lists]:
    """Return the body with a number in place of each list, and the lists; none when it is unusual."""
    kernel: Any = importlib.import_module(kernels.JSON)
    text, size = np.frombuffer(body, np.uint8), len(body)
    rest, numbers = np.empty(size, np.uint8), np.empty(size // 2 + 1, np.float32)
    starts, hard = np.empty(size // _SHORTEST + 1, np.int64), np.empty((_MOST_HARD, 3), np.int64)
    counts = np.zeros(3, np.int64)
    length = kernel.take_lists(text.ctypes.data, size, rest, numbers, starts, hard, counts)
    count, total, doubts = counts.tolist()
    for place, start, stop in hard[:doubts].tolist():
        with np.errstate(over="ignore"):
            numbers[place] = np.float32(float(body[start:stop]))
    if length < 0 or not count or (doubts and not np.isfinite(numbers[hard[:doubts, 0]]).all()):
        return memoryview(b""), []
    return rest[:length].data, _split(numbers[:total], starts[:count])


def _split(numbers: npt.NDArray[np.float32], starts: npt.NDArray[np.int64]) -> Lists:
    widths = np.diff(starts, append=len(numbers))
    if (widths == widths[0]).all():
        return list(numbers.reshape(len(starts), -1))
    return np.split(numbers, starts[1:])


def _fill_rows(points: list[dict[str, Any]], lists: Lists) -> list[int]:
    """Put the lists back into ``[{"id", "vector", …}, …]``, and return their numbers."""
    placed = []
    for point in points:
        vector = point["vector"]
        if type(vector) is int:
            point["vector"] = lists[vector]
            placed.append(vector)
        elif type(vector) is dict:
            placed += _fill_named(vector, lists)
    return placed


def _fill_columns(batch: dict[str, Any], lists: Lists) -> list[int]:
    """Put the lists back into ``{"ids", "vectors", …}``, and return their numbers."""
    columns = batch["vectors"]
    if type(columns) is dict:
        return [number for column in columns.values() for number in _fill_list(column, lists)]
    return _fill_list(columns, lists)


def _fill_named(vectors: dict[str, Any], lists: Lists) -> list[int]:
    numbers = {name: own for name, own in vectors.items() if type(own) is int}
    vectors.update({name: lists[own] for name, own in numbers.items()})
    return list(numbers.values())


def _fill_list(column: list[Any], lists: Lists) -> list[int]:
    placed = [own for own in column if type(own) is int]
    column[:] = [lists[own] if type(own) is int else own for own in column]
    return placed
