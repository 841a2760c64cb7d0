"""Exact distances in float32, which decide among what tiles of scores have proposed."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.distances import L1, NEGATIVE_DOT
from workbench.kernels.gpu.arrays import Arrays

_WARPS = 4
_ELEMENTS = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.uint8): 2}


def measure(arrays: Arrays, vectors: Any, queries: Any, ids: Any, metric: int) -> Any:
    """Measure each query against rows of its own.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    queries : float32 [r, d]
    ids : int32 [r, c]
        Rows of `vectors`; −1 for nobody.
    metric : int

    Returns
    -------
    float32 [r, c]
        Smaller is nearer; infinite for nobody. The same pair gives the same number, whatever is beside it.
    """
    rows, count = ids.shape
    found = arrays.xp.empty((rows, count), np.float32)
    if rows == 0 or count == 0:
        return found
    if arrays.compiles:
        shape = np.int32(count), np.int32(queries.shape[1])
        defines = {"ELEMENT": _ELEMENTS[np.dtype(vectors.dtype)], "METRIC": metric, "WARPS": _WARPS}
        arguments = (vectors, queries, arrays.xp.ascontiguousarray(ids), *shape, found)
        arrays.launch("measure.cu", "measure", (rows,), 32 * _WARPS, arguments, defines)
        return found
    step = max(1, arrays.tile_bytes // max(1, 4 * count * queries.shape[1]))
    for start in range(0, rows, step):
        part = slice(start, start + step)
        near = vectors[np.maximum(ids[part], 0)].astype(np.float32, copy=False)
        found[part] = _between(queries[part, None], near, metric)
    found[ids < 0] = np.inf
    return found


def _between(one: Any, other: Any, metric: int) -> Any:
    if metric == NEGATIVE_DOT:
        return -np.einsum("...i,...i->...", one, other)
    gaps = one - other
    if metric == L1:
        return np.abs(gaps, out=gaps).sum(axis=-1, dtype=np.float32)
    return np.einsum("...i,...i->...", gaps, gaps)
