"""A walk through a graph of which all is told but the query, for questions that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.space import FLOAT32, INTP, addresses

# Up to this width a beam is one sorted pool (5-10 % faster than heaps at ef 16 to 128); insertion into a
# wider one costs more than a heap's.
WIDE = 512


class Scratch(NamedTuple):
    """Arrays that one running search needs, and their addresses as the kernel takes them."""

    arrays: tuple[NDArray[Any], ...]
    at: NDArray[np.int64]


class ScratchPool:
    """Arrays for running searches of a graph of `n` nodes and `m` links; any thread may take some.

    Parameters
    ----------
    n, m : int
    wide : bool
        Whether for walks with heaps; see ``kernels.cpu.traversal``.
    """

    __slots__ = ("_m", "_n", "_wide", "unused")

    def __init__(self, n: int, m: int, *, wide: bool) -> None:
        self._n, self._m, self._wide = n, m, wide
        # list.pop and list.append are atomic.
        self.unused: list[Scratch] = []

    def take(self) -> Scratch:
        """Return arrays that no search is using; append them to `unused` in the end."""
        try:
            return self.unused.pop()
        except IndexError:
            n, wide = self._n, self._wide
        # A walk by two hops collects neighbors and, at the other end, those between.
        near = 4 * self._m
        arrays = (
            np.zeros(n + 1, np.uint8),
            np.empty(n if wide else WIDE, np.int64),
            np.empty(n if wide else 0, np.int64),
            np.empty(near, np.int32),
            np.empty(near, np.float32),
        )
        return Scratch(arrays, addresses(arrays))


class BoundWalk:
    """A search of a graph by the compiled kernel; any number of threads may ask at once.

    Parameters
    ----------
    search : callable
        ``kernels.cpu.search`` with its arguments up to `top`.
    settings : tuple
        Its arguments from `k` to `wide`.
    pool : ScratchPool
    width : int
        Numbers of a query.
    """

    __slots__ = ("_k", "_pool", "_search", "_settings", "_width")

    def __init__(
        self, search: Callable[..., int], settings: tuple[Any, ...], pool: ScratchPool, width: int
    ) -> None:
        self._search, self._settings, self._pool = search, settings, pool
        self._width, self._k = width, settings[0]

    def __call__(self, queries: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search for each query of float32 [q, d], C-contiguous and writable.

        Returns
        -------
        rows : intp [q, k]
            −1 where fewer than k nodes were found.
        distances : float32 [q, k]
            Infinity there.
        """
        rows = np.empty((len(queries), self._k), INTP)
        distances = np.empty((len(queries), self._k), FLOAT32)
        self._ask(queries.shape[1], queries.reshape(-1), rows.reshape(-1), distances.reshape(-1))
        return rows, distances

    def one(self, query: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search for one query, float32 [d]: intp [k'] and float32 [k'], k' ≤ k of what was found."""
        rows, distances = np.empty(self._k, INTP), np.empty(self._k, FLOAT32)
        found = self._ask(len(query), query, rows, distances)
        return (rows, distances) if found == self._k else (rows[:found], distances[:found])

    def _ask(
        self,
        width: int,
        queries: NDArray[np.float32],
        rows: NDArray[np.intp],
        distances: NDArray[np.float32],
    ) -> int:
        """Run the kernel; return how many nodes were found for the last query."""
        if width != self._width:
            raise errors.DimensionMismatch(self._width, width)
        scratch = self._pool.take()
        found = self._search(queries, *self._settings, scratch.at, rows, distances)
        self._pool.unused.append(scratch)
        return found
