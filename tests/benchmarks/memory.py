"""Bytes a vector that a fresh process has in RAM after it opened a collection and searched it.

Ours as it is by default and with the vectors on disk (``on_disk=True``), component by component as
``collection.memory()`` tells, and as the process grew; hnswlib beside them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import workbench as wb
from tests.benchmarks.report import grid
from tests.benchmarks.sets import BenchSet

M, EF_CONSTRUCT, EF, QUERIES = 16, 100, 48, 2000

# The process's own pages are measured after the libraries are loaded and have searched something else.
_COMMON = """
import json, sys
import numpy as np
def resident():
    text = open("/proc/self/smaps_rollup").read()
    return 1024 * next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Rss:"))
queries, truth = np.load(sys.argv[2]), np.load(sys.argv[3])
def recall(found):
    return float(np.mean([len(set(f) & set(t)) / 10 for f, t in zip(found, truth.tolist())]))
"""

_OURS = (
    _COMMON
    + """
import workbench as wb
from workbench import kernels
kernels.warm(block=True)
with wb.open() as other:
    small = other.create("small", vectors=queries, indexing_threshold=1, progress=False)
    small.optimize(progress=False)
    small.search(queries[0], payload=False)
del small, other
before = resident()
collection = wb.open(sys.argv[1])["bench"]
collection.wait()
found = [collection.search(query, k=10, ef=int(sys.argv[4]), payload=False).ids for query in queries]
after = resident()
parts = {p.component: p.resident for p in collection.memory() if p.resident}
print(json.dumps({"process": after - before, "parts": parts, "points": len(collection),
                  "recall": recall(found)}))
"""
)

_HNSWLIB = (
    _COMMON
    + """
import hnswlib
before = resident()
index = hnswlib.Index(space="cosine" if sys.argv[5] == "Cosine" else "l2", dim=queries.shape[1])
index.load_index(sys.argv[1])
index.set_ef(int(sys.argv[4]))
index.set_num_threads(1)
found = [index.knn_query(query, k=10)[0][0].tolist() for query in queries]
print(json.dumps({"process": resident() - before, "parts": {}, "points": index.get_current_count(),
                  "recall": recall(found)}))
"""
)


def run(data: BenchSet) -> dict[str, Any]:
    """Return for each way: bytes a vector by component, those that the process grew by, and the recall."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-bench-"))
    try:
        np.save(folder / "queries.npy", data.queries[:QUERIES])
        np.save(folder / "truth.npy", data.truth[:QUERIES])
        _build(data, folder)
        found = {"default": _ask(_OURS, folder / "db", folder, data)}
        with wb.open(folder / "db") as database:
            database.client().update_collection("bench", vectors_config={"": {"on_disk": True}})
        found["on_disk"] = _ask(_OURS, folder / "db", folder, data)
        found["hnswlib"] = _ask(_HNSWLIB, folder / "index.bin", folder, data)
    finally:
        shutil.rmtree(folder)
    return {"dim": data.vectors.shape[1], "ef": EF, "queries": QUERIES, "ways": found}


def _build(data: BenchSet, folder: Path) -> None:
    import hnswlib

    with wb.open(folder / "db") as database:
        database.create(
            "bench",
            vectors=data.vectors,
            distance=data.distance,
            m=M,
            ef_construct=EF_CONSTRUCT,
            progress=False,
        )
    space = "cosine" if data.distance == "Cosine" else "l2"
    index = hnswlib.Index(space=space, dim=data.vectors.shape[1])
    index.init_index(len(data.vectors), M=M, ef_construction=EF_CONSTRUCT, random_seed=1)
    index.add_items(data.vectors)
    index.save_index(str(folder / "index.bin"))


def _ask(code: str, place: Path, folder: Path, data: BenchSet) -> dict[str, Any]:
    arguments = [str(place), str(folder / "queries.npy"), str(folder / "truth.npy"), str(EF), data.distance]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout.strip().splitlines()[-1])
    points = told["points"]
    return {
        "bytes_a_vector": round(told["process"] / points),
        "parts": {name: round(nbytes / points, 1) for name, nbytes in told["parts"].items()},
        "recall": round(told["recall"], 4),
    }


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    wanted = {"on_disk": "≤ 600"}
    rows = [
        [way, f"{told['bytes_a_vector']:,}", wanted.get(way, "–"), told["recall"], _parts(told["parts"])]
        for way, told in r["ways"].items()
    ]
    head = ["way", "bytes a vector", "wanted", "recall", "components, where they are in RAM"]
    title = f"{r['dim']} numbers a vector, after {r['queries']:,} searches at ef {r['ef']}"
    return f"## Resident memory: {title}\n\n{grid(head, rows)}"


def _parts(parts: dict[str, float]) -> str:
    return ", ".join(f"{name} {nbytes:g}" for name, nbytes in parts.items() if nbytes >= 1) or "–"
