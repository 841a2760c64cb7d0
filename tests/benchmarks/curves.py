"""The arithmetic of the benchmarks: speed at equal recall, medians over rounds, growth with size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple


class Reached(NamedTuple):
    """Queries a second at a recall; `floor` when even the least effort found more than was wanted."""

    rate: float
    floor: bool


def frontier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the (recall, rate) that no other beats in both, by rising recall.

    A cell that something else slowed down, below the rate of one with more recall, would pull the
    interpolation beside it down.
    """
    kept: list[tuple[float, float]] = []
    for recall, rate in sorted(points, reverse=True):
        if not kept or rate > kept[-1][1]:
            kept.append((recall, rate))
    return kept[::-1]


def at_recall(points: Sequence[tuple[float, float]], wanted: float) -> Reached | None:
    """Return the rate at a recall, interpolated in the logarithm between the two cells around it.

    Examples
    --------
    >>> at_recall([(0.90, 8000.0), (0.98, 2000.0)], 0.94)
    Reached(rate=4000.0, floor=False)
    >>> at_recall([(0.90, 8000.0)], 0.95) is None
    True
    """
    curve = frontier(points)
    if not curve or curve[-1][0] < wanted:
        return None
    if curve[0][0] >= wanted:
        return Reached(curve[0][1], curve[0][0] > wanted)
    for (low, fast), (high, slow) in pairwise(curve):
        if low <= wanted <= high:
            share = (wanted - low) / (high - low)
            return Reached(round(math.exp(math.log(fast) * (1 - share) + math.log(slow) * share), 3), False)
    return None


def summary(rounds: Sequence[float]) -> dict[str, Any]:
    """Return median, least and most of what the rounds gave."""
    return {"median": _short(median(rounds)), "least": _short(min(rounds)), "most": _short(max(rounds))}


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent b of value ≈ a·size^b, the slope of a line through the logarithms.

    Examples
    --------
    >>> growth([10_000, 100_000], [2.0, 20.0])
    1.0
    """
    xs, ys = [math.log(x) for x in sizes], [math.log(y) for y in values]
    middle, height = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - middle) * (y - height) for x, y in zip(xs, ys, strict=True))
    return round(rise / sum((x - middle) ** 2 for x in xs), 2)


def _short(value: float) -> float:
    """Keep four digits: more would be noise."""
    return float(f"{value:.4g}")
