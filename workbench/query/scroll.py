"""Pages of points in the order of their ids, or of a payload value."""

from __future__ import annotations

import numpy as np

from workbench.indexes.counting import count_true
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointId
from workbench.query.nearest import Found
from workbench.segments.ids import Rows
from workbench.segments.view import SegmentView, View

# Sorted ids looked at together. Most pages are ten rows, so one step usually suffices.
_STEP = 1024


def scroll(
    view: View, flt: Filter | None, limit: int, offset: PointId | None
) -> tuple[Found, PointId | None]:
    """Return up to `limit` points with ids from `offset` on, and the id at which the next page begins.

    Integers come before UUIDs, each in ascending order.
    """
    segments, rows = [], []
    for number, segment in enumerate(view.segments):
        if segment.count == 0:
            continue
        own = _first_rows(segment, flt, limit + 1, offset)
        segments.append(np.full(len(own), number, np.intp))
        rows.append(own)
    if not rows:
        return _found(np.empty(0, np.intp), np.empty(0, np.intp)), None
    where, row = np.concatenate(segments), np.concatenate(rows)
    parts = [view.segments[int(s[0])].ids().take(r) for s, r in zip(segments, rows, strict=True) if len(r)]
    ids = IdArray.concatenate(parts)
    order = ids.order()[: limit + 1]
    following = ids.take(order[limit : limit + 1]).tolist()
    return _found(where[order[:limit]], row[order[:limit]]), (following[0] if following else None)


def _first_rows(segment: SegmentView, flt: Filter | None, limit: int, offset: PointId | None) -> Rows:
    """Return the first `limit` matching rows of one segment in order of id."""
    index, mask = segment.id_index(), segment.mask(flt)
    start = index.position(offset) if offset is not None else 0
    if mask is None:
        return index.order[start : start + limit]
    found: list[Rows] = []
    have = 0
    for begin in range(start, segment.count, _STEP):
        part = index.order[begin : begin + _STEP]
        part = part[mask[part]]
        found.append(part)
        have += len(part)
        if have >= limit:
            break
    return np.concatenate(found)[:limit] if found else np.empty(0, np.intp)


def _found(segments: Rows, rows: Rows) -> Found:
    return Found(segments, rows, np.zeros(len(rows), np.float32))


def matching(view: View, flt: Filter | None) -> Found:
    """Return every live point that `flt` accepts, in no particular order."""
    segments, rows = [], []
    for number, segment in enumerate(view.segments):
        mask = segment.mask(flt)
        own = np.arange(segment.count) if mask is None else np.flatnonzero(mask)
        segments.append(np.full(len(own), number, np.intp))
        rows.append(own)
    if not rows:
        return _found(np.empty(0, np.intp), np.empty(0, np.intp))
    return _found(np.concatenate(segments), np.concatenate(rows))


def by_ids(view: View, wanted: IdArray) -> tuple[Found, Rows]:
    """Return the places of the ids that exist, and which of `wanted` they are, in the order asked for."""
    segments = np.full(len(wanted), -1, np.intp)
    rows = np.full(len(wanted), -1, np.intp)
    for number, own in enumerate(view.locate(wanted)):
        hit = own >= 0
        segments[hit], rows[hit] = number, own[hit]
    exist = np.flatnonzero(rows >= 0)
    return _found(segments[exist], rows[exist]), exist


def count(view: View, flt: Filter | None) -> int:
    """Return how many live points `flt` accepts."""
    if flt is None:
        return view.live
    total = 0
    for segment in view.segments:
        mask = segment.mask(flt)
        total += segment.count if mask is None else count_true(mask)
    return total
