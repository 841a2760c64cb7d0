"""The builders of HNSW graphs: same format, same recall, whatever the data."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest

from workbench import errors, kernels
from workbench.indexes import codes, flat, hnsw_build, hnsw_build_hnswlib, hnsw_build_numba
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_connect import reachable

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1
needs_hnswlib = pytest.mark.skipif(not hnsw_build_hnswlib.available(L2), reason="hnswlib is not installed")


def clustered(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(40, dim))
    return (centers[rng.integers(40, size=n)] + 0.4 * rng.normal(size=(n, dim))).astype(np.float32)


def stored_as(vectors: np.ndarray, dtype: type, metric: int) -> np.ndarray:
    if metric == DOT and dtype is not np.uint8:
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors * 25 + 128).clip(0, 255).astype(np.uint8) if dtype is np.uint8 else vectors.astype(dtype)


def recall(rows: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(rows, truth, strict=True)]))


CASES = [
    (builder, metric)
    for builder in ("numba", "hnswlib")
    for metric in (L2, DOT, L1)
    if (builder, metric) != ("hnswlib", L1)
]


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize(("builder", "metric"), CASES)
def test_recall_is_high_and_every_node_is_reached(builder: str, metric: int, dtype: type) -> None:
    if builder == "hnswlib" and not hnsw_build_hnswlib.available(metric):
        pytest.skip("hnswlib is not installed")
    vectors = stored_as(clustered(3000, 32), dtype, metric)
    queries = stored_as(clustered(200, 32, seed=1), dtype, metric).astype(np.float32)
    graph = hnsw_build.build(vectors, metric, builder=builder)
    graph.validate(3000)
    rows, _ = HnswSearcher(graph, vectors, metric).search_batch(queries, 10, 64)
    # Lengths of uint8 vectors differ, and graphs are poor at a dot product of vectors of different lengths.
    assert recall(rows, flat.search_batch(vectors, queries, 10, metric)[0]) > (
        0.9 if (dtype, metric) == (np.uint8, DOT) else 0.99
    )
    assert reachable(graph).all()


def test_the_numba_graph_depends_on_the_seed_and_not_on_threads() -> None:
    vectors = clustered(2500, 16)
    one, two, other = (
        hnsw_build_numba.build(vectors, L2, threads=t, seed=s) for t, s in ((1, 7), (3, 7), (1, 8))
    )
    assert all(np.array_equal(one.arrays()[name], two.arrays()[name]) for name in one.arrays())
    assert not np.array_equal(one.levels, other.levels)


@needs_hnswlib
def test_numba_searches_hnswlibs_graph_as_hnswlib_does() -> None:
    import hnswlib

    vectors, queries = clustered(3000, 32), clustered(300, 32, seed=1)
    index = hnswlib.Index("l2", 32)
    index.init_index(3000, M=16, ef_construction=100, random_seed=5)
    index.add_items(vectors, num_threads=1)
    index.set_ef(20)
    theirs = index.knn_query(queries, 10, num_threads=1)[0]
    graph = hnsw_build_hnswlib.build(vectors, L2, seed=5, threads=1)
    ours = HnswSearcher(graph, vectors, L2).search_batch(queries, 10, 20)[0]
    truth = flat.search_batch(vectors, queries, 10, L2)[0]
    assert recall(ours, theirs) > 0.99
    assert recall(ours, truth) == pytest.approx(recall(theirs, truth), abs=0.005)


@needs_hnswlib
def test_threads_of_hnswlib_keep_every_vector_in_its_row() -> None:
    vectors = clustered(3000, 16)
    graph = hnsw_build_hnswlib.build(vectors, L2, threads=4)
    rows, distances = HnswSearcher(graph, vectors, L2).search_batch(vectors, 1, 40)
    assert (rows[:, 0] == np.arange(3000)).mean() > 0.995
    assert (distances[:, 0] == 0).mean() > 0.995


@pytest.mark.parametrize("builder", ["numba", pytest.param("hnswlib", marks=needs_hnswlib)])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_points(builder: str, n: int) -> None:
    vectors = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    graph = hnsw_build.build(vectors, L2, builder=builder)
    graph.validate(n)
    rows, _ = HnswSearcher(graph, vectors, L2).search(np.zeros(2, np.float32), 10, 10)
    assert rows.tolist() == list(range(n))


@pytest.mark.parametrize("builder", ["numba", pytest.param("hnswlib", marks=needs_hnswlib)])
@pytest.mark.parametrize(
    "vectors",
    [
        np.ones((1500, 8), np.float32),
        np.repeat(clustered(30, 8), 50, axis=0),
        np.random.default_rng(0).normal(size=(1500, 1)).astype(np.float32),
    ],
    ids=["all equal", "each fifty times", "one dimension"],
)
def test_odd_data_is_connected_and_found(builder: str, vectors: np.ndarray) -> None:
    # With several threads hnswlib makes another graph each time, some of which miss a twentieth.
    graph = hnsw_build.build(vectors, L2, builder=builder, threads=1)
    graph.validate(1500)
    assert reachable(graph).all()
    _, distances = HnswSearcher(graph, vectors, L2).search_batch(vectors[::100], 10, 100)
    truth = flat.search_batch(vectors, vectors[::100], 10, L2)[1]
    assert (distances <= truth + 1e-6).mean() > 0.95


def test_progress_ends_at_the_number_of_points_and_can_cancel() -> None:
    vectors = clustered(2000, 8)
    steps: list[int] = []
    hnsw_build_numba.build(vectors, L1, progress=lambda done, total, text="": steps.append(done))
    assert steps == sorted(steps)
    assert steps[-1] == 2000

    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled("enough")

    for build in (
        (hnsw_build_numba.build, hnsw_build_hnswlib.build) if hnsw_build_hnswlib.available(L2) else ()
    ):
        with pytest.raises(errors.Cancelled):
            build(vectors, L2, progress=cancel)


@pytest.mark.parametrize("wrong", [{"m": 1}, {"ef_construct": 0}, {"builder": "magic"}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequest):
        hnsw_build.build(clustered(10, 4), L2, **wrong)


@needs_hnswlib
def test_a_build_waits_for_the_compiler_only_as_long_as_that_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float | None] = []
    monkeypatch.setattr(kernels, "wait", lambda module, seconds: waited.append(seconds))
    monkeypatch.setattr(hnsw_build_numba, "build", lambda *_, **__: "ours")
    monkeypatch.setattr(hnsw_build_hnswlib, "build", lambda *_, **__: "hnswlib's")
    vectors = clustered(1000, 4)
    assert [hnsw_build.build(vectors, metric) for metric in (L2, L1)] == ["hnswlib's", "ours"]
    assert waited == [2.1, None]


@needs_hnswlib
def test_hnswlib_builds_where_numba_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "failed", lambda module: ImportError("no numba"))
    monkeypatch.setattr(kernels, "wait", lambda module, seconds=None: False)
    assert hnsw_build.build(clustered(50, 4), L2).n == 50
    with pytest.raises(errors.MissingDependency, match="no numba"):
        hnsw_build.build(clustered(50, 4), L1)


@pytest.mark.parametrize("metric", [L2, DOT])
def test_a_graph_built_by_codes_finds_as_much(metric: int) -> None:
    vectors = stored_as(clustered(20_000, 64), np.float32, metric)
    queries = stored_as(clustered(200, 64, seed=1), np.float32, metric)
    made = codes.make(vectors, metric)
    assert made is not None
    truth = flat.search_batch(vectors, queries, 10, metric)[0]
    found = {}
    for name, given in (("vectors", None), ("codes", made)):
        graph = hnsw_build.build(vectors, metric, codes=given)
        graph.validate(20_000)
        assert reachable(graph).all()
        found[name] = recall(HnswSearcher(graph, vectors, metric).search_batch(queries, 10, 32)[0], truth)
    assert found["vectors"] > 0.95
    assert found["codes"] > found["vectors"] - 0.01


# The child process: everything above its threshold of size. Here the threshold is lowered instead.


@pytest.fixture
def in_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hnsw_build_hnswlib, "LARGEST_IN_PROCESS_BYTES", 0)


@needs_hnswlib
@pytest.mark.usefixtures("in_child")
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
def test_a_child_process_builds_the_same_graph(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = stored_as(clustered(2500, 16), dtype, L2)
    steps: list[int] = []
    child = hnsw_build_hnswlib.build(
        vectors, L2, threads=1, progress=lambda done, total, text="": steps.append(done)
    )
    monkeypatch.setattr(hnsw_build_hnswlib, "LARGEST_IN_PROCESS_BYTES", 1 << 30)
    here = hnsw_build_hnswlib.build(vectors, L2, threads=1)
    assert child.meta() == here.meta()
    assert all(np.array_equal(child.arrays()[name], here.arrays()[name]) for name in here.arrays())
    assert steps == [2048, 2500]


def _children() -> set[str]:
    listing = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return {line.split()[0] for line in listing.stdout.splitlines() if "hnsw_hnswlib_worker" in line}


@needs_hnswlib
@pytest.mark.usefixtures("in_child")
def test_cancelling_kills_the_child_and_leaves_no_file(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled("enough")

    with pytest.raises(errors.Cancelled):
        hnsw_build_hnswlib.build(clustered(20_000, 32), L2, progress=cancel)
    assert _children() == set()
    assert list(tmp_path.iterdir()) == []


@needs_hnswlib
@pytest.mark.usefixtures("in_child")
def test_a_killed_child_is_a_clear_error() -> None:
    def kill(done: int, total: int, text: str = "") -> None:
        for pid in _children():
            os.kill(int(pid), 9)

    with pytest.raises(errors.WorkbenchError, match="signal 9"):
        hnsw_build_hnswlib.build(clustered(20_000, 32), L2, progress=kill)


@needs_hnswlib
@pytest.mark.usefixtures("in_child")
def test_a_child_that_fails_tells_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hnsw_build_hnswlib, "SPACES", {L2: "no such space"})
    with pytest.raises(errors.WorkbenchError, match=r"no such space|Space name"):
        hnsw_build_hnswlib.build(clustered(100, 4), L2)


@needs_hnswlib
def test_a_child_does_not_outlive_its_parent(tmp_path: Any) -> None:
    (tmp_path / "request.json").write_text(
        '{"space": "l2", "n": 200000, "dim": 16, "m": 16, "ef_construct": 400, "threads": 1, "seed": 1}'
    )
    np.random.default_rng(0).random((200_000, 16), np.float32).tofile(tmp_path / "vectors.f32")
    command = [sys.executable, "-m", "workbench.indexes.hnsw_hnswlib_worker", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.close()
        try:
            assert child.wait(timeout=60) == 1
        finally:
            child.kill()


def test_another_thread_is_not_held_up_while_a_graph_is_built() -> None:
    vectors = clustered(6000, 64)
    gaps: list[float] = []
    building = threading.Event()

    def tick() -> None:
        last = time.perf_counter()
        while not building.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    clock = threading.Thread(target=tick)
    clock.start()
    hnsw_build_numba.build(vectors, L2, threads=1)
    building.set()
    clock.join()
    # A build that held the GIL would leave one gap of its whole length; a busy machine leaves a few.
    assert np.median(gaps) < 0.02
    assert len(gaps) > 10
