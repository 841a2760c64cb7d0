from __future__ import annotations

import numpy as np
import pytest

from tests.indexes.test_codes import clustered
from workbench import kernels
from workbench.indexes import hnsw_build_numba
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.hnsw_lift import lift


def test_neighbors_of_what_matches_by_chance_match_by_chance() -> None:
    kernels.warm(block=True)
    graph = hnsw_build_numba.build(clustered(4000), kernels.SQUARED_L2)
    for share in (0.5, 0.2, 0.1):
        mask = np.random.default_rng(1).random(4000) < share
        assert lift(graph, mask, int(mask.sum())) == pytest.approx(1.0, abs=0.15)


def test_neighbors_of_what_lies_in_a_region_match_more_often() -> None:
    kernels.warm(block=True)
    vectors = clustered(4000)
    graph = hnsw_build_numba.build(vectors, kernels.SQUARED_L2)
    near = np.argsort(np.linalg.norm(vectors - vectors[7], axis=1))
    for count in (2000, 800, 400):
        mask = np.zeros(4000, bool)
        mask[near[:count]] = True
        held = [mask[graph.links0[i, : graph.counts0[i]]] for i in np.flatnonzero(mask)]
        expected = np.concatenate(held).mean() * 4000 / count
        assert expected > 1.2
        assert lift(graph, mask, count) == pytest.approx(expected, rel=0.15)


def test_slots_beyond_the_count_of_a_node_are_no_neighbors() -> None:
    empty = HnswGraph.empty(2, 10, np.zeros(4, np.int32))
    links = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [3, 0, 0, 0], [2, 0, 0, 0]], np.int32)
    graph = empty._replace(counts0=np.ones(4, np.uint16), links0=links)
    assert lift(graph, np.array([True, True, False, False]), 2) == 2.0
    assert lift(graph, np.array([True, False, True, False]), 2) == 1.0


def test_where_nothing_matches_or_nothing_is_linked_there_is_no_lift() -> None:
    graph = HnswGraph.empty(2, 10, np.zeros(5, np.int32))
    assert lift(graph, np.zeros(5, bool), 0) == 1.0
    assert lift(graph, np.ones(5, bool), 5) == 1.0
