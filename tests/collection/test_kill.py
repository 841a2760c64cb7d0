"""kill -9 at any moment loses no acknowledged write and leaves no batch half done.

Every fault proves that it landed: a test that forgot to kill would pass as well.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.collection import crash_child
from tests.collection.crash_child import NAME, THREADS, Known, Operation, applied, operations, vector
from workbench import distances
from workbench.collection import Collection
from workbench.engine import open_engine
from workbench.models.config import Datatype, Distance
from workbench.query import nearest
from workbench.testing.invariants import check_whole

CHILD = [sys.executable, "-m", "tests.collection.crash_child"]


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*CHILD, "nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
    assert process.stdout is not None
    process.stdout.close()


def test_forty_kills_lose_nothing_that_was_acknowledged(nursery: Any, tmp_path: Path) -> None:
    kill_many(nursery, tmp_path, kills=40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_kills_lose_nothing_that_was_acknowledged(nursery: Any, tmp_path: Path) -> None:
    kill_many(nursery, tmp_path, kills=1000)


def kill_many(nursery: Any, folder: Path, kills: int) -> None:
    draw, state, landed, done = random.Random(11), dict[int, Known](), 0, 0
    for seed in range(kills):
        started, acked, ended = write_and_kill(
            nursery, folder, seed, draw.choice([0.0, 0.05, 0.2, 0.5]) * draw.random()
        )
        landed += ended == signal.SIGKILL
        done += sum(acked)
        state = check(folder, seed, state, started, acked)
    assert landed == kills
    assert done > kills  # writers came to write, also on a machine that is busy with other things


def write_and_kill(nursery: Any, folder: Path, seed: int, after: float) -> tuple[list[int], list[int], int]:
    """Let a writer write for `after` seconds; return how many operations each thread began and got done."""
    nursery.stdin.write(f"{folder} {seed}\n")
    nursery.stdin.flush()
    started, acked, pid = [0] * THREADS, [0] * THREADS, int(nursery.stdout.readline().split()[1])
    if after == 0:  # while it opens, which removes what an earlier kill left
        signal_now(pid)
    for line in nursery.stdout:
        words = line.split()
        if words[0] == "open" and after > 0:
            time.sleep(after)
            signal_now(pid)
        elif words[0] == "start":
            started[int(words[1])] = int(words[2]) + 1
        elif words[0] == "ack":
            acked[int(words[1])] = int(words[2]) + 1
        elif words[0] == "ended":
            return started, acked, int(words[1])
    raise AssertionError("the nursery ended")


def signal_now(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def check(folder: Path, seed: int, before: dict[int, Known], started: list[int],
          acked: list[int]) -> dict[int, Known]:  # fmt: skip
    """Reopen, compare with what was acknowledged, and return what is there."""
    with open_engine(folder) as engine:
        if not engine.exists(NAME):
            assert not before
            assert not any(acked)
            return {}
        collection = engine.collection(NAME)
        found = read(collection)
        for thread in range(THREADS):
            ops = list(islice(operations(seed, thread), started[thread]))
            expected = of_thread(before, thread)
            for operation in ops[: acked[thread]]:
                expected = applied(expected, operation)
            own = of_thread(found, thread)
            if own != expected:  # then the one that was not acknowledged is there, and all of it
                assert started[thread] > acked[thread], f"lost or torn: {differing(own, expected)}"
                expected = applied(expected, ops[-1])
                assert own == expected, f"lost or torn: {differing(own, expected)}"
        check_recall(collection, found)
        return found


def of_thread(state: dict[int, Known], thread: int) -> dict[int, Known]:
    return {i: known for i, known in state.items() if i // crash_child.IDS_A_THREAD == thread}


def differing(found: dict[int, Known], expected: dict[int, Known]) -> dict[int, tuple[Any, Any]]:
    return {
        i: (found.get(i), expected.get(i)) for i in found.keys() | expected if found.get(i) != expected.get(i)
    }


def read(collection: Collection) -> dict[int, Known]:
    """Return all points; each vector must be the one of the version that its payload names."""
    found: dict[int, Known] = {}
    for record in check_whole(collection):
        assert isinstance(record.id, int)
        assert record.payload is not None
        version = record.payload["version"]
        made = distances.preprocess(
            vector(record.id, version).reshape(1, -1), Distance.COSINE, Datatype.FLOAT32
        )
        vectors, given = record.vectors or {}, vector(record.id, version)
        assert np.array_equal(vectors[""], made[0]), f"the vector of point {record.id} is torn"
        assert np.array_equal(vectors["halves"], given.reshape(2, -1)), f"point {record.id} is torn"
        assert ("terms" in vectors) == (record.id % 2 == 0)
        if "terms" in vectors:
            assert np.array_equal(vectors["terms"].values, given), f"point {record.id} is torn"
        found[record.id] = (version, record.payload)
    return found


def check_recall(collection: Collection, found: dict[int, Known]) -> None:
    """Check that the points are still found by their own vectors, through whatever graphs there are."""
    params, view = collection.config.vectors[""], collection.view
    firsts = []
    for point, (version, _) in found.items():
        query = nearest.check_query(vector(point, version), params)
        hits = nearest.search(view, "", query, 1)
        firsts.append(nearest.ids_of(view, hits).tolist() == [point])
    assert not firsts or np.mean(firsts) >= 0.95


# -- the crash matrix ---------------------------------------------------------------------------------------

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "unlinkat", "rename", "mkdir")


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(shutil.which("strace") is None, reason="NO CRASH MATRIX: apt-get install strace")
def test_a_kill_before_every_single_write_sync_and_removal_leaves_a_whole_database(tmp_path: Path) -> None:
    """The crash matrix: one run for every system call of the script, killed just before that call."""
    counts = count_calls(tmp_path)
    points = [(call, number) for call in CALLS for number in range(1, counts[call] + 1)]
    with ThreadPoolExecutor(2) as workers:
        outcomes = list(workers.map(lambda point: kill_at(tmp_path, *point), points))
    killed = sum(code == -signal.SIGKILL for code, _ in outcomes)
    print(f"crash matrix: K = {len(points)} {counts}, killed = {killed}")
    assert killed == len(points)
    for (call, number), (_, lines) in zip(points, outcomes, strict=True):
        folder = tmp_path / f"{call}-{number}"
        try:
            check_script(folder, lines)
        except Exception as error:
            raise AssertionError(f"killed before {call} number {number}, after {lines[-1:]}") from error
        shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(shutil.which("strace") is None, reason="NO CRASH MATRIX: apt-get install strace")
@pytest.mark.parametrize("fails", ["once", "from then on"])
def test_a_sync_that_fails_before_a_crash_leaves_a_whole_database(tmp_path: Path, fails: str) -> None:
    """A commit whose sync failed stands in SQLite's log, and may count after the crash with all it names."""
    counts = count_calls(tmp_path)
    points = [(call, n + 1) for call, count in counts.items() if "sync" in call for n in range(count)]
    when = "" if fails == "once" else "+"
    with ThreadPoolExecutor(2) as workers:
        outcomes = list(workers.map(lambda point: fail_at(tmp_path, *point, when), points))
    failed = sum(code == crash_child.DISK_FAILED for code, _ in outcomes)
    print(f"syncs that fail {fails}: {len(points)}, of which {failed} ended the script")
    assert failed > len(points) / 2  # SQLite passes over some
    for (call, number), (_, lines) in zip(points, outcomes, strict=True):
        try:
            check_script(tmp_path / f"{call}-{number}", lines)
        except Exception as error:
            raise AssertionError(f"{call} number {number} failed, after {lines[-1:]}") from error


def fail_at(folder: Path, call: str, number: int, when: str) -> tuple[int, list[str]]:
    inject = f"inject={call}:error=EIO:when={number}{when}"
    run = strace(folder / f"{call}-{number}", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
    assert run.returncode in (0, crash_child.DISK_FAILED), run.stderr
    return run.returncode, run.stdout.split("\n")[:-1]


def strace(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-f", "-qq", *options, *CHILD, "script", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def count_calls(folder: Path) -> dict[str, int]:
    """Count the calls of a clean run on the thread that makes all of them."""
    trace = folder / "trace"
    clean = strace(folder / "clean", "-o", str(trace), "-e", "trace=" + ",".join(CALLS))
    assert clean.stdout.endswith("done\n"), clean.stderr
    found = re.findall(r"^(\d+) +(\w+)\(", trace.read_text(), re.MULTILINE)
    main = found[0][0]
    assert all(thread == main for thread, _ in found), "a second thread writes, and strace counts by thread"
    return {call: sum(name == call for _, name in found) for call in CALLS}


def kill_at(folder: Path, call: str, number: int) -> tuple[int, list[str]]:
    inject = f"inject={call}:signal=SIGKILL:when={number}"
    run = strace(folder / f"{call}-{number}", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
    return run.returncode, run.stdout.split("\n")[:-1]


def check_script(folder: Path, lines: list[str]) -> None:
    acked = max((int(line.split()[1]) for line in lines if line.startswith("ack")), default=-2)
    script: list[Operation] = list(islice(operations(crash_child.SCRIPT_SEED, 0), crash_child.SCRIPT_STEPS))
    before: dict[int, Known] = {}
    for operation in script[: max(acked + 1, 0)]:
        before = applied(before, operation)
    after = applied(before, script[acked + 1]) if -1 <= acked < len(script) - 1 else before
    started = time.monotonic()
    with open_engine(folder) as engine:
        assert engine.exists(NAME) or acked == -2
        if engine.exists(NAME):
            found = read(engine.collection(NAME))
            assert found in (before, after), differing(found, before)
            check_recall(engine.collection(NAME), found)
    assert time.monotonic() - started < 2
