"""Search of an HNSW graph by the compiled kernels: walks, scans and batches."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes import flat
from workbench.indexes.bound import Bound, Told
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, CodeSpace, shortlist
from workbench.indexes.hnsw_faults import ARRAYS
from workbench.indexes.hnsw_graph import META, HnswGraph
from workbench.indexes.hnsw_walk import WIDE, BoundWalk, ScratchPool
from workbench.indexes.nibble_rows import NONE, NibbleRows, NibbleSpace
from workbench.indexes.nibbles import Nibbles
from workbench.indexes.sieve import Sieve, fits
from workbench.indexes.space import (
    FLOAT32,
    INT32,
    INTP,
    Space,
    addresses,
    as_mask,
    as_queries,
    as_query,
    as_vectors,
)

__all__ = ["ARRAYS", "META", "HnswGraph", "HnswSearcher"]

# Up to this many nodes their vectors are scanned and not their codes, which cost 3 µs for a query's own code
# and the shortlist: 81 nodes of 384 numbers take 4.5 µs by vectors and 6.3 by codes.
FEW = 128
# With a sieve, lists from this length on need not be scanned exactly: 1,024 nodes take 17 µs by their codes,
# 24 with a proof, 25 by signs; 2,048 take 26 to 30, 36 to 38 and 31 to 33. Of the true 10 of 1,412 texts of
# one region codes find .9999, of other lists all.
UNPROVED = 1_024
# Queries that a thread of a batch answers at a time: small enough that a busy core delays nobody for long.
CHUNK = 64


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
    bounds : CodeBounds, optional
        Validated. How far the codes are off: with them a scan of the codes is exact.

    Attributes
    ----------
    sieve : Sieve or None
        What scans of many nodes that need not be exact go by first; see :meth:`use_sieve`.
    nibbles : Nibbles or None
        What exact scans of very many nodes go by first; see :meth:`use_nibbles`.
    halved : NibbleRows or None
        What walks read in the place of the codes; see :meth:`walk_nibbles`.
    """

    __slots__ = (
        "_arrays", "_bounds", "_coded", "_dim", "_entry", "_everything", "_halved", "_keys", "_layers",
        "_measure", "_narrow", "_no_seeds", "_nothing", "_prove", "_scan", "_search", "_sift", "_space",
        "_wide", "bounds", "codes", "graph", "halved", "metric", "nibbles", "sieve", "vectors",
    )  # fmt: skip

    def __init__(
        self,
        graph: HnswGraph,
        vectors: NDArray[Any],
        metric: int,
        codes: Codes | None = None,
        bounds: CodeBounds | None = None,
    ) -> None:
        if len(vectors) != graph.n:
            raise errors.Corrupted(
                "HNSW graph", f"expected {len(vectors)} nodes, as many as vectors, got {graph.n}"
            )
        self.graph, self.vectors, self.metric, self.codes = graph, as_vectors(vectors), metric, codes
        names = ("counts0", "links0", "upper_offsets", "upper_counts", "upper_links")
        self._arrays = [np.ascontiguousarray(getattr(graph, name)) for name in names]
        self._layers = addresses(self._arrays)
        self._entry = graph.entry, graph.top_level
        self._dim = self.vectors.shape[1]
        self._everything = np.empty(0, np.uint8)
        self._no_seeds = np.empty(0, np.int32)
        self._nothing = np.empty(0, np.float32)
        self._narrow = ScratchPool(graph.n, graph.m, wide=False)
        self._wide = ScratchPool(graph.n, graph.m, wide=True)
        self._space: Space | None = None
        self._coded: CodeSpace | None = None
        self._halved: NibbleSpace | None = None
        self._keys: Any = None
        self.bounds = bounds if codes is not None else None
        self._bounds: Any = None
        self._measure: Any = None
        self._prove: Any = None
        self._scan: Any = None
        self._search: Any = None
        self._sift: Any = None
        self.sieve: Sieve | None = None
        self.nibbles: Nibbles | None = None
        self.halved: NibbleRows | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the links and the codes."""
        codes = 0 if self.codes is None else self.codes.nbytes
        return self.graph.nbytes + codes + (0 if self.bounds is None else self.bounds.errors.nbytes)

    def use_sieve(self, use: bool = True) -> None:
        """Let scans of many nodes that need not be exact go by signs first, as ``costs.measure`` advises."""
        self.sieve = Sieve(self.codes, self.metric) if use and self.codes is not None else None

    def use_nibbles(self, use: bool = True) -> None:
        """Let exact scans of very many nodes go by half of the codes' memory first, or not."""
        self.nibbles = None
        if use and self.codes is not None and self.bounds is not None:
            self.nibbles = Nibbles(self.codes, self.halved)

    def walk_nibbles(self, halved: NibbleRows | None) -> None:
        """Let walks read nibbles, validated, as ``costs.halves`` advises; not beside a search."""
        self.halved, self._halved, self._search = halved, None, None

    def scratch(self) -> list[NDArray[Any]]:
        """Return the arrays that searches have left for the next ones."""
        return [a for unused in [*self._narrow.unused, *self._wide.unused] for a in unused.arrays]

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        seeds: NDArray[np.int32] | None = None,
        past: bool = False,
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
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
        past : bool
            Let nodes that are not allowed take places in the beam. Where they are spread evenly, a beam that
            is as much wider finds the same in less time; where not, fewer than `k` nodes may be found.

        Returns
        -------
        rows : intp [k']
            ``k' ≤ k``, ascending by (distance, row).
        distances : float32 [k']
        """
        walk = self.bound_walk(k, ef, allowed, seeds, past)
        if walk is not None:
            return walk.one(as_query(query))
        rows, distances = self._exact(as_queries(query), k, allowed)
        count = np.count_nonzero(rows[0] >= 0)
        return rows[0, :count], distances[0, :count]

    def bound_walk(
        self,
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        seeds: NDArray[np.int32] | None = None,
        past: bool = False,
    ) -> BoundWalk | None:
        """Return what answers any query as :meth:`search` does; None while the kernels are not loaded, and
        if there are no nodes.
        """
        if self._search is None and not self._bind():
            return None
        again = 0 if self.codes is None else shortlist(k, self.halved is not None)
        halved = NONE if self._halved is None else self._halved.key
        return self._walk((*self._keys, halved, again), self._dim, k, ef, allowed, seeds, past)

    def bound_scan(self, k: int, chosen: NDArray[np.int32] | None = None) -> Bound | None:
        """Return what answers any query as :meth:`scan` does, for 0 < k ≤ m, where that measures all; None
        where it goes by codes, and while the kernels are not loaded.
        """
        m = self.graph.n if chosen is None else len(chosen)
        if (m > FEW and self.codes is not None) or (self._search is None and not self._bind()):
            return None
        return self._measuring(k, chosen)

    def _measuring(self, k: int, chosen: NDArray[np.int32] | None) -> Bound:
        lists = (self._no_seeds if chosen is None else np.ascontiguousarray(chosen, INT32),)
        at = np.concatenate([np.array([*self._keys[0], self.graph.n], np.int64), addresses(lists)])
        return Bound(partial(self._measure, at), k, self._dim, Told(lists, at))

    def search_batch(
        self,
        queries: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        threads: int = 1,
        past: bool = False,
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search for each query of float32 [q, d]; see :meth:`search`.

        Returns
        -------
        rows : intp [q, k]
            −1 where fewer than k nodes were found.
        distances : float32 [q, k]
            Infinity there.
        """
        queries = as_queries(queries)
        walk = self.bound_walk(k, ef, allowed, past=past)
        ask = partial(self._exact, k=k, allowed=allowed) if walk is None else walk
        if threads <= 1 or len(queries) <= CHUNK:
            return ask(queries)
        chunks = [queries[start : start + CHUNK] for start in range(0, len(queries), CHUNK)]
        with ThreadPoolExecutor(threads) as workers:
            found = list(workers.map(ask, chunks))
        return np.concatenate([rows for rows, _ in found]), np.concatenate([gaps for _, gaps in found])

    def scan(
        self,
        query: NDArray[np.float32],
        k: int,
        chosen: NDArray[np.int32] | None = None,
        exact: bool = False,
        again: bool = False,
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Find the `k` nearest nodes, or of the nodes `chosen`: all of them are looked at.

        By their codes if there are any, and the nearest of them by their vectors. With bounds the answer is
        that of measuring all, bit for bit; without, a node that its code tells wrong may be missed, and with
        a sieve one in a hundred of many, unless the scan is to be exact.

        Parameters
        ----------
        query : float32 [d]
        k : int
        chosen : int32 [m], optional
            Which nodes, ascending.
        exact : bool
            Miss no node, whatever there is.
        again : bool
            Whether the array `chosen` will be asked for again: the sieve keeps its signs side by side.

        Returns
        -------
        rows : int32 or intp [k']
            ``k' = min(k, m)``, ascending by (distance, row).
        distances : float32 [k']
        """
        if len(query) != self._dim:
            raise errors.DimensionMismatch(self._dim, len(query))
        m = self.graph.n if chosen is None else len(chosen)
        k = min(k, m)
        if k <= 0 or (self._search is None and not self._bind()):
            if chosen is None:
                return flat.search(self.vectors, query, k, self.metric)
            return flat.search_rows(self.vectors, query, k, self.metric, chosen)
        query, nodes = as_query(query), self._no_seeds if chosen is None else chosen
        if m <= FEW or self.codes is None:
            return self._measuring(k, chosen).one(query)
        sieve = None if exact else self._sieve_for(k, m, again)
        if sieve is not None:
            rows, distances = np.empty(k, INTP), np.empty(k, FLOAT32)
            signs = sieve.key_for(chosen) if again else sieve.key
            if self._sift(*self._keys, signs, shortlist(k), m, nodes, query, rows, distances) >= 0:
                return rows, distances
        elif not exact and (self._bounds is None or (self.sieve is not None and m >= UNPROVED)):
            rows, distances = np.empty(k, INT32), np.empty(k, FLOAT32)
            self._scan(*self._keys, shortlist(k), self.graph.n, query, k, nodes, rows, distances)
            return rows, distances
        found, asked = (np.empty((1, k), INT32), np.empty((1, k), FLOAT32)), query[None]
        if self._proves():
            pool, keys = np.empty(k, np.int64), (*self._keys, self._bounds)
            if exact and self.nibbles and self.nibbles.prove(keys, m, asked, nodes, pool, found):
                return found[0][0], found[1][0]
            if self._prove(*keys, m, asked, nodes, pool, *found) >= 0:
                return found[0][0], found[1][0]
        return self._measuring(k, chosen).one(query)

    def walk(
        self,
        space: tuple[int, int, int, int, int],
        prepared: NDArray[np.float32],
        k: int,
        ef: int,
        allowed: NDArray[Any] | None = None,
        seeds: NDArray[np.int32] | None = None,
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Search by other rows than the vectors, such as quantized ones; only when ``kernels.ready()``.

        `space` is that of the rows, one a node (see ``kernels.cpu.metrics``), `prepared`, float32 [1, w], the
        query as these are compared with it. The rest is as in :meth:`search`.
        """
        bound = self._search is not None or self._bind()
        assert bound, "the kernels are not loaded, or there are no nodes"
        keys = space, (space, self._nothing, 0.0)
        return self._walk((*keys, NONE, 0), prepared.shape[1], k, ef, allowed, seeds).one(prepared[0])

    def _walk(
        self,
        begin: tuple[Any, ...],
        width: int,
        k: int,
        ef: int,
        allowed: NDArray[Any] | None,
        seeds: NDArray[np.int32] | None,
        past: bool = False,
    ) -> BoundWalk:
        n = len(self.vectors)
        ef = min(max(ef, k, 1), n)
        mask = self._everything if allowed is None else as_mask(allowed, n)
        wide = ef > WIDE or (allowed is not None and not past)
        search = partial(self._search, *begin, self._layers, *self._entry)
        settings = k, ef, mask, self._no_seeds if seeds is None else seeds, wide
        return BoundWalk(search, settings, self._wide if wide else self._narrow, width)

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
            self._bounds = None if self.bounds is None else self.bounds.key(self.codes)
            if self.halved is not None:
                self._halved = NibbleSpace(self.halved, self.codes, self.metric)
        cpu = importlib.import_module("workbench.kernels.cpu")
        self._scan, self._measure, self._search = map(cpu.direct, (cpu.scan, cpu.scan_listed, cpu.search))
        return True

    def _proves(self) -> bool:
        """Take the proof of a scan into use; False where there are no bounds, and while it is loading."""
        if self._bounds is None or not kernels.wanted(kernels.PROOF):
            return False
        if self._prove is None:
            self._prove = importlib.import_module(kernels.PROOF).prove
        return True

    def _sieve_for(self, k: int, rows: int, again: bool) -> Sieve | None:
        """Return the sieve, taken into use, if so many rows are worth sifting for the best `k`; None while
        its kernels are loading.
        """
        sieve = self.sieve
        if (
            sieve is None
            or not fits(k, rows, again and sieve.keeps(rows))
            or not kernels.wanted(kernels.SIEVE)
        ):
            return None
        if self._sift is None:
            self._sift = importlib.import_module(kernels.SIEVE).sift
        return sieve

    def _exact(
        self, queries: NDArray[np.float32], k: int, allowed: NDArray[Any] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        if queries.shape[1] != self._dim:
            raise errors.DimensionMismatch(self._dim, queries.shape[1])
        found, gaps = flat.search_batch(self.vectors, queries, k, self.metric, allowed)
        count = found.shape[1]
        rows = np.full((len(queries), k), -1, np.intp)
        distances = np.full((len(queries), k), np.inf, np.float32)
        rows[:, :count], distances[:, :count] = found, gaps
        return rows, distances
