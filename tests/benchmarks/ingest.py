"""Durable bulk ingest: a DataFrame with ten payload fields into a collection on disk, without the graph."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.sets import BenchSet

FIELDS = 10


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
    }
