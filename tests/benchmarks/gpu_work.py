"""What ``make bench-gpu`` measures: one function a row, which returns its numbers by name."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from workbench import kernels
from workbench.indexes import flat, flat_gpu, hnsw_build_gpu, hnsw_build_hnswlib, hnsw_build_numba
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_connect import reachable
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.hnsw_links import gaps_between
from workbench.indexes.knn_lists import SPARE, decide
from workbench.kernels.gpu import products, prune, topk
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table
from workbench.tasks import Progress

Numbers = dict[str, Any]
Vectors = Callable[..., np.ndarray]

DOT = kernels.NEGATIVE_DOT
LATENT, CHUNK = 48, 100_000
CORES = os.cpu_count() or 1
PRECISIONS = ("float32", "tf32", "bf16")


def generated(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors of 48 hidden dimensions in a thousand clumps, float32 [n, dim]."""
    rng = np.random.default_rng(12345)
    centers = rng.normal(size=(1000, LATENT)).astype(np.float32)
    turned = rng.normal(size=(LATENT, dim)).astype(np.float32) / np.sqrt(LATENT)
    made = np.empty((n, dim), np.float32)

    def fill(start: int) -> None:
        draw = np.random.default_rng([seed, start])
        part = made[start : start + CHUNK]
        hidden = draw.standard_normal((len(part), LATENT), np.float32) * 0.7
        hidden += centers[draw.integers(1000, size=len(part))]
        np.matmul(hidden, turned, out=part)
        np.tanh(part, out=part)
        part /= np.linalg.norm(part, axis=1, keepdims=True)

    with ThreadPoolExecutor(CORES) as workers:
        list(workers.map(fill, range(0, n, CHUNK)))
    return made


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long `work` took by the clock, and what it returned."""
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def best_of(arrays: Arrays, work: Callable[[], Any], times: int = 5) -> float:
    """Return the seconds of the quickest of some runs after a first, each waited for."""

    def run() -> None:
        work()
        arrays.wait()

    run()
    return min(seconds(run)[0] for _ in range(times))


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, truth, strict=True)]))


def rounded(arrays: Arrays, rows: Any, precision: str) -> Any:
    """Return a matrix as products of this precision take it."""
    return products.Proposals(arrays, DOT, np.float32(0), precision).queries(rows)


def ceilings(arrays: Arrays, size: int) -> Numbers:
    """Measure what the device can do: products of square matrices, copies inside it, to it and from it."""
    found: Numbers = {}
    host = np.random.default_rng(0).standard_normal((size, size), np.float32)
    with arrays.scope():
        rows = arrays.put(host)
        for precision in PRECISIONS:
            operand = rounded(arrays, rows, precision)
            took = best_of(arrays, functools.partial(arrays.matmul, operand, operand, precision))
            found[f"{precision} TFLOP/s"] = 2 * size**3 / took / 1e12
        found["copy GB/s"] = 2 * rows.nbytes / best_of(arrays, rows.copy) / 1e9
        found["to the device GB/s"] = host.nbytes / best_of(arrays, lambda: arrays.put(host)) / 1e9
        found["from the device GB/s"] = host.nbytes / best_of(arrays, lambda: arrays.get(rows)) / 1e9
        if arrays.compiles:
            found["to the device from pinned memory GB/s"] = host.nbytes / pinned(arrays, host) / 1e9
    return found


def pinned(arrays: Arrays, host: np.ndarray) -> float:
    """Return the seconds of a copy from page-locked memory: what staging buffers of ours could reach."""
    memory = arrays.xp.cuda.alloc_pinned_memory(host.nbytes)
    staged = np.frombuffer(memory, host.dtype, host.size).reshape(host.shape)
    staged[...] = host
    made = arrays.xp.empty(host.shape, host.dtype)
    return best_of(arrays, lambda: made.set(staged))


def stages(arrays: Arrays, rows: int, columns: int, dim: int, near: int = 96) -> Numbers:
    """Time the steps of one tile apart, and the pruning of some of its rows: where a build's time goes."""
    vectors, found = generated(columns, dim), dict[str, Any]()
    with arrays.scope():
        table = Table(arrays, vectors)
        queries = table.queries(0, rows)
        tile = None
        for precision in ("tf32", "bf16"):
            one, other = (
                rounded(arrays, queries, precision),
                rounded(arrays, table.rows(0, columns), precision),
            )
            took = best_of(arrays, functools.partial(arrays.matmul, one, other, precision))
            found[f"product {precision} ms"] = took * 1e3
            tile = arrays.matmul(one, other, precision)
        best = topk.nobody(arrays, rows, near + SPARE)
        topk.merge(arrays, best, tile, scale=-1.0)
        first = best_of(
            arrays, lambda: topk.merge(arrays, topk.nobody(arrays, rows, near + SPARE), tile, scale=-1.0)
        )
        again = best_of(arrays, lambda: topk.merge(arrays, best, tile, scale=-1.0))
        found |= {"merge of a first tile ms": first * 1e3, "merge of a later tile ms": again * 1e3}
        found["merge GB/s"] = tile.nbytes / again / 1e9
        ids = topk.unpack(arrays, best)[0]
        found["decide ms"] = 1e3 * best_of(arrays, lambda: decide(table, queries, ids, DOT, near))
        some = max(1, min(rows, arrays.tile_bytes // (16 * near * max(dim, near))))
        near_ids, gaps = decide(table, queries[:some], ids[:some], DOT, near)
        points = arrays.xp.arange(some)
        between = gaps_between(table, DOT, points, near_ids)
        took = best_of(arrays, lambda: gaps_between(table, DOT, points, near_ids))
        found["distances among neighbors, of a million points, s"] = took / some * 1e6
        took = best_of(arrays, lambda: prune.choose_diverse(arrays, near_ids, gaps, between, 16))
        found["choosing links, of a million points, s"] = took / some * 1e6
    return found


def quality(graph: HnswGraph, vectors: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> Numbers:
    """Measure a graph as it is served: on the CPU."""
    graph.validate(len(vectors))
    searcher = HnswSearcher(graph, vectors, DOT)
    rows = searcher.search_batch(queries, 10, 64, threads=CORES)[0]
    return {
        "recall at ef 64": recall(rows, truth),
        "mean links": float(graph.counts0.mean()),
        "unreachable": int((~reachable(graph)).sum()),
    }


def build(
    arrays: Arrays, vectors: np.ndarray, queries: np.ndarray, against: bool, progress: Progress
) -> Numbers:
    """Build a graph, transfers included, beside a CPU's of the same data on all cores."""
    kernels.warm(block=True)
    truth = flat_gpu.search_batch(vectors, queries, 10, DOT, arrays)[0]
    if len(vectors) <= 100_000:
        checked = flat.search_batch(vectors, queries[:20], 10, DOT)[0]
        assert recall(truth[:20], checked) > 0.99, "the exact search on the device is not that of the CPU"
    # Once over a few of them, so that no kernel is compiled while the clock runs.
    recipe = hnsw_build_gpu.Recipe(cells=len(vectors) > hnsw_build_gpu.TILED)
    hnsw_build_gpu.build(vectors[:5000], DOT, arrays, recipe=recipe)
    made: Numbers = {}
    made["s"], graph = seconds(lambda: hnsw_build_gpu.build(vectors, DOT, arrays, progress=progress))
    made |= quality(graph, vectors, queries, truth)
    if not against:
        return made
    by_hnswlib = hnsw_build_hnswlib.available(DOT)
    other: Any = hnsw_build_hnswlib if by_hnswlib else hnsw_build_numba
    took, theirs = seconds(lambda: other.build(vectors, DOT, progress=progress))
    made |= {"against": "hnswlib" if by_hnswlib else "our builder of the CPU: hnswlib is not installed"}
    made |= {"their s": took, "their cores": CORES, "times faster": took / made["s"]}
    return made | {f"their {name}": value for name, value in quality(theirs, vectors, queries, truth).items()}


def exact(
    arrays: Arrays, vectors: np.ndarray, queries: np.ndarray, ceiling: Numbers, progress: Progress
) -> Numbers:
    """Time exact search of many queries: copies included, and with the vectors on the device already."""
    truth = flat.search_batch(vectors, queries[:20], 10, DOT)[0]
    operations = 2 * vectors.size * len(queries)
    made: Numbers = {}

    def resident(precision: str) -> flat_gpu.Exact:
        search = flat_gpu.Exact(vectors, DOT, arrays, precision=precision)
        arrays.wait()
        return search

    for precision in PRECISIONS:
        with arrays.scope():
            took, search = seconds(functools.partial(resident, precision))
            search.search(queries[:100], 10)
            ask = functools.partial(search.search, queries, 10, progress=progress)
            times = [seconds(ask) for _ in range(3)]
            best, (rows, _) = min(times, key=lambda timed: timed[0])
            del search, ask
        made[f"{precision} s"] = best
        made[f"{precision} s with the copy of the vectors"] = best + took
        made[f"{precision} recall"] = recall(rows[:20], truth)
        if rate := ceiling.get(f"{precision} TFLOP/s"):
            made[f"{precision} share of the products' rate"] = operations / best / 1e12 / rate
    shares = [value for name, value in made.items() if "share" in name]
    return made | {"best share": max(shares)} if shares else made


def start() -> Numbers:
    """Time new processes from their first import to their first graph; the first puts kernels on disk."""
    program = (
        "import time; begun = time.perf_counter()\n"
        "import numpy as np\n"
        "from workbench.indexes import hnsw_build_gpu\n"
        "from workbench.kernels.gpu.arrays import Cuda\n"
        "vectors = np.random.default_rng(0).normal(size=(5000, 64)).astype(np.float32)\n"
        "hnsw_build_gpu.build(vectors, 1, Cuda())\n"
        "print(time.perf_counter() - begun)"
    )
    times = [_printed(program) for _ in range(3)]
    return {"first s": times[0], "s": min(times[1:])}


def _printed(program: str) -> float:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return float(done.stdout)


def leak(make: Callable[[], Arrays], builds: int) -> Numbers:
    """Return how many bytes of the device a hundred builds have kept."""
    import cupy

    vectors, free = generated(2000, 24), []
    for _ in range(builds):
        hnsw_build_gpu.build(vectors, DOT, make())
        free.append(int(cupy.cuda.runtime.memGetInfo()[0]))
    return {"builds": builds, "bytes kept": free[4] - free[-1]}


def pauses(arrays: Arrays, n: int, dim: int) -> Numbers:
    """Return how long another thread had to wait for its turn while a graph was built."""
    vectors, done, waits = generated(n, dim), threading.Event(), list[float]()

    def watch() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            time.sleep(0.001)
            waits.append(time.perf_counter() - begun - 0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        took, _ = seconds(lambda: hnsw_build_gpu.build(vectors, DOT, arrays))
    finally:
        done.set()
        watcher.join()
    worst, usual = max(waits, default=0.0), float(np.percentile(waits or [0.0], 99))
    return {"s": took, "longest pause ms": worst * 1e3, "99th percentile ms": usual * 1e3}
