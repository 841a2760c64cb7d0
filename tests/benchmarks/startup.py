"""What a fresh process pays: importing Workbench, and opening a collection up to its first answer.

Workbench imports what a call needs when it is called, other engines all of theirs at their ``import``. So
both are told: the first opening of a process, in which what opening imports counts (compiling the sources
does not, as in whatever pip installed), and one in a process that has used another collection.
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
from tests.benchmarks.alone import environment
from tests.benchmarks.report import grid
from tests.benchmarks.sets import BenchSet

_IMPORT = "import time; t = time.process_time(); import workbench; print(time.process_time() - t)"

_REOPEN = """
import json, sys, time
import numpy as np
import workbench as wb
query = np.load(sys.argv[2])
started, used = time.perf_counter(), time.process_time()
collection = wb.open(sys.argv[1])["bench"]
opened = time.perf_counter() - started
hits = collection.search(query, k=10)
first, used = time.perf_counter() - started, time.process_time() - used
from workbench import kernels
kernels.warm(block=True)
compiled = time.perf_counter() - started
walked = collection.search(query, k=10)
assert walked.choices[0].strategy == "graph", walked.choices
graph = time.perf_counter() - started
print(json.dumps({"graph_answer": graph, "first_answer_cpu": used, "open": opened,
                  "first_answer": first, "kernels_ready": compiled, "ids": hits.ids,
                  "strategy": hits.choices[0].strategy}))
"""

_USED = """
import sys
import numpy as np
import workbench as wb
from workbench import kernels
small = np.random.default_rng(0).normal(size=(2000, 16)).astype(np.float32)
with wb.open() as other:
    other.create("small", vectors=small, indexing_threshold=1, progress=False).search(small[0], k=10)
kernels.warm(block=True)
"""


def run(data: BenchSet, rounds: int, points: int = 120_000) -> dict[str, Any]:
    """Return medians over fresh processes; the page cache and the compile cache are warm."""
    folder, points = Path(tempfile.mkdtemp(prefix="workbench-bench-")), min(points, len(data.vectors))
    try:
        _python(_IMPORT, folder)  # keeps the compiled sources
        imports = [float(_python(_IMPORT, folder)) for _ in range(rounds)]
        with wb.open(folder / "db") as database:
            database.create(
                "bench",
                data.records.iloc[:points],
                vectors=data.vectors[:points],
                distance=data.distance,
                progress=False,
            )
        np.save(folder / "query.npy", data.queries[0])
        arguments = (str(folder / "db"), str(folder / "query.npy"))
        _python(_REOPEN, folder, *arguments)  # fills the compile cache
        runs = [json.loads(_python(_REOPEN, folder, *arguments)) for _ in range(rounds)]
        used = [json.loads(_python(_USED + _REOPEN, folder, *arguments)) for _ in range(rounds)]
    finally:
        shutil.rmtree(folder)
    return {
        "import_cpu_seconds": round(float(np.median(imports)), 3),
        "points": points,
        "rounds": rounds,
        "seconds_after_import": _middle(runs),
        "first_answered_by": runs[0]["strategy"],
        "seconds_in_use": _middle(used),
        "answered_in_use_by": used[0]["strategy"],
    }


def _middle(runs: list[dict[str, Any]]) -> dict[str, float]:
    keys = ("open", "first_answer", "first_answer_cpu", "kernels_ready", "graph_answer")
    return {key: round(float(np.median([run[key] for run in runs])), 3) for key in keys}


def _python(code: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(folder))
    return done.stdout.strip().splitlines()[-1]


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    s, used = r["seconds_after_import"], r["seconds_in_use"]
    rows = [
        ["`import workbench`, CPU seconds", r["import_cpu_seconds"], "≤ 0.5"],
        [f"open {r['points']:,} points, seconds", s["open"], "–"],
        [f"… to the first answer ({r['first_answered_by']}), seconds", s["first_answer"], "–"],
        ["… the same in CPU seconds of the process", s["first_answer_cpu"], "–"],
        ["… until the compiled kernels are loaded, seconds", s["kernels_ready"], "–"],
        ["… to the first answer by the graph, seconds", s["graph_answer"], "–"],
        ["open it in a process that used another collection, seconds", used["open"], "–"],
        [f"… to the first answer ({r['answered_in_use_by']}), seconds", used["first_answer"], "≤ 0.1"],
    ]
    cells = grid(["what", "measured", "wanted"], rows)
    return f"## Start-up, median of {r['rounds']} fresh processes\n\n{cells}"
