"""What a collection says of itself: counts, status and sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.collection.collection import Collection
from workbench.models.config import CollectionConfig
from workbench.segments import optimizer
from workbench.segments.segment import Segment
from workbench.segments.vector_columns import VectorColumn, named_vectors
from workbench.segments.view import SegmentView
from workbench.storage.files import size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """A collection at one moment.

    Attributes
    ----------
    status : str
        ``green`` when there is nothing to do, ``yellow`` while the optimizer works, ``red`` when it failed,
        ``grey`` when there is work that the settings do not let it do.
    points_count, indexed_vectors_count, segments_count : int
        Live points; vectors of them that are indexed, see :func:`is_indexed`; segments, the tail included.
    vector_bytes, graph_bytes, disk_bytes : int
        Vectors, and links with codes, held or mapped; files on disk (0 in memory).
    optimizer_error : str or None
        What the optimizer last failed with.
    """

    name: str
    status: str
    points_count: int
    indexed_vectors_count: int
    segments_count: int
    vector_bytes: int
    graph_bytes: int
    disk_bytes: int
    operation: int
    optimizer_error: str | None
    config: CollectionConfig


def describe(collection: Collection) -> CollectionInfo:
    """Return what there is to say of `collection`."""
    view, upkeep = collection.view, collection.upkeep
    indexed = graph_bytes = 0
    for segment in view.segments:
        if isinstance(segment.segment, Segment):
            graph_bytes += segment.segment.graph_bytes
        names = [name for name in named_vectors(view.config) if is_indexed(view.config, segment, name)]
        indexed += sum(vectors_in(segment, name) for name in names)
    return CollectionInfo(
        name=collection.name,
        status=_status(collection),
        points_count=view.live,
        indexed_vectors_count=indexed,
        segments_count=len(view.segments),
        vector_bytes=sum(s.segment.nbytes for s in view.segments),
        graph_bytes=graph_bytes,
        disk_bytes=_disk_bytes(collection),
        operation=view.operation,
        optimizer_error=str(upkeep.error) if upkeep.error else None,
        config=view.config,
    )


def _status(collection: Collection) -> str:
    view, upkeep = collection.view, collection.upkeep
    if upkeep.error:
        return "red"
    if upkeep.working:
        return "yellow"
    settings = view.config.optimizers
    if settings.max_optimization_threads != 0:
        return "green"
    allowed = replace(view.config, optimizers=replace(settings, max_optimization_threads=None))
    return "green" if optimizer.plan(view.segments, allowed) is None else "grey"


def is_indexed(config: CollectionConfig, segment: SegmentView, name: str) -> bool:
    """Whether the optimizer has nothing more to do for the vectors of a segment.

    As in Qdrant that holds for sparse vectors from the start, and for those whose ``m`` is 0 once they are
    sealed, although there is no graph then: programs wait until all vectors are counted as indexed.
    """
    if name in config.sparse_vectors:
        return True
    column = segment.column(name)
    graph = not isinstance(column, VectorColumn) or column.searcher is not None
    return segment.sealed and (graph or config.hnsw_of(name).m == 0)


def vectors_in(segment: SegmentView, name: str) -> int:
    """Return how many points of a segment that are not deleted have a vector of a name."""
    column, alive = segment.column(name), segment.alive()
    if alive is None:
        return column.count
    return int(np.count_nonzero(alive if column.rows is None else alive[column.rows]))


def _disk_bytes(collection: Collection) -> int:
    if collection.folder is None:
        return 0
    return collection.store.disk_bytes() + sum(size_of(f) for f in collection.folder.glob("segments/*/*"))
