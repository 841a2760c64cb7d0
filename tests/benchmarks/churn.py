"""Recall and speed while points come and go: 30 % deleted, then 30 % put back with other vectors.

After each step the collection is asked at its default ef: at once, while work goes on in the background, and
when that has ended. Beside it stands a fresh collection of the same points. One thread, one query a call, ids
and scores out; queries a second of that thread's CPU time.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import orjson

import workbench as wb
from tests.benchmarks.report import grid
from tests.benchmarks.sets import BenchSet
from workbench.collection import updates
from workbench.models.points import IdArray, PointBatch, VectorBatch

K, M, EF_CONSTRUCT, SHARE, TURNS, BATCH = 10, 16, 100, 0.3, 5, 1000
# How many of the data are in the collection; the others are what comes in.
LIVE = 0.7
# Queries asked at once: few, so that what is measured is over before much has been sealed.
AT_ONCE = 200


def run(data: BenchSet, turns: int = TURNS, queries: int = 1000) -> dict[str, Any]:
    """Measure each turn on one data set."""
    churn = _Churn(data, data.queries[:queries])
    rows: list[dict[str, Any]] = []
    for turn in range(1, turns + 1):
        rows.append({"turn": turn, "step": "deleted", **churn.step(churn.delete)})
        rows.append({"turn": turn, "step": "replaced", **churn.step(churn.put_back)})
    return {"data": data.name, "points": len(churn.held), "share": SHARE, "ef": EF_CONSTRUCT, "steps": rows}


def table(r: dict[str, Any]) -> str:
    """Tell what was measured."""
    head = ["turn", "step", "fresh recall", "q/s", "at once: recall", "× fresh q/s", "settled: recall",
            "× fresh q/s", "settled after, s", "CPU s", "fresh CPU s"]  # fmt: skip
    rows = [
        [
            s["turn"],
            s["step"],
            f"{s['fresh']['recall']:.4f}",
            f"{s['fresh']['qps']:,}",
            f"{s['at_once']['recall']:.4f}",
            f"{s['at_once']['ratio']:.2f}",
            f"{s['settled']['recall']:.4f}",
            f"{s['settled']['ratio']:.2f}",
            s["settled_after"],
            s["cpu"],
            s["fresh_cpu"],
        ]
        for s in r["steps"]
    ]
    return (
        f"## Churn: {r['share']:.0%} of {r['points']:,} points deleted, then put back with other vectors\n\n"
        f"Asked at the default ef, {r['ef']}. Wanted: settled recall no more than .002 below that of a fresh "
        "graph; at once after points were replaced, recall of at least .995 at 0.9 of the fresh speed.\n\n"
        f"{grid(head, rows)}"
    )


class _Churn:
    """A collection, and what must be in it."""

    def __init__(self, data: BenchSet, queries: Any) -> None:
        self.data, self.queries = data, queries
        self.draw = np.random.default_rng(0)
        order = self.draw.permutation(len(data.vectors))
        count = int(LIVE * len(order))
        # The vector of each id, −1 where it is deleted; and the vectors that no id has.
        self.held, self.spare = order[:count], order[count:]
        self.own = _collection(data, np.arange(count), data.vectors[self.held])

    def delete(self) -> None:
        """Delete a share of the points."""
        gone = self.draw.permutation(len(self.held))[: int(SHARE * len(self.held))]
        self.spare = np.concatenate([self.spare, self.held[gone]])
        self.held[gone] = -1
        updates.delete(self.own._inner, IdArray(gone.astype(np.uint64)))

    def put_back(self) -> None:
        """Write the deleted points with vectors that were not in the collection."""
        empty = np.flatnonzero(self.held < 0)
        self.spare = self.draw.permutation(self.spare)
        self.held[empty], self.spare = self.spare[: len(empty)], self.spare[len(empty) :]
        _write(self.own, empty, self.data.vectors[self.held[empty]])

    def step(self, change: Any) -> dict[str, Any]:
        """Change the collection, ask it, wait until it has settled, and ask again beside a fresh one."""
        began = time.process_time()
        change()
        changed = time.perf_counter()
        live = np.flatnonzero(self.held >= 0)
        vectors = self.data.vectors[self.held[live]]
        at_once = self._ask(self.own, self.queries[:AT_ONCE])
        self.own.wait()
        after, cpu = time.perf_counter() - changed, time.process_time() - began
        began = time.process_time()
        fresh = _collection(self.data, live, vectors)
        fresh_cpu = time.process_time() - began
        truth = nearest(self.data, vectors, self.queries, live)
        best: dict[str, float] = {}
        for _ in range(3):
            for name, asked in (("settled", self.own), ("fresh", fresh)):
                ids, took = self._ask(asked, self.queries)
                best[name] = min(took, best.get(name, np.inf))
                best[f"{name} recall"] = recall_of(ids, truth)
        return {
            "fresh": {"recall": best["fresh recall"], "qps": round(1 / best["fresh"])},
            "at_once": {
                "recall": recall_of(at_once[0], truth[:AT_ONCE]),
                "ratio": round(best["fresh"] / at_once[1], 2),
            },
            "settled": {
                "recall": best["settled recall"],
                "ratio": round(best["fresh"] / best["settled"], 2),
            },
            "settled_after": round(after, 1),
            "cpu": round(cpu, 1),
            "fresh_cpu": round(fresh_cpu, 1),
        }

    def _ask(self, collection: Any, queries: Any) -> tuple[list[Any], float]:
        started = time.thread_time()
        found = [collection.search(query, k=K, payload=False).ids for query in queries]
        return found, (time.thread_time() - started) / len(queries)


def _collection(data: BenchSet, ids: Any, vectors: Any) -> Any:
    made = wb.open().create("churn", size=vectors.shape[1], distance=data.distance, m=M,
                            ef_construct=EF_CONSTRUCT)  # fmt: skip
    with made._inner.upkeep.held():
        _write(made, ids, vectors)
    made.optimize(progress=False)
    return made


def _write(collection: Any, ids: Any, vectors: Any) -> None:
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        bodies = [orjson.dumps({"row": int(i)}) for i in part]
        rows = VectorBatch(np.ascontiguousarray(vectors[start : start + BATCH]))
        updates.upsert(collection._inner, PointBatch(IdArray(part.astype(np.uint64)), {"": rows}, bodies))


def nearest(data: BenchSet, vectors: Any, queries: Any, ids: Any) -> Any:
    """Return the ids of the exact answers, int[q, K]."""
    norms = 0.0 if data.distance == "Cosine" else np.einsum("ij,ij->i", vectors, vectors)
    found = np.empty((len(queries), K), np.int64)
    for start in range(0, len(queries), 100):
        part = queries[start : start + 100]
        gaps = norms - (1.0 if data.distance == "Cosine" else 2.0) * (part @ vectors.T)
        found[start : start + len(part)] = ids[np.argpartition(gaps, K, axis=1)[:, :K]]
    return found


def recall_of(found: Any, nearest: Any) -> float:
    hits = [len(np.intersect1d(f, t)) for f, t in zip(found, nearest, strict=True)]
    return round(float(np.sum(hits)) / nearest.size, 4)
