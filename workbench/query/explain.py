"""How a query is answered, what it costs, and what would make it better: estimates beside what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from workbench import kernels
from workbench.models.filters import Filter
from workbench.models.query import ALL, NOTHING, SearchParams
from workbench.query import fetch, nearest, trace
from workbench.query.plan import Choice, Strategy
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View

T = TypeVar("T")

# A search is repeated so often, and its least time is told: the first one finds cold caches.
ROUNDS = 3
# Segments that few enough points match for a scan, dead shares and numbers of segments worth a word.
DEAD, MANY = 0.2, 5


@dataclass(frozen=True, slots=True)
class Part:
    """How one segment is searched.

    Attributes
    ----------
    segment : int
        Its number on disk.
    sealed : bool
    points, dead : int
        Live points, and rows that were deleted or replaced.
    matching : int
        Vectors that the filter accepts.
    choice : Choice
        Strategy, reason and estimates.
    computed : int
        Distances that were computed.
    estimate, took : float
        What the planner reckoned with, 0 if it did not, and what the search took; both in microseconds.
    """

    segment: int
    sealed: bool
    points: int
    dead: int
    matching: int
    choice: Choice
    computed: int
    estimate: float
    took: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query explained.

    Attributes
    ----------
    k : int
    found : int
        How many points it returned.
    parts : tuple of Part
        The segments, in the order of the view.
    stages : dict of str to float
        Microseconds of ``filter`` (anew, though the last ones are remembered), ``search``, ``merge`` and
        ``fetch``; callers may put ``parse`` before.
    advice : tuple of str
        Sentences; none if nothing is to be said.
    """

    k: int
    found: int
    parts: tuple[Part, ...]
    stages: dict[str, float]
    advice: tuple[str, ...]

    @property
    def total(self) -> float:
        """Microseconds of all stages."""
        return sum(self.stages.values())


def explain(
    view: View,
    vector: str,
    query: nearest.Query,
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = nearest.DEFAULT_PARAMS,
) -> Explanation:
    """Search some times, and tell how; the parameters are those of :func:`workbench.query.nearest.search`."""
    # The first round also builds what is built once: payload columns, inverted indexes, kernels' arguments.
    traced = trace.trace(view, vector, query, k, flt=flt, params=params)
    searched = [view.segments[told.place] for told in traced.segments]
    parts, single, filtering = [], [], 0.0
    for told, segment in zip(traced.segments, searched, strict=True):
        column = segment.column(vector)
        # A copy remembers no filter.
        took, allowed = _timed(lambda s=segment, c=column: replace(s).selection(flt, vector, c))  # type: ignore[misc]
        filtering += took
        segment.selection(flt, vector, column)
        alone = replace(view, segments=(segment,))
        took, found = _timed(lambda a=alone: nearest.search(a, vector, query, k, flt=flt, params=params))  # type: ignore[misc]
        single.append((told.place, found))
        counts = segment.live, segment.dead_count, allowed.count
        costs = told.computed, _estimate(told.choice), took
        parts.append(Part(told.segment, segment.sealed, *counts, told.choice, *costs))
    merging, _ = _timed(lambda: nearest.merge([(n, f.rows, f.distances) for n, f in single if len(f)], k))
    fetching, _ = _timed(lambda: fetch.records(view, traced.found, ALL, NOTHING))
    stages = {"filter": filtering, "search": sum(p.took for p in parts), "merge": merging, "fetch": fetching}
    advice = tuple(_advice(searched, vector, k, flt, params, parts, len(traced.found)))
    return Explanation(k, len(traced.found), tuple(parts), stages, advice)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the least time of some rounds in microseconds, and the result."""
    least, result = float("inf"), work()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - began)
    return least * 1e6, result


def _estimate(choice: Choice) -> float:
    match choice.strategy:
        case Strategy.EXACT | Strategy.CODES:
            return choice.scan_cost
        case Strategy.GRAPH | Strategy.PAYLOAD:
            return choice.graph_cost
        case Strategy.ACORN:
            return choice.acorn_cost
        case Strategy.SKIPPED:
            return 0.0


def _advice(
    segments: list[SegmentView],
    vector: str,
    k: int,
    flt: Filter | None,
    params: SearchParams,
    parts: list[Part],
    found: int,
) -> Iterator[str]:
    if not kernels.ready():
        yield "the compiled kernels are still loading: searches are exact and slower until then"
    if params.hnsw_ef is not None and params.hnsw_ef < k:
        yield f"ef={params.hnsw_ef} is below k={k}: the beam was as wide as k"
    for part, segment in zip(parts, segments, strict=True):
        yield from _of_part(segment, vector, params, part, flt)
    matching = sum(part.matching for part in parts)
    if found < k:
        yield f"only {matching:,} points match, fewer than k={k}"
    sealed = [part for part in parts if part.sealed]
    if len(sealed) >= MANY:
        yield f"{len(sealed)} sealed segments are searched one by one: collection.optimize() merges them"


def _of_part(
    segment: SegmentView, vector: str, params: SearchParams, part: Part, flt: Filter | None
) -> Iterator[str]:
    column, name = segment.column(vector), f"segment {part.segment}"
    graph = isinstance(column, VectorColumn) and column.searcher is not None
    if isinstance(column, VectorColumn) and not graph and part.matching > 1000:
        yield f"{name} has no graph yet: {part.matching:,} points are scanned until collection.optimize()"
    if graph and params.exact:
        yield f"{name} has a graph, and exact=True scans {part.matching:,} points instead"
    scanned = part.choice.strategy in (Strategy.EXACT, Strategy.CODES) and not params.exact
    if graph and flt is not None and scanned and part.points:
        share = part.matching / part.points
        yield f"{share:.2%} of {name} match: they were scanned, so no ef loses any"
    if part.dead > DEAD * (part.points + part.dead):
        yield f"{part.dead:,} rows of {name} are dead and walked through: collection.optimize() drops them"
    if flt is not None and segment.changed:
        changed = f"{len(segment.changed):,} points of {name} were given other payloads since it was sealed"
        yield f"{changed}, and the filter is put to them one by one"
