"""How a collection is doing: what searches cannot reach, what is dead, and what the optimizer did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workbench.collection.collection import Collection
from workbench.collection.jobs import Job
from workbench.indexes.hnsw_shape import Degrees, degrees, reachable
from workbench.models.config import CollectionConfig
from workbench.models.points import PointId
from workbench.query.missed import anew
from workbench.segments.vector_columns import VectorColumn, named_vectors
from workbench.segments.view import SegmentView

# Ids of unreachable points that are told; a damaged graph may have thousands.
TOLD = 20
# Dead rows are walked through: a search slows down by as much.
DEAD_SHARE = 0.2
# Vectors that are scanned in less than half a millisecond.
SCANNED = 5_000


@dataclass(frozen=True, slots=True)
class GraphHealth:
    """The graph over the vectors of one name in one segment.

    Attributes
    ----------
    segment : int
        Its number on disk.
    vector : str
    nodes, layers : int
    unreachable : int
        Live points that no search of the graph can find, since no links lead there.
    unreachable_ids : tuple of int or uuid.UUID
        The first of them.
    degrees : Degrees
        How many nodes have 0, 1, 2 ... links from and to others, on layer 0.
    codes : bool
        Whether it is walked by codes.
    nbytes : int
        Of links and codes.
    """

    segment: int
    vector: str
    nodes: int
    layers: int
    unreachable: int
    unreachable_ids: tuple[PointId, ...]
    degrees: Degrees
    codes: bool
    nbytes: int


@dataclass(frozen=True, slots=True)
class SegmentHealth:
    """One segment.

    Attributes
    ----------
    segment : int
        Its number on disk.
    kind : str
        ``sealed`` or ``tail``.
    rows, dead : int
        All rows, and how many of them were deleted or replaced.
    nbytes : int
        Of vectors.
    without_graph : tuple of str
        Names whose vectors have none, though the settings ask for one.
    """

    segment: int
    kind: str
    rows: int
    dead: int
    nbytes: int
    without_graph: tuple[str, ...]

    @property
    def dead_share(self) -> float:
        """Dead rows as a share of all."""
        return self.dead / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One job of the optimizer.

    Attributes
    ----------
    reason : str
        What was done: ``seal``, ``merge``, ``vacuum`` ...
    state : str
        Of its task: ``running``, ``done``, ``failed`` ...
    started : float
        Seconds since 1970.
    seconds : float or None
        How long it took; None while it runs.
    rows : int
        Live points of the segments it rebuilt.
    """

    reason: str
    state: str
    started: float
    seconds: float | None
    rows: int

    @classmethod
    def of(cls, job: Job) -> JobHealth:
        """Tell of a job."""
        seconds = None if job.ended is None else job.ended - job.started
        return cls(job.reason, job.task.state, job.started, seconds, sum(s.points for s in job.segments))


@dataclass(frozen=True, slots=True)
class Health:
    """A collection at one moment.

    Attributes
    ----------
    points : int
        Live ones.
    segments : tuple of SegmentHealth
    graphs : tuple of GraphHealth
    jobs : tuple of JobHealth
        The last jobs of the optimizer in the background, the newest last.
    warnings : tuple of str
        What is wrong, each with its cure.
    """

    points: int
    segments: tuple[SegmentHealth, ...]
    graphs: tuple[GraphHealth, ...]
    jobs: tuple[JobHealth, ...]
    warnings: tuple[str, ...]

    @property
    def unreachable(self) -> int:
        """Unreachable points in all graphs."""
        return sum(graph.unreachable for graph in self.graphs)

    @property
    def tombstones(self) -> int:
        """Dead rows in all segments."""
        return sum(segment.dead for segment in self.segments)


def examine(collection: Collection) -> Health:
    """Look at every segment and graph now; walking through all links takes a second a million points."""
    view, upkeep = collection.view, collection.upkeep
    segments = tuple(_segment(s, list(view.config.vectors), collection) for s in view.segments)
    graphs = tuple(
        _graph(s, name, column)
        for s in view.segments
        for name in named_vectors(view.config)
        if isinstance(column := s.column(name), VectorColumn) and column.searcher is not None
    )
    warnings = [*_of_segments(segments, collection), *_of_graphs(graphs, view.config)]
    if upkeep.error is not None:
        warnings.append(f"the optimizer failed: {upkeep.error}. collection.optimize() tries again")
    jobs = tuple(map(JobHealth.of, list(upkeep.jobs)))
    return Health(view.live, segments, graphs, jobs, tuple(warnings))


def _segment(segment: SegmentView, names: list[str], collection: Collection) -> SegmentHealth:
    without = tuple(
        name
        for name in names
        if isinstance(column := segment.column(name), VectorColumn)
        and column.searcher is None
        and column.count
        and collection.config.hnsw_of(name).m > 0
    )
    kind = "sealed" if segment.sealed else "tail"
    own = segment.segment
    return SegmentHealth(own.number, kind, segment.count, segment.dead_count, own.nbytes, without)


def _graph(segment: SegmentView, name: str, column: VectorColumn) -> GraphHealth:
    assert column.searcher is not None
    graph = column.searcher.graph
    slots = np.flatnonzero(~reachable(graph))
    rows = slots if column.rows is None else column.rows[slots]
    alive = segment.alive()
    lost = rows if alive is None else rows[alive[rows]]
    ids = tuple(segment.ids().take(lost[:TOLD]).tolist())
    about = segment.segment.number, name, graph.n, graph.top_level + 1
    coded = column.searcher.codes is not None
    return GraphHealth(*about, len(lost), ids, degrees(graph), coded, column.searcher.nbytes)


def _of_segments(segments: tuple[SegmentHealth, ...], collection: Collection) -> Iterator[str]:
    for s in segments:
        if s.dead_share > DEAD_SHARE:
            told = f"{s.dead_share:.0%} of the rows of segment {s.segment} are dead"
            yield f"{told}: collection.optimize() leaves them behind"
        if s.without_graph and s.rows - s.dead > SCANNED:
            told = f"segment {s.segment} has {s.rows - s.dead:,} points without a graph, which are scanned"
            soon = (
                "the optimizer is at work" if collection.upkeep.working else "collection.optimize() builds it"
            )
            yield f"{told}: {soon}"


def _of_graphs(graphs: tuple[GraphHealth, ...], config: CollectionConfig) -> Iterator[str]:
    for g in graphs:
        if g.unreachable:
            first = ", ".join(map(str, g.unreachable_ids[:3]))
            told = f"{g.unreachable:,} points of segment {g.segment} cannot be reached, such as {first}"
            yield f"{told}: {anew(config, g.vector)}, and exact=True finds them meanwhile"
