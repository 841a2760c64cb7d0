"""``python -m tests.benchmarks``: measure us beside the engines people install, in one run.

It says first what it will do and about how long that takes, runs the benchmarks, and prints their tables.
``--save NAME`` also writes ``results/NAME.json``, ``results/NAME.md`` and pictures. A data set that is not
there yet is built first, which takes about twenty minutes for ``wordnet`` because its texts are embedded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks import plots, report
from tests.benchmarks.benchmarks import BENCHMARKS
from tests.benchmarks.peers import PEERS
from tests.benchmarks.session import Session
from tests.benchmarks.sets import BenchSet, head, load
from workbench import kernels
from workbench.datasets.build import build
from workbench.errors import NotFound

RESULTS = Path(__file__).parent / "results"
QUICK_POINTS, QUICK_QUERIES, QUICK_ROUNDS = 10_000, 200, 2
MILLION_MINUTES = 25


def main(arguments: list[str] | None = None) -> None:
    """Run what was asked for."""
    options = _options(arguments)
    names = options.only or [name for name, benchmark in BENCHMARKS.items() if benchmark.always]
    _announce(names, options)
    results: dict[str, Any] = {
        "machine": machine(),
        "data": options.data,
        "command": shlex.join(arguments if arguments is not None else sys.argv[1:]),
        "minutes": {},
    }
    kernels.warm(block=True)
    with _session(options) as session:
        for name in names:
            print(f"{name} …", flush=True)
            started = time.perf_counter()
            results[name] = BENCHMARKS[name].run(session)
            results["minutes"][name] = round((time.perf_counter() - started) / 60, 1)
            if options.save:
                save(results, options.save)
    print(report.markdown(results, _tables()))


def save(results: dict[str, Any], name: str) -> None:
    """Write what has been measured so far."""
    RESULTS.mkdir(exist_ok=True)
    drawn = {f"{name}-{part}.svg": text for part, text in plots.pictures(results).items()}
    for file, text in drawn.items():
        (RESULTS / file).write_text(text)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(report.markdown(results, _tables(), list(drawn)))


def machine() -> dict[str, Any]:
    """Describe what a figure depends on."""
    cpu = platform.processor() or "unknown"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        names = [line.split(":", 1)[1].strip() for line in lines]
        cpu = f"{names[0]}, {len(names)} cores" if names else cpu
    versions = {name: __import__(name).__version__ for name in ("numpy", "numba")}
    own = {"cpu": cpu, "system": platform.platform(), "python": platform.python_version()}
    return own | versions | {"load": round(os.getloadavg()[0], 1)}


def _tables() -> dict[str, report.Table]:
    return {name: benchmark.table for name, benchmark in BENCHMARKS.items()}


def _announce(names: list[str], options: argparse.Namespace) -> None:
    minutes = {name: BENCHMARKS[name].minutes for name in names}
    if "growth" in minutes and options.largest >= 1_000_000:
        minutes["growth"] += MILLION_MINUTES
    if options.quick:
        minutes = {name: max(0.2, round(took / 10, 1)) for name, took in minutes.items()}
    told = ", ".join(f"{name} ({took:g})" for name, took in minutes.items())
    print(f"Minutes on two idle cores, about {sum(minutes.values()):g} in all: {told}", flush=True)


def _session(options: argparse.Namespace) -> Session:
    largest = options.largest
    if options.quick:
        data, largest = _load(options.data, QUICK_QUERIES), min(largest, QUICK_POINTS)
        return Session(head(data, QUICK_POINTS), QUICK_ROUNDS, options.peers, True, largest)
    return Session(_load(options.data), options.rounds, options.peers, False, largest)


def _load(name: str, queries: int = 2000) -> BenchSet:
    try:
        return load(name, queries)
    except NotFound:
        print(f"Building the data set {name} first; wordnet takes about 20 minutes, once.", flush=True)
        build(name)
        return load(name, queries)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--data", choices=["wordnet", "fashion"], default="wordnet")
    known = ", ".join(BENCHMARKS)
    parser.add_argument(
        "--only", choices=BENCHMARKS, nargs="+", metavar="BENCHMARK", help=f"some of: {known}"
    )
    parser.add_argument(
        "--peers", choices=PEERS, nargs="+", metavar="ENGINE", help=f"some of: {', '.join(PEERS)}"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_POINTS:,} points: does it run?")
    parser.add_argument(
        "--largest", type=int, default=100_000, metavar="POINTS", help="of growth; 1000000 takes much longer"
    )
    parser.add_argument("--save", metavar="NAME")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
