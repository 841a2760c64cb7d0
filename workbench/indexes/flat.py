"""Exact nearest neighbors: the reference that every other index is measured against.

Two ways give the same answer: the compiled scan (``workbench.kernels.cpu``) when the kernels are loaded,
plain numpy otherwise and for batches that a matrix product answers faster. The choice is made in
:func:`search_batch` alone.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.space import Space, as_mask, as_queries

# Temporaries stay below this; larger ones gain no speed and show up as memory peaks in the kernel.
TEMPORARY_BYTES = 32 << 20
# From this many queries on, one matrix product in float32 is faster than as many compiled scans.
MATRIX_QUERIES = 4


def search(
    vectors: NDArray[Any],
    query: NDArray[Any],
    k: int,
    metric: int,
    allowed: NDArray[Any] | None = None,
    longest: float | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest rows.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    query : float32 [d]
    k : int
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    allowed : bool or uint8 [n], optional
        Only these rows are searched.
    longest : float, optional
        What no row is longer than, where that is known: measuring 117,659 x 384 takes 20 ms.

    Returns
    -------
    rows : int32 [k']
        ``k' = min(k, allowed rows)``, ascending by (distance, row).
    distances : float32 [k']
    """
    rows, distances_ = search_batch(vectors, as_queries(query), k, metric, allowed, longest)
    return rows[0], distances_[0]


def search_rows(
    vectors: NDArray[Any], query: NDArray[Any], k: int, metric: int, chosen: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest of the rows `chosen`, int32 [m], ascending; see :func:`search`."""
    mask = np.zeros(len(vectors), np.uint8)
    mask[chosen] = 1
    return search(vectors, query, k, metric, mask)


def search_batch(
    vectors: NDArray[Any],
    queries: NDArray[Any],
    k: int,
    metric: int,
    allowed: NDArray[Any] | None = None,
    longest: float | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the `k` nearest rows of each query (float32 [q, d]); see :func:`search`.

    Returns
    -------
    rows : int32 [q, k']
    distances : float32 [q, k']
    """
    queries = as_queries(queries)
    mask = None if allowed is None else as_mask(allowed, len(vectors))
    k = min(k, len(vectors) if mask is None else int(np.count_nonzero(mask)))
    if k <= 0:
        shape = (len(queries), 0)
        return np.empty(shape, np.int32), np.empty(shape, np.float32)
    as_product = vectors.dtype == np.float32 and metric != kernels.L1 and len(queries) >= MATRIX_QUERIES
    if kernels.ready() and not as_product:
        return _scan(vectors, queries, k, metric, mask)
    return search_with_numpy(vectors, queries, k, metric, mask, longest)


def _scan(
    vectors: NDArray[Any], queries: NDArray[np.float32], k: int, metric: int, mask: NDArray[np.uint8] | None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    cpu = importlib.import_module("workbench.kernels.cpu")
    space = Space(vectors, metric)
    rows = np.empty((len(queries), k), np.int32)
    distances_ = np.empty((len(queries), k), np.float32)
    chosen = np.empty(0, np.int32) if mask is None else np.flatnonzero(mask).astype(np.int32)
    no_codes = space.key, np.empty(0, np.float32), 0.0
    flat = queries.reshape(-1), k, chosen, rows.reshape(-1), distances_.reshape(-1)
    cpu.scan(space.key, no_codes, 0, len(vectors), *flat)
    return rows, distances_


def search_with_numpy(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    k: int,
    metric: int,
    mask: NDArray[np.uint8] | None,
    longest: float | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Search without kernels: shortlist all rows that rounding could make the nearest, then measure those."""
    ids = None if mask is None else np.flatnonzero(mask).astype(np.int32)
    rows = np.empty((len(queries), k), np.int32)
    distances_ = np.empty((len(queries), k), np.float32)
    for start in range(0, len(queries), 64):
        block = queries[start : start + 64]
        best = _nearest_of_block(vectors, block, k, metric, ids, longest)
        for i, (found, measured) in enumerate(best, start):
            rows[i], distances_[i] = found, measured
    return rows, distances_


def _nearest_of_block(
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
    k: int,
    metric: int,
    ids: NDArray[np.int32] | None,
    longest: float | None,
) -> list[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Merge the nearest rows chunk by chunk, so that no temporary is as large as the data."""
    n, dim = len(vectors) if ids is None else len(ids), vectors.shape[1]
    best = [(np.empty(0, np.int32), np.empty(0, np.float32)) for _ in queries]
    step = max(1, TEMPORARY_BYTES // max(4 * dim, 4 * len(queries)))
    for start in range(0, n, step):
        stop = min(start + step, n)
        chunk_ids = np.arange(start, stop, dtype=np.int32) if ids is None else ids[start:stop]
        chunk = vectors[start:stop] if ids is None else vectors[chunk_ids]
        for i, shortlist in enumerate(_shortlists(chunk, queries, k, metric, longest)):
            measured = distances(chunk, queries[i], metric, shortlist)
            rows = np.concatenate([best[i][0], chunk_ids[shortlist]])
            gaps = np.concatenate([best[i][1], measured])
            order = np.lexsort((rows, gaps))[:k]
            best[i] = rows[order], gaps[order]
    return best


def _shortlists(
    chunk: NDArray[Any], queries: NDArray[np.float32], k: int, metric: int, longest: float | None
) -> list[NDArray[np.intp]]:
    """For each query, the rows of a chunk that can be among its `k` nearest, by a matrix product."""
    if metric == kernels.L1 or len(chunk) <= k:
        return [np.arange(len(chunk))] * len(queries)
    stored = chunk.astype(np.float32, copy=False)
    # One query as a product with a vector: half the time of a product of matrices.
    scores = (stored @ queries[0])[None] if len(queries) == 1 else queries @ stored.T
    query_lengths = np.einsum("ij,ij->i", queries, queries)
    if metric == kernels.NEGATIVE_DOT and longest is not None:
        scale = longest * longest + query_lengths
        scores = np.negative(scores, out=scores)
    else:
        lengths = np.einsum("ij,ij->i", stored, stored)
        scale = lengths.max() + query_lengths
        scores = lengths - 2 * scores if metric == kernels.SQUARED_L2 else -scores
    # A float32 sum of d products is wrong by at most d·ε·|q||x|; whoever is within twice that of the k-th
    # stays.
    margins = 4 * chunk.shape[1] * np.finfo(np.float32).eps * scale
    kth = np.partition(scores, k - 1, axis=1)[:, k - 1]
    return [np.flatnonzero(row <= bound) for row, bound in zip(scores, kth + margins, strict=True)]


def distances(
    vectors: NDArray[Any], query: NDArray[Any], metric: int, rows: NDArray[Any] | None = None
) -> NDArray[np.float32]:
    """Measure the query against all rows, or against `rows`, by the definition and in float64.

    Returns
    -------
    float32 [n] or [len(rows)]
    """
    n = len(vectors) if rows is None else len(rows)
    target = np.asarray(query, np.float64).reshape(-1)
    result = np.empty(n, np.float32)
    step = max(1, TEMPORARY_BYTES // (8 * max(1, vectors.shape[1])))
    for start in range(0, n, step):
        part = slice(start, min(start + step, n))
        chunk = (vectors[part] if rows is None else vectors[rows[part]]).astype(np.float64)
        if metric == kernels.NEGATIVE_DOT:
            result[part] = -(chunk @ target)
            continue
        chunk -= target
        if metric == kernels.SQUARED_L2:
            with np.errstate(over="ignore"):  # beyond float32 is infinitely far, as in the kernels
                result[part] = np.einsum("ij,ij->i", chunk, chunk)
        else:
            result[part] = np.abs(chunk, out=chunk).sum(axis=1)
    return result + np.float32(0.0)  # makes −0 the same as 0
