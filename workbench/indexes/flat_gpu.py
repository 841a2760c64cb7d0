"""Exact nearest neighbors of many queries at once on a device: for ground truth and neighbor graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.knn_lists import SPARE, Tiling, decide
from workbench.indexes.space import as_mask, as_queries
from workbench.kernels.gpu import products, topk
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress, silent


def search_batch(
    vectors: NDArray[Any],
    queries: NDArray[Any],
    k: int,
    metric: int,
    arrays: Arrays,
    allowed: NDArray[Any] | None = None,
    *,
    precision: str = "float32",
    tiling: Tiling | None = None,
    progress: Progress = silent,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest rows of each query: what ``flat.search_batch`` finds, but for ties of rounding.

    Products of `precision` propose ``k + 32`` rows, which are measured in float32.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
        On the host; copied part by part, so that they need not fit on the device.
    queries : float32 [q, d]
    k : int
    metric : int
    arrays : Arrays
    allowed : bool or uint8 [n], optional
        Only these rows are searched; they are told to the device as one bit each.
    precision : str
        ``"float32"``, or, faster where rows are no nearer to each other than these can tell, ``"tf32"`` or
        ``"bf16"``.
    tiling : Tiling, optional
        The first size of tiles; halved while they do not fit.
    progress : Progress
        Called between tiles; may raise ``Cancelled``.

    Returns
    -------
    rows : int32 [q, k']
        ``k' = min(k, allowed rows)``, ascending by (distance, row).
    distances : float32 [q, k']

    Raises
    ------
    MemoryError, cupy.cuda.memory.OutOfMemoryError
        If not even the smallest tile fits.
    """
    queries = as_queries(queries)
    mask = None if allowed is None else as_mask(allowed, len(vectors)) != 0
    k = min(k, len(vectors) if mask is None else int(np.count_nonzero(mask)))
    rows = np.empty((len(queries), max(k, 0)), np.int32)
    gaps = np.empty(rows.shape, np.float32)
    if k <= 0 or not len(queries):
        return rows, gaps
    current: Tiling | None = tiling or Tiling.of(arrays, len(vectors), len(queries))
    with arrays.scope():
        search = _Search(vectors, k, metric, arrays, mask, precision)
        start = 0
        while start < len(queries):
            assert current is not None
            part = slice(start, start + current.rows)
            try:
                found = search.block(arrays.put(queries[part]), current.columns)
                rows[part], gaps[part] = (arrays.get(array) for array in found)
            except Exception as error:
                current = current.halved()
                if current is None or not arrays.memory_is_full(error):
                    raise
                continue
            start = part.stop
            progress(min(start, len(queries)), len(queries), "comparing with all")
    return rows, gaps


class _Search:
    def __init__(
        self,
        vectors: NDArray[Any],
        k: int,
        metric: int,
        arrays: Arrays,
        mask: NDArray[np.bool_] | None,
        precision: str,
    ) -> None:
        self.arrays, self.k, self.metric = arrays, k, metric
        fits = 2 * vectors.nbytes < arrays.free_bytes() // 2
        self.table = Table(arrays, vectors, resident=fits)
        mean = products.mean_of(arrays, self.table.rows(0, min(self.table.n, 100_000)))
        self.proposals = products.Proposals(arrays, metric, mean, precision)
        self.allowed = None if mask is None else topk.pack_mask(arrays, arrays.put(mask))
        self.wide = min(k + SPARE, self.table.n, max(k, topk.LARGEST_K))
        self.prepared: dict[tuple[int, int], tuple[Any, Any]] = {}

    def block(self, queries: Any, columns: int) -> tuple[Any, Any]:
        """Find the nearest of some queries, which are on the device."""
        best = topk.nobody(self.arrays, len(queries), self.wide)
        asked = self.proposals.queries(queries)
        for first in range(0, self.table.n, columns):
            rows, bias = self._rows(first, first + columns)
            tile = self.proposals.tile(asked, rows)
            topk.merge(
                self.arrays,
                best,
                tile,
                scale=self.proposals.scale,
                bias=bias,
                first=first,
                allowed=self.allowed,
            )
        return decide(self.table, queries, topk.unpack(self.arrays, best)[0], self.metric, self.k)

    def _rows(self, first: int, stop: int) -> tuple[Any, Any]:
        if not self.table.resident:
            return self.proposals.rows(self.table.rows(first, stop))
        if (first, stop) not in self.prepared:
            self.prepared[first, stop] = self.proposals.rows(self.table.rows(first, stop))
        return self.prepared[first, stop]
