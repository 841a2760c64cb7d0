"""From vectors or their neighbors to places on the plane, with progress, layouts on the way, and Cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import Cancelled
from workbench.tasks import Progress, silent

Array = npt.NDArray[Any]
Shown = Callable[[Array], None]

# A covariance of more dimensions than these takes longer than a random projection to 256 of them loses.
_MOST_DIM, _PROJECTED = 2048, 256
# Rows of one product: 8,192 x 384 float32 are 12 MB.
_BLOCK = 8192
# Points pushed away for each that is pulled near, as in umap-learn.
_NEGATIVE = 5.0
# A layout on its way is shown this often; the browser needs about that long for the flight of the points.
SHOW_EVERY_S = 0.7


def unseen(layout: Array) -> None:
    """Show nothing: the default of every ``shown`` argument."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane of two principal components, onto which other vectors can be put too.

    Attributes
    ----------
    mean : float64 [d']
    axes : float64 [d', 2]
        With their lengths: what is centered and multiplied by them is placed.
    draw : float32 [d, d'] or None
        The random projection that long vectors go through first.
    """

    mean: Array
    axes: Array
    draw: Array | None = None

    def place(self, vectors: Array) -> Array:
        """Return the places of vectors, float32[n, 2]."""
        if self.draw is not None:
            vectors = vectors.astype(np.float32) @ self.draw
        placed: Array = ((vectors - self.mean) @ self.axes).astype(np.float32)
        return placed


def pca(vectors: Array, progress: Progress = silent) -> Array:
    """Place vectors by their two principal components.

    Parameters
    ----------
    vectors : float [n, d]
    progress : Progress, optional

    Returns
    -------
    float32 [n, 2]
        Centered; the wider axis reaches from -10 to 10. All zeros if the vectors are equal.
    """
    return principal(vectors, progress)[0]


def principal(vectors: Array, progress: Progress = silent) -> tuple[Array, Plane]:
    """Place vectors as :func:`pca` does; return their places and the plane."""
    n, dim = vectors.shape
    draw = None
    if dim > _MOST_DIM:
        draw = np.random.default_rng(0).standard_normal((dim, _PROJECTED)).astype(np.float32)
        vectors = np.concatenate(
            [vectors[i : i + _BLOCK].astype(np.float32) @ draw for i in range(0, n, _BLOCK)]
        )
        dim = _PROJECTED
    total, products = np.zeros(dim), np.zeros((dim, dim))
    for start in range(0, n, _BLOCK):
        progress(start, 2 * n, "finding the widest directions")
        part = vectors[start : start + _BLOCK].astype(np.float32)
        total += part.sum(axis=0, dtype=np.float64)
        products += part.T @ part
    mean = total / max(1, n)
    axes = np.linalg.eigh(products / max(1, n) - np.outer(mean, mean))[1][:, ::-1][:, :2]
    if dim == 1:
        axes = np.pad(axes, ((0, 0), (0, 1)))
    # The sign of a component is arbitrary: the largest weight is made positive, so that maps do not flip.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(2)] < 0, -1.0, 1.0)
    placed = np.empty((n, 2), np.float32)
    for start in range(0, n, _BLOCK):
        progress(n + start, 2 * n, "placing the points")
        placed[start : start + _BLOCK] = (vectors[start : start + _BLOCK] - mean) @ axes
    widest = float(np.abs(placed).max(initial=0.0))
    scale = 10.0 / widest if widest > 0 else 1.0
    return placed * np.float32(scale), Plane(mean, axes * scale, draw)


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

    The fuzzy graph and the steps are those of umap-learn.

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
    progress, shown : callable, optional
        `shown` receives a copy of the layout about each 0.7 s.

    Returns
    -------
    float32 [n, 2]

    Raises
    ------
    Cancelled
        When `progress` raises it.
    """
    progress(0, 0, "loading UMAP")
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set

    n, k = neighbors.shape
    if n < 3:
        return start.astype(np.float32)
    state = np.random.RandomState(seed)
    progress(0, 0, "weighing neighbors")
    graph = fuzzy_simplicial_set(
        np.empty((n, 0), np.float32), k, state, "euclidean", knn_indices=neighbors, knn_dists=distances
    )[0].tocoo()
    graph.sum_duplicates()
    keep = graph.data >= graph.data.max() / epochs
    edges = graph.row[keep], graph.col[keep], graph.data[keep]
    layout = _spread(start, state)
    last = time.monotonic()
    for done in _umap_epochs(layout, edges, epochs, find_ab_params(1.0, min_dist), state):
        progress(done, epochs, "laying out by UMAP")
        if time.monotonic() - last > SHOW_EVERY_S:
            last = time.monotonic()
            shown(layout.copy())
    return layout


def _umap_epochs(
    layout: Array, edges: tuple[Array, Array, Array], epochs: int, curve: tuple[float, float], state: Any
) -> Iterator[int]:
    """Do UMAP's epochs on `layout` in place, and yield how many are done.

    The step is umap-learn's own. Its loop is not used, because only its progress bar can be heard, and an
    error raised from there, which is how it would be stopped, leaves tqdm's lock taken for the whole process.
    """
    from umap.layouts import _get_optimize_layout_euclidean_single_epoch_fn
    from umap.umap_ import make_epochs_per_sample

    heads, tails, weights = edges
    step = _get_optimize_layout_euclidean_single_epoch_fn(False)
    each = make_epochs_per_sample(weights, epochs)
    negative = each / _NEGATIVE
    next_each, next_negative = each.copy(), negative.copy()
    seeds = state.randint(np.iinfo(np.int32).min + 1, np.iinfo(np.int32).max - 1, 3).astype(np.int64)
    draws = np.full((len(layout), 3), seeds, np.int64) + layout[:, :1].astype(np.float64).view(np.int64)
    none, zero = np.zeros(1, np.float32), 0
    for epoch in range(epochs):
        alpha = 1.0 - max(0, epoch - 1) / epochs
        step(
            layout, layout, heads, tails, len(layout), each, *curve, draws, 1.0, 2, True, alpha, negative,
            next_negative, next_each, epoch, False, none, none, zero, zero, zero, zero, none, none, zero,
        )  # fmt: skip
        yield epoch + 1


def tsne(
    neighbors: Array,
    distances: Array,
    start: Array,
    *,
    perplexity: float | None = None,
    iterations: int = 500,
    seed: int = 0,
    progress: Progress = silent,
    shown: Shown = unseen,
) -> Array:
    """Lay points out by t-SNE (van der Maaten and Hinton 2008) from their neighbors, with openTSNE.

    Parameters
    ----------
    neighbors, distances : int32 [n, k], float32 [n, k]
        The nearest of each point without itself.
    start : float32 [n, 2]
    perplexity : float, optional
        About how many neighbors count; a third of `k` if not given.
    iterations : int
        The first quarter of them with exaggerated attraction.
    seed, progress, shown
        As in :func:`umap`.

    Returns
    -------
    float32 [n, 2]

    Raises
    ------
    Cancelled
        When `progress` raises it.
    """
    progress(0, iterations, "loading t-SNE")
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, k = neighbors.shape
    if n < 5:
        return start.astype(np.float32)
    found = PrecomputedNeighbors(neighbors.astype(np.int64), distances.astype(np.float64))
    affinities = PerplexityBasedNN(
        knn_index=found, perplexity=perplexity or max(1.0, min(30.0, k / 3)), n_jobs=1
    )
    begin = start.astype(np.float64) * (1e-4 / max(float(start[:, 0].std()), 1e-12))
    early, done, last, stopped = iterations // 4, 0, time.monotonic(), False

    def stepped(iteration: int, _error: float, layout: Array) -> bool:
        nonlocal last, stopped
        try:
            progress(done + iteration, iterations, "laying out by t-SNE")
        except Cancelled:
            stopped = True
            return True
        if time.monotonic() - last > SHOW_EVERY_S:
            last = time.monotonic()
            shown(np.array(layout, np.float32))
        return False

    embedding = TSNEEmbedding(begin, affinities, n_jobs=1, random_state=seed)
    ways = {
        "callbacks": [stepped],
        "callbacks_every_iters": 5,
        "propagate_exception": False,
        "learning_rate": max(200.0, n / 12),
    }
    embedding = embedding.optimize(early, exaggeration=12, momentum=0.5, **ways)
    done = early
    if not stopped:
        embedding = embedding.optimize(iterations - early, momentum=0.8, **ways)
    if stopped:
        raise Cancelled("t-SNE: cancelled")
    return np.array(embedding, np.float32)


def _spread(start: Array, state: Any) -> Array:
    """Scale a start to the square of 10 that UMAP's steps are made for, and part points at one place."""
    low, high = start.min(axis=0), start.max(axis=0)
    span = float((high - low).max())
    square = (start - low) * (10.0 / span) if span > 0 else np.zeros_like(start)
    return np.ascontiguousarray(square + state.normal(scale=1e-3, size=start.shape), np.float32)
