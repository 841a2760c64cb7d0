"""Graphs as a GPU builds them: here the same array code on NumPy, and the CUDA sources run on the CPU."""

from __future__ import annotations

import gc
import logging
import tracemalloc
from typing import Any

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered, needs_hnswlib, recall, stored_as
from tests.indexes.test_knn_lists import Small
from tests.kernels.gpu.emulated import COMPILER, Emulated
from tests.kernels.gpu.standin import put_in_place
from workbench import errors, kernels
from workbench.indexes import flat, hnsw_build, hnsw_build_gpu, hnsw_build_numba, hnsw_links, knn_lists
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_build_gpu import Recipe
from workbench.indexes.hnsw_connect import reachable
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.hnsw_parameters import draw_levels
from workbench.kernels.gpu.arrays import Arrays, Cuda

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


def found(graph: HnswGraph, vectors: np.ndarray, queries: np.ndarray, metric: int, ef: int) -> float:
    rows, _ = HnswSearcher(graph, vectors, metric).search_batch(queries, 10, ef)
    return recall(rows, flat.search_batch(vectors, queries, 10, metric)[0])


@pytest.mark.parametrize(
    ("metric", "dtype", "pruning"),
    [
        (L2, np.float32, "heuristic"),
        (DOT, np.float32, "ranks"),
        (L2, np.uint8, "heuristic"),
        (DOT, np.float16, "heuristic"),
    ],
)
def test_recall_is_that_of_the_other_builders_and_every_node_is_reached(
    metric: int, dtype: type, pruning: str
) -> None:
    vectors = stored_as(clustered(3000, 24), dtype, metric)
    queries = stored_as(clustered(200, 24, seed=1), dtype, metric).astype(np.float32)
    graph = hnsw_build_gpu.build(vectors, metric, Arrays(), recipe=Recipe(pruning=pruning))
    graph.validate(3000)
    assert reachable(graph).all()
    other = hnsw_build_numba.build(vectors, metric)
    for ef in (16, 64):
        assert (
            found(graph, vectors, queries, metric, ef) >= found(other, vectors, queries, metric, ef) - 0.005
        )


def test_l1_is_built_too() -> None:
    vectors, queries = clustered(1200, 12), clustered(100, 12, seed=1)
    graph = hnsw_build_gpu.build(vectors, L1, Arrays(), m=8, recipe=Recipe(nearest=32))
    graph.validate(1200)
    assert found(graph, vectors, queries, L1, 64) > 0.99


def test_cells_give_nearly_the_same_recall() -> None:
    vectors, queries = clustered(3000, 24), clustered(200, 24, seed=1)
    recalls = [
        found(
            hnsw_build_gpu.build(vectors, L2, Arrays(), recipe=Recipe(cells=cells)), vectors, queries, L2, 32
        )
        for cells in (False, True)
    ]
    assert recalls[1] > recalls[0] - 0.01


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_points(n: int) -> None:
    vectors = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    graph = hnsw_build_gpu.build(vectors, L2, Arrays())
    graph.validate(n)
    rows, _ = HnswSearcher(graph, vectors, L2).search(np.zeros(2, np.float32), 10, 10)
    assert rows.tolist() == list(range(n))


@pytest.mark.parametrize(
    "vectors",
    [np.ones((1000, 8), np.float32), np.repeat(clustered(20, 8), 50, axis=0)],
    ids=["all equal", "each fifty times"],
)
def test_odd_data_is_connected(vectors: np.ndarray) -> None:
    graph = hnsw_build_gpu.build(vectors, L2, Arrays())
    graph.validate(1000)
    assert reachable(graph).all()


@needs_hnswlib
def test_hnswlib_itself_loads_the_graph_and_finds_as_much() -> None:
    import hnswlib

    vectors, queries = clustered(3000, 32), clustered(200, 32, seed=1)
    graph = hnsw_build_gpu.build(vectors, L2, Arrays())
    index = hnswlib.Index(_state(graph, vectors, hnswlib.Index(space="l2", dim=32)))
    index.set_ef(64)
    rows = index.knn_query(queries, 10, num_threads=1)[0]
    ours = HnswSearcher(graph, vectors, L2).search_batch(queries, 10, 64)[0]
    assert recall(rows, ours) > 0.995
    index.resize_index(3001)
    index.add_items(queries[:1], [3000], num_threads=1)
    assert index.knn_query(queries[:1], 1)[0].tolist() == [[3000]]


def _state(graph: HnswGraph, vectors: np.ndarray, index: Any) -> dict[str, Any]:
    """Return the state of an hnswlib index that has this graph; `index` is a new one."""
    n, m, dim = graph.n, graph.m, vectors.shape[1]
    index.init_index(n, M=m, ef_construction=graph.ef_construct)
    state = dict(index.__getstate__()[0])
    records = np.zeros(
        n,
        np.dtype(
            [
                ("count", "<u2"),
                ("flags", "<u2"),
                ("links", "<u4", 2 * m),
                ("vector", "<f4", dim),
                ("label", "<u8"),
            ]
        ),
    )
    records["count"], records["links"] = graph.counts0, graph.links0
    records["vector"], records["label"] = vectors, np.arange(n)
    above = np.zeros(
        len(graph.upper_counts), np.dtype([("count", "<u2"), ("pad", "<u2"), ("links", "<u4", m)])
    )
    above["count"], above["links"] = graph.upper_counts, graph.upper_links
    state.update(
        cur_element_count=n,
        max_level=graph.top_level,
        enterpoint_node=graph.entry,
        data_level0=records.view(np.int8),
        link_lists=above.view(np.int8),
        element_levels=graph.levels,
        label_lookup_external=np.arange(n, dtype=np.uint64),
        label_lookup_internal=np.arange(n, dtype=np.uint32),
    )
    return state


@pytest.mark.skipif(COMPILER is None, reason="running CUDA sources on the CPU needs g++")
@pytest.mark.parametrize(("metric", "pruning"), [(L2, "heuristic"), (DOT, "ranks")])
def test_the_cuda_sources_build_the_same_graph_as_numpy(metric: int, pruning: str) -> None:
    vectors = stored_as(clustered(120, 8), np.float32, metric)
    recipe = Recipe(nearest=12, pruning=pruning, precision="bf16")
    ours = hnsw_build_gpu.build(vectors, metric, Arrays(), m=4, recipe=recipe)
    theirs = hnsw_build_gpu.build(vectors, metric, Emulated(), m=4, recipe=recipe)
    assert all(np.array_equal(a, theirs.arrays()[name]) for name, a in ours.arrays().items())


@pytest.mark.parametrize(("tiles", "kept"), [(-1, 0), (1, 400), (4, 1600)])
def test_the_cpu_finishes_once_what_does_not_fit(
    tiles: int, kept: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Small, "tile_bytes", 4 * 400 * 2000)
    monkeypatch.setattr(knn_lists, "_SMALLEST", 400 * 2000)
    vectors, queries = clustered(2000, 16), clustered(100, 16, seed=1)
    with caplog.at_level(logging.WARNING, "workbench"):
        levels = draw_levels(2000, 16, 100)
        above = sum(int((levels >= layer).sum() > 1) for layer in range(1, levels.max() + 1))
        graph = hnsw_build_gpu.build(vectors, L2, Small(1 << 30, last=above + tiles))
    graph.validate(2000)
    assert [r.getMessage() for r in caplog.records] == [
        f"the memory of NumPy is full: the CPU finishes the graph of 2,000 points, of which {kept:,} "
        "have their neighbors"
    ]
    assert reachable(graph).all()
    assert found(graph, vectors, queries, L2, 64) > 0.99
    whole = hnsw_build_numba.build(vectors, L2)
    assert np.array_equal(graph.links0, whole.links0) == (kept < 500)


def test_progress_rises_to_the_number_of_points_and_can_cancel() -> None:
    steps: list[int] = []
    vectors = clustered(1500, 8)
    hnsw_build_gpu.build(vectors, L2, Arrays(), progress=lambda done, total, text="": steps.append(done))
    assert steps == sorted(steps)
    assert steps[-1] == 1500

    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled("enough")

    with pytest.raises(errors.Cancelled):
        hnsw_build_gpu.build(vectors, L2, Arrays(), progress=cancel)


def test_a_pruning_that_is_none_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="heuristic, ranks"):
        hnsw_build_gpu.build(clustered(10, 4), L2, Arrays(), recipe=Recipe(pruning="magic"))


@pytest.mark.gpu
@pytest.mark.parametrize("pruning", hnsw_links.PRUNINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_a_device_builds_graphs_as_good_as_numpy_does(metric: int, dtype: type, pruning: str) -> None:
    vectors = stored_as(clustered(4000, 24), dtype, metric)
    queries = stored_as(clustered(200, 24, seed=1), dtype, metric).astype(np.float32)
    graph = hnsw_build_gpu.build(vectors, metric, Cuda(), recipe=Recipe(pruning=pruning))
    graph.validate(4000)
    assert reachable(graph).all()
    other = hnsw_build_numba.build(vectors, metric)
    assert found(graph, vectors, queries, metric, 64) >= found(other, vectors, queries, metric, 64) - 0.005


@pytest.mark.gpu
@pytest.mark.long
def test_a_hundred_builds_leave_no_memory_behind() -> None:
    import cupy

    vectors = clustered(2000, 24)
    free = []
    for _ in range(100):
        hnsw_build_gpu.build(vectors, L2, Cuda())
        free.append(cupy.cuda.runtime.memGetInfo()[0])
    assert free[-1] >= free[4] - (1 << 20)


def test_a_hundred_builds_on_numpy_leave_no_memory_behind() -> None:
    vectors, kept = clustered(120, 6), list[int]()
    tracemalloc.start()
    try:
        for _ in range(100):
            hnsw_build_gpu.build(vectors, L2, Arrays(), m=4, recipe=Recipe(nearest=12))
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert kept[-1] - kept[4] < 64 << 10  # one graph is 5 KB, one list of neighbors 12 KB


def test_the_device_is_waited_for_before_progress_is_told() -> None:
    told: list[str] = []

    class Heard(Arrays):
        def wait(self) -> None:
            told.append("waited")

    def progress(done: int, total: int, text: str = "") -> None:
        told.append(text)

    hnsw_build_gpu.build(clustered(600, 8), L2, Heard(), progress=progress)
    found = [i for i, what in enumerate(told) if what == "finding neighbors"]
    assert found
    assert all(told[i - 1] == "waited" for i in found)


def test_a_device_that_fills_up_while_links_are_chosen_keeps_the_neighbors(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Arrays):
        def gram(self, rows: Any) -> Any:
            raise MemoryError

    monkeypatch.setattr(hnsw_build_gpu, "draw_levels", lambda n, m, seed: np.zeros(n, np.int32))
    vectors, queries = clustered(1500, 12), clustered(100, 12, seed=1)
    with caplog.at_level(logging.WARNING, "workbench"):
        graph = hnsw_build_gpu.build(vectors, L2, Full())
    assert "the CPU finishes the graph of 1,500 points, of which 1,500 have their neighbors" in caplog.text
    assert len(caplog.records) == 1
    assert reachable(graph).all()
    assert found(graph, vectors, queries, L2, 64) > 0.99


def test_a_device_that_fails_is_told_of_and_the_cpu_builds_unless_it_was_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Arrays):
        def matmul(self, queries: Any, rows: Any, precision: str) -> Any:
            raise RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED")

    put_in_place(monkeypatch, Broken)
    vectors = clustered(300, 6)
    with caplog.at_level(logging.WARNING, "workbench"):
        hnsw_build.build(vectors, L2, device="auto").validate(300)
    assert [r.getMessage() for r in caplog.records] == [
        "the GPU failed, and the CPU builds the graph: CUBLAS_STATUS_EXECUTION_FAILED"
    ]
    for asked in ({"device": "gpu"}, {"builder": "gpu"}):
        with pytest.raises(RuntimeError, match="EXECUTION_FAILED"):
            hnsw_build.build(vectors, L2, **asked)


def test_more_links_than_a_device_chooses_are_built_by_the_cpu(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_place(monkeypatch)
    with caplog.at_level(logging.WARNING, "workbench"):
        graph = hnsw_build.build(clustered(300, 6), L2, m=129, device="gpu")
    assert graph.m == 129
    assert "m is 129: a GPU chooses 128 links at most, the CPU builds" in caplog.text


def test_the_memory_of_the_pool_decides_between_tiles_and_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = {}
    for free in (1 << 30, 300_000, 100_000):
        arrays = Arrays()
        monkeypatch.setattr(arrays, "free_bytes", lambda free=free: free)
        vectors = clustered(1000, 16)  # 64,000 bytes, and as many again once rounded
        graph = HnswGraph.empty(4, 100, np.zeros(1000, np.int32))
        builder = hnsw_build_gpu._Builder(graph, vectors, L2, arrays, Recipe(), lambda *_: None)
        plans[free] = builder._plan()
    assert plans == {1 << 30: (True, False), 300_000: (True, False), 100_000: (False, True)}
