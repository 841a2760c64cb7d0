"""How long a notebook's event loop stands still while another thread seals, writes and reopens.

A thread that only ticks stands for the event loop: the longest time between two ticks is what a person feels.
It depends on the machine, so nothing asserts it: ``python -m tests.benchmarks.responsiveness`` prints JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from tests.benchmarks.report import grid
from workbench import kernels
from workbench.collection import updates
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.query import nearest

# A tick is a millisecond of sleep: what the operating system adds is measured with nothing else running.
TICK_S = 0.001


def longest_gaps(
    work: Callable[[], Any], count: int = 3, beside: Callable[[], Any] | None = None
) -> dict[str, Any]:
    """Run `work` on another thread while this one ticks, and calls `beside` at each tick if it is given.

    Returns
    -------
    dict
        ``seconds`` that the work took, and ``gaps``: the longest times between two ticks, in milliseconds,
        longest first, each with the processor time that this process used in it. A long gap with little of
        that is the doing of others: the machine was busy.
    """
    worker = threading.Thread(target=work)
    gaps: list[tuple[float, float]] = []
    started = last = time.perf_counter()
    used = time.process_time()
    worker.start()
    while worker.is_alive():
        time.sleep(TICK_S)
        if beside is not None:
            beside()
        now, cpu = time.perf_counter(), time.process_time()
        gaps.append((round((now - last) * 1e3, 1), round((cpu - used) * 1e3, 1)))
        last, used = now, cpu
    worker.join()
    return {"seconds": round(last - started, 2), "gaps": sorted(gaps, reverse=True)[:count]}


def measure(points: int, dim: int, folder: str) -> dict[str, Any]:
    """Measure each long piece of work on `points` vectors of `dim` numbers, kept in `folder`."""
    engine = open_engine(folder)
    config = CollectionConfig(
        vectors={"": VectorParams(size=dim)}, optimizers=OptimizersConfig(indexing_threshold=0)
    )
    collection = engine.create("points", config)
    draw = np.random.default_rng(0)
    centers = draw.normal(size=(200, dim))
    values = (centers[draw.integers(0, 200, points)] + draw.normal(size=(points, dim))).astype(np.float32)
    bodies = [orjson.dumps({"n": n, "group": n % 100, "text": "word " * (n % 20)}) for n in range(points)]

    def write() -> None:
        for start in range(0, points, 10_000):
            stop = min(start + 10_000, points)
            ids = IdArray(np.arange(start, stop, dtype=np.uint64))
            updates.upsert(
                collection, PointBatch(ids, {"": VectorBatch(values[start:stop])}, bodies[start:stop])
            )

    def reopen() -> None:
        engine.close()
        open_engine(folder)

    found: dict[str, Any] = {"points": points, "dim": dim}
    found["idle"] = longest_gaps(lambda: time.sleep(2))
    found["write"] = longest_gaps(write)
    query = nearest.check_query(values[0], config.vectors[""])
    found["seal, a search a tick"] = longest_gaps(
        collection.upkeep.optimize, beside=lambda: nearest.search(collection.view, "", query, 10)
    )
    half = IdArray(np.arange(0, points, 2, dtype=np.uint64))
    found["delete half"] = longest_gaps(lambda: updates.delete(collection, half))
    found["vacuum"] = longest_gaps(collection.upkeep.optimize)
    found["reopen"] = longest_gaps(reopen)
    open_engine(folder).close()
    return found


def run(points: int = 100_000, dim: int = 384) -> dict[str, Any]:
    """Measure in a folder that is removed again."""
    kernels.warm(block=True)
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as place:
        return measure(points, dim, place)


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    rows = [
        [work, v["seconds"], *(f"{gap} ({cpu})" for gap, cpu in v["gaps"])]
        for work, v in r.items()
        if isinstance(v, dict)
    ]
    cells = grid(["beside", "seconds", "longest gap, ms (CPU ms)", "second", "third"], rows)
    return (
        f"## A thread that ticks each millisecond, beside work on {r['points']:,} × {r['dim']}\n\n"
        "The longest time between two ticks is how long a notebook's event loop stands still; wanted: at "
        "most 50 ms. In brackets the CPU time that the process used in it: a gap with little of that is the "
        f"machine's doing.\n\n{cells}"
    )


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000), indent=1))
