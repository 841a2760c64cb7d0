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
from workbench.indexes.hnsw import HnswGraph
from workbench.indexes.hnsw_connect import connect
from workbench.indexes.hnsw_parameters import check, cores, draw_levels
from workbench.indexes.space import Space, as_vectors
from workbench.tasks import Progress, silent

# A batch is planned against a graph that lacks it, so it should be a small part of that graph, and is no
# longer than this, since each point also measures the earlier points of its batch: recall at ef 64 .979
# against .976 one by one.
LARGEST_BATCH = 1024
SMALLEST_SHARE = 20
# Points a thread plans at a time. Few, so that no thread waits long for another at the end of a batch.
CHUNK = 32


def build(
    vectors: NDArray[Any],
    metric: int,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
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

    Raises
    ------
    errors.MissingDependency
        If numba cannot be loaded.
    """
    vectors = as_vectors(vectors)
    check(m, ef_construct)
    kernels.warm(block=True)
    if (failure := kernels.failed()) is not None:
        raise errors.MissingDependency(
            f"building an HNSW graph needs numba or hnswlib; numba failed to load: {failure}"
        )
    graph = HnswGraph.empty(m, ef_construct, draw_levels(len(vectors), m, seed))
    if len(vectors) > 1:
        _Builder(graph, Space(vectors, metric), ef_construct, threads or cores()).run(progress)
        graph = connect(graph, vectors, metric)
    return graph


class _Builder:
    def __init__(self, graph: HnswGraph, space: Space, ef: int, threads: int) -> None:
        self.graph, self.space, self.ef, self.threads = graph, space, max(ef, graph.m), threads
        self.cpu = importlib.import_module("workbench.kernels.cpu")
        self.layers = (
            graph.counts0,
            graph.links0,
            graph.upper_offsets,
            graph.upper_counts,
            graph.upper_links,
        )
        self.workers = [self._scratch() for _ in range(threads)]
        # The first node begins the graph; each node that reaches a higher layer becomes the entry in turn.
        self.entry, self.top = 0, int(graph.levels[0])

    def _scratch(self) -> tuple[Any, ...]:
        n, links, dim = self.graph.n, 2 * self.graph.m, self.space.vectors.shape[1]
        scratch = (
            np.zeros(n + 1, np.uint8),
            np.empty(max(self.ef, links + 1), np.int64),
            np.empty(0, np.int64),
            np.empty(links, np.int32),
            np.empty(links, np.float32),
        )
        return scratch, np.empty((2, dim), np.float32), np.empty(LARGEST_BATCH, np.float32)

    def run(self, progress: Progress) -> None:
        n = self.graph.n
        with ThreadPoolExecutor(self.threads) as executor:
            for first, stop in _batches(n):
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


def _batches(n: int) -> Iterator[tuple[int, int]]:
    """Cut the points 1 ... n − 1 into batches; point 0 is there from the start."""
    first = 1
    while first < n:
        stop = min(n, first + min(max(first // SMALLEST_SHARE, 1), LARGEST_BATCH))
        yield first, stop
        first = stop
