"""Durable ingest of ten payload fields into a collection on disk, without the graph: bulk, and upserts."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.report import grid
from tests.benchmarks.sets import BenchSet

FIELDS = 10

# Points of an upsert, and how many upserts are timed.
BATCH, BATCHES = 1000, 30


def run(data: BenchSet, rounds: int) -> dict[str, Any]:
    """Return points a second, wall clock, of each round; every batch is synced before the next."""
    fields = [c for c in data.records.columns if c not in ("id", "text")][:FIELDS]
    frame = data.records[fields]
    rates = []
    for _ in range(rounds):
        folder = Path(tempfile.mkdtemp(prefix="workbench-bench-"))
        try:
            with wb.open(folder) as database:
                started = time.perf_counter()
                database.create(
                    "bench",
                    frame,
                    vectors=data.vectors,
                    distance=data.distance,
                    index=False,
                    indexing_threshold=0,
                    progress=False,
                )
                rates.append(len(frame) / (time.perf_counter() - started))
        finally:
            shutil.rmtree(folder)
    return {
        "data": data.name,
        "points": len(frame),
        "dim": data.vectors.shape[1],
        "payload_fields": len(fields),
        "points_per_second": round(float(np.median(rates))),
        "rounds": [round(r) for r in rates],
        "by_upserts": _by_upserts(data, frame, rounds),
    }


def _by_upserts(data: BenchSet, frame: Any, rounds: int) -> dict[str, Any]:
    """Return points a second of upserts of `BATCH`, through our own API and through the Qdrant client's.

    Wall clock, and CPU time of the process, to make the client's points not included.
    """
    from workbench import kernels

    kernels.warm(block=True)
    found: dict[str, list[tuple[int, float, float]]] = {"collection.add": [], "client.upsert": []}
    for _ in range(rounds):
        for how, timings in found.items():
            folder = Path(tempfile.mkdtemp(prefix="workbench-bench-"))
            try:
                with wb.open(folder) as database:
                    timings.append(_upserts(database, how, data, frame))
            finally:
                shutil.rmtree(folder)
    return {
        how: {
            "points_per_second": round(float(np.median([points / wall for points, wall, _ in timings]))),
            "points_per_cpu_second": round(float(np.median([points / cpu for points, _, cpu in timings]))),
        }
        for how, timings in found.items()
    }


def _upserts(database: Any, how: str, data: BenchSet, frame: Any) -> tuple[int, float, float]:
    from qdrant_client import models

    collection = database.create(
        "bench", size=data.vectors.shape[1], distance=data.distance, indexing_threshold=0
    )
    client, wall, cpu, done = database.client(), 0.0, 0.0, 0
    for start in range(0, min(BATCHES * BATCH, len(frame)), BATCH):
        part, vectors = frame.iloc[start : start + BATCH], data.vectors[start : start + BATCH]
        points = []
        if how == "client.upsert":
            rows = zip(part.to_dict("records"), vectors.tolist(), strict=True)
            points = [models.PointStruct(id=start + i, vector=v, payload=p) for i, (p, v) in enumerate(rows)]
        started, used = time.perf_counter(), time.process_time()
        if how == "client.upsert":
            client.upsert("bench", points)
        else:
            collection.add(part, vectors=vectors, progress=False)
        wall, cpu, done = (
            wall + time.perf_counter() - started,
            cpu + time.process_time() - used,
            done + len(part),
        )
    return done, wall, cpu


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [["DataFrame, batches of 10,000", f"{r['points_per_second']:,}", "–", "≥ 100,000"]]
    rows += [
        [f"`{how}` of 1,000", f"{n['points_per_second']:,}", f"{n['points_per_cpu_second']:,}", "≥ 30,000"]
        for how, n in r["by_upserts"].items()
    ]
    cells = grid(["how", "points a second", "points a CPU second", "wanted"], rows)
    title = f"{r['points']:,} points of {r['payload_fields']} payload fields, each batch synced to disk"
    return f"## Ingest: {title}\n\n{cells}"
