"""What searches the dense vectors of a segment beside the vectors: read when kernels can use it.

All of it is derived. What is damaged is left out, which costs time and no answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import Corrupted
from workbench.indexes.hnsw import ARRAYS, HnswGraph
from workbench.models.config import HnswConfig
from workbench.segments import code_columns, quantized_columns
from workbench.segments.vector_columns import VectorColumn
from workbench.storage.arrays import ArrayStore

if TYPE_CHECKING:
    from workbench.models.quantization import Quantization

log = logging.getLogger("workbench")

GRAPH, LINKS, CODES = "graph", "payload links", "quantized codes"
"""What :func:`load` may find damaged."""


def load(
    arrays: ArrayStore,
    entry: Mapping[str, Any],
    bare: VectorColumn,
    settings: HnswConfig,
    wanted: Quantization | None,
    number: int,
) -> tuple[VectorColumn, set[str]]:
    """Return a column with the graph, codes and links that the manifest names, and what was damaged.

    Kernels check no bounds, so what they take for a place in memory is checked here. `number` is the
    segment's, for the log.
    """
    column, damaged = replace(bare, graph_unread=False), set[str]()
    if entry["graph"] is not None:
        try:
            graph = _graph(arrays, entry["index"], entry["graph"], column.count)
        except Corrupted as error:
            warn(error, number)
            damaged.add(GRAPH)
        else:
            column = code_columns.load(arrays, entry, column, graph, number)
    if entry.get("payload") is not None:
        from workbench.segments import payload_links

        try:
            column = replace(column, payload_links=payload_links.load(arrays, entry, settings, column))
        except Corrupted as error:
            log.warning("%s; segment %d is searched without them until they are rebuilt", error, number)
            damaged.add(LINKS)
    try:
        coded = quantized_columns.load(arrays, entry, column, wanted)
    except Corrupted as error:
        quantized_columns.warn(error, number)
        return column, damaged | {CODES}
    assert isinstance(coded, VectorColumn)
    return coded, damaged


def links_file(entry: Mapping[str, Any]) -> str:
    """Return the file of the links of a graph's lowest layer, which is nearly all of it."""
    return f"graph-{entry['index']}-links0"


def without_graph(column: VectorColumn) -> VectorColumn:
    """Return a column that is scanned."""
    alone = None if column.quantized is None else column.quantized.without_graph()
    return replace(column, searcher=None, costs=None, quantized=alone)


def warn(error: Corrupted, number: int) -> None:
    """Log that a segment has lost a graph: it answers exactly, and the optimizer builds another."""
    log.warning("%s; segment %d is scanned until its graph is rebuilt", error, number)


def _graph(arrays: ArrayStore, at: int, meta: Mapping[str, int], count: int) -> HnswGraph:
    """Read and check the graph of the vector number `at`."""
    parts = {name: arrays.read(f"graph-{at}-{name}", later=name == "links0") for name in ARRAYS}
    graph = HnswGraph.from_arrays(parts, dict(meta))
    graph.validate(count)
    return graph
