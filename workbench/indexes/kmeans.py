"""Clusters of near vectors by k-means, on a GPU where there is one and the work is worth the way there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.space import as_vectors
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.cells import cells_of
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress, silent


def clusters(
    vectors: NDArray[Any], count: int, *, device: str = "auto", seed: int = 0, progress: Progress = silent
) -> NDArray[np.int32]:
    """Return the cluster of each vector: int32 [n], 0 the largest.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
        Of one length each, if directions are to count.
    count : int
        Clusters, at most as many as there are vectors.
    device : str
        ``"cpu"``, ``"gpu"`` or ``"auto"``; of a GPU that fails or is full the log tells, and the CPU does it.
    seed : int
        Of the sample that centers are found in.
    progress : Progress
        May raise ``Cancelled``.
    """
    vectors = as_vectors(vectors)
    if not 1 <= count <= max(1, len(vectors)):
        raise errors.InvalidRequest(f"clusters: expected 1 to {max(1, len(vectors))}, got {count}")
    if not len(vectors):
        return np.empty(0, np.int32)
    try:
        if (arrays := devices.choose(device, len(vectors))) is not None:
            return _clusters(arrays, vectors, count, seed, progress)
    except errors.WorkbenchError:
        raise
    except Exception as error:
        devices.tell_once(f"the GPU failed, and the CPU finds the clusters: {error}")
    return _clusters(Arrays(), vectors, count, seed, progress)


def _clusters(
    arrays: Arrays, vectors: NDArray[Any], count: int, seed: int, progress: Progress
) -> NDArray[np.int32]:
    with arrays.scope():
        table = Table(arrays, vectors, resident=2 * vectors.nbytes < arrays.free_bytes())
        found: NDArray[np.int32] = arrays.get(cells_of(arrays, table, count, 1, seed, progress)[:, 0])
    order = np.argsort(-np.bincount(found, minlength=count), kind="stable")
    numbers = np.empty(count, np.int32)
    numbers[order] = np.arange(count, dtype=np.int32)
    return np.asarray(numbers[found], np.int32)
