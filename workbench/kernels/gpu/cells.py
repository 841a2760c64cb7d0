"""Cells of near vectors by k-means: where neighbors are looked for where points are too many to compare."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.distances import SQUARED_L2
from workbench.kernels.gpu import products, topk
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress, silent

# Points a cell that k-means looks at, and how often it moves the centers.
_SAMPLE, _ROUNDS = 64, 8


def cells_of(
    arrays: Arrays, table: Table, count: int, spread: int, seed: int, progress: Progress = silent
) -> Any:
    """Return the `spread` nearest of `count` cells of every point: int32 [n, spread], the nearest first.

    Cells are Euclidean whatever the metric, which for vectors of one length is the order of the dot product.
    Their centers are those of k-means (Lloyd) over a sample of 64 points a cell.

    Parameters
    ----------
    arrays : Arrays
    table : Table
    count, spread : int
        At most as many as there are points, and as there are cells.
    seed : int
        Of the sample and the first centers.
    progress : Progress
        Called between steps; may raise ``Cancelled``.
    """
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(table.n, min(table.n, count * _SAMPLE), replace=False)).astype(np.int32)
    sample = table.take(arrays.put(drawn)).astype(np.float32, copy=False)
    proposals = products.Proposals(arrays, SQUARED_L2, products.mean_of(arrays, sample), "tf32")
    centers = sample[arrays.put(rng.choice(len(sample), count, replace=False))]
    for done in range(_ROUNDS):
        progress(done, _ROUNDS, "moving the centers of clusters")
        centers = _moved(arrays, sample, centers, _nearest(arrays, proposals, sample, centers, 1)[:, 0])
    found = arrays.xp.empty((table.n, spread), np.int32)
    step = max(1, arrays.tile_bytes // (4 * max(count, table.dim)))
    for start in range(0, table.n, step):
        progress(start, table.n, "assigning points to clusters")
        stop = min(start + step, table.n)
        found[start:stop] = _nearest(arrays, proposals, table.queries(start, stop), centers, spread)
    return found


def _nearest(arrays: Arrays, proposals: products.Proposals, vectors: Any, centers: Any, k: int) -> Any:
    """Return the `k` nearest centers of each vector: int32 [n, k]."""
    rows, bias = proposals.rows(centers)
    found = arrays.xp.empty((len(vectors), k), np.int32)
    step = max(1, arrays.tile_bytes // (4 * len(centers)))
    for start in range(0, len(vectors), step):
        part = vectors[start : start + step]
        best = topk.nobody(arrays, len(part), k)
        tile = proposals.tile(proposals.queries(part), rows)
        topk.merge(arrays, best, tile, scale=proposals.scale, bias=bias)
        found[start : start + step] = topk.unpack(arrays, best)[0]
    return found


def _moved(arrays: Arrays, sample: Any, centers: Any, cells: Any) -> Any:
    """Return the mean of the vectors of each cell; an empty one stays where it is."""
    xp = arrays.xp
    sums = xp.zeros(centers.shape, np.float32)
    xp.add.at(sums, cells, sample)
    sizes = xp.bincount(cells, minlength=len(centers))[:, None]
    return xp.where(sizes > 0, sums / xp.maximum(sizes, 1), centers).astype(np.float32)
