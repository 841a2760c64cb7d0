"""The shape of a graph: which nodes a search can reach at all, and how many links lead in and out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.indexes.hnsw import HnswGraph

Counts = npt.NDArray[np.int64]
Links = npt.NDArray[np.int32]


def reachable(graph: HnswGraph) -> npt.NDArray[np.bool_]:
    """Return bool[n]: to which nodes links lead from the entry, over all layers.

    A search may still miss such a node, if its beam is too narrow; the others it never finds.
    """
    reached = np.zeros(graph.n, np.bool_)
    if graph.n == 0:
        return reached
    reached[graph.entry] = True
    for layer in range(graph.top_level, -1, -1):
        front = np.flatnonzero(reached)  # what was reached on one layer is where searches may enter the next
        while len(front):
            near = _linked(graph, front, layer)
            front = np.unique(near[~reached[near]]).astype(np.intp)
            reached[front] = True
    return reached


def _linked(graph: HnswGraph, nodes: npt.NDArray[np.intp], layer: int) -> Links:
    """Return where the links of some nodes on one layer lead; those that do not reach up to it have none."""
    if layer == 0:
        links, counts, rows = graph.links0, graph.counts0, nodes
    else:
        links, counts = graph.upper_links, graph.upper_counts
        rows = (graph.upper_offsets[nodes[graph.levels[nodes] >= layer]] + layer - 1).astype(np.intp)
    used = np.arange(links.shape[1]) < counts[rows][:, None]
    found: Links = links[rows][used]
    return found


@dataclass(frozen=True, slots=True)
class Degrees:
    """Links of layer 0.

    Attributes
    ----------
    leaving, arriving : int64[d]
        How many nodes have 0, 1, 2 ... links to others, and from others.
    """

    leaving: Counts
    arriving: Counts


def degrees(graph: HnswGraph) -> Degrees:
    """Count the links of each node on layer 0."""
    used = np.arange(graph.links0.shape[1]) < graph.counts0[:, None]
    arriving = np.bincount(graph.links0[used], minlength=graph.n)
    return Degrees(np.bincount(graph.counts0.astype(np.int64)), np.bincount(arriving))
