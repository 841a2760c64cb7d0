"""``python -m tests.benchmarks``: run the benchmarks, print a table, and write it beside this file.

``--data fashion`` takes the smaller set, ``--only search`` one benchmark, ``--save NAME`` writes
``results/NAME.json`` and ``results/NAME.md``. A data set that is not there yet is built first, which takes
about twenty minutes for ``wordnet`` because its texts are embedded.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import filtered, ingest, report, responsiveness, search, sets, startup, surfaces
from workbench.datasets.build import build
from workbench.errors import NotFound

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = ("search", "filtered", "ingest", "startup", "responsiveness", "surfaces")


def main() -> None:
    """Run what was asked for."""
    options = _options()
    try:
        data = sets.load(options.data)
    except NotFound:
        build(options.data)
        data = sets.load(options.data)
    results: dict[str, Any] = {
        "machine": machine(),
        "data": options.data,
        "command": " ".join(sys.argv[1:]),
    }
    for name in options.only or BENCHMARKS:
        print(f"{name} …", flush=True)
        results[name] = _run(name, data, options.rounds)
    text = report.markdown(results)
    print(text)
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{options.save}.json").write_text(json.dumps(results, indent=1) + "\n")
        (RESULTS / f"{options.save}.md").write_text(text)


def machine() -> dict[str, str]:
    """Describe what a figure depends on."""
    cpu = platform.processor() or "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        names = [line.split(":", 1)[1].strip() for line in lines]
        cpu = f"{names[0]}, {len(names)} cores" if names else cpu
    versions = {name: __import__(name).__version__ for name in ("numpy", "numba")}
    return {"cpu": cpu, "system": platform.platform(), "python": platform.python_version(), **versions}


def _run(name: str, data: sets.BenchSet, rounds: int) -> dict[str, Any]:
    if name == "search":
        return search.run(data, rounds)
    if name == "filtered":
        return filtered.run(data, rounds)
    if name == "ingest":
        return ingest.run(data, rounds)
    if name == "startup":
        return startup.run(data, rounds, min(100_000, len(data.vectors)))
    if name == "surfaces":
        return surfaces.run(data, min(rounds, 3))
    return responsiveness.run()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--data", choices=["wordnet", "fashion"], default="wordnet")
    parser.add_argument("--only", choices=BENCHMARKS, nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", metavar="NAME")
    return parser.parse_args()


if __name__ == "__main__":
    main()
