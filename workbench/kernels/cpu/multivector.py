"""MaxSim: how near multivectors are, the sum over the query's vectors of the nearest of the stored ones.

(Khattab and Zaharia, "ColBERT", 2020, section 3.3.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import float32, int64, kernel, types
from workbench.kernels.cpu.metrics import measure
from workbench.kernels.cpu.traversal import SPACE

# Stored vectors measured in one call.
BLOCK = 64


@kernel(
    types.void(
        SPACE,
        types.int64[::1],
        types.int64[::1],
        types.float32[:, ::1],
        types.float32[::1],
    )
)
def maxsim(space: Any, starts: Any, slots: Any, query: Any, distances: Any) -> None:
    """Write the distance of the query to each of some multivectors, smaller is nearer.

    Parameters
    ----------
    space : tuple
        All stored vectors, one after the other; see ``metrics``.
    starts : int64 [v + 1]
        Where each multivector begins among them.
    slots : int64 [c]
        Which multivectors to compare; none of them is empty.
    query : float32 [s, d]
    distances : float32 [c]
        Written: the sum over the query's vectors of the distance to the nearest stored one.
    """
    block, gaps = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.float32)
    nearest = np.empty(query.shape[0], np.float32)
    for i in range(slots.shape[0]):
        nearest[:] = float32(float("inf"))
        first, last = starts[slots[i]], starts[slots[i] + 1]
        while first < last:
            count = min(int64(BLOCK), last - first)
            for j in range(count):
                block[j] = first + j
            for s in range(query.shape[0]):
                measure(space, block, count, int64(query[s].ctypes.data), gaps)
                for j in range(count):
                    nearest[s] = min(nearest[s], gaps[j])
            first += count
        total = float32(0.0)
        for s in range(query.shape[0]):
            total += nearest[s]
        distances[i] = total
