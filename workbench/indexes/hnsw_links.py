"""From the nearest of every point to the links of one layer: forward, backward, and pruned again.

All steps are array operations, so that they run on a device and in NumPy, with the same result but for
rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.distances import L1, NEGATIVE_DOT
from workbench.indexes.knn_lists import Lists
from workbench.kernels.gpu import measure, prune, topk
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table

PRUNINGS = ("heuristic", "ranks")
# Back links that a point is offered, for each forward link of a point: the nearest win. More were never kept.
_OFFERED = 4

Report = Callable[[int, int], None]


def link(
    table: Table,
    metric: int,
    lists: Lists,
    m: int,
    most: int,
    report: Report,
    *,
    shortcuts: Any = None,
    pruning: str = "heuristic",
) -> Any:
    """Choose the links of every point.

    Parameters
    ----------
    table : Table
    metric : int
    lists : Lists
        The nearest of every point.
    m, most : int
        Links forward, and links in all: 2m on layer 0, m above.
    report : callable
        Called as ``report(done, n)`` between chunks; may raise ``Cancelled``.
    shortcuts : int32 [n, m], optional
        The links that each point has on the layer above, −1 for none. They lead from one clump of points to
        the next, which no link to a nearest point does: HNSW has such links from the time when points were
        few.
    pruning : str
        ``"heuristic"``, HNSW's, or ``"ranks"``, CAGRA's, which fills all `most` places.

    Returns
    -------
    int32 [n, most]
        Left-justified, −1 behind the last.
    """
    arrays, xp = table.arrays, table.arrays.xp
    if pruning == "ranks":
        forward = _by_ranks(arrays, lists, most, report)
        far = _new(arrays, forward, shortcuts)
        back = backward(arrays, xp.concatenate([forward, far], axis=1), most)
        joined = xp.concatenate([forward[:, :m], far, back, forward[:, m:]], axis=1)
        return packed(arrays, joined, joined >= 0, most)
    forward = _by_distances(table, metric, lists, m, report)
    forward = xp.concatenate([forward, _new(arrays, forward, shortcuts)], axis=1)
    joined = xp.concatenate([forward, backward(arrays, forward, _OFFERED * m)], axis=1)
    links = packed(arrays, joined, joined >= 0, most)
    full = xp.flatnonzero((joined >= 0).sum(axis=1) > most)
    for part in _chunks(table, full, joined.shape[1]):
        links[part] = _pruned_again(table, metric, part, joined[part], most)
        report(table.n, table.n)
    return links


def backward(arrays: Arrays, forward: Any, room: int) -> Any:
    """Return who links to each point without being linked back, by the rank of that link: int32 [n, room]."""
    xp = arrays.xp
    n, width = forward.shape
    there = xp.flatnonzero(forward.reshape(-1) >= 0)
    target = forward.reshape(-1)[there].astype(np.int64)
    source, rank = there // width, there % width
    links = xp.sort(source * n + target)
    found = xp.minimum(xp.searchsorted(links, target * n + source), max(0, len(links) - 1))
    one_way = links[found] != target * n + source
    # One integer holds target, rank and source, so that sorting puts them in this order: n² · width < 2⁶³ for
    # 500 million points.
    keys = xp.sort(((target * width + rank) * n + source)[one_way])
    source, target = (keys % n).astype(np.int32), keys // n // width
    place = xp.arange(len(keys)) - xp.searchsorted(target, xp.arange(n, dtype=np.int64))[target]
    kept = place < room
    back = xp.full((n, room), -1, np.int32)
    back[target[kept], place[kept]] = source[kept]
    return back


def packed(arrays: Arrays, ids: Any, kept: Any, most: int) -> Any:
    """Return what is kept of each row, in order and left-justified: int32 [r, most], −1 behind the last."""
    xp = arrays.xp
    out = xp.full((len(ids), most), -1, np.int32)
    step = max(1, arrays.tile_bytes // (32 * ids.shape[1]))  # what is counted and numbered on the way
    for start in range(0, len(ids), step):
        part = slice(start, start + step)
        places = xp.cumsum(kept[part], axis=1, dtype=np.int32) - 1
        rows, columns = xp.nonzero(kept[part] & (places < most))
        out[part][rows, places[rows, columns]] = ids[part][rows, columns]
    return out


def _new(arrays: Arrays, forward: Any, shortcuts: Any) -> Any:
    """Return the shortcuts that are not among the links forward: int32 [n, m], −1 for the others."""
    xp = arrays.xp
    if shortcuts is None:
        return xp.empty((len(forward), 0), np.int32)
    new = shortcuts.copy()
    rows = xp.flatnonzero(shortcuts[:, 0] >= 0)
    step = max(1, arrays.tile_bytes // (forward.shape[1] * shortcuts.shape[1]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        known = (shortcuts[part][:, :, None] == forward[part][:, None, :]).any(axis=2)
        new[part] = xp.where(known, np.int32(-1), shortcuts[part])
    return new


def _by_distances(table: Table, metric: int, lists: Lists, m: int, report: Report) -> Any:
    arrays = table.arrays
    forward = arrays.xp.empty((table.n, m), np.int32)
    for part in _chunks(table, arrays.xp.arange(table.n), lists.ids.shape[1]):
        ids, gaps = lists.ids[part], lists.gaps[part]
        between = gaps_between(table, metric, part, ids)
        forward[part] = packed(arrays, ids, prune.choose_diverse(arrays, ids, gaps, between, m), m)
        arrays.wait()
        report(int(part[-1]) + 1, table.n)
    return forward


def _by_ranks(arrays: Arrays, lists: Lists, most: int, report: Report) -> Any:
    xp = arrays.xp
    n, k = lists.ids.shape
    forward = xp.full((n, most), -1, np.int32)
    width = min(k, most)
    step = max(1, arrays.tile_bytes // (16 * k * k + (0 if arrays.compiles else 4 * n)))
    for start in range(0, n, step):
        ids = lists.ids[start : start + step]
        detours = prune.count_detours(arrays, lists.ids, ids)
        worst = xp.int32(1 << 24)
        order = xp.argsort(xp.where(ids < 0, worst, detours) * k + xp.arange(k, dtype=np.int32), axis=1)
        forward[start : start + step, :width] = xp.take_along_axis(ids, order[:, :width], axis=1)
        arrays.wait()
        report(min(start + step, n), n)
    return forward


def _pruned_again(table: Table, metric: int, points: Any, ids: Any, most: int) -> Any:
    """Sort too many links by distance and prune them."""
    arrays = table.arrays
    queries = table.take(points).astype(np.float32, copy=False)
    ids = arrays.xp.ascontiguousarray(ids)
    base, local = table.near(ids)
    best = topk.nobody(arrays, len(ids), ids.shape[1])
    topk.merge(arrays, best, measure.measure(arrays, base, queries, local, metric), ids=ids)
    ids, gaps = topk.unpack(arrays, best)
    between = gaps_between(table, metric, points, ids)
    return packed(arrays, ids, prune.choose_diverse(arrays, ids, gaps, between, most), most)


def gaps_between(table: Table, metric: int, points: Any, ids: Any) -> Any:
    """Measure the neighbors of each point against each other: float32 [r, k, k]."""
    arrays, xp = table.arrays, table.arrays.xp
    rows, k = ids.shape
    base, local = table.near(ids)
    near = base[xp.maximum(local, 0)].astype(np.float32, copy=False)
    if metric == L1:
        queries = near.reshape(rows * k, -1)
        return measure.measure(arrays, base, queries, xp.repeat(local, k, axis=0), metric).reshape(rows, k, k)
    if metric == NEGATIVE_DOT:
        return -arrays.gram(near)
    # Seen from the point, which is near to all of them: what float32 loses is then a share of their
    # distances.
    near = near - table.take(points).astype(np.float32, copy=False)[:, None]
    gaps = arrays.gram(near)
    squares = gaps.diagonal(0, 1, 2)
    return xp.maximum(squares[:, :, None] + squares[:, None, :] - 2 * gaps, np.float32(0))


def _chunks(table: Table, points: Any, k: int) -> Any:
    """Cut points so that the vectors of their neighbors, and what is between these, stay within a tile."""
    step = max(1, table.arrays.tile_bytes // (16 * k * max(table.dim, k)))
    for start in range(0, len(points), step):
        yield points[start : start + step]
