"""Queries a second at equal recall: a sealed collection through the public API against raw hnswlib.

One thread, one query a call, ids and scores out, payloads off. The two run in turn, round after round, over
the same ef values; queries a second at a recall are interpolated between the two nearest ef values.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import hnswlib
import numpy as np

import workbench as wb
from tests.benchmarks.sets import BenchSet, recall
from workbench import kernels

EFS = (10, 16, 24, 32, 48, 64, 96, 128, 200, 300)
M, EF_CONSTRUCT, K = 16, 100, 10

Ask = Callable[[Any, int], Any]


def run(data: BenchSet, rounds: int) -> dict[str, Any]:
    """Measure both engines on one data set."""
    kernels.warm(block=True)
    built, ask_ours = _ours(data)
    built_peer, ask_peer = _peer(data)
    engines: dict[str, Ask] = {"workbench": ask_ours, "hnswlib": ask_peer}
    seconds: dict[str, dict[int, list[float]]] = {name: {ef: [] for ef in EFS} for name in engines}
    recalls: dict[str, dict[int, float]] = {name: {} for name in engines}
    for number in range(rounds):
        for ef in EFS:
            for name, ask in engines.items() if number % 2 == 0 else reversed(engines.items()):
                found, took = _timed(ask, data.queries, ef)
                seconds[name][ef].append(took / len(data.queries))
                recalls[name][ef] = recall(found, data)
    curves = {
        name: [
            [ef, round(recalls[name][ef], 4), round(1 / float(np.median(seconds[name][ef])))] for ef in EFS
        ]
        for name in engines
    }
    at = {str(r): {name: _at_recall(curves[name], r) for name in engines} for r in (0.95, 0.99)}
    ratios = {
        r: round(v["workbench"] / v["hnswlib"], 2) for r, v in at.items() if v["workbench"] and v["hnswlib"]
    }
    return {
        "data": data.name,
        "points": len(data.vectors),
        "dim": data.vectors.shape[1],
        "m": M,
        "ef_construct": EF_CONSTRUCT,
        "k": K,
        "queries": len(data.queries),
        "rounds": rounds,
        "build_seconds": {"workbench": built, "hnswlib": built_peer},
        "curves_ef_recall_qps": curves,
        "qps_at_recall": at,
        "ratio_to_hnswlib": ratios,
    }


def _ours(data: BenchSet) -> tuple[float, Ask]:
    database = wb.open()
    started = time.perf_counter()
    made = database.create(
        "bench", vectors=data.vectors, distance=data.distance, m=M, ef_construct=EF_CONSTRUCT, progress=False
    )
    built = round(time.perf_counter() - started, 2)
    return built, lambda query, ef: made.search(query, k=K, ef=ef, payload=False).ids


def _peer(data: BenchSet) -> tuple[float, Ask]:
    index = hnswlib.Index("ip" if data.distance == "Cosine" else "l2", data.vectors.shape[1])
    index.init_index(len(data.vectors), ef_construction=EF_CONSTRUCT, M=M)
    started = time.perf_counter()
    index.add_items(data.vectors)
    built = round(time.perf_counter() - started, 2)
    index.set_num_threads(1)

    def ask(query: Any, ef: int) -> Any:
        index.set_ef(ef)
        labels, _ = index.knn_query(query, K)
        return labels[0]

    return built, ask


def _timed(ask: Ask, queries: Any, ef: int) -> tuple[list[Any], float]:
    """Return answers and CPU seconds: what a thread computes, whatever else the machine does."""
    started = time.thread_time()
    found = [ask(query, ef) for query in queries]
    return found, time.thread_time() - started


def _at_recall(curve: list[list[float]], wanted: float) -> float | None:
    """Interpolate log queries/s between the ef values around a recall; None when it is out of reach."""
    for (_, low, slow), (_, high, fast) in pairwise(curve):
        if low <= wanted <= high and high > low:
            share = (wanted - low) / (high - low)
            return round(math.exp(math.log(slow) * (1 - share) + math.log(fast) * share))
    return curve[0][2] if curve[0][1] >= wanted else None
