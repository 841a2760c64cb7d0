"""Everything a GPU is for, built, checked and timed in one run: ``make bench-gpu``.

Needs a CUDA device, cupy and numba, and no network: data are generated. It ends within eight minutes,
leaving out what would not fit, and writes JSON with the device's name. ``--numpy --small`` runs the same
program on NumPy in seconds, to show that it works; what it times then says nothing about a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench import kernels
from workbench.indexes import flat, flat_gpu, hnsw_build_gpu, hnsw_build_hnswlib
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_connect import reachable
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays, Cuda

DOT = kernels.NEGATIVE_DOT
LIMIT_S = 440.0
# Name, points, dimensions, what must be reached in seconds, and about how long the whole part takes.
BUILDS = [
    ("100 k × 1536", 100_000, 1536, 1.0, 40),
    ("1 M × 768", 1_000_000, 768, 8.0, 150),
    ("10 M × 96", 10_000_000, 96, 60.0, 130),
]
SMALL = [("1,200 × 24", 1200, 24, None, 0), ("2,000 × 12", 2000, 12, None, 0)]
LATENT = 48


def generated(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Return unit vectors of 48 hidden dimensions in a thousand clumps, float32 [n, dim]."""
    rng = np.random.default_rng(12345)
    centers = rng.normal(size=(1000, LATENT)).astype(np.float32)
    turned = rng.normal(size=(LATENT, dim)).astype(np.float32) / np.sqrt(LATENT)
    draw = np.random.default_rng(seed)
    made = np.empty((n, dim), np.float32)
    for start in range(0, n, 100_000):
        part = made[start : start + 100_000]
        hidden = draw.standard_normal((len(part), LATENT), np.float32) * 0.7
        hidden += centers[draw.integers(1000, size=len(part))]
        np.matmul(hidden, turned, out=part)
        np.tanh(part, out=part)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long `work` took by the clock, and what it returned."""
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def ceilings(arrays: Arrays, size: int) -> dict[str, float]:
    """Measure what the device can do: products of square matrices, and a copy in its memory."""
    found = {}
    with arrays.scope():
        rows = arrays.put(np.random.default_rng(0).standard_normal((size, size), np.float32))
        for precision in ("float32", "tf32", "bf16"):
            operand = rows
            if precision == "bf16" and arrays.compiles:
                operand = (rows.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
            arrays.matmul(operand, operand, precision)
            arrays.wait()

            def multiply(operand: Any = operand, precision: str = precision) -> None:
                for _ in range(5):
                    arrays.matmul(operand, operand, precision)
                arrays.wait()

            found[f"{precision} TFLOP/s"] = 5 * 2 * size**3 / seconds(multiply)[0] / 1e12

        def copy() -> None:
            for _ in range(5):
                rows.copy()
            arrays.wait()

        copy()
        found["copy GB/s"] = 5 * 2 * rows.nbytes / seconds(copy)[0] / 1e9
    return found


def recall(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, truth, strict=True)]))


def quality(graph: HnswGraph, vectors: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """Measure a graph as it is served: on the CPU."""
    graph.validate(len(vectors))
    kernels.warm(block=True)
    searcher = HnswSearcher(graph, vectors, DOT)
    rows = searcher.search_batch(queries, 10, 64, threads=os.cpu_count() or 1)[0]
    return {
        "recall at ef 64": recall(rows, truth),
        "mean links": float(graph.counts0.mean()),
        "unreachable": int((~reachable(graph)).sum()),
    }


def measure_build(
    arrays: Arrays, name: str, n: int, dim: int, must: float | None, with_hnswlib: bool
) -> dict[str, Any]:
    """Build a graph, transfers included, beside hnswlib's of the same data on all cores."""
    vectors, queries = generated(n, dim), generated(1000 if n > 5000 else 50, dim, seed=1)
    truth = flat_gpu.search_batch(vectors, queries, 10, DOT, arrays)[0]
    checked = flat.search_batch(vectors[: min(n, 100_000)], queries[:20], 10, DOT)[0]
    if n <= 100_000:
        assert recall(truth[:20], checked) > 0.99, "the exact search on the device is not that of the CPU"
    made: dict[str, Any] = {"build": name, "must be at most s": must}
    made["s"], graph = seconds(lambda: hnsw_build_gpu.build(vectors, DOT, arrays))
    made |= quality(graph, vectors, queries, truth)
    if with_hnswlib and hnsw_build_hnswlib.available(DOT):
        took, theirs = seconds(lambda: hnsw_build_hnswlib.build(vectors, DOT))
        made["hnswlib"] = {"s": took, "cores": os.cpu_count(), **quality(theirs, vectors, queries, truth)}
        made["times faster"] = took / made["s"]
    return made


def measure_search(
    arrays: Arrays, n: int, dim: int, count: int, ceiling: dict[str, float]
) -> list[dict[str, Any]]:
    """Time exact search of many queries, as a share of the device's rate of products."""
    vectors, queries = generated(n, dim), generated(count, dim, seed=1)
    rows = []
    truth = flat.search_batch(vectors, queries[:20], 10, DOT)[0]
    for precision in ("float32", "tf32", "bf16"):
        flat_gpu.search_batch(vectors[:10_000], queries[:100], 10, DOT, arrays, precision=precision)
        took, found = seconds(
            lambda precision=precision: flat_gpu.search_batch(  # type: ignore[misc]
                vectors, queries, 10, DOT, arrays, precision=precision
            )
        )
        rate = 2 * n * dim * count / took / 1e12
        rows.append(
            {
                "exact 10-NN": f"{count:,} queries × {n:,} × {dim}",
                "precision": precision,
                "s": took,
                "TFLOP/s, transfers included": rate,
                "share of the ceiling": rate / ceiling[f"{precision} TFLOP/s"],
                "recall against the CPU": recall(found[0][:20], truth),
            }
        )
    return rows


def measure_start() -> float:
    """Time a new process from its first import to its first graph, the kernels being on disk."""
    program = (
        "import time; begun = time.perf_counter()\n"
        "import numpy as np\n"
        "from workbench.indexes import hnsw_build_gpu\n"
        "from workbench.kernels.gpu.arrays import Cuda\n"
        "vectors = np.random.default_rng(0).normal(size=(5000, 64)).astype(np.float32)\n"
        "hnsw_build_gpu.build(vectors, 1, Cuda())\n"
        "print(time.perf_counter() - begun)"
    )
    times = [
        float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout)
        for _ in (1, 2)
    ]
    return times[1]


def measure_leak(builds: int = 100) -> int:
    """Return how many bytes of the device a hundred builds have kept."""
    import cupy

    vectors, free = generated(2000, 24), []
    for _ in range(builds):
        hnsw_build_gpu.build(vectors, DOT, Cuda())
        free.append(int(cupy.cuda.runtime.memGetInfo()[0]))
    return free[4] - free[-1]


def run(arrays: Arrays, small: bool, limit_s: float) -> dict[str, Any]:
    """Do everything that fits into the time, and return what was measured."""
    begun = time.perf_counter()
    result: dict[str, Any] = {
        "device": arrays.name, "cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(),
        "devices": [str(device) for device in devices.found()], "builds": [], "left out": [],
    }  # fmt: skip
    if arrays.compiles:
        result["start-up s"] = measure_start()
    result["ceilings"] = ceilings(arrays, 256 if small else 8192)
    for name, n, dim, must, about in SMALL if small else BUILDS:
        if time.perf_counter() - begun + about > limit_s:
            result["left out"].append(f"{name}: about {about} s, and the time was up")
            continue
        result["builds"].append(measure_build(arrays, name, n, dim, must, n <= 1_000_000))
        print(json.dumps(result["builds"][-1], ensure_ascii=False), flush=True)
    shape = (1500, 24, 100) if small else (1_000_000, 768, 10_000)
    if time.perf_counter() - begun + (0 if small else 60) <= limit_s:
        result["search"] = measure_search(arrays, *shape, result["ceilings"])
    else:
        result["left out"].append("exact search: the time was up")
    if arrays.compiles:
        result["bytes kept by 100 builds"] = measure_leak()
    result["s in all"] = time.perf_counter() - begun
    return result


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, measure, and write the JSON; 1 where there is no device."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.add_argument("--numpy", action="store_true", help="on NumPy, to see that the program works")
    parser.add_argument("--small", action="store_true", help="a few thousand points instead of millions")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds in all")
    parser.add_argument("--out", type=Path, default=Path("bench-gpu.json"))
    given = parser.parse_args(arguments)
    if not given.numpy and (reason := devices.why_none()):
        print(f"{reason} --numpy --small shows on NumPy that the program works.", file=sys.stderr)
        return 1
    result = run(Arrays() if given.numpy else Cuda(), given.small, given.limit)
    given.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
