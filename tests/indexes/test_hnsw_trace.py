"""A traced search finds what an untraced one finds, and its rows tell how."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import codes as int8
from workbench.indexes import hnsw_build
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.hnsw_trace import ROOM, TracedSearcher
from workbench.indexes.hnsw_walk import WIDE
from workbench.indexes.nibble_rows import NibbleRows

N, DIM = 3000, 24


@pytest.fixture(scope="module")
def searchers() -> dict[str, HnswSearcher]:
    kernels.warm(block=True)
    vectors = np.random.default_rng(0).normal(size=(N, DIM)).astype(np.float32)
    made = {}
    for name, metric in (("l2", kernels.SQUARED_L2), ("dot", kernels.NEGATIVE_DOT), ("l1", kernels.L1)):
        graph = hnsw_build.build(vectors, metric, m=8, ef_construct=40, threads=1, builder="numba", seed=1)
        made[name] = HnswSearcher(graph, vectors, metric)
        if name != "l1":
            codes = int8.encode(vectors, metric)
            made[f"{name} by codes"] = HnswSearcher(graph, vectors, metric, codes)
            made[f"{name} by nibbles"] = HnswSearcher(graph, vectors, metric, codes)
            made[f"{name} by nibbles"].walk_nibbles(NibbleRows.of(codes))
    return made


@pytest.mark.parametrize(
    "kind", ["l2", "dot", "l1", "l2 by codes", "dot by codes", "l2 by nibbles", "dot by nibbles"]
)
@pytest.mark.parametrize("share", [1.0, 0.3, 0.05])
@pytest.mark.parametrize(("two_hops", "past"), [(False, False), (True, False), (False, True)])
def test_it_finds_the_same_to_the_last_bit(
    searchers: dict[str, HnswSearcher], kind: str, share: float, two_hops: bool, past: bool
) -> None:
    searcher = searchers[kind]
    traced, rng = TracedSearcher(searcher), np.random.default_rng(5)
    for ef in (1, 10, 40, WIDE + 1):
        for _ in range(10):
            query = rng.normal(size=DIM).astype(np.float32)
            allowed = None if share == 1.0 and not two_hops else rng.random(N) < share
            seeds = (
                np.flatnonzero(allowed)[:16].astype(np.int32) if two_hops and allowed is not None else None
            )
            if seeds is not None and ef > WIDE:
                continue
            rows, distances = searcher.search(query, 10, ef, allowed, seeds, past)
            same, told = traced.search(query, 10, ef, allowed, seeds, past)
            assert same.tolist() == rows.tolist()
            assert told.tolist() == distances.tolist()
            assert traced.steps is not None
            assert set(rows.tolist()) <= set(traced.steps.node.tolist())


def line() -> HnswSearcher:
    """Points 0, 1, ... 5 on a line, each linked with the next; point 5 has no link to it. Entry 0."""
    kernels.warm(block=True)
    vectors = np.arange(6, dtype=np.float32)[:, None]
    graph = HnswGraph.empty(1, 4, np.zeros(6, np.int32))
    links = [[1], [0, 2], [1, 3], [2, 4], [3], [4]]
    for node, own in enumerate(links):
        graph.counts0[node] = len(own)
        graph.links0[node, : len(own)] = own
    return HnswSearcher(graph, vectors, kernels.SQUARED_L2)


def test_each_row_is_a_node_that_was_measured() -> None:
    traced = TracedSearcher(line())
    rows, distances = traced.search(np.array([3.0], np.float32), 2, 2)
    assert rows.tolist() == [3, 2]
    assert distances.tolist() == [0, 1]
    steps = traced.steps
    assert steps is not None
    assert steps.node.tolist() == [0, 1, 2, 3, 4]
    assert steps.parent.tolist() == [-1, 0, 1, 2, 3]
    assert steps.hop.tolist() == [0, 1, 2, 3, 4]
    assert steps.distance.tolist() == [9, 4, 1, 0, 1]
    assert steps.layer.tolist() == [0] * 5
    assert steps.flags.tolist() == [3, 3, 3, 3, 0]  # 4 is as near as 2, and comes later


def test_what_a_filter_excludes_is_walked_through_and_marked() -> None:
    traced = TracedSearcher(line())
    rows, _ = traced.search(np.array([3.0], np.float32), 1, 1, np.array([1, 0, 0, 0, 1, 0], bool))
    assert rows.tolist() == [4]
    steps = traced.steps
    assert steps is not None
    assert dict(zip(steps.node.tolist(), steps.flags.tolist(), strict=True)) == {
        0: 3, 1: 5, 2: 5, 3: 5, 4: 3
    }  # fmt: skip


def test_upper_layers_are_told_too(searchers: dict[str, HnswSearcher]) -> None:
    traced = TracedSearcher(searchers["l2"])
    traced.search(np.zeros(DIM, np.float32), 5, 20)
    steps = traced.steps
    assert steps is not None
    assert steps.layer[0] == traced.graph.top_level
    assert (np.diff(steps.layer) <= 0).all()
    assert (np.diff(steps.hop) >= 0).all()
    assert steps.layer[-1] == 0


def test_a_walk_longer_than_the_room_is_told_whole(
    searchers: dict[str, HnswSearcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = np.zeros(DIM, np.float32)
    whole = TracedSearcher(searchers["l2"])
    expected = whole.search(query, 10, 200)[0].tolist()
    assert whole.steps is not None
    assert 16 < len(whole.steps.node) <= ROOM
    monkeypatch.setattr("workbench.indexes.hnsw_trace.ROOM", 16)
    small = TracedSearcher(searchers["l2"])
    assert small.search(query, 10, 200)[0].tolist() == expected
    assert small.steps is not None
    assert small.steps.node.tolist() == whole.steps.node.tolist()


def test_without_kernels_there_are_answers_and_no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "ready", lambda: False)
    traced = TracedSearcher(line())
    assert traced.search(np.array([3.0], np.float32), 1, 1)[0].tolist() == [3]
    assert traced.steps is None
