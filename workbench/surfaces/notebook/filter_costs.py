"""What a filter costs: recall and time by the share of points that match, for each way to search.

The engine's planner chooses a way for each search. Here each way is forced, over the same points and queries,
so that one sees where they cross, and whether the planner chose well. Quantization that a collection was
given is left aside: segments are searched by their vectors and the codes that every segment has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import InvalidRequest
from workbench.indexes import flat
from workbench.models.query import SearchParams
from workbench.models.where import where as parse_where
from workbench.query.plan import Strategy, choose
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn
from workbench.surfaces.notebook.measurement import interval, shares_found
from workbench.surfaces.notebook.places import offsets
from workbench.surfaces.notebook.tuning import Bench
from workbench.tasks import Progress, silent

Array = npt.NDArray[Any]

# From where a scan is free to where the filter hardly matters.
SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5)
# The queries of one share and one way: 60 tell times and recall to some percent in tens of milliseconds.
ASKED = 60
# Different values of a payload field that are tried, spread over the shares they have.
VALUES = 8

SCAN, GRAPH, ACORN, PLANNED = "scan", "graph", "two hops", "planner"
WAYS = (SCAN, GRAPH, ACORN, PLANNED)
_FORCED = {SCAN: Strategy.CODES, GRAPH: Strategy.GRAPH, ACORN: Strategy.ACORN}


@dataclass(frozen=True, slots=True)
class FilterCost:
    """How one way searched under one filter.

    Attributes
    ----------
    filter : str
        What the filter is, in words.
    share : float
        Share of the points that match; `matching` is their number.
    way : str
        ``"scan"`` of all that match, by their codes if there are any; ``"graph"``: the walk through those
        that do not match too; ``"two hops"``: from match to match, as in ACORN; ``"planner"``: what the
        engine does.
    recall, low, high : float
        With its 95 % interval.
    p50_ms, p95_ms : float
    strategy : str
        What was done: the planner's choice, ``+`` a scan where a walk found too few.
    """

    filter: str
    share: float
    matching: int
    way: str
    recall: float
    low: float
    high: float
    p50_ms: float
    p95_ms: float
    strategy: str


@dataclass(frozen=True, slots=True)
class _Filtered:
    """A filter, as what may be returned of each segment."""

    name: str
    selections: tuple[Selection, ...]

    @property
    def matching(self) -> int:
        return sum(s.count for s in self.selections)


def measure_filters(
    bench: Bench,
    k: int,
    ef: int,
    key: str = "",
    publish: Callable[[list[FilterCost]], None] = lambda _: None,
    progress: Progress = silent,
    seed: int = 0,
) -> list[FilterCost]:
    """Search under filters of several selectivities in each way.

    Parameters
    ----------
    bench : Bench
        Of the collection as it is.
    k, ef : int
    key : str
        A payload field whose values are the filters; random points if empty.
    publish : callable
        Receives what was measured so far, again and again.
    progress : Progress
        May raise ``Cancelled``.
    seed : int
        Of the random points.

    Raises
    ------
    InvalidRequest
        When there is no graph, so that there is one way only, or no point has the field.
    """
    if not bench.indexed:
        raise InvalidRequest(
            "filters: expected a collection with a graph, got one that is scanned, whatever the filter; "
            "call collection.optimize() to build one"
        )
    bench.prepare(progress)
    filters = _by_value(bench, key) if key else _at_random(bench, seed)
    found: list[FilterCost] = []
    for number, one in enumerate(filters):
        truth = _truth(bench, one, k)
        for step, way in enumerate(WAYS):
            progress(number * len(WAYS) + step, len(filters) * len(WAYS), f"searching where {one.name}")
            found.append(_cost(bench, one, way, k, ef, truth))
        publish(list(found))
    return found


def crossover(costs: Sequence[FilterCost], one: str = SCAN, other: str = ACORN) -> float | None:
    """Return the share of matches from which `one` takes longer than `other`; None if it never does.

    Between two shares that were measured the logarithms of the times are taken for straight lines.
    """
    times = [{c.share: c.p50_ms for c in costs if c.way == way} for way in (one, other)]
    shares = sorted(set(times[0]) & set(times[1]))
    gaps = [float(np.log(times[0][s] / times[1][s])) for s in shares]
    for (left, a), (right, b) in zip(
        zip(shares, gaps, strict=True), zip(shares[1:], gaps[1:], strict=True), strict=False
    ):
        if a < 0 <= b:
            return float(np.exp(np.log(left) + (np.log(right) - np.log(left)) * a / (a - b)))
    return None


# -- filters -------------------------------------------------------------------------------------------


def _at_random(bench: Bench, seed: int) -> list[_Filtered]:
    draw = np.random.default_rng(seed)
    numbers = [draw.random(s.count) for s in bench.view.segments]
    shares = [share for share in SHARES if share * bench.points >= 1]
    return [
        _filtered(bench, f"{100 * share:g} % of the points, at random", [n < share for n in numbers])
        for share in shares
    ]


def _by_value(bench: Bench, key: str) -> list[_Filtered]:
    """Return filters by values of a field, spread over the shares that they have."""
    counts = _values(bench, key)
    if not counts:
        raise InvalidRequest(
            f"filters: expected a field with texts, integers or bools, got {key!r}, of which no point has any"
        )
    made = []
    for value in _spread(counts):
        flt = parse_where({key: value})
        masks = [np.ones(s.count, np.bool_) if (m := s.mask(flt)) is None else m for s in bench.view.segments]
        made.append(_filtered(bench, f"{key} = {value!r:.40}", masks))
    return [one for one in made if one.matching]


def _spread(counts: dict[Any, int]) -> list[Any]:
    """Return all values, or of many some whose counts are spread from the least to the most."""
    ordered = sorted(counts, key=lambda value: counts[value])
    if len(ordered) <= VALUES:
        return ordered
    each = np.array([counts[value] for value in ordered])
    wanted = np.geomspace(each[0], each[-1], VALUES)
    at = np.unique(np.minimum(np.searchsorted(each, wanted), len(each) - 1))
    return [ordered[i] for i in at]


def _values(bench: Bench, key: str) -> dict[Any, int]:
    """Count the values of a field, of the first kind that has some."""
    for kind in ("keyword", "integer", "bool"):
        counts: dict[Any, int] = {}
        for segment in bench.view.segments:
            if segment.count == 0:
                continue
            values, each = np.unique(segment.values(key, kind)[1], return_counts=True)
            for value, count in zip(values.tolist(), each.tolist(), strict=True):
                counts[value] = counts.get(value, 0) + count
        if counts:
            return counts
    return {}


def _filtered(bench: Bench, name: str, masks: Sequence[Array]) -> _Filtered:
    """Return a filter over rows as selections of vectors, without the points that are asked."""
    starts, selections = offsets(bench.view), []
    for number, (segment, mask) in enumerate(zip(bench.view.segments, masks, strict=True)):
        alive, allowed = segment.alive(), np.array(mask, np.bool_)
        if alive is not None:
            allowed &= alive
        rows = bench.held - starts[number]
        allowed[rows[(rows >= 0) & (rows < segment.count)]] = False
        if segment.count == 0:
            selections.append(Selection(allowed, 0))
            continue
        column = segment.dense(bench.vector)
        own = allowed if column.rows is None else allowed[column.rows]
        selections.append(Selection(own, column.count))
    return _Filtered(name, tuple(selections))


# -- searching -----------------------------------------------------------------------------------------


def _columns(bench: Bench) -> list[VectorColumn | None]:
    return [s.dense(bench.vector) if s.count else None for s in bench.searched.segments]


def _truth(bench: Bench, one: _Filtered, k: int) -> Array:
    """Return the distances of the true nearest that match, float32 [q, k], infinite where fewer do."""
    asked = bench.queries[:ASKED]
    metric = distances.metric(bench.view.config.vectors[bench.vector].distance)
    found = [np.full((len(asked), k), np.inf, np.float32)]
    for column, allowed in zip(_columns(bench), one.selections, strict=True):
        if column is not None and allowed.count:
            found.append(flat.search_batch(column.searched, asked, k, metric, allowed.mask)[1])
    return np.sort(np.concatenate(found, axis=1), axis=1)[:, :k]


def _cost(bench: Bench, one: _Filtered, way: str, k: int, ef: int, truth: Array) -> FilterCost:
    columns, asked = _columns(bench), bench.queries[:ASKED]
    answers, seconds = np.full((len(asked), k), np.inf, np.float32), np.empty(len(asked))
    used: set[str] = set()
    # The first search makes scratch memory for the others, and the selection works out its numbers.
    _search(columns, one.selections, asked[0], k, ef, way)
    for i, query in enumerate(asked):
        started = time.perf_counter()
        gaps, ways = _search(columns, one.selections, query, k, ef, way)
        seconds[i] = time.perf_counter() - started
        used |= ways
        answers[i, : len(gaps)] = gaps
    shares = shares_found(answers, truth)
    low, high = interval(shares, k)
    p50, p95 = np.percentile(seconds * 1e3, [50, 95])
    return FilterCost(
        one.name,
        one.matching / bench.points,
        one.matching,
        way,
        float(shares.mean()),
        low,
        high,
        float(p50),
        float(p95),
        " + ".join(sorted(used)),
    )


def _search(
    columns: Sequence[VectorColumn | None],
    selections: Sequence[Selection],
    query: Array,
    k: int,
    ef: int,
    way: str,
) -> tuple[Array, set[str]]:
    """Search all segments in one way; return the distances, ascending, and what was done."""
    parts, used = [], set()
    for column, allowed in zip(columns, selections, strict=True):
        if column is None or allowed.count == 0:
            continue
        gaps, done = _search_one(column, allowed, query, k, ef, way)
        parts.append(gaps)
        used |= done
    if len(parts) == 1:
        return parts[0], used
    return np.sort(np.concatenate(parts))[:k] if parts else np.empty(0, np.float32), used


def _search_one(
    column: VectorColumn, allowed: Selection, query: Array, k: int, ef: int, way: str
) -> tuple[Array, set[str]]:
    searcher = column.searcher
    if searcher is None:  # the growing tail has no graph: there is one way
        metric = distances.metric(column.params.distance)
        return flat.search(column.searched, query, k, metric, allowed.mask)[1], {Strategy.EXACT.value}
    if way == PLANNED:
        strategy = choose(column, allowed, k, SearchParams(hnsw_ef=ef), ef).strategy
    else:
        strategy = _FORCED[way]
    if strategy not in (Strategy.GRAPH, Strategy.ACORN):
        by = strategy if searcher.codes is not None else Strategy.EXACT
        return searcher.scan(query, k, allowed.some, strategy is Strategy.EXACT)[1], {by.value}
    seeds = allowed.seeds if strategy is Strategy.ACORN else None
    gaps = searcher.search(query, k, max(ef, k), allowed.mask, seeds)[1]
    if way == PLANNED and len(gaps) < min(k, allowed.count):  # as the engine does
        return searcher.scan(query, k, allowed.some, exact=True)[1], {strategy.value, Strategy.EXACT.value}
    return gaps, {strategy.value}
