"""Walks through a graph: what they are bound to, and the arrays that a running one needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.bound import Bound, Told
from workbench.indexes.space import FLOAT32, INTP, addresses

# Up to this width a beam is one sorted pool (5-10 % faster than heaps at ef 16 to 128); insertion into a
# wider one costs more than a heap's.
WIDE = 512


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
        self.unused: list[Told] = []

    def take(self) -> Told:
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
        return Told(arrays, addresses(arrays))


class BoundWalk(Bound):
    """A search of a graph.

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

    __slots__ = ()

    def __init__(
        self, search: Callable[..., int], settings: tuple[Any, ...], pool: ScratchPool, width: int
    ) -> None:
        super().__init__(partial(_walk, search, settings, pool), settings[0], width)

    def __call__(self, queries: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search for each query of float32 [q, d], C-contiguous and writable.

        Returns
        -------
        rows : intp [q, k]
            −1 where fewer than k nodes were found.
        distances : float32 [q, k]
            Infinity there.
        """
        if queries.shape[1] != self._width:
            raise errors.DimensionMismatch(self._width, queries.shape[1])
        rows = np.empty((len(queries), self._k), INTP)
        distances = np.empty((len(queries), self._k), FLOAT32)
        self._search(queries.reshape(-1), rows.reshape(-1), distances.reshape(-1))
        return rows, distances


def _walk(
    search: Callable[..., int],
    settings: tuple[Any, ...],
    pool: ScratchPool,
    queries: NDArray[np.float32],
    rows: NDArray[np.intp],
    distances: NDArray[np.float32],
) -> int:
    """Run the kernel; return how many nodes were found for the last query."""
    scratch = pool.take()
    found = search(queries, *settings, scratch.at, rows, distances)
    pool.unused.append(scratch)
    return found
