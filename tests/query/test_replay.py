"""A walk played again from its trace: who was expanded in each hop, and what the heaps held."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import codes as int8
from workbench.indexes import hnsw_build
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.hnsw_trace import TracedSearcher
from workbench.query.replay import NEVER, Replay

N, DIM = 2000, 16


@pytest.fixture(scope="module")
def searchers() -> dict[str, HnswSearcher]:
    kernels.warm(block=True)
    vectors = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)
    graph = hnsw_build.build(
        vectors, kernels.SQUARED_L2, m=6, ef_construct=40, threads=1, builder="numba", seed=1
    )
    coded = int8.encode(vectors, kernels.SQUARED_L2)
    return {
        "vectors": HnswSearcher(graph, vectors, kernels.SQUARED_L2),
        "codes": HnswSearcher(graph, vectors, kernels.SQUARED_L2, coded),
    }


@pytest.mark.parametrize("by", ["vectors", "codes"])
@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("two_hops", [False, True])
def test_every_hop_expands_the_node_that_the_trace_names(
    searchers: dict[str, HnswSearcher], by: str, share: float, two_hops: bool
) -> None:
    traced, rng = TracedSearcher(searchers[by]), np.random.default_rng(5)
    for ef in (1, 12, 60):
        query = rng.normal(size=DIM).astype(np.float32)
        allowed = None if share == 1.0 and not two_hops else rng.random(N) < share
        seeds = np.flatnonzero(allowed)[:16].astype(np.int32) if two_hops and allowed is not None else None
        rows, _ = traced.search(query, 1, ef, allowed, seeds)
        steps, kind = traced.steps, traced.kind
        assert steps is not None
        assert kind is not None
        assert kind.coded == (by == "codes")
        replay = Replay(steps, kind)
        told = steps.parent >= 0
        expanded = steps.node[replay.expanded]
        assert (expanded[steps.hop[told]] == steps.parent[told]).all()
        assert (replay.layer[steps.hop[told]] == steps.layer[told]).all()
        assert replay.hops >= int(steps.hop[-1])
        last = replay.results(replay.hops)
        assert rows[0] in steps.node[last]
        assert len(last) <= max(1, kind.width)
        if by == "vectors":
            assert steps.node[last[0]] == rows[0]


def test_the_heaps_of_a_walk_along_a_line() -> None:
    kernels.warm(block=True)
    graph = HnswGraph.empty(1, 4, np.zeros(6, np.int32))
    for node, own in enumerate([[1], [0, 2], [1, 3], [2, 4], [3], [4]]):
        graph.counts0[node], graph.links0[node, : len(own)] = len(own), own
    vectors = np.arange(6, dtype=np.float32)[:, None]
    traced = TracedSearcher(HnswSearcher(graph, vectors, kernels.SQUARED_L2))
    traced.search(np.array([3.0], np.float32), 2, 2)
    assert traced.steps is not None
    assert traced.kind is not None
    replay = Replay(traced.steps, traced.kind)
    assert replay.expanded.tolist() == [0, 0, 1, 2, 3]
    assert [replay.candidates(hop).tolist() for hop in range(5)] == [[0], [1], [2], [3], []]
    assert [replay.results(hop).tolist() for hop in range(5)] == [[0], [1, 0], [2, 1], [3, 2], [3, 2]]
    assert [replay.bound(hop) for hop in range(5)] == [None, 0, 1, 2, 2]
    assert replay.dropped.tolist() == [2, 3, NEVER, NEVER, 4]
