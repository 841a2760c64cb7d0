"""A search of which all is told but the query, for questions that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.space import FLOAT32, INTP


class Told(NamedTuple):
    """Arrays, kept alive, and what a kernel is told of them: their addresses and more."""

    arrays: tuple[NDArray[Any], ...]
    at: NDArray[np.int64]


class Bound:
    """A compiled search with all its arguments but the query; any number of threads may ask at once.

    Parameters
    ----------
    search : callable
        Takes a query, float32 [d], and what it writes the nearest to, `rows` and `distances`, intp [k] and
        float32 [k]; returns how many it found.
    k : int
    width : int
        Numbers of a query.
    held : Told, optional
        What `search` knows by its addresses, to be kept alive.
    """

    __slots__ = ("_held", "_k", "_search", "_width")

    def __init__(self, search: Callable[..., int], k: int, width: int, held: Told | None = None) -> None:
        self._search, self._k, self._width, self._held = search, k, width, held

    def one(self, query: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search for one query, float32 [d], C-contiguous and writable: intp [k'] and float32 [k'], k' ≤ k of
        what was found.
        """
        if len(query) != self._width:
            raise errors.DimensionMismatch(self._width, len(query))
        rows, distances = np.empty(self._k, INTP), np.empty(self._k, FLOAT32)
        found = self._search(query, rows, distances)
        return (rows, distances) if found == self._k else (rows[:found], distances[:found])
