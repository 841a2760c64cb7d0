"""Points numbered through the segments of a view, and their vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.query import nearest
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View

Array = npt.NDArray[Any]


def offsets(view: View) -> Array:
    """Return the number of each segment's first row, and the number of all rows: int64[segments + 1]."""
    return np.cumsum([0, *(s.count for s in view.segments)])


def rows_of(column: VectorColumn, slots: Array) -> Array:
    """Return the row of each vector of a segment."""
    return slots.astype(np.int64) if column.rows is None else column.rows[slots]


def slots_of(segment: SegmentView, vector: str) -> Array:
    """Return which vectors of a segment belong to live points."""
    if segment.count == 0:
        return np.empty(0, np.intp)
    column = segment.dense(vector)
    mask = nearest.slots_mask(segment.alive(), column.rows)
    return np.arange(len(column.stored)) if mask is None else np.flatnonzero(mask)


def all_places(view: View, vector: str) -> Array:
    """Number all points that have the vector: the row, counted through the segments."""
    starts = offsets(view)
    parts = [
        rows_of(s.dense(vector), slots_of(s, vector)) + starts[i]
        for i, s in enumerate(view.segments)
        if s.count
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def stored_at(view: View, vector: str, places: Array) -> Array:
    """Return the vectors at `places`, which ascend, as they are stored."""
    starts = offsets(view)
    parts = []
    for number, segment in enumerate(view.segments):
        rows = places[(places >= starts[number]) & (places < starts[number + 1])] - starts[number]
        if len(rows):
            column = segment.dense(vector)
            parts.append(column.stored[column.slots(rows)])
    return np.concatenate(parts)


def queries_at(view: View, vector: str, places: Array) -> Array:
    """Return the vectors at `places` in query form."""
    params = view.config.vectors[vector]
    form = distances.search_form(stored_at(view, vector, places), params.distance)
    return np.ascontiguousarray(form, dtype=np.float32)
