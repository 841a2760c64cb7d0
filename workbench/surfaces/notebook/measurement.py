"""What was measured of one way to search, and how sure one can be of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Two float32 sums of the same products differ by less; neighbors differ by much more.
TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Measurement:
    """How one graph answered all queries with one ``ef``.

    Attributes
    ----------
    k, ef : int
        What was asked for; the search uses ``max(ef, k)``.
    recall : float
        Share of the true `k` nearest that were found, the mean over the queries.
    low, high : float
        95 % confidence interval of the recall.
    queries, points : int
        How many were asked, among how many points.
    p50_ms, p95_ms : float
        Time of one search on one thread, without payloads: the median, and what 95 of 100 stay below.
    vector_bytes, graph_bytes : int
        Memory of the vectors, and of the links and codes.
    strategy : str
        ``"graph"``, ``"exact"`` where the planner found a scan cheaper, or both.
    """

    k: int
    ef: int
    recall: float
    low: float
    high: float
    queries: int
    points: int
    p50_ms: float
    p95_ms: float
    vector_bytes: int
    graph_bytes: int
    strategy: str

    @property
    def memory_bytes(self) -> int:
        """Vectors and links."""
        return self.vector_bytes + self.graph_bytes


def shares_found(found: Array, truth: Array) -> Array:
    """Return for each query the share of its true nearest that were found.

    Parameters
    ----------
    found : float32 [q, k]
        Distances of what was found; infinite where nothing was.
    truth : float32 [q, k']
        Those of the true nearest, ascending, infinite where fewer match. Who is as near as the last is right.

    Returns
    -------
    float64 [q]
        1 where nothing matches.
    """
    wanted = np.isfinite(truth).sum(axis=1)
    last = np.take_along_axis(truth, np.maximum(wanted - 1, 0)[:, None], axis=1)
    limit = last + TIE * np.maximum(1.0, np.abs(last))
    right = np.minimum(((found <= limit) & np.isfinite(found)).sum(axis=1), wanted)
    return np.where(wanted > 0, right / np.maximum(wanted, 1), 1.0)


def interval(shares: Array, k: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean of `shares`, each a share of `k` hits.

    Wilson's interval, with as many independent trials as the spread between queries shows: from one a query,
    when hits of a query come and go together, to `k`. One more query that missed a single hit is assumed, so
    that queries which all found everything do not claim to know that there are no others.
    """
    mean, count = float(shares.mean()), len(shares)
    spread = float(np.append(shares, 1 - 1 / k).var(ddof=1))
    assumed = (mean * count + 1 - 1 / k) / (count + 1)
    trials = float(np.clip(count * assumed * (1 - assumed) / max(spread, 1e-12), count, count * k))
    z = 1.96
    center = (mean + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(mean * (1 - mean) / trials + z * z / (4 * trials * trials))
    return max(0.0, float(center - half)), min(1.0, float(center + half))
