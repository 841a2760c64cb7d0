"""Which of a point's nearest are worth a link: by distances, as HNSW has it, or by ranks, as CAGRA does."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.gpu.arrays import Arrays

_WARPS = 4
LARGEST_K = 1024


def choose_diverse(arrays: Arrays, ids: Any, distances: Any, gaps: Any, most: int) -> Any:
    """Choose neighbors by the heuristic of HNSW (Malkov and Yashunin, arXiv:1603.09320, algorithm 4).

    Going from the nearest on, a candidate is left out if it is nearer to one that was chosen than to the
    point.

    Parameters
    ----------
    ids, distances : int32, float32 [r, k]
        Candidates, nearest first; −1 for nobody. ``k ≤ 1024``.
    gaps : float32 [r, k, k]
        Distances between candidates.
    most : int
        How many are chosen at most.

    Returns
    -------
    bool [r, k]
    """
    rows, k = ids.shape
    if arrays.compiles:
        kept = arrays.xp.zeros((rows, k), np.uint8)
        given = (arrays.xp.ascontiguousarray(array) for array in (ids, distances, gaps))
        arguments = (*given, np.int32(rows), np.int32(k), np.int32(most), kept)
        defines = {"SLOTS": _slots(k), "TABLE": 2 * _slots(k), "WARPS": _warps(k)}
        grid = (-(-rows // _warps(k)),)
        arrays.launch("prune.cu", "choose_diverse", grid, 32 * _warps(k), arguments, defines)
        return kept.astype(bool)
    chosen = np.zeros((rows, k), bool)
    count = np.zeros(rows, np.int64)
    for j in range(k):
        nearer = (chosen[:, :j] & (gaps[:, j, :j] < distances[:, j : j + 1])).any(axis=1)
        chosen[:, j] = ~nearer & (ids[:, j] >= 0) & (count < most)
        count += chosen[:, j]
    return chosen


def count_detours(arrays: Arrays, lists: Any, mine: Any) -> Any:
    """Count the ways of two hops over nearer neighbors to each neighbor (CAGRA, arXiv:2308.15136, section
    3.2.1).

    A way to the neighbor of rank j leads over the neighbor of rank ``a < j`` in whose list the same point
    stands at a rank ``b < j``. No distances are needed.

    Parameters
    ----------
    lists : int32 [n, k]
        The neighbors of every point, nearest first; −1 for nobody. ``k ≤ 1024``.
    mine : int32 [r, k]
        Those of the points asked for.

    Returns
    -------
    int32 [r, k]
    """
    rows, k = mine.shape
    detours = arrays.xp.zeros((rows, k), np.int32)
    if arrays.compiles:
        arguments = (lists, mine, np.int32(rows), np.int32(k), detours)
        defines = {"SLOTS": _slots(k), "TABLE": 2 * _slots(k), "WARPS": _warps(k)}
        grid = (-(-rows // _warps(k)),)
        arrays.launch("prune.cu", "count_detours", grid, 32 * _warps(k), arguments, defines)
        return detours
    ranks = np.full((rows, len(lists) + 1), k, np.int16)  # the last place is nobody's
    np.put_along_axis(ranks, np.where(mine < 0, len(lists), mine), np.arange(k, dtype=np.int16)[None], axis=1)
    ranks[:, -1] = k
    next_ = lists[np.maximum(mine, 0)]  # r, a, b
    at = np.take_along_axis(ranks, np.where(next_ < 0, len(lists), next_).reshape(rows, -1), axis=1)
    found = at.reshape(rows, k, k)
    order = np.arange(k)
    counts = (found < k) & (found > order[:, None]) & (found > order) & (mine >= 0)[:, :, None]
    row, a, b = np.nonzero(counts)
    np.add.at(detours, (row, found[row, a, b]), 1)
    return detours


def _slots(k: int) -> int:
    return max(64, 1 << (k - 1).bit_length())


def _warps(k: int) -> int:
    return min(_WARPS, 2048 // _slots(k))
