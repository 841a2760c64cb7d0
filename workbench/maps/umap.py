"""UMAP from neighbors: weights, both ways of each edge, and epochs of pulling and pushing, on all cores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench import kernels
from workbench.maps.layouts import Showing, Shown, unseen
from workbench.tasks import Progress, cores, silent

Array = npt.NDArray[Any]

# Each pull is done twice an epoch, as by an implementation that moves both ends of each edge.
_PULLS = 2.0


class Edges(NamedTuple):
    """Who pulls at whom: point i at ``tails[starts[i]:starts[i + 1]]``, each `rates` times an epoch."""

    starts: Array
    tails: Array
    rates: Array


def umap(
    neighbors: Array,
    distances: Array,
    start: Array,
    *,
    epochs: int = 100,
    min_dist: float = 0.1,
    seed: int = 0,
    progress: Progress = silent,
    shown: Shown = unseen,
) -> Array:
    """Lay points out by UMAP (McInnes, Healy and Melville 2018, arXiv:1802.03426) from their neighbors.

    Parameters
    ----------
    neighbors, distances : int32 [n, k], float32 [n, k]
        The nearest of each point, itself among them or not.
    start : float32 [n, 2]
        Where the points begin, such as their principal components.
    epochs : int
        Steps; 100 are enough from principal components, and 200 change little.
    min_dist : float
        How close points may lie: less makes tighter clumps.
    seed : int
        The layout depends on it, and not on the number of cores.
    progress, shown : callable, optional
        `shown` receives a copy of the layout now and then; see :class:`workbench.maps.layouts.Showing`.

    Returns
    -------
    float32 [n, 2]

    Raises
    ------
    Cancelled
        When `progress` raises it.
    """
    n = len(neighbors)
    if n < 3:
        return start.astype(np.float32)
    progress(0, 0, "loading UMAP")
    kernels.warm(block=True, module=kernels.UMAP)
    if (error := kernels.failed(kernels.UMAP)) is not None:
        raise error
    begin, showing = _spread(start, np.random.default_rng(seed)), Showing(shown, n)
    with ThreadPoolExecutor(cores(), "workbench-umap") as pool:
        progress(0, 0, "weighing neighbors")
        edges = joined(neighbors, _weights(neighbors, distances, pool), epochs)
        for done, layout in enumerate(_epochs(begin, edges, epochs, curve(min_dist), seed, pool), start=1):
            progress(done, epochs, "laying out by UMAP")
            showing.offer(layout)
    return layout


def curve(min_dist: float, spread: float = 1.0) -> tuple[float, float]:
    """Return a and b for which 1 / (1 + a d²ᵇ) comes nearest to what is wanted of points at distance d.

    They are to count as one up to `min_dist`, and beyond it to be the less alike the farther they are, by
    ``exp(-(d - min_dist) / spread)``. Least squares over 0 < d < 3 spreads, by Levenberg and Marquardt.
    """
    d = np.linspace(0, 3 * spread, 301)[1:]
    wanted = np.where(d < min_dist, 1.0, np.exp(-(d - min_dist) / spread))

    def misses(logs: Array) -> tuple[Array, Array]:
        a, b = np.exp(logs)
        power = d ** (2 * b)
        alike = 1 / (1 + a * power)
        slope = -(alike**2) * a * power
        return alike - wanted, np.stack([slope, slope * 2 * b * np.log(d)], axis=1)

    logs, damping = np.zeros(2), 1e-2
    gap, slopes = misses(logs)
    for _ in range(100):
        square = slopes.T @ slopes
        tried = logs - np.linalg.solve(square + damping * np.diag(np.diag(square)), slopes.T @ gap)
        new_gap, new_slopes = misses(tried)
        if new_gap @ new_gap < gap @ gap:
            logs, gap, slopes, damping = tried, new_gap, new_slopes, damping / 3
        else:
            damping *= 5
    a, b = np.exp(logs).tolist()
    return a, b


def joined(neighbors: Array, weights: Array, epochs: int) -> Edges:
    """Return both directions of each edge, as strong as that at least one of its ends holds: w + v − wv.

    Edges too weak to pull even once are left out.
    """
    n, k = neighbors.shape
    heads, tails = np.repeat(np.arange(n, dtype=np.int64), k), neighbors.ravel().astype(np.int64)
    held = weights.ravel()
    own = held > 0
    keys, held = heads[own] * n + tails[own], held[own]
    back = tails[own] * n + heads[own]
    order = np.argsort(keys)
    keys, held, back = keys[order], held[order], back[order]
    at = np.minimum(np.searchsorted(keys, back), len(keys) - 1)
    both = keys[at] == back
    strong = np.where(both, held + held[at] - held * held[at], held)
    keys, strong = np.concatenate([keys, back[~both]]), np.concatenate([strong, strong[~both]])
    kept = strong >= strong.max(initial=0) / epochs
    keys, strong = keys[kept], strong[kept]
    order = np.argsort(keys)
    heads, tails = np.divmod(keys[order], n)
    rates = (strong[order] * (_PULLS / max(float(strong.max(initial=0)), 1e-12))).astype(np.float32)
    return Edges(np.searchsorted(heads, np.arange(n + 1)).astype(np.int64), tails.astype(np.int32), rates)


def _weights(neighbors: Array, distances: Array, pool: ThreadPoolExecutor) -> Array:
    from workbench.kernels.cpu.umap import weigh

    near, gaps = np.ascontiguousarray(neighbors, np.int32), np.ascontiguousarray(distances, np.float32)
    weights = np.empty(gaps.shape, np.float32)
    bounds = np.linspace(0, len(near), cores() + 1).astype(int).tolist()
    list(pool.map(lambda begin, end: weigh(near, gaps, weights, begin, end), bounds, bounds[1:]))
    return weights


def _epochs(
    layout: Array, edges: Edges, epochs: int, shape: tuple[float, float], seed: int, pool: ThreadPoolExecutor
) -> Iterator[Array]:
    """Yield the layout after each epoch."""
    from workbench.kernels.cpu.umap import move

    after = layout.copy()
    shares = np.linspace(0, len(edges.tails), cores() + 1)
    bounds = np.searchsorted(edges.starts, shares).tolist()
    bounds[0], bounds[-1] = 0, len(layout)
    for epoch in range(epochs):
        step = 1.0 - epoch / epochs

        def moved(begin: int, end: int, now: tuple[Array, Array] = (layout, after)) -> None:
            move(*edges, *now, begin, end, epoch, step, *shape, seed)  # noqa: B023

        list(pool.map(moved, bounds, bounds[1:]))
        layout, after = after, layout
        yield layout


def _spread(start: Array, draw: np.random.Generator) -> Array:
    """Scale a start to the square of 10 that UMAP's steps are made for, and part points at one place."""
    low, high = start.min(axis=0), start.max(axis=0)
    span = float((high - low).max())
    square = (start - low) * (10.0 / span) if span > 0 else np.zeros_like(start)
    return np.ascontiguousarray(square + draw.normal(scale=1e-3, size=start.shape), np.float32)
