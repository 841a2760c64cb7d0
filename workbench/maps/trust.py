"""How far a map can be trusted: which true neighbors it kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Points compared at a time: 65,536 x 10 x 10 booleans are 7 MB.
_BLOCK = 65_536


def on_map(layout: Array, k: int, asked: Array | None = None) -> Array:
    """Return the `k` nearest points on the map.

    Parameters
    ----------
    layout : float32 [n, 2]
    k : int
    asked : int [q], optional
        Of which points; of all if not given.

    Returns
    -------
    int64 [q, k']
        Rows without the point itself, nearest first; k' = min(k, n - 1).
    """
    from scipy.spatial import cKDTree

    n = len(layout)
    rows = np.arange(n) if asked is None else np.asarray(asked)
    count = min(k, n - 1)
    if count <= 0 or len(rows) == 0:
        return np.empty((len(rows), 0), np.int64)
    found = np.atleast_2d(cKDTree(layout).query(layout[rows], k=count + 1)[1])
    # A point is its own nearest but for others at the same place: whichever column it is in goes.
    own = found == rows[:, None]
    own[~own.any(axis=1), -1] = True
    others: Array = found[~own].reshape(len(rows), count)
    return others


def kept(neighbors: Array, layout: Array, k: int = 10, asked: Array | None = None) -> Array:
    """Return, point by point, the share of its `k` nearest that are among its `k` nearest on the map.

    Parameters
    ----------
    neighbors : int32 [q, j]
        True nearest of the points `asked` without themselves, nearest first; the first `k` count. −1 for
        none.
    layout : float32 [n, 2]
    k : int
    asked : int [q], optional
        All points if not given.

    Returns
    -------
    float32 [q]
        1 where all were kept. A random map keeps about ``k / n``.
    """
    near = on_map(layout, k, asked)
    true = neighbors[:, : near.shape[1]]
    if true.shape[1] == 0:
        return np.ones(len(true), np.float32)
    shares = np.empty(len(true), np.float32)
    for start in range(0, len(true), _BLOCK):
        some = true[start : start + _BLOCK]
        there = (some[:, :, None] == near[start : start + _BLOCK, None, :]).any(axis=2) & (some >= 0)
        shares[start : start + _BLOCK] = there.sum(axis=1) / np.maximum(1, (some >= 0).sum(axis=1))
    return shares
