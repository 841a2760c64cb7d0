"""One engine in a process of its own: what building costs, and what opening does before the first answer.

``python -m tests.benchmarks.alone build|open ENGINE FOLDER`` is started by :func:`build` and :func:`reopen`.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers import PEERS, Points

TICK_S = 0.02
K, EFFORT = 10, 64
WARM_SECONDS = 3.0


def prepare(points: Points, queries: Any, folder: Path) -> Path:
    """Write what the processes read, and return where."""
    folder.mkdir(parents=True)
    np.save(folder / "vectors.npy", points.vectors)
    np.save(folder / "queries.npy", queries)
    (folder / "distance").write_text(points.distance)
    return folder


def build(name: str, source: Path, folder: Path) -> dict[str, Any]:
    """Build an index in `folder`.

    Returns
    -------
    dict
        ``wall`` and ``cpu`` seconds (all threads, and child processes), ``added_mb``: the most memory that
        the process and its children held above what they held before, mapped files included, ``disk_mb``.
    """
    told = _run("build", name, source, folder)
    return told | {"disk_mb": _disk(folder)}


def reopen(name: str, source: Path, folder: Path) -> dict[str, Any]:
    """Open an index.

    Returns
    -------
    dict
        Seconds to ``import`` the package, then from there ``open`` and ``first_answer``; ``resident_mb``
        above what the process held before opening, after 500 queries or three seconds of them.
    """
    return _run("open", name, source, folder)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process that keeps in `folder` what Python compiled of the sources.

    pip does so for every package that it installs. A working tree, and a shell that forbids it, would make us
    compile 200 files in each new process: 0.2 s.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "pyc")}


def _run(verb: str, name: str, source: Path, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.alone", verb, name, str(source), str(folder)]
    with tempfile.TemporaryFile("w+") as log:
        settings: dict[str, Any] = {"text": True, "env": environment(source)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, **settings) as child:
            last, most = _watched(child)
        if child.returncode != 0:
            log.seek(0)
            raise RuntimeError(f"{name} could not {verb}: {' '.join(log.read().splitlines()[-1:])}")
    return json.loads(last) | ({"added_mb": round(most / 1e6)} if verb == "build" else {})


def _watched(child: subprocess.Popen[str]) -> tuple[str, int]:
    """Return the last line a process wrote, and the most memory it held above that when it was ready."""
    most, over = [0], threading.Event()

    def watch(before: int) -> None:
        while not over.wait(TICK_S):
            most[0] = max(most[0], _resident(child.pid) - before)

    assert child.stdout is not None
    watcher, last = None, ""
    for line in child.stdout:
        last = line
        if line == "ready\n":
            watcher = threading.Thread(target=watch, args=(_resident(child.pid),))
            watcher.start()
    over.set()
    if watcher is not None:
        watcher.join()
    return last, most[0]


def _resident(process: int) -> int:
    """Return the bytes in memory of a process and all its children."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(_resident(int(child)) for child in children)


def _disk(folder: Path) -> float:
    """Return megabytes on disk; what is reserved and holds nothing does not count."""
    return round(sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file()) / 1e6, 1)


def _building(name: str, source: Path, folder: Path) -> dict[str, float]:
    peer = PEERS[name]()
    points = Points(np.load(source / "vectors.npy"), (source / "distance").read_text())
    importlib.import_module(peer.module)
    peer.ready()
    print("ready", flush=True)
    time.sleep(3 * TICK_S)
    wall, cpu = time.perf_counter(), _cpu()
    peer.build(points, folder)
    if peer.settle is not None:
        peer.settle()
    told = {"wall": round(time.perf_counter() - wall, 2), "cpu": round(_cpu() - cpu, 2)}
    peer.close()
    return told


def _opening(name: str, source: Path, folder: Path) -> dict[str, float]:
    queries = np.load(source / "queries.npy")
    peer = PEERS[name]()
    started = time.perf_counter()
    importlib.import_module(peer.module)
    imported = time.perf_counter()
    before = _resident(os.getpid())
    peer.open(folder)
    opened = time.perf_counter()
    peer.searcher(K, EFFORT if peer.efforts else 0)(queries[0])
    answered = time.perf_counter()
    peer.ready()
    ask = peer.searcher(K, EFFORT)
    enough = time.perf_counter() + WARM_SECONDS
    for query in queries[:500]:
        ask(query)
        if time.perf_counter() > enough:
            break
    resident = _resident(os.getpid()) - before
    peer.close()
    return {
        "import": round(imported - started, 3),
        "open": round(opened - imported, 4),
        "first_answer": round(answered - imported, 4),
        "resident_mb": round(resident / 1e6),
    }


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    verb, engine, source, folder = sys.argv[1:]
    work = {"build": _building, "open": _opening}[verb]
    print(json.dumps(work(engine, Path(source), Path(folder))), flush=True)
    # Some engines' threads outlive their last answer by seconds; nothing of theirs is left to write.
    sys.stdout.flush()
    os._exit(0)
