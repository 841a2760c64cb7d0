"""Make every node of an HNSW graph reachable.

The heuristic that prunes links can cut off a node or, where many vectors are equal, a whole island: its nodes fill
their lists with one another. What no search can reach is lost, so a finished graph is walked once, and each part that was
not reached gets a link from its nearest neighbor that was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes import flat
from workbench.indexes.hnsw import HnswGraph

# Nodes expanded at a time: gathers of 1 MB, which hold no other thread up.
FRONTIER = 8192
# Neighbors that are tried for one with a free slot.
HOSTS = 64


def connect(graph: HnswGraph, vectors: NDArray[Any], metric: int) -> HnswGraph:
    """Return a graph in which the entry reaches every node on layer 0; `graph` itself if that is so already.

    Links are added in place. A node without a free slot gives up its farthest link only if no neighbor has one, and
    what that cuts off is connected in the next round.
    """
    for _ in range(3):
        reached = reachable(graph)
        if reached.all():
            break
        for node in np.flatnonzero(~reached):
            if not reached[node]:
                _attach(graph, vectors, metric, int(node), reached)
                _spread(graph, reached, np.array([node]))
    return graph


def reachable(graph: HnswGraph) -> NDArray[np.bool_]:
    """Mark the nodes that the entry reaches on layer 0: bool [n]."""
    reached = np.zeros(graph.n, bool)
    if graph.n:
        _spread(graph, reached, np.array([graph.entry]))
    return reached


def _spread(graph: HnswGraph, reached: NDArray[np.bool_], start: NDArray[Any]) -> None:
    """Mark `start` and everything that can be reached from there through nodes not marked yet."""
    reached[start] = True
    waiting = [start]
    slots = np.arange(graph.links0.shape[1])
    while waiting:
        nodes = waiting.pop()
        if len(nodes) > FRONTIER:
            waiting.append(nodes[FRONTIER:])
            nodes = nodes[:FRONTIER]
        neighbors = graph.links0[nodes][slots < graph.counts0[nodes][:, None]]
        fresh = np.unique(neighbors[~reached[neighbors]])
        if len(fresh):
            reached[fresh] = True
            waiting.append(fresh)


def _attach(graph: HnswGraph, vectors: NDArray[Any], metric: int, node: int, reached: NDArray[np.bool_]) -> None:
    """Give a near node that is reached a link to `node`."""
    query = vectors[node].astype(np.float32)
    hosts, _ = flat.search(vectors, query, HOSTS, metric, reached)
    free = hosts[graph.counts0[hosts] < graph.links0.shape[1]]
    host = int(free[0] if len(free) else hosts[0])
    slot = min(int(graph.counts0[host]), graph.links0.shape[1] - 1)
    graph.links0[host, slot] = node
    graph.counts0[host] = slot + 1
