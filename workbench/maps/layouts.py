"""From vectors or their neighbors to places on the plane, with progress, layouts on the way, and Cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
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
# A layout on its way is shown this often at most: about as long do points fly to their new places.
SHOW_EVERY_S = 0.7
# A second passes between two for so many points: 4 bytes of each are sent, and 0.6 MB a second are enough.
_POINTS_A_SECOND = 150_000
# And a tenth of the time gone by, since a layout changes less and less.
_PATIENCE = 0.1


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


class Showing:
    """Shows copies of a growing layout: often at first, and the rarer the more points there are."""

    def __init__(self, shown: Shown, points: int) -> None:
        self._shown, self._least = shown, max(SHOW_EVERY_S, points / _POINTS_A_SECOND)
        self._began = self._last = time.monotonic()

    def offer(self, layout: Array) -> None:
        """Show the layout if it is time to."""
        now = time.monotonic()
        if now - self._last > max(self._least, _PATIENCE * (now - self._began)):
            self._last = now
            self._shown(np.array(layout, np.float32))


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
    placed, fine, middle = np.empty((n, 2), np.float32), axes.astype(np.float32), mean @ axes
    for start in range(0, n, _BLOCK):
        progress(n + start, 2 * n, "placing the points")
        placed[start : start + _BLOCK] = vectors[start : start + _BLOCK].astype(np.float32) @ fine - middle
    widest = float(np.abs(placed).max(initial=0.0))
    scale = 10.0 / widest if widest > 0 else 1.0
    return placed * np.float32(scale), Plane(mean, axes * scale, draw)


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
        As in :func:`workbench.maps.umap.umap`.

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
    steps = _Steps(iterations, progress, Showing(shown, n))
    embedding = TSNEEmbedding(begin, affinities, n_jobs=1, random_state=seed)
    ways = {
        "callbacks": [steps],
        "callbacks_every_iters": 5,
        "propagate_exception": False,
        "learning_rate": max(200.0, n / 12),
    }
    early = iterations // 4
    embedding = embedding.optimize(early, exaggeration=12, momentum=0.5, **ways)
    steps.before = early
    if not steps.stopped:
        embedding = embedding.optimize(iterations - early, momentum=0.8, **ways)
    if steps.stopped:
        raise Cancelled("t-SNE: cancelled")
    return np.array(embedding, np.float32)


class _Steps:
    """What openTSNE calls now and then: it stops where that returns True, and passes no error on."""

    def __init__(self, total: int, progress: Progress, showing: Showing) -> None:
        self._total, self._progress, self._showing = total, progress, showing
        self.before, self.stopped = 0, False

    def __call__(self, iteration: int, _error: float, layout: Array) -> bool:
        try:
            self._progress(self.before + iteration, self._total, "laying out by t-SNE")
        except Cancelled:
            self.stopped = True
        else:
            self._showing.offer(layout)
        return self.stopped
