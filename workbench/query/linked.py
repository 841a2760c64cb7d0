"""A sealed graph and a tail searched as one, where the tail's vectors are linked to that graph."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench import kernels
from workbench.indexes import flat
from workbench.indexes.costs import expected, width_of
from workbench.indexes.hnsw_walk import WIDE
from workbench.indexes.live_links import LiveLinks
from workbench.indexes.space import Space
from workbench.models.query import SearchParams
from workbench.query.plan import Choice, Strategy
from workbench.segments.ids import Rows
from workbench.segments.selection import Selection
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View

if TYPE_CHECKING:
    from workbench.query.nearest import Target

FloatArray = npt.NDArray[np.float32]
Slots = npt.NDArray[Any]

# Dead nodes take places in the beam, so it is made wider: by this share of what would let as many live ones
# in where dead ones are spread evenly, since new nodes took the places of some. Of 107,000 nodes with 23 %
# dead ef 120 finds what 100 does in a fresh graph (recall@10 .985), and 130 finds .9865.
TAKEN = 2 / 3
# So many vectors that are not linked yet are scanned beside the walk, in up to 35 µs. A scan of more reads
# the signs of the whole tail, and then the others need not be walked to.
MOST = 2048


class Answer(NamedTuple):
    """What was found in one segment: rows, distances, how, and in how many microseconds of the thread."""

    rows: Rows
    distances: FloatArray
    choice: Choice
    took: float


NOTHING: dict[int, Answer] = {}


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a walk of a sealed graph reaches of a view.

    Attributes
    ----------
    base, tail : int
        The segments' places in the view.
    segment : SegmentView
        The sealed one.
    links : LiveLinks
    linked : int
        How many of the tail's vectors are nodes.
    graph, vectors : VectorColumn
        The vectors of the sealed segment, and of the tail.
    space : Space
        The same for kernels.
    sealed : Selection
        The live vectors of the sealed segment.
    alive : bool[linked]
        Which of the linked vectors live.
    rest : int32[r]
        The live vectors of the tail that are not linked.
    live, total : int
        Nodes.
    share : float
        The share of all live points that are not to be scanned.
    plans : dict
        How wide the beam is for an ef asked for, and the choices that tell of it.
    """

    base: int
    tail: int
    segment: SegmentView
    links: LiveLinks
    linked: int
    graph: VectorColumn
    vectors: VectorColumn
    space: Space
    sealed: Selection
    alive: npt.NDArray[np.bool_]
    rest: npt.NDArray[np.int32]
    live: int
    total: int
    share: float
    plans: dict[int, tuple[int, Choice, Choice]] = field(default_factory=dict)

    def holds(self, view: View, links: LiveLinks) -> bool:
        """Whether this is what is reached of a view with the same segment of the tail."""
        segments, linked = view.segments, min(links.linked, self.vectors.count)
        return linked == self.linked and self.base < len(segments) and segments[self.base] is self.segment


def search(
    view: View, vector: str, query: FloatArray, k: int, aim: Target, params: SearchParams, share: float
) -> tuple[dict[int, Answer], float]:
    """Search the segments that can be searched as one, all points being asked for.

    The parameters are those of ``nearest.search``, and what ``indexed_share`` returned.

    Returns
    -------
    answers : dict of int to Answer
        By the segments' places in the view; empty where they are to be searched one by one.
    share : float
        The share of the points that walks reach; `share`, that of those not in a tail, where it is empty.
    """
    nothing = NOTHING, share
    if k == 0 or params.exact or aim.quantization is not None or not kernels.ready():
        return nothing
    reach = _reach(view, vector, aim.metric)
    if reach is None or len(reach.rest) > MOST or (params.acorn is not None and params.acorn.enable):
        return nothing
    ef = max(k, math.ceil(reach.share * (params.hnsw_ef or aim.default_ef)))
    wider, walk, scan = reach.plans.get(ef) or _plan(reach, ef)
    if wider > WIDE or wider >= reach.live:
        return nothing
    began = time.thread_time_ns()
    ours, theirs = reach.links.search(query, k, wider, reach.space, reach.sealed.mask, reach.alive)
    if len(ours[0]) + len(theirs[0]) < min(k, reach.live):  # around the query nearly all nodes are dead
        return nothing
    walked = time.thread_time_ns()
    theirs = _with_the_rest(reach, query, k, aim.metric, theirs)
    scanned = time.thread_time_ns()
    found = {
        reach.base: Answer(_rows_of(reach.graph, ours[0]), ours[1], walk, (walked - began) / 1e3),
        reach.tail: Answer(_rows_of(reach.vectors, theirs[0]), theirs[1], scan, (scanned - walked) / 1e3),
    }
    return found, reach.share


def _reach(view: View, vector: str, metric: int) -> _Reach | None:
    """Return what a walk of a sealed graph reaches beyond it, worked out once for as much as is linked."""
    for tail, segment in enumerate(view.segments):
        if not isinstance(segment.segment, Tail) or vector in segment.absent:
            continue
        own = segment.segment.links.get(vector)
        if own is None or own.links.linked == 0:
            continue
        allowed = segment.selection(None, vector, segment.column(vector))
        known: _Reach | None = allowed.plans.get(_Reach)
        if known is not None and known.holds(view, own.links):
            return known
        for base, sealed in enumerate(view.segments):
            # Where a walk is traced the graph is another, and the tail is scanned.
            if (
                sealed.segment.number == own.base
                and vector not in sealed.absent
                and own.links.base is sealed.dense(vector).searcher
            ):
                made = allowed.plans[_Reach] = _reach_of(view, vector, base, tail, own.links, metric)
                return made
    return None


def _reach_of(view: View, vector: str, base: int, tail: int, links: LiveLinks, metric: int) -> _Reach:
    sealed, segment = view.segments[base], view.segments[tail]
    graph, column = sealed.dense(vector), segment.dense(vector)
    own, allowed = sealed.selection(None, vector, graph), segment.selection(None, vector, column)
    linked, chosen = min(links.linked, column.count), allowed.chosen
    rest = chosen[np.searchsorted(chosen, linked) :]
    unlinked = len(rest) + sum(s.live for s in view.segments if not s.sealed and s is not segment)
    return _Reach(
        base=base,
        tail=tail,
        segment=sealed,
        links=links,
        linked=linked,
        graph=graph,
        vectors=column,
        space=Space(column.searched, metric),
        sealed=own,
        alive=np.ones(linked, np.bool_) if allowed.mask is None else allowed.mask[:linked],
        rest=rest,
        live=own.count + allowed.count - len(rest),
        total=own.total + linked,
        share=1.0 - unlinked / max(view.live, 1),
    )


def _rows_of(column: VectorColumn, slots: Slots) -> Rows:
    return slots.astype(np.intp) if column.rows is None else column.rows[slots]


def _with_the_rest(
    reach: _Reach, query: FloatArray, k: int, metric: int, theirs: tuple[Slots, FloatArray]
) -> tuple[Slots, FloatArray]:
    """Scan the vectors of the tail that are not linked; return the best of them and of those found."""
    rest = reach.rest
    if len(rest) == 0:
        return theirs
    coded = reach.vectors.coded
    found = None if coded is None else coded.search(query, k, rest)
    if found is None:
        found = flat.search_rows(reach.vectors.searched, query, min(k, len(rest)), metric, rest)
    gaps = np.concatenate([theirs[1], found[1]])
    best = gaps.argsort(kind="stable")[:k]
    return np.concatenate([theirs[0], found[0]])[best], gaps[best]


def _plan(reach: _Reach, ef: int) -> tuple[int, Choice, Choice]:
    """Tell how wide a beam is to be, and how both segments are searched."""
    base = reach.graph
    assert base.searcher is not None
    wider = math.ceil(ef * (1 + TAKEN * (reach.total - reach.live) / max(reach.live, 1)))
    cost = (base.costs or expected(width_of(base.searcher))).walk(wider)
    own, count, made = reach.sealed, f"{reach.linked:,}", partial(Choice, joined=True)
    reason = f"the graph is walked, and {count} vectors of segment {reach.tail} that are linked to it"
    walk = made(Strategy.GRAPH, reason, wider, graph_cost=cost, matching=own.count, total=own.total)
    reason, strategy = f"the graph of segment {reach.base} leads to {count} of its vectors", Strategy.LINKED
    matching = reach.live - own.count
    if len(reach.rest):
        reason, matching = f"{reason}; the others are scanned", len(reach.rest)
        strategy = Strategy.EXACT if reach.vectors.coded is None else Strategy.CODES
    scan = made(strategy, reason, matching=matching, total=reach.vectors.count)
    reach.plans[ef] = wider, walk, scan
    return wider, walk, scan
