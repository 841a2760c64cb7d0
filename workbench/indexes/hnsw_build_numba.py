"""Build an HNSW graph with numba kernels, in batches; see ``kernels.cpu.construction`` for the algorithm.

The result depends on the vectors, the parameters and the seed only, not on the number of threads.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes.codes import BuildSpace, Codes
from workbench.indexes.hnsw import HnswGraph
from workbench.indexes.hnsw_connect import connect
from workbench.indexes.hnsw_parameters import check, draw_levels
from workbench.indexes.space import LINE, Space, as_vectors, writable
from workbench.tasks import Progress, cores, silent

# A batch is planned against a graph that lacks it, so it should be a small part of that graph, and is no
# longer than this, since each point also measures the earlier points of its batch: recall at ef 64 .979
# against .976 one by one.
LARGEST_BATCH = 1024
SMALLEST_SHARE = 20
# Points a thread plans at a time. Few, so that no thread waits long for another at the end of a batch.
CHUNK = 32
# Nodes whose links are mended at a time, about 10 ms of work; for each, room for this many times m neighbors
# and neighbors of removed neighbors: where 30 % are removed, 20 links lead to 100 of them.
REPAIRED, SURVIVORS = 512, 8


def build(
    vectors: NDArray[Any],
    metric: int,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
    codes: Codes | None = None,
) -> HnswGraph:
    """Build the graph of all rows.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    m, ef_construct : int
        Links of a node (twice as many on layer 0); width of the beam that looks for them.
    threads : int
        0 for all cores.
    seed : int
        Of the random layers.
    progress : Progress
        Called after each batch; may raise ``Cancelled``.
    codes : Codes, optional
        Of these vectors: all distances are then measured by them.

    Raises
    ------
    errors.MissingDependency
        If numba cannot be loaded.
    """
    vectors = as_vectors(vectors)
    check(m, ef_construct)
    _load()
    graph = HnswGraph.empty(m, ef_construct, draw_levels(len(vectors), m, seed))
    if len(vectors) > 1:
        space = Space(vectors, metric) if codes is None else BuildSpace(codes, metric)
        _Builder(graph, space, ef_construct, threads or cores()).insert(1, progress)
        graph = connect(graph, vectors, metric)
    return graph


def extend(
    base: HnswGraph,
    kept: NDArray[np.bool_],
    vectors: NDArray[Any],
    metric: int,
    *,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
    codes: Codes | None = None,
) -> HnswGraph:
    """Make the graph of some nodes of another graph and of new points, without building it anew.

    A removed node costs its neighbors a new choice of links, about a sixth of an insertion each; a new point
    is inserted as :func:`build` would.

    Parameters
    ----------
    base : HnswGraph
        Validated. Its `m` and `ef_construct` are those of the new graph.
    kept : bool [base.n]
        Which of its nodes stay.
    vectors : float32, float16 or uint8 [n, d]
        Of the nodes that stay, in their order, and behind them those of the new points.

    The other parameters are those of :func:`build`.
    """
    vectors = as_vectors(vectors)
    if not kept.any():
        return build(
            vectors,
            metric,
            m=base.m,
            ef_construct=base.ef_construct,
            threads=threads,
            seed=seed,
            progress=progress,
            codes=codes,
        )
    _load()
    old = np.flatnonzero(kept).astype(np.int32)
    drawn = draw_levels(len(vectors) - len(old), base.m, seed + base.n)
    graph = HnswGraph.empty(base.m, base.ef_construct, np.concatenate([base.levels[old], drawn]))
    space = Space(vectors, metric) if codes is None else BuildSpace(codes, metric)
    builder = _Builder(graph, space, base.ef_construct, threads or cores())
    builder.take(base, old, progress)
    builder.insert(len(old), progress)
    return connect(graph, vectors, metric)


def _load() -> None:
    """Wait for the kernels; raise ``MissingDependency`` if there are none."""
    kernels.warm(True, kernels.BUILDING)
    if (failure := kernels.failed(kernels.BUILDING)) is not None:
        raise errors.MissingDependency(
            f"building an HNSW graph needs numba or hnswlib; numba failed to load: {failure}"
        )


class _Builder:
    def __init__(self, graph: HnswGraph, space: Space | BuildSpace, ef: int, threads: int) -> None:
        self.graph, self.space, self.ef, self.threads = graph, space, max(ef, graph.m), threads
        self.cpu = importlib.import_module(kernels.BUILDING)
        self.layers = _layers(graph)
        self.workers = [self._scratch() for _ in range(threads)]
        # The first node begins the graph; each node that reaches a higher layer becomes the entry in turn.
        self.entry, self.top = 0, int(graph.levels[0])

    def _scratch(self) -> tuple[Any, ...]:
        n, links = self.graph.n, 2 * self.graph.m
        dim = self.space.key[2] + LINE  # room for a row as a coded query, 16 bits a number, and its head
        scratch = (
            np.zeros(n + 1, np.uint8),
            np.empty(max(self.ef, links + 1), np.int64),
            np.empty(0, np.int64),
            np.empty(links, np.int32),
            np.empty(links, np.float32),
        )
        return scratch, np.empty((2, dim), np.float32), np.empty(LARGEST_BATCH, np.float32)

    def take(self, base: HnswGraph, old: NDArray[np.int32], progress: Progress) -> None:
        """Make the nodes `old` of another graph the first nodes of this one."""
        numbers = np.full(base.n, -1, np.int32)
        numbers[old] = np.arange(len(old), dtype=np.int32)
        before, room = _layers(base), SURVIVORS * base.m
        waiting = len(self.workers)
        scratch = [
            (
                np.zeros(base.n + 1, np.uint8),
                np.empty(room, np.int64),
                np.empty(room, np.int64),
                np.empty(room, np.int32),
                np.empty(room, np.float32),
            )
            for _ in range(waiting)
        ]
        free = list(zip(scratch, (buffers for _, buffers, _ in self.workers), strict=True))

        def repair(begin: int) -> None:
            worker = free.pop()
            end = min(begin + REPAIRED, len(old))
            self.cpu.repair(self.space.key, before, self.layers, old, numbers, begin, end, *worker)
            free.append(worker)

        with ThreadPoolExecutor(self.threads) as executor:
            for done, _ in enumerate(executor.map(repair, range(0, len(old), REPAIRED)), 1):
                progress(min(done * REPAIRED, len(old)), self.graph.n, "mending the graph")
        self.entry = int(np.argmax(self.graph.levels[: len(old)]))
        self.top = int(self.graph.levels[self.entry])

    def insert(self, begin: int, progress: Progress) -> None:
        """Insert the nodes from `begin` on; those before are there."""
        n = self.graph.n
        with ThreadPoolExecutor(self.threads) as executor:
            for first, stop in _batches(begin, n):
                choice = self._plan(executor, first, stop)
                scratch, buffers, _ = self.workers[0]
                self.cpu.link(
                    self.space.key,
                    self.layers,
                    self.graph.levels,
                    first,
                    stop - first,
                    scratch[1],
                    buffers,
                    choice,
                )
                highest = first + int(np.argmax(self.graph.levels[first:stop]))
                if self.graph.levels[highest] > self.top:
                    self.entry, self.top = highest, int(self.graph.levels[highest])
                progress(stop, n, "building the graph")

    def _plan(self, executor: ThreadPoolExecutor, first: int, stop: int) -> tuple[NDArray[Any], ...]:
        """Choose the links of a batch, on all threads."""
        levels, m = self.graph.levels, self.graph.m
        offsets = np.zeros(stop - first + 1, np.int64)
        np.cumsum(levels[first:stop] + 1, out=offsets[1:])
        choice = (offsets, np.zeros(offsets[-1], np.uint16), np.zeros((offsets[-1], m), np.int32))
        chunks = [(begin, min(begin + CHUNK, stop)) for begin in range(first, stop, CHUNK)]

        def plan(chunk: tuple[int, int]) -> None:
            worker = self.workers.pop()
            scratch, buffers, peer_gaps = worker
            self.cpu.plan(
                self.space.key,
                self.layers,
                self.entry,
                self.top,
                levels,
                first,
                *chunk,
                self.ef,
                scratch,
                buffers,
                peer_gaps,
                choice,
            )
            self.workers.append(worker)

        if len(chunks) == 1 or self.threads == 1:
            for chunk in chunks:
                plan(chunk)
        else:
            list(executor.map(plan, chunks))
        return choice


def _layers(graph: HnswGraph) -> tuple[NDArray[Any], ...]:
    names = ("counts0", "links0", "upper_offsets", "upper_counts", "upper_links")
    return tuple(writable(getattr(graph, name)) for name in names)


def _batches(first: int, n: int) -> Iterator[tuple[int, int]]:
    """Cut the points `first` ... n − 1 into batches."""
    while first < n:
        stop = min(n, first + min(max(first // SMALLEST_SHARE, 1), LARGEST_BATCH))
        yield first, stop
        first = stop
