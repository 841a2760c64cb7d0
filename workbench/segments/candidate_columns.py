"""Candidates for the multivectors of a sealed segment: made when it is built, checked when it is opened.

Their arrays are called ``candidates-i-*``; the manifest holds ``{"meta": …}`` for them, None where they were
made and would not have held the nearest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import Corrupted
from workbench.indexes import multivector_candidates
from workbench.models.config import HnswConfig
from workbench.models.vectors import MultiRows
from workbench.segments.multi_columns import MultiColumn
from workbench.segments.vector_columns import Column
from workbench.storage.arrays import ArrayStore

ARRAYS = ("codes", "books")

log = logging.getLogger("workbench")


def wanted(stored: MultiRows, settings: HnswConfig) -> bool:
    """Whether such multivectors are to have candidates; an ``m`` of 0 asks for none, as in Qdrant."""
    return settings.m > 0 and len(stored.values) >= multivector_candidates.LEAST


def make(
    stored: MultiRows, metric: int, index: int, write: Callable[[str, npt.NDArray[Any]], None]
) -> dict[str, Any]:
    """Make and write the candidates of the name number `index`; return their entry in the manifest."""
    made = multivector_candidates.make(stored, metric)
    if made is None:
        return {"meta": None}
    for name, array in made.arrays().items():
        write(f"candidates-{index}-{name}", array)
    return {"meta": made.meta()}


def load(arrays: ArrayStore, entry: Mapping[str, Any], column: MultiColumn) -> MultiColumn:
    """Return a column with its candidates, if it has some; of damaged ones the log tells."""
    made = entry.get("candidates")
    if made is None or made["meta"] is None:
        return column
    try:
        parts = {name: np.asarray(arrays.read(f"candidates-{entry['index']}-{name}")) for name in ARRAYS}
        metric = distances.metric(column.params.distance)
        found = multivector_candidates.from_arrays(parts, made["meta"], column.searched, metric)
    except Corrupted as error:
        log.warning("%s; multivectors are compared one by one until they are made anew", error)
        return column
    return replace(column, candidates=found)


def outdated(entry: Mapping[str, Any] | None, column: Column, settings: HnswConfig) -> bool:
    """Whether candidates are damaged, missing, or not wanted any more; then the segment is built anew."""
    if entry is None or not isinstance(column, MultiColumn):
        return False
    made = entry.get("candidates")
    if wanted(column.stored, settings) != (made is not None):
        return True
    return made is not None and (made["meta"] is None) != (column.candidates is None)
