"""The int8 codes of a segment's dense vectors, with their bounds and nibbles: made, written and read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from workbench import distances
from workbench.errors import Corrupted
from workbench.indexes import codes as int8
from workbench.indexes import costs, nibble_rows
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.nibble_rows import NibbleRows
from workbench.segments.vector_columns import VectorColumn
from workbench.storage.arrays import ArrayStore

Parts = dict[str, npt.NDArray[Any]]
Write = Callable[[str, npt.NDArray[Any]], None]

log = logging.getLogger("workbench")


def make(searcher: HnswSearcher, index: int, write: Write, *, cold: bool) -> dict[str, Any]:
    """Write what searches of a new graph read; return that and what they cost, for the manifest.

    `cold` vectors stay on disk, and no memory is taken to search them faster.
    """
    made: dict[str, Any] = {}
    codes, bounds = searcher.codes, searcher.bounds
    halved = None if cold else costs.halves(searcher)
    if codes is not None and bounds is not None:
        for name, array in codes.arrays().items():
            write(f"codes-{index}-{name}", array)
        write(f"codes-{index}-errors", bounds.errors)
        made["codes"], made["bounds"] = codes.meta(), bounds.meta()
    if halved is not None:
        for name, array in halved.arrays().items():
            write(f"nibbles-{index}-{name}", array)
        made["nibbles"] = halved.meta()
    measured = costs.measure(searcher, sieve=not cold)
    made["costs"] = None if measured is None else measured.meta()
    return made


def load(
    arrays: ArrayStore, entry: Mapping[str, Any], column: VectorColumn, graph: HnswGraph, number: int
) -> VectorColumn:
    """Return the column with a searcher of its graph, by as much of the rest as is there and whole.

    `number` is the segment's, for the log: codes are derived, and only save time.
    """
    codes, bounds, halved = _codes(arrays, entry, column, number), None, None
    if codes is not None:
        bounds = _bounds(arrays, entry, column.count, number)
        halved = None if column.params.cold else _nibbles(arrays, entry, codes, number)
    metric = distances.metric(column.params.distance)
    searcher = HnswSearcher(graph, column.searched, metric, codes, bounds)
    known = costs.SearchCosts.from_meta(entry.get("costs"))
    searcher.use_sieve(known is not None and known.sieve and not column.params.cold)
    searcher.walk_nibbles(halved)
    searcher.use_nibbles(not column.params.cold)
    return replace(column, searcher=searcher, costs=known)


def files(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the files that grow with the segment."""
    return f"codes-{entry['index']}-codes", f"nibbles-{entry['index']}-rows"


def without(column: VectorColumn) -> VectorColumn:
    """Return a column with a graph, whose walks read vectors."""
    known = column.searcher
    assert known is not None
    return replace(column, searcher=HnswSearcher(known.graph, known.vectors, known.metric))


def warn(error: Corrupted, number: int) -> None:
    """Log that a segment has lost its codes."""
    log.warning("%s; segment %d is searched without its codes, at half the speed", error, number)


def _codes(
    arrays: ArrayStore, entry: Mapping[str, Any], column: VectorColumn, number: int
) -> int8.Codes | None:
    meta = entry.get("codes")  # segments of before codes name none
    if meta is None:
        return None
    try:
        codes = int8.Codes.from_arrays(_read(arrays, entry, "codes", int8.ARRAYS), meta)
        count, dim = column.searched.shape
        codes.validate(count, dim, distances.metric(column.params.distance))
    except Corrupted as error:
        warn(error, number)
        return None
    return codes


def _bounds(arrays: ArrayStore, entry: Mapping[str, Any], count: int, number: int) -> CodeBounds | None:
    meta = entry.get("bounds")  # segments of before bounds name none
    if meta is None:
        return None
    try:
        bounds = CodeBounds.from_arrays(arrays.read(f"codes-{entry['index']}-errors"), meta)
        bounds.validate(count)
    except Corrupted as error:
        log.warning("%s; an exact search of segment %d reads full vectors", error, number)
        return None
    return bounds


def _nibbles(
    arrays: ArrayStore, entry: Mapping[str, Any], codes: int8.Codes, number: int
) -> NibbleRows | None:
    meta = entry.get("nibbles")  # where they do not pay, and in segments of before them, there are none
    if meta is None:
        return None
    try:
        nibbles = NibbleRows.from_arrays(_read(arrays, entry, "nibbles", nibble_rows.ARRAYS), meta)
        count, width = codes.codes.shape
        nibbles.validate(count, width)
    except Corrupted as error:
        log.warning("%s; walks of segment %d read its codes", error, number)
        return None
    return nibbles


def _read(arrays: ArrayStore, entry: Mapping[str, Any], kind: str, names: tuple[str, ...]) -> Parts:
    named = {name: f"{kind}-{entry['index']}-{name}" for name in names}
    return {name: arrays.read(file, later=file in files(entry)) for name, file in named.items()}
