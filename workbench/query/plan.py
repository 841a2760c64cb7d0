"""How one segment answers one search: scan it, or walk its graph; and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench import kernels
from workbench.models.query import SearchParams
from workbench.segments.vector_columns import VectorColumn


class Strategy(StrEnum):
    """What was done to one segment."""

    EXACT = "exact"
    GRAPH = "graph"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Choice:
    """A strategy with the reason for it and the estimates behind it, in distances computed."""

    strategy: Strategy
    reason: str
    ef: int = 0
    scan_cost: float = 0.0
    graph_cost: float = 0.0


# Distances of one walk through a graph of M 16: 380, 641, 1,126, 2,031 at ef 16, 32, 64, 128 on 117,659
# sentence vectors, a straight line. A filter that lets the share s through multiplies it by s^-0.65 (the
# same data).
_GRAPH_BASE, _GRAPH_PER_EF, _FILTER_POWER = 150.0, 15.0, -0.65

# A distance met while walking is a cache miss and heap work; one met while scanning is neither. All of this
# was measured on float32 walks: a walk by int8 codes costs about half, so a scan is now chosen a little too
# often.
_WALK_PENALTY = 1.5


def choose(
    column: VectorColumn,
    matching: int,
    total: int,
    k: int,
    params: SearchParams,
    default_ef: int,
    small: float = 0.0,
) -> Choice:
    """Decide for one segment.

    Parameters
    ----------
    column : VectorColumn
        The vectors searched.
    matching, total : int
        Rows that a filter and deletion leave, out of how many.
    k : int
        Hits wanted.
    params : SearchParams
        What the caller asked for.
    default_ef : int
        ``ef`` of a caller that names none.
    small : float
        How many bytes of matching vectors are few enough to be scanned although only what is indexed was
        asked for.
    """
    if matching == 0 or k == 0:
        return Choice(Strategy.SKIPPED, "no point of this segment matches")
    if column.searcher is None:
        if params.indexed_only and matching * _width(column) > small:
            return Choice(Strategy.SKIPPED, "no graph yet, and only what is indexed, or small, was asked for")
        return Choice(Strategy.EXACT, "no graph yet: the segment is scanned", scan_cost=matching)
    if params.exact:
        return Choice(Strategy.EXACT, "an exact search was asked for", scan_cost=matching)
    ef = max(params.hnsw_ef or default_ef, k)
    graph_cost = (_GRAPH_BASE + _GRAPH_PER_EF * ef) * (matching / total) ** _FILTER_POWER
    if matching <= _WALK_PENALTY * graph_cost:
        return Choice(Strategy.EXACT, "few points match: scanning them costs less", ef, matching, graph_cost)
    if not kernels.ready():
        return Choice(Strategy.EXACT, "the compiled kernels are still loading", ef, matching, graph_cost)
    return Choice(Strategy.GRAPH, "walking the graph costs less than scanning", ef, matching, graph_cost)


def _width(column: VectorColumn) -> int:
    """Return the bytes of one vector."""
    return int(column.stored.itemsize * column.stored.shape[1])
