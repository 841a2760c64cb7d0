"""What a map by UMAP takes, point by point (McInnes, Healy and Melville 2018, arXiv:1802.03426).

Each point is moved by one call only, from where all points were before the epoch. So any number of threads
may work on ranges of their own, and the map depends on the seed alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import float32, int64, kernel, part, types

_uint64: Any = types.uint64

# Halvings of the interval that holds a point's scale: float32 is told apart after 30.
_HALVINGS = 32
# A scale is at least this share of the mean distance, so that equal points do not divide by nothing.
_LEAST_SCALE = np.float32(1e-3)
# No force moves a point farther in a step, as in the paper's implementation.
_FARTHEST = np.float32(4.0)
# Keeps the repulsion of points at one place finite.
_APART = np.float32(1e-3)


@kernel(
    types.void(
        types.Array(types.int32, 2, "C", readonly=True),
        types.Array(types.float32, 2, "C", readonly=True),
        types.float32[:, ::1],
        types.int64,
        types.int64,
    )
)
def weigh(neighbors: Any, gaps: Any, weights: Any, begin: Any, end: Any) -> None:
    """Write how strongly the points `begin` ... `end` − 1 hold on to each of their neighbors: 0 to 1.

    The nearest is held fully, the others less by their distance beyond it, on a scale chosen such that the
    weights of each point sum to log2(k): the paper's algorithm 3.

    Parameters
    ----------
    neighbors : int32 [n, k]
        A point among its own neighbors weighs nothing.
    gaps : float32 [n, k]
    weights : float32 [n, k]
        Written.
    """
    k = neighbors.shape[1]
    wanted = np.float32(np.log2(max(2, k)))
    for i in range(begin, end):
        nearest, total = np.float32(np.inf), np.float32(0)
        for j in range(k):
            total += gaps[i, j]
            if 0 < gaps[i, j] < nearest:
                nearest = gaps[i, j]
        if nearest == np.inf:
            nearest = np.float32(0)
        low, high, scale = np.float32(0), np.float32(np.inf), np.float32(1)
        for _ in range(_HALVINGS):
            held = np.float32(0)
            for j in range(k):
                if neighbors[i, j] != i:
                    held += np.exp(-max(np.float32(0), gaps[i, j] - nearest) / scale)
            if held > wanted:
                high = scale
            else:
                low = scale
            scale = (
                low * np.float32(2) + np.float32(low == 0) if high == np.inf else (low + high) / np.float32(2)
            )
        scale = max(scale, _LEAST_SCALE * total / np.float32(k), np.float32(1e-30))
        for j in range(k):
            own = neighbors[i, j] == i
            weights[i, j] = 0 if own else np.exp(-max(np.float32(0), gaps[i, j] - nearest) / scale)


@part
def _bounded(force: Any) -> Any:
    return min(_FARTHEST, max(-_FARTHEST, force))


@kernel(
    types.void(
        types.Array(types.int64, 1, "C", readonly=True),
        types.Array(types.int32, 1, "C", readonly=True),
        types.Array(types.float32, 1, "C", readonly=True),
        types.Array(types.float32, 2, "C", readonly=True),
        types.float32[:, ::1],
        types.int64,
        types.int64,
        types.int64,
        types.float32,
        types.float32,
        types.float32,
        types.uint64,
    )
)
def move(
    starts: Any,
    tails: Any,
    rates: Any,
    before: Any,
    after: Any,
    begin: Any,
    end: Any,
    epoch: Any,
    step: Any,
    a: Any,
    b: Any,
    seed: Any,
) -> None:
    """Move the points `begin` ... `end` − 1 by one epoch: to their neighbors, and away from random points.

    Parameters
    ----------
    starts, tails : int64 [n + 1], int32 [e]
        The neighbors of point i are ``tails[starts[i]:starts[i + 1]]``.
    rates : float32 [e]
        How often an epoch each of them pulls.
    before, after : float32 [n, 2]
        Where the points are, and where they are then.
    epoch : int
    step : float
        The share of a force that is followed.
    a, b : float
        Of the curve 1 / (1 + a d²ᵇ) that tells how alike two points at distance d are.
    seed : int
    """
    n = _uint64(len(before))
    for i in range(begin, end):
        x, y = before[i, 0], before[i, 1]
        draw = (_uint64(i) + seed) * _uint64(0x9E3779B97F4A7C15) + _uint64(epoch) * _uint64(
            0xD1B54A32D192ED03
        )
        draw ^= draw >> _uint64(29)
        for edge in range(starts[i], starts[i + 1]):
            rate = rates[edge]
            pulls = int64(float32(epoch + 1) * rate) - int64(float32(epoch) * rate)
            for pull in range(pulls):
                j = tails[edge]
                dx, dy = x - before[j, 0], y - before[j, 1]
                gap = dx * dx + dy * dy
                if gap > 0:
                    power = gap**b
                    force = -float32(2) * a * b * power / (gap * (float32(1) + a * power))
                    x += _bounded(force * dx) * step
                    y += _bounded(force * dy) * step
                # 2.5 pushes a pull: umap-learn's 5 go with two pulls, since it moves both ends of an edge.
                for _ in range(2 + ((edge + epoch + pull) & 1)):
                    draw = draw * _uint64(6364136223846793005) + _uint64(1442695040888963407)
                    j = np.int32(((draw >> _uint64(32)) * n) >> _uint64(32))
                    dx, dy = x - before[j, 0], y - before[j, 1]
                    gap = dx * dx + dy * dy
                    if gap > 0:
                        force = float32(2) * b / ((_APART + gap) * (float32(1) + a * gap**b))
                        x += _bounded(force * dx) * step
                        y += _bounded(force * dy) * step
        after[i, 0], after[i, 1] = x, y
