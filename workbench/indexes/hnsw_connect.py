"""Make every node of an HNSW graph reachable.

The heuristic that prunes links can cut off a node or, where many vectors are equal, a whole island: its nodes
fill their lists with one another. What no search can reach is lost, so a finished graph is walked once, and
each part that was not reached gets a link from its nearest neighbor that was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes import flat
from workbench.indexes.hnsw import HnswGraph, HnswSearcher

# Nodes expanded at a time: gathers of 1 MB take about a millisecond, and hold no other thread up for longer.
FRONTIER = 8192
# Neighbors that are tried for one with a free slot.
HOSTS = 64
# A link that is given up can cut off something else, which the next round connects. Four rounds were the most
# needed (3,000 equal vectors; 60,000 took two).
ROUNDS = 8


def connect(graph: HnswGraph, vectors: NDArray[Any], metric: int) -> HnswGraph:
    """Add links, in place, until the entry reaches every node on layer 0; return the graph.

    Under a dot product of vectors of very different lengths, some nodes may stay unreached: those are near to
    no query, and the few hubs that are have no room for links to all of them.
    """
    reached = reachable(graph)
    if reached.all():
        return graph
    repair = _Repair(graph, HnswSearcher(graph, vectors, metric))
    for _ in range(ROUNDS):
        for node in np.flatnonzero(~reached):
            if not reached[node]:
                repair.attach(int(node), reached)
                _spread(graph, reached, np.array([node]))
        reached = reachable(graph)
        if reached.all():
            break
    return graph


def reachable(graph: HnswGraph) -> NDArray[np.bool_]:
    """Mark the nodes that the entry reaches on layer 0: bool [n]."""
    reached = np.zeros(graph.n, bool)
    if graph.n:
        _spread(graph, reached, np.array([graph.entry]))
    return reached


def _used(graph: HnswGraph, nodes: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the slots of these nodes that hold a link: bool [len(nodes), 2m]."""
    used: NDArray[np.bool_] = np.arange(graph.links0.shape[1]) < graph.counts0[nodes][:, None]
    return used


def _spread(graph: HnswGraph, reached: NDArray[np.bool_], start: NDArray[Any]) -> None:
    """Mark `start` and everything that can be reached from there through nodes not marked yet."""
    reached[start] = True
    waiting = [start]
    while waiting:
        nodes = waiting.pop()
        if len(nodes) > FRONTIER:
            waiting.append(nodes[FRONTIER:])
            nodes = nodes[:FRONTIER]
        neighbors = graph.links0[nodes][_used(graph, nodes)]
        fresh = np.unique(neighbors[~reached[neighbors]])
        if len(fresh):
            reached[fresh] = True
            waiting.append(fresh)


class _Repair:
    """Finds a place for a link to a node that nothing reaches."""

    def __init__(self, graph: HnswGraph, searcher: HnswSearcher) -> None:
        self.graph, self.searcher = graph, searcher
        self.links_to = np.zeros(graph.n, np.int64)
        for start in range(0, graph.n, FRONTIER):
            nodes = np.arange(start, min(start + FRONTIER, graph.n))
            self.links_to += np.bincount(graph.links0[nodes][_used(graph, nodes)], minlength=graph.n)
        self.added = np.zeros(graph.links0.shape, bool)
        self.newest = graph.entry

    def attach(self, node: int, reached: NDArray[np.bool_]) -> None:
        """Link to `node` from the nearest reached node that has a free slot.

        If all are full, a link is given up whose target about m others link to: neither one that would be cut
        off by it nor a hub, which under a dot product is the answer to many queries. No link added here is
        given up.
        """
        graph = self.graph
        query = self.searcher.vectors[node].astype(np.float32)
        hosts: NDArray[Any] = self.searcher.search(query, HOSTS, HOSTS)[0]
        hosts = hosts[reached[hosts]]
        if len(hosts) == 0:  # upper layers can lead into the part that is cut off
            hosts, _ = flat.search(self.searcher.vectors, query, HOSTS, self.searcher.metric, reached)
        if self.added[hosts].all():  # among equal vectors a search always names the same few
            hosts = np.append(hosts, self.newest)
        free = hosts[graph.counts0[hosts] < graph.links0.shape[1]]
        if len(free):
            host, slot = int(free[0]), int(graph.counts0[free[0]])
            graph.counts0[host] = slot + 1
        else:
            loss = np.abs(self.links_to[graph.links0[hosts]] - graph.m)
            loss[self.added[hosts]] = graph.n
            place, slot = (int(i) for i in np.unravel_index(np.argmin(loss), loss.shape))
            host = int(hosts[place])
            self.links_to[graph.links0[host, slot]] -= 1
        graph.links0[host, slot] = node
        self.added[host, slot] = True
        self.links_to[node] += 1
        self.newest = node
