"""How one segment answers one search: scan it, or walk its graph; and why."""

from __future__ import annotations

import math
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from workbench import kernels
from workbench.models.query import AcornParams, SearchParams
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

if TYPE_CHECKING:  # and imported where graphs are walked, which the first answer of a process is not
    from workbench.indexes.costs import SearchCosts
    from workbench.indexes.hnsw import HnswSearcher


class Strategy(StrEnum):
    """What was done to one segment."""

    EXACT = "exact"  # every matching vector is measured, or proved by its code to be too far
    CODES = "codes"  # all that match are scanned by codes, many by their signs first; the nearest measured
    GRAPH = "graph"  # the graph is walked, through those that do not match too
    ACORN = "acorn"  # the graph is walked from match to match, by one hop or two
    PAYLOAD = "payload"  # the links among points of one payload value are walked, as payload_m asks for
    SKIPPED = "skipped"


class Choice(NamedTuple):
    """A strategy with the reason for it and the estimates behind it, in microseconds of one thread.

    A cost of 0 means that it was not estimated; an infinite one, that the way is not open. `matching` is how
    many vectors of the `total` may be returned. With `past_dead`, dead nodes take places in the beam, which
    is as much wider.
    """

    strategy: Strategy
    reason: str
    ef: int = 0
    scan_cost: float = 0.0
    graph_cost: float = 0.0
    acorn_cost: float = 0.0
    matching: int = 0
    total: int = 0
    past_dead: bool = False


# A walk through everything, of which the share s may be returned, takes 1/s times as long: 57, 96, 167, 312
# µs at 50, 20, 10, 5 % and ef 16, where 39 are taken without a filter. One that goes by what the vectors
# mean has a *lift* (``indexes.hnsw_lift``), and takes as many times longer: 66, 309, 1,161, 2,676 µs with
# lifts of 1.4, 3.4, 5.7, 10.2. By two hops it takes no longer, but needs a beam as much wider to find as
# much: with 20 % and a lift of 3.4 .88 at ef 16 and .957 at 64, where .945 and .990 are found without.
#
# A walk by the links among points of one payload value takes this many times as long as one without a filter:
# 214, 199, 400 µs at ef 64 for three values of 11,000 to 12,000 points, with a recall of .962, .974, .993,
# where a scan takes 221, 345, 461; for 3,500 points 360, where a scan takes 101.
_LINKED = 2.5
# Below this share, two hops through 32 links lead to too few matches: recall at ef 64 is .986, .961, .954 at
# 20, 10, 5 % (.968 without a filter), but .893 at 5 % and .711 at 1 % of other filters. With other numbers of
# links it goes by their square, as what two hops reach does. (A beam wider than WIDE would be slow to sort.)
_ACORN_LEAST, _ACORN_M = 0.08, 16
# In few dimensions the heuristic leaves few of a node's 2m links: 4 with one, 6 with two, 8 with three, where
# hnswlib leaves sentence vectors 21 and pictures 12; under Dot 3. Two hops lead to about their square, and
# where fewer of that match, walks end on the way: of 20,000 vectors .72, .64, .93, .99 were found at ef 64
# where 5, 7, 9, 12 match (one number at 30 %, two by their angle at 30 and 40 %, two at 30 %).
_REACHED_LEAST, _COUNTED = 10.0, 256
# A filter up to this share is walked by two hops where that was asked for without a share, as in Qdrant.
_ACORN_MOST = 0.4

# Above this share of live nodes a beam that dead ones take places in, and that is as much wider, costs less
# than one of live nodes alone, which is kept in heaps. With 70 % live, 105 µs at 128 places where 124 are
# taken at 100 (recall .992 and .9935), and 123 at 160 where 170 are taken at 128 (.994 and .995).
_LIVE_LEAST = 0.5

_FEW_MATCH = "few points match: scanning them costs less"


def choose(
    column: VectorColumn,
    allowed: Selection,
    k: int,
    params: SearchParams,
    default_ef: int,
    small: float = 0.0,
    share: float = 1.0,
) -> Choice:
    """Decide for one segment, in 2 µs.

    Parameters
    ----------
    column : VectorColumn
        The vectors searched.
    allowed : Selection
        The vectors of this column that may be returned.
    k : int
        Hits wanted.
    params : SearchParams
        What the caller asked for.
    default_ef : int
        ``ef`` of a caller that names none.
    small : float
        How many bytes of matching vectors are few enough to be scanned although only what is indexed was
        asked for.
    share : float
        The share of all points that have a graph. Where the others are scanned, so much of ``ef`` reaches as
        far from the query as all of it does in a graph of all points.
    """
    allowed.planned += 1
    ef = params.hnsw_ef or default_ef
    ef = max(k, ef if share == 1.0 else math.ceil(share * ef))
    matching, total = allowed.count, allowed.total
    if matching == 0 or k == 0:
        return Choice(Strategy.SKIPPED, "no point of this segment matches", total=total)
    made = partial(Choice, matching=matching, total=total)
    width = int(column.stored.itemsize * column.stored.shape[1])
    searcher = column.searcher
    links = column.payload_links
    linked = links is not None and not params.exact and kernels.ready() and links.seeds(allowed) is not None
    if searcher is None and not column.graph_unread:
        if linked and links is not None:
            costs = _expected(links.searcher)
            return _among_linked(links.searcher, costs, made, matching, ef)
        if params.indexed_only and matching * width > small:
            reason = "no graph yet, and only what is indexed, or small, was asked for"
            return made(Strategy.SKIPPED, reason)
        if not params.exact and column.coded is not None and column.coded.sifts(matching):
            return made(Strategy.CODES, "no graph yet: the codes of the segment are scanned")
        return made(Strategy.EXACT, "no graph yet: the segment is scanned")
    if params.exact:
        return made(Strategy.EXACT, "an exact search was asked for")
    if searcher is None or not kernels.ready():
        return made(Strategy.EXACT, "the compiled kernels are still loading")
    if matching == total and ef < matching:
        return made(Strategy.GRAPH, "the graph is walked: every point matches", ef)
    costs = column.costs or _expected(searcher)
    if allowed.deaths and column.quantized is None and (params.acorn is None or not params.acorn.enable):
        past = _past_dead(costs, made, matching, total, ef)
        if past is not None:
            return past
    choice = _cheapest(searcher, costs, allowed, ef, params.acorn)
    if linked and links is not None and (params.acorn is None or not params.acorn.enable):
        block = _among_linked(links.searcher, costs, made, matching, ef)
        if block.graph_cost < min(choice.scan_cost, choice.graph_cost, choice.acorn_cost):
            return block
    return choice


def _expected(searcher: HnswSearcher) -> SearchCosts:
    """Return what searches of a graph cost on which none were measured."""
    from workbench.indexes.costs import expected, width_of

    return expected(width_of(searcher))


def _past_dead(
    costs: SearchCosts, made: partial[Choice], matching: int, total: int, ef: int
) -> Choice | None:
    """Choose a walk through dead nodes; None where there are so many that another way is better."""
    from workbench.indexes.hnsw_walk import WIDE

    wider = math.ceil(ef * total / matching)
    scan, walk = costs.scan(matching), costs.walk(wider)
    if matching < _LIVE_LEAST * total or wider >= matching or wider > WIDE or scan <= walk:
        return None
    reason = "the graph is walked: every live point matches"
    return made(Strategy.GRAPH, reason, wider, scan_cost=scan, graph_cost=walk, past_dead=True)


def _among_linked(
    searcher: HnswSearcher, costs: SearchCosts, made: partial[Choice], matching: int, ef: int
) -> Choice:
    """Choose between the links of one payload value and a scan of its points."""
    scan, walk = costs.scan(matching), _LINKED * costs.walk(ef)
    if scan <= walk:
        return made(_scanned(searcher, matching, ef), _FEW_MATCH, ef, scan_cost=scan, graph_cost=walk)
    reason = "the points of this payload value have links of their own"
    return made(Strategy.PAYLOAD, reason, ef, scan_cost=scan, graph_cost=walk)


def _cheapest(
    searcher: HnswSearcher, costs: SearchCosts, allowed: Selection, ef: int, acorn: AcornParams | None
) -> Choice:
    """Compare what the ways to search a part of a segment cost."""
    matching, share = allowed.count, allowed.count / allowed.total
    beside = allowed.planned > 1 and searcher.sieve is not None and searcher.sieve.keeps(matching)
    scan, made = costs.scan(matching, beside), partial(Choice, matching=matching, total=allowed.total)
    walk, two_hops, beam = _walks(searcher, costs, share, ef)
    if acorn is not None and acorn.enable:
        most = _ACORN_MOST if acorn.max_selectivity is None else acorn.max_selectivity
        if share <= most and _joined(searcher, share):
            # As in Qdrant, who asks for it gets a scan where that is the cheaper: it misses nothing.
            if scan > costs.two_hops * costs.walk(ef) and ef < matching:
                return made(Strategy.ACORN, "a walk by two hops was asked for", ef, scan, walk, two_hops)
            return made(_scanned(searcher, matching, ef), _FEW_MATCH, ef, scan, walk, two_hops)
    # No lift is above 1 / share.
    if min(walk, two_hops) < scan and min(scan, two_hops) < walk / share:
        walk, two_hops, beam = _walks(searcher, costs, share, ef, _lift(searcher, allowed))
    estimates = scan, walk, two_hops
    if scan <= min(walk, two_hops) or ef >= matching:  # so wide a beam compares with all of them
        return made(_scanned(searcher, matching, ef), _FEW_MATCH, ef, *estimates)
    if two_hops < walk:
        return made(Strategy.ACORN, "walking from match to match costs less than scanning", beam, *estimates)
    return made(Strategy.GRAPH, "walking the graph costs less than scanning", ef, *estimates)


def _walks(
    searcher: HnswSearcher, costs: SearchCosts, share: float, ef: int, lift: float = 1.0
) -> tuple[float, float, int]:
    """Return what a walk through all costs, what one by two hops does, and the beam of that one."""
    from workbench.indexes.hnsw_walk import WIDE

    beam, two_hops = round(lift * ef), math.inf
    least = _ACORN_LEAST * (_ACORN_M / searcher.graph.m) ** 2
    if share >= least and beam <= WIDE and _joined(searcher, share):
        two_hops = costs.two_hops * costs.walk(beam)
    return lift * costs.walk(ef) / share, two_hops, beam


def _joined(searcher: HnswSearcher, share: float) -> bool:
    """Whether two hops lead from match to match, by the links that some of the nodes have."""
    counts = searcher.graph.counts0
    some = counts[:: max(1, len(counts) // _COUNTED)]
    return share * (int(some.sum()) / len(some)) ** 2 >= _REACHED_LEAST


def _lift(searcher: HnswSearcher, allowed: Selection) -> float:
    """Return how many times as often as by chance neighbors of matches match, found once."""
    graph, known = allowed.plans.get("lift", (None, 1.0))
    if graph is not searcher.graph and allowed.mask is not None:
        from workbench.indexes.hnsw_lift import lift

        known = lift(searcher.graph, allowed.mask, allowed.count)
        allowed.plans["lift"] = searcher.graph, known
    return float(known)


def _scanned(searcher: HnswSearcher, matching: int, ef: int) -> Strategy:
    """Return how matches are scanned: all of them are measured where as many candidates were asked for."""
    return Strategy.EXACT if searcher.codes is None or ef >= matching else Strategy.CODES
