"""Exact neighbors of many queries, on a GPU where there is one and the work is worth the way there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes import flat, flat_gpu, knn_lists
from workbench.kernels.gpu import devices, topk
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress, silent

# Products of two numbers from which vectors are copied to a device: a second or so of two cores. Not
# measured on a device yet: 10 GB/s bring 117,659 x 384 float32 there in 20 ms.
WORTH = 10**11
# Queries asked at once on a device, so that vectors are copied once for them.
AT_ONCE = 4096


def on_device(vectors: NDArray[Any], queries: int, k: int, device: str = "auto") -> bool:
    """Whether a GPU answers so many queries: "gpu" says so, "auto" where there is one and it is worth it."""
    if device == "cpu" or k > topk.LARGEST_K or not len(vectors):
        return False
    worth = vectors.shape[0] * vectors.shape[1] * queries >= WORTH
    return device == "gpu" or (worth and not devices.why_none())


def at_once(queries: int, otherwise: int, vectors: NDArray[Any], k: int, device: str = "auto") -> int:
    """Return how many of so many queries to ask in one call: `otherwise` where the CPU will answer."""
    return AT_ONCE if on_device(vectors, min(queries, AT_ONCE), k, device) else otherwise


def lists(
    vectors: NDArray[Any], k: int, metric: int, device: str = "auto", progress: Progress = silent
) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
    """Find the `k` nearest of every vector, itself left out, on a GPU; None where the CPU is to do it.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    k : int
        At most ``n - 1``.
    metric : int
    device : str
    progress : Progress
        Called between tiles; may raise ``Cancelled``.

    Returns
    -------
    rows : int32 [n, k]
    distances : float32 [n, k]

    Raises
    ------
    DeviceUnavailable
        If `device` is "gpu" and there is none.
    """
    asked = on_device(vectors, len(vectors), k + knn_lists.SPARE, device)
    arrays = devices.choose(device, max(len(vectors), devices.LEAST)) if asked else None
    if arrays is None:
        return None
    try:
        with arrays.scope():
            fits = 3 * 4 * vectors.size < arrays.free_bytes()
            table = Table(arrays, vectors, resident=fits)
            found = knn_lists.exact_lists(
                table, metric, k, lambda done, n: progress(done, n, "finding neighbors")
            )
            return arrays.get(found.ids), arrays.get(found.gaps)
    except errors.WorkbenchError:
        raise
    except Exception as error:
        if device != "auto" and not isinstance(error, knn_lists.DeviceIsFull | MemoryError):
            raise
        devices.tell_once(f"the GPU failed, and the CPU finds the neighbors: {error}")
        return None


def search_batch(
    vectors: NDArray[Any],
    queries: NDArray[Any],
    k: int,
    metric: int,
    allowed: NDArray[Any] | None = None,
    device: str = "auto",
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest rows of each query; see ``flat.search_batch``, which answers without a device.

    A device whose memory is full, or that fails where it was not asked for by name, is told of in the log,
    and the CPU answers.

    Raises
    ------
    DeviceUnavailable
        If `device` is "gpu" and there is none.
    """
    asked = on_device(vectors, len(queries), k, device)
    arrays = devices.choose(device, max(len(vectors), devices.LEAST)) if asked else None
    if arrays is not None:
        try:
            return flat_gpu.search_batch(vectors, queries, k, metric, arrays, allowed)
        except Exception as error:
            if arrays.memory_is_full(error):
                devices.tell_once(f"the memory of {arrays.name} is full: the CPU compares the queries")
            elif device == "auto":
                devices.tell_once(f"the GPU failed, and the CPU compares the queries: {error}")
            else:
                raise
    return flat.search_batch(vectors, queries, k, metric, allowed)
