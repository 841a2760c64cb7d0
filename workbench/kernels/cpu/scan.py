"""Exact search: every allowed row is measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import int64, kernel, types
from workbench.kernels.cpu.metrics import measure
from workbench.kernels.cpu.ordering import heap_push, heap_replace, pack, unpack
from workbench.kernels.cpu.traversal import SPACE

# Rows measured in one call.
BLOCK = 64


@kernel(
    types.int64(
        SPACE,
        types.int64,
        types.float32[:, ::1],
        types.uint8[::1],
        types.int64[::1],
        types.int32[:, ::1],
        types.float32[:, ::1],
    )
)
def scan(space: Any, n: Any, queries: Any, allowed: Any, pool: Any, rows: Any, distances: Any) -> Any:
    """Find the nearest allowed rows of each query; return how many the last one found.

    Parameters
    ----------
    space : tuple
        See ``metrics``.
    n : int
        Number of stored rows.
    queries : float32 [q, d]
    allowed : uint8 [n] or [0]
        Nonzero where a row may be returned; empty allows all.
    pool : int64 [k]
        Scratch.
    rows, distances : int32 [q, k], float32 [q, k]
        Written, ascending by (distance, row); row −1 where fewer than k rows are allowed.
    """
    everything = allowed.shape[0] == 0
    k = rows.shape[1]
    block, gaps = np.empty(BLOCK, np.int32), np.empty(BLOCK, np.float32)
    size = 0
    for i in range(queries.shape[0]):
        query = int64(queries[i].ctypes.data)
        size, row = 0, 0
        while row < n:
            count = 0
            while row < n and count < BLOCK:
                if everything or allowed[row]:
                    block[count] = row
                    count += 1
                row += 1
            measure(space, block, count, query, gaps)
            for j in range(count):
                key = pack(gaps[j], block[j])
                if size < k:
                    heap_push(pool, size, ~key)
                    size += 1
                elif key < ~pool[0]:
                    heap_replace(pool, size, ~key)
        for j in range(size):
            pool[j] = ~pool[j]
        pool[:size].sort()
        unpack(pool, size, rows[i], distances[i])
    return size
