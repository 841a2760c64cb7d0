"""Exact neighbors of many queries, on a GPU where there is one and the work is worth the way there."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes import flat, flat_gpu
from workbench.kernels.gpu import devices

log = logging.getLogger("workbench")

# Products of two numbers from which vectors are copied to a device: a second or so of two cores. Not
# measured on a device yet: 10 GB/s bring 117,659 x 384 float32 there in 20 ms.
WORTH = 10**11
# Queries asked at once on a device, so that vectors are copied once for them.
AT_ONCE = 4096


def at_once(queries: int, otherwise: int, vectors: NDArray[Any], device: str = "auto") -> int:
    """Return how many of so many queries to ask in one call: `otherwise` where the CPU will answer."""
    return AT_ONCE if _on_device(vectors, min(queries, AT_ONCE), device) else otherwise


def search_batch(
    vectors: NDArray[Any],
    queries: NDArray[Any],
    k: int,
    metric: int,
    allowed: NDArray[Any] | None = None,
    device: str = "auto",
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest rows of each query; see ``flat.search_batch``, which answers without a device.

    A device whose memory is full is told of once in the log, and the CPU answers.
    """
    if _on_device(vectors, len(queries), device):
        arrays = devices.choose(device, max(len(vectors), devices.LEAST))
        assert arrays is not None
        try:
            return flat_gpu.search_batch(vectors, queries, k, metric, arrays, allowed)
        except Exception as error:
            if not arrays.memory_is_full(error):
                raise
            log.warning("the memory of %s is full: the CPU compares %d queries", arrays.name, len(queries))
    return flat.search_batch(vectors, queries, k, metric, allowed)


def _on_device(vectors: NDArray[Any], queries: int, device: str) -> bool:
    worth = vectors.shape[0] * vectors.shape[1] * queries >= WORTH
    return device != "cpu" and worth and not devices.why_none()
