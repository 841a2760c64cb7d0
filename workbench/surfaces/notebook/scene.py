"""One walk on the ground: what a picture of it needs, hop by hop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.indexes.hnsw_trace import CANDIDATE, RESULT
from workbench.models.config import Distance
from workbench.models.points import IdArray
from workbench.models.query import Selector
from workbench.query import fetch
from workbench.query.nearest import Found
from workbench.query.replay import Replay
from workbench.query.trace import SegmentTrace
from workbench.segments.payloads import PointsGone
from workbench.surfaces import html
from workbench.surfaces.notebook.ground import Ground, places_of
from workbench.surfaces.notebook.places import offsets
from workbench.surfaces.notebook.trace import Trace

Array = npt.NDArray[Any]

_NO_ROWS = np.empty(0, np.int32)
# Characters of a point's name beside its id.
_NAME = 60


@dataclass(frozen=True, slots=True)
class Scene:
    """A trace, one of its segments, and where all that happened.

    Attributes
    ----------
    trace : Trace
    segment : SegmentTrace
    replay : Replay or None
        None if the segment was scanned.
    numbers : int32 [r]
        The point of each row of the walk.
    parents : int32 [r]
        The row at which the node that led to each was measured, −1 for none.
    extra : float32 [m, 2]
        Places of points that are not among those of the ground; their numbers follow on.
    hits : int32 [k]
        Points that the whole search returned.
    at : float32 [2]
        The query's own place.
    gaps : float32 [r]
        Distances by the vectors, small for near ones.
    names : list of str
        Id and text of each row that became a candidate or result, empty for others.
    hit_names : list of str
    """

    trace: Trace
    segment: SegmentTrace
    replay: Replay | None
    numbers: Array
    parents: Array
    extra: Array
    hits: Array
    at: Array
    gaps: Array
    names: list[str]
    hit_names: list[str]


def scene_of(trace: Trace, ground: Ground, number: int, text: str | None) -> Scene:
    """Set one of a trace's segments on the ground; `text` is the payload key that names points."""
    segment, vector = trace.segments[number], trace.question.vector
    starts = offsets(trace.traced.view)
    walk = segment.rows + starts[segment.place]
    places = np.concatenate([walk, places_of(trace.traced)])
    ids = IdArray.of([*segment.ids.tolist(), *trace.ids])
    dead = np.concatenate([segment.dead, np.zeros(len(trace.ids), np.bool_)])
    numbers, extra = ground.stand(trace.traced, vector, ids, places, dead)
    steps, count = segment.steps, len(walk)
    parents, replay, named = _NO_ROWS, None, np.zeros(0, np.bool_)
    if steps is not None:
        parents = _parents(steps.node, steps.parent)
        replay = trace.replay(number)
        named = (steps.flags & (CANDIDATE | RESULT)) > 0
    shown = np.append(np.flatnonzero(named & ~segment.dead), np.arange(count, len(places)))
    names = [""] * len(places)
    for row, name in zip(shown.tolist(), _names(trace, ids, places, shown, text), strict=True):
        names[row] = name
    for row in np.flatnonzero(named & segment.dead).tolist():
        names[row] = f"{ids.take(np.array([row])).tolist()[0]} · deleted"
    distance = trace.traced.view.config.vectors[vector].distance
    return Scene(
        trace, segment, replay, numbers[:count], parents, extra, numbers[count:],
        ground.place(trace.question.compared[None])[0], gaps_of(segment.scores, distance),
        names[:count], names[count:],
    )  # fmt: skip


def gaps_of(scores: Array, distance: Distance) -> Array:
    """Turn scores into distances: 1 − score for cosine, −score for dot products."""
    if distance is Distance.COSINE:
        return np.asarray(1 - scores, np.float32)
    return np.asarray(-scores if distance is Distance.DOT else scores, np.float32)


def _parents(nodes: Array, parents: Array) -> Array:
    """Return the row of each parent; it was always measured before."""
    order = np.argsort(nodes, kind="stable")
    at = np.minimum(np.searchsorted(nodes[order], parents), len(nodes) - 1)
    return np.where(parents < 0, -1, order[at]).astype(np.int32)


def _names(trace: Trace, ids: IdArray, places: Array, rows: Array, text: str | None) -> list[str]:
    """Return the id and, if there is one, the text of points."""
    told = [str(i) for i in ids.take(rows).tolist()]
    if text is None or not len(rows):
        return told
    view = trace.traced.view
    starts = offsets(view)
    segments = np.searchsorted(starts, places[rows], side="right") - 1
    found = Found(segments, places[rows] - starts[segments], np.zeros(len(rows), np.float32))
    try:
        payloads = fetch.payloads(view, found, Selector())
    except PointsGone:  # deleted or merged away since: the walk is true, its texts are gone
        return told
    said = [payload.get(text) for payload in payloads]
    return [i if s is None else f"{i} · {html.short(s, _NAME)}" for i, s in zip(told, said, strict=True)]
