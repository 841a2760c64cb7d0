"""How a query went through the segments of a collection: the same search, written down.

The search is :func:`workbench.query.nearest.search` itself. It is shown segments whose graphs remember their
last walk, so that what is told is what happened.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes import flat
from workbench.indexes.hnsw_trace import Steps, TracedSearcher, Walk
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.plan import Choice, Strategy
from workbench.segments.vector_columns import Column, VectorColumn
from workbench.segments.view import SegmentView, View

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LayerCount:
    """What happened on one layer of a graph.

    Attributes
    ----------
    layer : int
    visited : int
        Nodes that were expanded: all their neighbors were looked at.
    computed : int
        Nodes whose distance to the query was computed.
    """

    layer: int
    visited: int
    computed: int


@dataclass(frozen=True, slots=True)
class SegmentTrace:
    """How one segment was searched.

    Attributes
    ----------
    place, segment : int
        Its place in the view, and its number on disk.
    choice : Choice
        Strategy, reason and estimates.
    steps : Steps or None
        The walk, if a graph was walked.
    ids : IdArray
        The point of each row of `steps`.
    scores : float32[r]
        The score of each, from its vector.
    rows : int64[r]
        Its row in the segment.
    dead : bool[r]
        Whether it was deleted or replaced, and is walked through only.
    walk : Walk or None
        What kind of walk it was.
    """

    place: int
    segment: int
    choice: Choice
    steps: Steps | None
    ids: IdArray
    scores: FloatArray
    rows: npt.NDArray[np.int64]
    dead: npt.NDArray[np.bool_]
    walk: Walk | None

    @property
    def computed(self) -> int:
        """How many distances were computed: of the walk, or of the scan."""
        if self.steps is not None:
            return len(self.steps.node)
        return 0 if self.choice.strategy == "skipped" else self.choice.matching

    @property
    def layers(self) -> list[LayerCount]:
        """What happened on each layer, from the top."""
        if self.steps is None:
            return []
        steps = self.steps
        counts = []
        for layer in np.unique(steps.layer)[::-1].tolist():
            own = steps.layer == layer
            expanded = np.unique(steps.hop[own & (steps.parent >= 0)])
            counts.append(LayerCount(layer, len(expanded), int(np.count_nonzero(own))))
        return counts


@dataclass(frozen=True, slots=True)
class QueryTrace:
    """A whole query.

    Attributes
    ----------
    found : Found
        The hits, the same as those of a search.
    segments : tuple of SegmentTrace
        All segments that have points, in the order of the view.
    view : View
        What was searched.
    """

    found: nearest.Found
    segments: tuple[SegmentTrace, ...]
    view: View


class _Watched(SegmentView):
    """A segment whose columns have graphs that remember their last walk."""

    __slots__ = ("_columns",)
    _columns: dict[str, Column]

    def column(self, name: str) -> Column:
        """Return the vectors of one name, the same at each call."""
        known = self._columns.get(name)
        if known is None:
            known = self._columns[name] = _watched(SegmentView.column(self, name))
        return known


def _watched(column: Column) -> Column:
    if not isinstance(column, VectorColumn):
        return column
    links = column.payload_links
    if links is not None:
        column = replace(column, payload_links=replace(links, searcher=TracedSearcher(links.searcher)))
    if column.searcher is None:
        return column
    searcher = TracedSearcher(column.searcher)
    quantized = column.quantized
    if quantized is not None:
        quantized = copy.copy(quantized)
        quantized.graph, quantized._others = searcher, {}
    return replace(column, searcher=searcher, quantized=quantized)


def watched(segment: SegmentView) -> SegmentView:
    """Return the segment with graphs that remember their walks."""
    known = {f.name: getattr(segment, f.name) for f in fields(SegmentView) if f.init}
    made = _Watched(**known)
    object.__setattr__(made, "_columns", {})
    return made


def trace(
    view: View,
    vector: str,
    query: nearest.Query,
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = nearest.DEFAULT_PARAMS,
) -> QueryTrace:
    """Search, and tell how; the parameters are those of :func:`workbench.query.nearest.search`."""
    choices: list[Choice] = []
    seen = replace(view, segments=tuple(watched(s) for s in view.segments))
    found = nearest.search(seen, vector, query, k, flt=flt, params=params, choices=choices)
    places = [place for place, segment in enumerate(seen.segments) if segment.count]
    told = [_told(seen, vector, query, *asked) for asked in zip(places, choices, strict=True)]
    return QueryTrace(found, tuple(told), view)


def _told(view: View, vector: str, query: nearest.Query, place: int, choice: Choice) -> SegmentTrace:
    segment = view.segments[place]
    about, column = (place, segment.segment.number, choice), segment.column(vector)
    searcher = _walked(column, choice)
    if searcher is None or searcher.steps is None or not isinstance(query, np.ndarray):
        none, rows = IdArray(np.empty(0, np.uint64)), np.empty(0, np.int64)
        return SegmentTrace(*about, None, none, np.empty(0, np.float32), rows, rows > 0, None)
    assert isinstance(column, VectorColumn)
    steps = searcher.steps
    rows = (steps.node if column.rows is None else column.rows[steps.node]).astype(np.int64)
    alive = segment.alive()
    dead = np.zeros(len(rows), np.bool_) if alive is None else ~alive[rows]
    metric = distances.metric(column.params.distance)
    gaps = flat.distances(column.searched, query, metric, steps.node)
    scores = distances.scores(gaps, column.params.distance)
    ids = segment.ids().take(rows.astype(np.intp))
    return SegmentTrace(*about, steps, ids, scores, rows, dead, searcher.kind)


def _walked(column: Column, choice: Choice) -> TracedSearcher | None:
    """Return the searcher of the graph that was chosen."""
    if not isinstance(column, VectorColumn):
        return None
    searcher = column.searcher
    if choice.strategy is Strategy.PAYLOAD and column.payload_links is not None:
        searcher = column.payload_links.searcher
    return searcher if isinstance(searcher, TracedSearcher) else None
