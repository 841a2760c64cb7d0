"""UMAP on a GPU by cuML, NVIDIA's library, where it is installed: an option, never needed.

Only what its documentation promises is used: ``cuml.manifold.UMAP`` with ``precomputed_knn``, and its
``fit_transform``. It was never run with the library itself; a module of the same signatures stands in for it
in the tests.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.tasks import Progress, silent

Array = npt.NDArray[Any]


def available() -> bool:
    """Whether cuML is installed."""
    return importlib.util.find_spec("cuml") is not None


def umap(
    neighbors: Array,
    distances: Array,
    start: Array,
    *,
    epochs: int = 100,
    min_dist: float = 0.1,
    seed: int = 0,
    progress: Progress = silent,
) -> Array:
    """Lay points out as :func:`workbench.maps.umap.umap` does, from their neighbors without themselves.

    cuML does all epochs in one call: nothing is shown on the way, and Cancel counts before and after it. It
    begins from the spectrum of the neighbors, not from `start`, which only tells how many points there are.

    Returns
    -------
    float32 [n, 2]

    Raises
    ------
    Cancelled
        When `progress` raises it.
    """
    progress(0, 0, "loading cuML")
    model = importlib.import_module("cuml.manifold").UMAP
    n, k = neighbors.shape
    own = np.arange(n, dtype=np.int64)[:, None]
    near = np.concatenate([own, neighbors.astype(np.int64)], axis=1)
    gaps = np.concatenate([np.zeros((n, 1), np.float32), distances.astype(np.float32)], axis=1)
    progress(0, 0, "laying out by UMAP on the GPU")
    made = model(
        n_neighbors=k + 1,
        n_components=2,
        n_epochs=epochs,
        min_dist=min_dist,
        random_state=seed,
        precomputed_knn=(near, gaps),
        output_type="numpy",
    )
    layout = np.asarray(made.fit_transform(np.ascontiguousarray(start, np.float32)), np.float32)
    progress(epochs, epochs, "laying out by UMAP on the GPU")
    return layout
