"""An HNSW graph as plain arrays, and the search of it.

Whoever built it (hnswlib, numba, a GPU, a file), a graph is the same six arrays, so a segment can map them
from disk and the search kernels need to know one layout only.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes import flat
from workbench.indexes.codes import Codes, CodeSpace, shortlist
from workbench.indexes.hnsw_faults import ARRAYS, fault_of
from workbench.indexes.space import Space, as_mask, as_queries, as_vectors, writable

__all__ = ["ARRAYS", "META", "HnswGraph", "HnswSearcher"]

META = ("m", "ef_construct", "entry", "top_level")

# Up to this width a beam is one sorted pool (5-10 % faster than heaps at ef 16 to 128); insertion into a
# wider one costs more than a heap's.
WIDE = 512
# Up to this many nodes their vectors are scanned and not their codes, which cost 3 µs for a query's own code
# and the shortlist: 81 nodes of 384 numbers take 4.5 µs by vectors and 6.3 by codes.
FEW = 128
# Queries that a thread of a batch answers at a time: small enough that a busy core delays nobody for long.
CHUNK = 64


@dataclass(frozen=True, slots=True)
class HnswGraph:
    """A graph of n nodes; node i is the vector in row i.

    Attributes
    ----------
    m : int
        Links of a node on an upper layer; on layer 0 it is twice as many.
    ef_construct : int
        Width of the beam that built the graph.
    entry, top_level : int
        The node where every search begins and its layer; −1 and −1 in an empty graph.
    counts0, links0 : uint16 [n], int32 [n, 2m]
        Layer 0. Slots from the count on hold 0, which is a valid node: always read the count.
    levels : int32 [n]
        Top layer of each node.
    upper_offsets : int64 [n + 1]
        Running sum of the levels: node i on layer L ≥ 1 is row ``upper_offsets[i] + L - 1`` of
    upper_counts, upper_links : uint16 [s], int32 [s, m]
    """

    m: int
    ef_construct: int
    entry: int
    top_level: int
    counts0: NDArray[np.uint16]
    links0: NDArray[np.int32]
    levels: NDArray[np.int32]
    upper_offsets: NDArray[np.int64]
    upper_counts: NDArray[np.uint16]
    upper_links: NDArray[np.int32]

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.counts0)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, not copied."""
        return {name: getattr(self, name) for name in ARRAYS}

    def meta(self) -> dict[str, int]:
        """Return the scalars by name."""
        return {name: int(getattr(self, name)) for name in META}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, int]) -> HnswGraph:
        """Put a graph together from what :meth:`arrays` and :meth:`meta` returned; copies nothing."""
        return cls(**{name: int(meta[name]) for name in META}, **{name: arrays[name] for name in ARRAYS})  # type: ignore[arg-type]

    @classmethod
    def empty(cls, m: int, ef_construct: int, levels: NDArray[np.int32]) -> HnswGraph:
        """Make a graph of ``len(levels)`` nodes without links, entered at the first node of the top layer."""
        n, total = len(levels), int(levels.sum(dtype=np.int64))
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum(levels, out=offsets[1:])
        return cls(
            m=m,
            ef_construct=ef_construct,
            entry=int(np.argmax(levels)) if n else -1,
            top_level=int(levels.max()) if n else -1,
            counts0=np.zeros(n, np.uint16),
            links0=np.zeros((n, 2 * m), np.int32),
            levels=levels,
            upper_offsets=offsets,
            upper_counts=np.zeros(total, np.uint16),
            upper_links=np.zeros((total, m), np.int32),
        )

    def validate(self, n: int, path: str = "HNSW graph") -> None:
        """Check everything that a kernel relies on; kernels themselves check no bounds.

        Parameters
        ----------
        n : int
            Number of vectors that the graph belongs to.
        path : str
            The file to name in the error.

        Raises
        ------
        errors.Corrupted
            If any array has another type, shape or content than a graph of `n` nodes can have.
        """
        fault = fault_of(self, n)
        if fault:
            raise errors.Corrupted(path, fault, "Rebuild the index from the stored vectors.")


class HnswSearcher:
    """A graph with its vectors: what a query runs on. Any number of threads may search at once.

    While the kernels are still being loaded (``kernels.ready()``), answers are exact and come from `flat`.

    Parameters
    ----------
    graph : HnswGraph
        Validated: kernels check no bounds.
    vectors : float32, float16 or uint8 [n, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    codes : Codes, optional
        Validated. With them the walk reads codes, and full vectors only to order and measure what it found.
    """

    __slots__ = (
        "_arrays",
        "_coded",
        "_dim",
        "_entry",
        "_everything",
        "_keys",
        "_narrow",
        "_no_seeds",
        "_nothing",
        "_scan",
        "_search",
        "_space",
        "_wide",
        "codes",
        "graph",
        "metric",
        "vectors",
    )

    def __init__(
        self, graph: HnswGraph, vectors: NDArray[Any], metric: int, codes: Codes | None = None
    ) -> None:
        if len(vectors) != graph.n:
            raise errors.Corrupted(
                "HNSW graph", f"expected {len(vectors)} nodes, as many as vectors, got {graph.n}"
            )
        self.graph, self.vectors, self.metric, self.codes = graph, as_vectors(vectors), metric, codes
        names = ("counts0", "links0", "upper_offsets", "upper_counts", "upper_links")
        self._arrays = tuple(writable(getattr(graph, name)) for name in names)
        self._entry = graph.entry, graph.top_level
        self._dim = self.vectors.shape[1]
        self._everything = np.empty(0, np.uint8)
        self._no_seeds = np.empty(0, np.int32)
        self._nothing = np.empty(0, np.float32)
        # Scratch that no search is using; list.pop and list.append are atomic.
        self._narrow: list[Any] = []
        self._wide: list[Any] = []
        self._space: Space | None = None
        self._coded: CodeSpace | None = None
        self._keys: Any = None
        self._scan: Any = None
        self._search: Any = None

    @property
    def nbytes(self) -> int:
        """Bytes of the links and the codes."""
        return self.graph.nbytes + (0 if self.codes is None else self.codes.nbytes)

    def scratch(self) -> list[NDArray[Any]]:
        """Return the arrays that searches have left for the next ones."""
        return [array for unused in [*self._narrow, *self._wide] for array in unused]

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        seeds: NDArray[np.int32] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Find about the `k` nearest nodes.

        Parameters
        ----------
        query : float32 [d]
        k : int
        ef : int
            Width of the beam; `k` if that is more.
        allowed : bool or uint8 [n], optional
            Only these nodes are returned; the others are walked through.
        seeds : int32 [s], optional
            Some allowed nodes: the walk begins at them too, and leads from allowed node to allowed node, by
            one hop or two. It reads fewer vectors, and it may find fewer than `k` nodes though more are
            allowed.

        Returns
        -------
        rows : int32 [k']
            ``k' ≤ k``, ascending by (distance, row).
        distances : float32 [k']
        """
        rows, distances, count = self._run(as_queries(query), k, ef, allowed, seeds)
        if count == k:
            return rows[0], distances[0]
        return rows[0, :count], distances[0, :count]

    def search_batch(
        self,
        queries: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        threads: int = 1,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Search for each query of float32 [q, d]; see :meth:`search`.

        Returns
        -------
        rows : int32 [q, k]
            −1 where fewer than k nodes were found.
        distances : float32 [q, k]
            Infinity there.
        """
        queries = as_queries(queries)
        if threads <= 1 or len(queries) <= CHUNK:
            return self._run(queries, k, ef, allowed)[:2]
        chunks = [queries[start : start + CHUNK] for start in range(0, len(queries), CHUNK)]
        with ThreadPoolExecutor(threads) as workers:
            found = list(workers.map(lambda chunk: self._run(chunk, k, ef, allowed), chunks))
        return np.concatenate([rows for rows, _, _ in found]), np.concatenate([gaps for _, gaps, _ in found])

    def scan(
        self, query: NDArray[np.float32], k: int, chosen: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Find the `k` nearest of the nodes `chosen`, all of which are measured: by their codes, if there are
        any, and the nearest of them by their vectors.

        Parameters
        ----------
        query : float32 [d]
        k : int
        chosen : int32 [m]
            Which nodes, ascending.

        Returns
        -------
        rows : int32 [k']
            ``k' = min(k, m)``, ascending by (distance, row).
        distances : float32 [k']
        """
        k = min(k, len(chosen))
        if k <= 0 or (self._search is None and not self._bind()):
            return flat.search_rows(self.vectors, query, k, self.metric, chosen)
        if len(query) != self._dim:
            raise errors.DimensionMismatch(self._dim, len(query))
        again = 0 if self.codes is None or len(chosen) <= FEW else shortlist(k)
        rows, distances = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
        pool = np.empty(max(k, again), np.int64)
        self._scan(*self._keys, again, self.graph.n, as_queries(query), chosen, pool, rows, distances)
        return rows[0], distances[0]

    def walk(
        self,
        space: tuple[int, int, int, int, int],
        prepared: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        seeds: NDArray[np.int32] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Search by other rows than the vectors, such as quantized ones; only when ``kernels.ready()``.

        `space` is that of the rows, one a node (see ``kernels.cpu.metrics``), `prepared`, float32 [1, w], the
        query as these are compared with it. The rest is as in :meth:`search`.
        """
        bound = self._search is not None or self._bind()
        assert bound, "the kernels are not loaded, or there are no nodes"
        keys = space, (space, self._nothing, 0.0)
        rows, distances, count = self._call(keys, 0, prepared, k, ef, allowed, seeds)
        return rows[0, :count], distances[0, :count]

    def _run(
        self,
        queries: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None,
        seeds: NDArray[np.int32] | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], int]:
        if self._search is None and not self._bind():
            return self._exact(queries, k, allowed)
        if queries.shape[1] != self._dim:
            raise errors.DimensionMismatch(self._dim, queries.shape[1])
        again = 0 if self.codes is None else shortlist(k)
        return self._call(self._keys, again, queries, k, ef, allowed, seeds)

    def _call(
        self,
        keys: Any,
        again: int,
        queries: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None,
        seeds: NDArray[np.int32] | None,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], int]:
        count, n = len(queries), len(self.vectors)
        rows, distances = np.empty((count, k), np.int32), np.empty((count, k), np.float32)
        ef = min(max(ef, k, 1), n)
        mask = self._everything if allowed is None else as_mask(allowed, n)
        wide = ef > WIDE or allowed is not None
        unused = self._wide if wide else self._narrow
        try:
            scratch = unused.pop()
        except IndexError:
            scratch = self._new_scratch(wide)
        found = self._search(
            *keys,
            again,
            self._arrays,
            *self._entry,
            queries,
            ef,
            mask,
            self._no_seeds if seeds is None else seeds,
            wide,
            scratch,
            rows,
            distances,
        )
        unused.append(scratch)
        return rows, distances, found

    def _bind(self) -> bool:
        """Take the compiled search into use; False while there is none, or nothing to search."""
        if not kernels.ready() or self.graph.n == 0:
            return False
        self._space = Space(self.vectors, self.metric)
        if self.codes is None:
            self._keys = self._space.key, (self._space.key, np.empty(0, np.float32), 0.0)
        else:
            self._coded = self.codes.space(self.metric)
            self._keys = self._space.key, self._coded.key
        cpu = importlib.import_module("workbench.kernels.cpu")
        self._scan, self._search = cpu.scan, cpu.search
        return True

    def _exact(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[Any] | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], int]:
        found, gaps = flat.search_batch(self.vectors, queries, k, self.metric, allowed)
        count = found.shape[1]
        rows = np.full((len(queries), k), -1, np.int32)
        distances = np.full((len(queries), k), np.inf, np.float32)
        rows[:, :count], distances[:, :count] = found, gaps
        return rows, distances, count

    def _new_scratch(self, wide: bool) -> tuple[NDArray[Any], ...]:
        """Make the arrays that one running search needs; see ``kernels.cpu.traversal``."""
        # A walk by two hops collects neighbors and, at the other end, those between.
        n, near = self.graph.n, 4 * self.graph.m
        return (
            np.zeros(n + 1, np.uint8),
            np.empty(n if wide else WIDE, np.int64),
            np.empty(n if wide else 0, np.int64),
            np.empty(near, np.int32),
            np.empty(near, np.float32),
        )
