"""Exact nearest neighbors of many queries at once on a device: for ground truth and neighbor graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.knn_lists import SPARE, Columns, Tiling, decide
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
        At most ``topk.LARGEST_K``.
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
    with arrays.scope():
        return Exact(vectors, metric, arrays, precision=precision).search(
            queries, k, allowed, tiling=tiling, progress=progress
        )


class Exact:
    """Vectors as a device compares them, for questions in several calls; lives inside ``arrays.scope()``.

    Parameters
    ----------
    vectors, metric, arrays, precision
        As in :func:`search_batch`. They are copied to the device at once if they take no more than half of
        what is free, rounded copy included.
    """

    def __init__(
        self, vectors: NDArray[Any], metric: int, arrays: Arrays, *, precision: str = "float32"
    ) -> None:
        self.arrays, self.metric = arrays, metric
        copy = 2 if precision == "bf16" else 4
        fits = vectors.nbytes + vectors.size * copy < arrays.free_bytes() // 2
        self.table = Table(arrays, vectors, resident=fits)
        mean = products.mean_of(arrays, self.table.rows(0, min(self.table.n, 100_000)))
        self.proposals = products.Proposals(arrays, metric, mean, precision)
        self.columns = Columns(self.table, self.proposals)

    def search(
        self,
        queries: NDArray[Any],
        k: int,
        allowed: NDArray[Any] | None = None,
        *,
        tiling: Tiling | None = None,
        progress: Progress = silent,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Find the `k` nearest rows of each query; see :func:`search_batch`."""
        queries, arrays = as_queries(queries), self.arrays
        mask = None if allowed is None else as_mask(allowed, self.table.n) != 0
        k = min(k, self.table.n if mask is None else int(np.count_nonzero(mask)))
        rows = np.empty((len(queries), max(k, 0)), np.int32)
        gaps = np.empty(rows.shape, np.float32)
        if k <= 0 or not len(queries):
            return rows, gaps
        bits = None if mask is None else topk.pack_mask(arrays, arrays.put(mask))
        current: Tiling | None = tiling or Tiling.of(arrays, self.table.n, len(queries))
        start = 0
        while start < len(queries):
            assert current is not None
            part = slice(start, start + current.rows)
            try:
                found = self._block(arrays.put(queries[part]), k, current.columns, bits)
                rows[part], gaps[part] = (arrays.get(array) for array in found)
            except Exception as error:
                current = current.halved()
                if current is None or not arrays.memory_is_full(error):
                    raise
                continue
            start = part.stop
            progress(min(start, len(queries)), len(queries), "comparing with all")
        return rows, gaps

    def _block(self, queries: Any, k: int, columns: int, allowed: Any) -> tuple[Any, Any]:
        """Find the nearest of some queries, which are on the device."""
        wide = max(k, min(k + SPARE, self.table.n, topk.LARGEST_K))
        best = topk.nobody(self.arrays, len(queries), wide)
        self.columns.merge(best, self.proposals.queries(queries), columns, allowed=allowed)
        return decide(self.table, queries, topk.unpack(self.arrays, best)[0], self.metric, k)
