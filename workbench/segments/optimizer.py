"""When segments are sealed, merged and vacuumed: a pure function of the view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workbench.models.config import CollectionConfig
from workbench.segments.segment import Segment
from workbench.segments.view import SegmentView

# Each sealed segment costs a search one more walk through a graph, whose cost grows only with the logarithm
# of its size; each merge costs building the graph anew. With at most this many sealed segments a point is
# built into O(log n) graphs over the life of a collection.
MAX_SEALED = 4

# A tail is added to a sealed segment of up to this many times its points, since the graph of that is extended
# and not built anew: what is paid for a point that was there is the copy of its vector and, where points were
# deleted, the mending of its links, together 5 to 40 µs where a new point takes 90.
WORTH_A_COPY = 8

# A change of vector names begins a new tail, whatever the size of the old one.
MAX_TAILS = 8

# What a point counts as at least, so that collections without vectors are sealed too: its version key.
_KEY_BYTES = 8


class Plan(NamedTuple):
    """Segments to be rebuilt as one, and why."""

    segments: tuple[SegmentView, ...]
    reason: str


def plan(segments: Sequence[SegmentView], config: CollectionConfig, *, force: bool = False) -> Plan | None:
    """Return the next piece of work, or None when all is well.

    Parameters
    ----------
    segments : sequence of SegmentView
        All of a collection's.
    config : CollectionConfig
        Its optimizers' ``indexing_threshold`` or ``max_optimization_threads`` 0 disables the optimizer, as
        in Qdrant.
    force : bool
        Seal the tails whatever their size, and leave one segment.
    """
    settings = config.optimizers
    sealed = [s for s in segments if s.sealed]
    tails = [s for s in segments if not s.sealed and s.count > 0]
    stale = [s for s in sealed if _stale(s, config)]
    if force:
        rest = tuple(s for s in segments if s.count > 0)
        needed = tails or len(sealed) > 1 or stale or any(s.dead_count for s in sealed)
        return Plan(rest, "seal and merge") if needed else None
    if settings.indexing_threshold == 0 or settings.max_optimization_threads == 0:
        return None
    if stale:
        return Plan((stale[0],), "rebuild the graph of")
    if sum(map(_size, tails)) > settings.indexing_threshold * 1024 or len(tails) > MAX_TAILS:
        return Plan((*tails, *_small_beside(tails, sealed)), "seal")
    most = settings.default_segment_number or MAX_SEALED
    if len(sealed) > most:
        by_size = sorted(sealed, key=lambda s: s.live)
        return Plan(tuple(by_size[: len(sealed) - most + 1]), "merge")
    for s in sealed:
        if (
            s.count >= settings.vacuum_min_vector_number
            and s.dead_count > settings.deleted_threshold * s.count
        ):
            return Plan((s,), "vacuum")
    return None


def _size(tail: SegmentView) -> int:
    """Return the bytes of a tail, by which it is sealed."""
    return max(tail.segment.nbytes, _KEY_BYTES * tail.count)


def _small_beside(tails: Sequence[SegmentView], sealed: Sequence[SegmentView]) -> list[SegmentView]:
    """Return the sealed segments that the tails are to be added to."""
    size = sum(s.live for s in tails)
    return [s for s in sealed if s.live <= WORTH_A_COPY * size]


def _stale(view: SegmentView, config: CollectionConfig) -> bool:
    """Whether a graph, codes or candidates are damaged, missing, or not those of the settings now."""
    if not isinstance(view.segment, Segment):
        return False
    for name, params in config.vectors.items():
        if view.segment.quantization_outdated(name, config.quantization_of(name)):
            return True
        if params.multivector:
            from workbench.segments import candidate_columns  # as in ``Segment``

            entry = view.segment.info["vectors"].get(name)
            if candidate_columns.outdated(entry, view.column(name), config.hnsw_of(name)):
                return True
            continue
        if view.segment.payload_links_outdated(name, config):
            return True
        if name not in view.absent and view.segment.graph_outdated(name, config.hnsw_of(name)):
            return True
    return False
