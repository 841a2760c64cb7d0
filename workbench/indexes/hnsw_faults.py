"""What is wrong with the arrays of a graph: all that kernels rely on, since they check no bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.indexes.hnsw import HnswGraph

ARRAYS = {
    "counts0": (np.uint16, 1),
    "links0": (np.int32, 2),
    "levels": (np.int32, 1),
    "upper_offsets": (np.int64, 1),
    "upper_counts": (np.uint16, 1),
    "upper_links": (np.int32, 2),
}


def fault_of(graph: HnswGraph, n: int) -> str:
    """Return what a graph of `n` nodes cannot be like but this one is, or nothing."""
    return _fault_of_shape(graph, n) or (_fault_of_content(graph) if n else "")


def _fault_of_shape(graph: HnswGraph, n: int) -> str:
    for name, array in graph.arrays().items():
        dtype, ndim = ARRAYS[name]
        if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous:
            expected = f"a contiguous {np.dtype(dtype)} array of {ndim} dimensions"
            return f"{name} should be {expected}, not {array.dtype} {array.shape}"
    if not 1 <= graph.m <= 32767:
        return f"m should be from 1 to 32,767, not {graph.m}"
    upper = len(graph.upper_counts)
    shapes = {
        "counts0": (n,),
        "links0": (n, 2 * graph.m),
        "levels": (n,),
        "upper_offsets": (n + 1,),
        "upper_links": (upper, graph.m),
    }
    for name, shape in shapes.items():
        if getattr(graph, name).shape != shape:
            return f"{name} should have the shape {shape}, not {getattr(graph, name).shape}"
    if n == 0 and (graph.entry, graph.top_level) != (-1, -1):
        return (
            f"an empty graph should have entry -1 and top level -1, not {graph.entry} and {graph.top_level}"
        )
    return ""


def _fault_of_content(graph: HnswGraph) -> str:
    n, m, levels = graph.n, graph.m, graph.levels
    if levels.min() < 0 or graph.upper_offsets[0] != 0 or (np.diff(graph.upper_offsets) != levels).any():
        return "upper_offsets should be the running sum of levels"
    if graph.upper_offsets[-1] != len(graph.upper_counts):
        return f"upper_offsets should end at {len(graph.upper_counts)}, not {graph.upper_offsets[-1]}"
    if not 0 <= graph.entry < n or levels[graph.entry] != graph.top_level or levels.max() != graph.top_level:
        return f"entry {graph.entry} should be a node of the top layer {graph.top_level}"
    if graph.counts0.max() > 2 * m or (len(graph.upper_counts) and graph.upper_counts.max() > m):
        return f"link counts should be at most {2 * m} on layer 0 and {m} above"
    for name in ("links0", "upper_links"):
        links = getattr(graph, name)
        # Negative numbers are the greatest of unsigned ones: 15 MB of links are read once, 1 ms at opening.
        if links.size and links.view(np.uint32).max() >= n:
            return f"{name} should hold node numbers from 0 to {n - 1}"
    # On layer L the search looks up row L − 1 of the neighbor it went to, which exists only if that reaches
    # up to L.
    used = np.arange(m) < graph.upper_counts[:, None]
    upper = np.flatnonzero(levels)
    owner = np.repeat(upper, levels[upper])
    layer = np.arange(len(owner)) - graph.upper_offsets[owner] + 1
    if (used & (levels[graph.upper_links] < layer[:, None])).any():
        return "upper_links should lead only to nodes of the same layer"
    return ""
