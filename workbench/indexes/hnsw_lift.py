"""How much more often than by chance the neighbors of a node that matches a filter match it too."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.hnsw_graph import HnswGraph

# Matching nodes that are looked at, with some 28 neighbors each: they tell filters that go by chance 1.0 to
# 1.06.
LOOKED_AT = 128
# Nodes are drawn this far apart, a prime: a filter on every eighth point finds its share of them.
_STEP = 2_654_435_761


def lift(graph: HnswGraph, mask: NDArray[Any], count: int) -> float:
    """Return the share of matches among neighbors of matches, divided by that among all nodes; 1 at least.

    With s the share of matches, and l that in the place of a query, a walk through all nodes takes 1 / l
    times as long as one without a filter. The mean of 1 / l over places is about that of l² divided by s³
    (the delta method), and the mean of l² is s times the share counted here: the walk takes lift / s times
    as long.

    Takes 0.1 ms in a graph of 117,659 nodes, of which a tenth or more match.

    Parameters
    ----------
    graph : HnswGraph
    mask : bool or uint8 [n]
    count : int
        How many nodes match.
    """
    n = len(mask)
    drawn = np.arange(min(n, math.ceil(LOOKED_AT * n / max(count, 1)))) * _STEP % n
    nodes = drawn[mask[drawn].view(np.bool_)]
    counts, links = graph.counts0[nodes], graph.links0[nodes]
    linked = np.arange(links.shape[1]) < counts[:, None]
    matching, neighbors = np.count_nonzero(mask[links] & linked), int(counts.sum())
    return max(1.0, matching / neighbors * n / count) if neighbors else 1.0
