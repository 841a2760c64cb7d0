"""Which nodes links lead to, on graphs small enough to see it."""

from __future__ import annotations

import numpy as np

from workbench.indexes.hnsw import HnswGraph
from workbench.indexes.hnsw_shape import degrees, reachable


def graph_of(links: list[list[int]], levels: list[int] | None = None) -> HnswGraph:
    """Make a graph of M 2 with these links on layer 0."""
    made = HnswGraph.empty(2, 4, np.array(levels or [0] * len(links), np.int32))
    for node, own in enumerate(links):
        made.counts0[node] = len(own)
        made.links0[node, : len(own)] = own
    return made


def test_a_node_without_links_to_it_is_not_reached() -> None:
    assert reachable(graph_of([[1], [0, 2], [1], [2]])).tolist() == [True, True, True, False]


def test_an_unused_slot_is_no_link_to_node_0() -> None:
    made = graph_of([[], [2], [1]], [0, 1, 0])
    assert made.entry == 1
    assert reachable(made).tolist() == [False, True, True]


def test_an_upper_layer_leads_to_islands_of_the_lowest() -> None:
    made = graph_of([[1], [0], [3], [2]], [1, 0, 1, 0])
    assert reachable(made).tolist() == [True, True, False, False]
    made.upper_counts[0], made.upper_links[0, 0] = 1, 2  # from 0 to 2 on layer 1
    assert reachable(made).tolist() == [True, True, True, True]


def test_nothing_is_reached_in_an_empty_graph() -> None:
    assert reachable(graph_of([])).tolist() == []


def test_links_are_counted_both_ways() -> None:
    counted = degrees(graph_of([[1], [0, 2], [1], [2]]))
    assert counted.leaving.tolist() == [0, 3, 1]
    assert counted.arriving.tolist() == [1, 1, 2]
