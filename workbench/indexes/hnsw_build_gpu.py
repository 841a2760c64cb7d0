"""Build an HNSW graph on a GPU: the nearest of every point first, then the links among them.

Up to two million points are compared with all others, tile by tile; beyond, or where the vectors do not fit,
each point is compared with those of its cells. The lists are pruned as HNSW prunes them, links lead back,
and the layers above are the same over fewer points. The result is the same six arrays as every builder's.

The array code runs on NumPy too, with the same graph but for rounding; that is how it is tested where there
is no device. How fast it is on a device has not been measured yet: ``make bench-gpu`` does it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.distances import L1
from workbench.indexes import hnsw_build_numba
from workbench.indexes.hnsw_connect import connect
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.hnsw_links import PRUNINGS, link
from workbench.indexes.hnsw_parameters import check, draw_levels
from workbench.indexes.knn_cells import bucketed_lists
from workbench.indexes.knn_lists import DeviceIsFull, Lists, decide, exact_lists
from workbench.indexes.space import as_vectors
from workbench.kernels.gpu import cuvs
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress, silent

log = logging.getLogger("workbench")

# Nearest of each point among which links are chosen: with 96, graphs of 117,659 texts (M 16) had hnswlib's
# recall at each ef; with 64 they had .01 less.
NEAREST = 96
# Up to here every point is compared with every other. Not measured on a device yet: at 768 dimensions the
# products of 2 million points are 6e15 operations, 8 s at the 800 TFLOP/s of an H100 in bf16.
TILED = 2_000_000
# So many times the neighbors wanted, and fewer points are not worth another library.
_FEW = 4
# Links of a node that a device can choose: a point is then offered 6 times as many, and the kernels that
# prune hold 1,024.
MOST_M = 128
# Of the free memory, what vectors and their rounded copy may take; the rest is for tiles and lists.
_SHARE = 0.6
# Of all points, how many must have lists before these are worth more than a new start on the CPU: what they
# name beyond them is lost, so that a quarter leaves 24 of 96 neighbors, more than the 16 links of most
# graphs.
_WORTH = 0.25


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a graph is made on a device.

    Attributes
    ----------
    nearest : int
        Neighbors of each point among which links are chosen.
    pruning : str
        ``"heuristic"`` or ``"ranks"``. On 117,659 texts ranks gave the better recall for the same work, on
        50,000 vectors of a latent semantic analysis the worse, so the heuristic is what is used unless told.
    precision : str
        Of the proposals: ``"auto"``, ``"bf16"`` or ``"tf32"``.
    cells : bool or None
        Compare inside cells only; None decides by the number of points and the memory.
    finder : str
        Who finds the neighbors on layer 0: ``"tiles"``, we do, or ``"cuvs"``, NVIDIA's CAGRA, if it is
        installed and the vectors fit on the device. It knows no L1.
    """

    nearest: int = NEAREST
    pruning: str = "heuristic"
    precision: str = "auto"
    cells: bool | None = None
    finder: str = "tiles"


def build(
    vectors: NDArray[Any],
    metric: int,
    arrays: Arrays,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
    recipe: Recipe | None = None,
) -> HnswGraph:
    """Build the graph of all rows.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
        May be mapped from a file.
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``. L1 has no matrix product, so its tiles are
        computed number by number in float32.
    arrays : Arrays
        The device, from ``kernels.gpu.devices``; NumPy gives the same graph, slowly.
    m, ef_construct : int
        Links of a node, at most ``MOST_M``; the width of the beam is only kept with the graph. Where `m` is
        above 32, three times as many neighbors are looked for.
    threads : int
        Of the CPU, where it has to finish the work.
    seed : int
        Of the random layers.
    progress : Progress
        Called between tiles; may raise ``Cancelled``.
    recipe : Recipe, optional

    Returns
    -------
    HnswGraph
        Every node can be reached from the entry. If the memory of the device runs out though tiles were
        halved, the CPU finishes the graph, which is logged once; lists made until then are kept.
    """
    vectors, recipe = as_vectors(vectors), recipe or Recipe()
    check(m, ef_construct)
    if recipe.pruning not in PRUNINGS:
        raise errors.InvalidRequest(f"pruning: expected one of {', '.join(PRUNINGS)}, got {recipe.pruning!r}")
    if recipe.finder == "cuvs":
        cuvs.check(metric)
    graph = HnswGraph.empty(m, ef_construct, draw_levels(len(vectors), m, seed))
    if graph.n < 2:
        return graph
    begun: Lists | None = None
    try:
        with arrays.scope(), _memory(arrays):
            reached = _Builder(graph, vectors, metric, arrays, recipe, progress).run()
    except DeviceIsFull as full:
        begun = full.lists
    if begun is None:
        progress(graph.n, graph.n, "building the graph")
        return graph if reached else connect(graph, vectors, metric)
    # Not inside the handler: the error's frames hold arrays of the device.
    log.warning(
        "the memory of %s is full: the CPU finishes the graph of %s points, of which %s have their neighbors",
        arrays.name,
        f"{graph.n:,}",
        f"{len(begun.ids):,}",
    )
    return _finish(graph, vectors, metric, begun, recipe, threads, seed, progress)


@contextmanager
def _memory(arrays: Arrays) -> Iterator[None]:
    """Tell a full device from all other errors, whatever did not fit."""
    try:
        yield
    except Exception as error:
        if not arrays.memory_is_full(error):
            raise
        nothing = np.empty((0, 0))
        raise DeviceIsFull(Lists(nothing.astype(np.int32), nothing.astype(np.float32))) from error


class _Builder:
    def __init__(
        self,
        graph: HnswGraph,
        vectors: NDArray[Any],
        metric: int,
        arrays: Arrays,
        recipe: Recipe,
        progress: Progress,
    ) -> None:
        self.graph, self.vectors, self.metric, self.arrays = graph, vectors, metric, arrays
        self.recipe, self.progress = recipe, progress
        self.nearest = max(recipe.nearest, 3 * graph.m)

    def run(self) -> bool:
        """Fill the graph; return whether the entry reaches every node."""
        resident, cells = self._plan()
        table = Table(self.arrays, self.vectors, resident=resident)
        shortcuts = self.upper(table)
        step = self._step(0.2, 0.9, "finding neighbors")
        by_cuvs = self.recipe.finder == "cuvs" and table.n > _FEW * self.nearest
        lists = self.cagra_lists(table) if by_cuvs else self.lists(table, cells, step)
        step = self._step(0.9, 1.0, "choosing links")
        try:
            links = self.link(table, lists, 2 * self.graph.m, shortcuts, step)
        except Exception as error:
            if not self.arrays.memory_is_full(error):
                raise
            raise DeviceIsFull(Lists(self.arrays.get(lists.ids), self.arrays.get(lists.gaps))) from error
        self.take(links)
        return reaches_all(self.arrays, links, self.graph.entry)

    def _plan(self) -> tuple[bool, bool]:
        """Return whether the vectors stay on the device, and whether they are compared inside cells only."""
        (n, dim), room = self.vectors.shape, _SHARE * self.arrays.free_bytes()
        copy = 2 if self.recipe.precision == "bf16" and self.metric != L1 else 4
        tiles_fit = n * dim * (self.vectors.dtype.itemsize + copy) < room
        cells = self.recipe.cells if self.recipe.cells is not None else n > TILED or not tiles_fit
        return self.vectors.nbytes < room if cells else tiles_fit, cells

    def upper(self, table: Table) -> Any:
        """Link the layers above, from the top down; return the links of layer 1: int32 [n, m], or None."""
        shortcuts = None
        for layer in range(self.graph.top_level, 0, -1):
            members = np.flatnonzero(self.graph.levels >= layer).astype(np.int32)
            if len(members) < 2:
                continue
            own = self.arrays.put(members)
            part = Table(self.arrays, table.take(own))
            step = self._step(
                0.0 if layer > 1 else 0.1, 0.1 if layer > 1 else 0.2, "linking the layers above"
            )
            above = None if shortcuts is None else self._called(shortcuts, own, table.n)
            try:
                lists = self.lists(part, False, step)
            except DeviceIsFull as full:  # what it holds is not of the first points of layer 0
                raise MemoryError from full
            links = self.link(part, lists, self.graph.m, above, step)
            host = self.arrays.get(links)
            rows = self.graph.upper_offsets[members] + layer - 1
            self.graph.upper_counts[rows] = (host >= 0).sum(axis=1)
            self.graph.upper_links[rows] = np.where(host < 0, 0, members[host])
            xp = self.arrays.xp
            shortcuts = xp.full((table.n, self.graph.m), -1, np.int32)
            shortcuts[own] = xp.where(links < 0, np.int32(-1), own[links])
        return shortcuts

    def _called(self, shortcuts: Any, members: Any, n: int) -> Any:
        """Return the rows of some points, who are called by their numbers among these."""
        xp = self.arrays.xp
        numbers = xp.full(n + 1, -1, np.int32)  # the last is nobody
        numbers[members] = xp.arange(len(members), dtype=np.int32)
        return numbers[shortcuts[members]]

    def lists(self, table: Table, cells: bool, step: Any) -> Lists:
        """Find the nearest of every point of a table."""
        k = min(self.nearest, table.n - 1)
        if cells:
            precision = "bf16" if self.recipe.precision == "auto" else self.recipe.precision
            return bucketed_lists(table, self.metric, k, step, precision=precision)
        return exact_lists(table, self.metric, k, step, precision=self.recipe.precision)

    def cagra_lists(self, table: Table) -> Lists:
        """Let cuVS propose neighbors, and measure them."""
        k = min(self.nearest, table.n - 1)
        found = cuvs.neighbors(self.arrays, table.rows(0, table.n), self.metric, k)
        ids = self.arrays.xp.empty((table.n, k), np.int32)
        gaps = self.arrays.xp.empty((table.n, k), np.float32)
        step = max(1, self.arrays.tile_bytes // (4 * max(k, table.dim)))
        for start in range(0, table.n, step):
            part = slice(start, min(start + step, table.n))
            queries = table.queries(part.start, part.stop)
            ids[part], gaps[part] = decide(table, queries, found[part], self.metric, k)
        return Lists(ids, gaps)

    def take(self, links: Any) -> None:
        """Copy the links of layer 0 into the graph."""
        self.graph.counts0[:] = self.arrays.get((links >= 0).sum(axis=1))
        self.graph.links0[:] = self.arrays.get(self.arrays.xp.maximum(links, 0))

    def link(self, table: Table, lists: Lists, most: int, shortcuts: Any, step: Any) -> Any:
        """Choose the links of one layer."""
        pruning = self.recipe.pruning
        return link(table, self.metric, lists, self.graph.m, most, step, shortcuts=shortcuts, pruning=pruning)

    def _step(self, begin: float, end: float, text: str) -> Any:
        n = self.graph.n

        def report(done: int, total: int) -> None:
            self.progress(int(n * (begin + (end - begin) * done / max(1, total))), n, text)

        return report


def reaches_all(arrays: Arrays, links: Any, entry: int) -> bool:
    """Whether `entry` leads to every node by links of int32 [n, w], −1 behind the last."""
    xp = arrays.xp
    reached = xp.zeros(len(links) + 1, bool)
    reached[-1] = True  # where −1 leads
    reached[entry] = True
    front = xp.full(1, entry, np.int64)
    while len(front):
        near = links[front].reshape(-1)
        fresh = xp.zeros(len(reached), bool)
        fresh[near[~reached[near]]] = True
        reached |= fresh
        front = xp.flatnonzero(fresh)
    return bool(reached.all())


def _finish(
    graph: HnswGraph,
    vectors: NDArray[Any],
    metric: int,
    lists: Lists,
    recipe: Recipe,
    threads: int,
    seed: int,
    progress: Progress,
) -> HnswGraph:
    """Build what a device left unfinished: a graph of the points that have lists, and the others added."""
    done, m = len(lists.ids), graph.m
    if done < _WORTH * graph.n:
        return hnsw_build_numba.build(
            vectors,
            metric,
            m=m,
            ef_construct=graph.ef_construct,
            threads=threads,
            seed=seed,
            progress=progress,
        )
    base = HnswGraph.empty(m, graph.ef_construct, graph.levels[:done])
    arrays = Arrays()
    builder = _Builder(base, vectors[:done], metric, arrays, recipe, progress)
    table = Table(arrays, vectors[:done])
    among = lists.ids < done
    kept = Lists(np.where(among, lists.ids, -1), np.where(among, lists.gaps, np.float32(np.inf)))
    builder.take(builder.link(table, kept, 2 * m, builder.upper(table), lambda *_: None))
    if done == graph.n:
        return connect(base, vectors, metric)
    return hnsw_build_numba.extend(
        base, np.ones(done, np.bool_), vectors, metric, threads=threads, seed=seed, progress=progress
    )
