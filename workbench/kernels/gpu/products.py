"""Tiles of scores by matrix products of 8 or 11 significant bits: they propose neighbors, and float32
decides.

Vectors are moved by their mean first: neighbors of a query are the same, and what rounding takes is a share
of the spread of the vectors, not of how far from zero they lie.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.distances import L1, SQUARED_L2
from workbench.kernels.gpu.arrays import Arrays

PRECISIONS = ("bf16", "tf32", "float32")
# cuBLAS uses tensor cores for bf16 where rows are multiples of 16 bytes.
_ALIGNED = 8
# Threads of a block and columns and rows of its tile, as in cuda/manhattan.cu.
_THREADS, _SIDE = 256, 64


class Proposals:
    """Vectors as scores are computed from them: rounded, and moved by their mean.

    Parameters
    ----------
    arrays : Arrays
    metric : int
    mean : float32 [d]
        What is taken from each vector; ignored under L1.
    precision : str
        ``"bf16"``, ``"tf32"`` or ``"float32"``; L1 has no products and is always computed in float32.
    """

    def __init__(self, arrays: Arrays, metric: int, mean: Any, precision: str = "bf16") -> None:
        self.arrays, self.metric, self.mean, self.precision = arrays, metric, mean, precision
        # The key of a score: its product with this, and the bias of the row.
        self.scale = {SQUARED_L2: -2.0, L1: 1.0}.get(metric, -1.0)

    def rows(self, vectors: Any) -> tuple[Any, Any]:
        """Prepare rows of float32, float16 or uint8 [n, d].

        Returns
        -------
        prepared : [n, w]
        bias : float32 [n] or None
            What the key of each row has beside its product.
        """
        moved = self._moved(vectors, self.metric != L1)
        # Not einsum, which cupy leaves to a product of matrices of one row each.
        bias = (moved * moved).sum(axis=1, dtype=np.float32) if self.metric == SQUARED_L2 else None
        return self._rounded(moved), bias

    def queries(self, vectors: Any) -> Any:
        """Prepare queries, which under a dot product are not moved."""
        return self._rounded(self._moved(vectors, self.metric == SQUARED_L2))

    def tile(self, queries: Any, rows: Any) -> Any:
        """Return the scores of prepared queries and rows, float32 [q, r]: scale and bias make keys."""
        if self.metric == L1:
            return manhattan(self.arrays, queries, rows)
        return self.arrays.matmul(queries, rows, self.precision)

    def _moved(self, vectors: Any, moves: bool) -> Any:
        converted = vectors.astype(np.float32, copy=False)
        return converted - self.mean if moves else converted

    def _rounded(self, vectors: Any) -> Any:
        """Round to nearest, ties to even, as tensor cores have it; on a device bf16 is kept as 16 bits."""
        if self.metric == L1:
            return self.arrays.xp.ascontiguousarray(vectors)
        xp = self.arrays.xp
        spare = -vectors.shape[1] % _ALIGNED
        wide = xp.pad(vectors, ((0, 0), (0, spare))) if spare else xp.ascontiguousarray(vectors)
        if self.precision == "float32" or (self.precision == "tf32" and xp is not np):
            return wide  # nobody rounds, or cuBLAS does
        bits = wide.view(np.uint32)
        lost = 16 if self.precision == "bf16" else 13
        half = np.uint32((1 << (lost - 1)) - 1)
        kept = (bits + half + ((bits >> np.uint32(lost)) & np.uint32(1))) >> np.uint32(lost)
        if xp is not np:
            return kept.astype(np.uint16)
        return (kept << np.uint32(lost)).view(np.float32)


def mean_of(arrays: Arrays, vectors: Any) -> Any:
    """Return the mean of some vectors, float32 [d]."""
    return vectors.astype(np.float32, copy=False).mean(axis=0, dtype=np.float32)


def manhattan(arrays: Arrays, queries: Any, vectors: Any) -> Any:
    """Return the L1 distances between float32 [q, d] and [n, d]: float32 [q, n].

    There is no product to leave to tensor cores: each number costs a subtraction and an addition.
    """
    xp = arrays.xp
    (rows, dim), cols = queries.shape, len(vectors)
    tile = xp.empty((rows, cols), np.float32)
    if arrays.compiles:
        grid = (-(-rows // _SIDE), -(-cols // _SIDE))  # a grid may be 2³¹ − 1 blocks by 65,535
        shape = np.int32(rows), np.int32(cols), np.int32(dim)
        arrays.launch("manhattan.cu", "manhattan", grid, _THREADS, (queries, vectors, *shape, tile), {})
        return tile
    step = max(1, arrays.tile_bytes // max(1, 4 * cols * dim))
    for start in range(0, rows, step):
        gaps = np.abs(queries[start : start + step, None] - vectors[None])
        tile[start : start + step] = gaps.sum(axis=2, dtype=np.float32)
    return tile
