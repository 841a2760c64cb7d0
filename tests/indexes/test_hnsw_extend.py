"""Graphs that go on from another graph: nodes removed, points added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import DOT, L1, L2, clustered, recall, stored_as
from workbench import errors
from workbench.indexes import codes, flat, hnsw_build, hnsw_build_numba
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.hnsw_connect import reachable


def some(n: int, share: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(n) < share


def extended(
    vectors: np.ndarray, metric: int, kept: np.ndarray, added: np.ndarray, **settings: Any
) -> tuple[HnswGraph, np.ndarray]:
    base = hnsw_build.build(vectors, metric)
    both = np.concatenate([vectors[kept], added])
    graph = hnsw_build.extend(base, kept, both, metric, **settings)
    graph.validate(len(both))
    return graph, both


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_an_extended_graph_finds_as_much_as_a_fresh_one(metric: int, dtype: type) -> None:
    vectors, added = (stored_as(clustered(2500, 32, seed), dtype, metric) for seed in (0, 2))
    queries = stored_as(clustered(200, 32, seed=1), dtype, metric).astype(np.float32)
    graph, both = extended(vectors, metric, some(2500, 0.7), added[:750])
    truth = flat.search_batch(both, queries, 10, metric)[0]
    found, fresh = (
        recall(HnswSearcher(g, both, metric).search_batch(queries, 10, 32)[0], truth)
        for g in (graph, hnsw_build.build(both, metric))
    )
    assert found > fresh - 0.01
    assert (graph.counts0 > 0).all()
    assert reachable(graph).all()


def test_recall_is_kept_when_a_third_is_replaced_five_times() -> None:
    vectors, queries = clustered(4000, 64), clustered(200, 64, seed=1)
    graph = hnsw_build.build(vectors, L2)
    for turn in range(5):
        kept = some(len(vectors), 0.7, turn)
        vectors = np.concatenate([vectors[kept], clustered(int((~kept).sum()), 64, 10 + turn)])
        graph = hnsw_build.extend(graph, kept, vectors, L2)
    truth = flat.search_batch(vectors, queries, 10, L2)[0]
    found, fresh = (
        recall(HnswSearcher(g, vectors, L2).search_batch(queries, 10, 32)[0], truth)
        for g in (graph, hnsw_build.build(vectors, L2))
    )
    assert found > fresh - 0.01
    assert reachable(graph).all()


def test_where_nothing_is_removed_or_added_the_graph_stays_as_it_is() -> None:
    vectors = clustered(1000, 16)
    base = hnsw_build.build(vectors, L2)
    graph = hnsw_build.extend(base, np.ones(1000, bool), vectors, L2)
    assert all(np.array_equal(graph.arrays()[name], base.arrays()[name]) for name in base.arrays())


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_however_many_are_removed_all_are_reached(share: float) -> None:
    vectors = clustered(2000, 16)
    graph, both = extended(vectors, L2, some(2000, share), vectors[:300])
    assert reachable(graph).all()
    _, distances = HnswSearcher(graph, both, L2).search_batch(both[::50], 1, 64)
    assert (distances[:, 0] < 1e-4).mean() > 0.97


@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((1500, 8), np.float32),
        np.repeat(clustered(30, 8), 50, axis=0),
        np.random.default_rng(0).normal(size=(1500, 1)).astype(np.float32),
        np.random.default_rng(0).normal(size=(12, 65_536)).astype(np.float32),
    ],
    ids=["all equal", "each fifty times", "one dimension", "65,536 dimensions"],
)
def test_odd_data_stays_connected(vectors: np.ndarray) -> None:
    graph, both = extended(vectors, L2, some(len(vectors), 0.6), vectors[: len(vectors) // 4])
    assert reachable(graph).all()
    assert len(both) == graph.n


def test_codes_and_threads_change_neither_validity_nor_each_other() -> None:
    vectors = clustered(20_000, 64)
    kept = some(18_000, 0.8)
    base = hnsw_build.build(vectors[:18_000], L2, codes=codes.make(vectors[:18_000], L2))
    both = np.concatenate([vectors[:18_000][kept], vectors[18_000:]])
    coded = codes.make(both, L2)
    assert coded is not None
    one, three = (hnsw_build_numba.extend(base, kept, both, L2, threads=t, codes=coded) for t in (1, 3))
    one.validate(len(both))
    assert all(np.array_equal(one.arrays()[name], three.arrays()[name]) for name in one.arrays())


def test_extending_can_be_cancelled() -> None:
    vectors = clustered(1000, 8)
    base = hnsw_build.build(vectors, L2)

    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled("enough")

    with pytest.raises(errors.Cancelled):
        hnsw_build.extend(base, some(1000, 0.5), vectors[some(1000, 0.5)], L2, progress=cancel)
