"""What a collection says of itself: counts, status and sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.collection.collection import Collection
from workbench.models.config import CollectionConfig
from workbench.segments import optimizer
from workbench.segments.segment import Segment
from workbench.segments.vector_columns import Column, VectorColumn, named_vectors
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
        Live points; dense vectors that a graph covers, with sealed
        sparse vectors and multivectors; segments, the tail included.
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
            indexed += sum(_indexed(segment.column(name)) for name in named_vectors(view.config))
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


def _indexed(column: Column) -> int:
    """Return how many vectors of a sealed column are indexed: dense ones once a graph covers them."""
    if isinstance(column, VectorColumn) and column.searcher is None:
        return 0
    return column.count


def _disk_bytes(collection: Collection) -> int:
    if collection.folder is None:
        return 0
    return collection.store.disk_bytes() + sum(size_of(f) for f in collection.folder.glob("segments/*/*"))
