"""What the kill tests kill: processes that write to a database and say, line by line, what was acknowledged.

``python -m tests.collection.crash_child nursery``
    reads ``<folder> <seed>`` lines; for each it forks a writer and waits for its end, so that a writer
    starts in milliseconds. A writer's lines are ``start T I`` before operation I of thread T and
    ``ack T I`` after it.
``python -m tests.collection.crash_child script <folder>``
    does one fixed script on one thread, for the crash matrix; its lines are ``ack I``. When the disk fails
    it dies at once.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import orjson

from workbench import kernels
from workbench.collection import Collection, payloads, updates, upkeep
from workbench.collection import collection as collection_module
from workbench.engine import Engine, open_engine
from workbench.errors import StorageFailed
from workbench.models.config import (
    CollectionConfig,
    Distance,
    HnswConfig,
    OptimizersConfig,
    SparseVectorParams,
    VectorParams,
)
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows, SparseVector

THREADS, IDS_A_THREAD, DIM = 4, 40, 8
NAME = "points"

# An operation: what it does, to which ids, and the version that it writes.
Operation = tuple[str, list[int], int]
# What is to be read back of one point: the version its vector was made from, and its payload.
Known = tuple[int, dict[str, Any]]


def operations(seed: int, thread: int) -> Iterator[Operation]:
    """Return the endless operations of one thread, the same each time, on ids that no other thread has."""
    draw = random.Random(f"{seed} {thread}")
    own = range(thread * IDS_A_THREAD, (thread + 1) * IDS_A_THREAD)
    while True:
        kind = draw.choice(["upsert"] * 5 + ["set_payload"] * 2 + ["delete"])
        yield kind, draw.sample(own, draw.randint(1, 12)), draw.randrange(1 << 30)


def vector(point: int, version: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the vector of a point at a version."""
    return np.random.default_rng([point, version]).normal(size=DIM).astype(np.float32)


def others(ids: list[int], values: np.ndarray[Any, np.dtype[np.float32]]) -> dict[str, VectorBatch]:
    """Return what goes with vectors: multivectors of their halves, and sparse vectors for even ids alone."""
    halves = MultiRows(2 * np.arange(len(ids) + 1), values.reshape(-1, DIM // 2))
    even = np.array([row for row, i in enumerate(ids) if i % 2 == 0], np.intp)
    terms = SparseRows.of(SparseVector.of(range(DIM), values[row]) for row in even.tolist())
    return {"halves": VectorBatch(halves), "terms": VectorBatch(terms, even)}


def applied(state: dict[int, Known], operation: Operation) -> dict[int, Known]:
    """Return the state after an operation."""
    kind, ids, version = operation
    changed = dict(state)
    for i in ids:
        if kind == "upsert":
            changed[i] = (version, {"version": version, "of": len(ids)})
        elif kind == "delete":
            changed.pop(i, None)
        elif i in changed:
            changed[i] = (changed[i][0], {**changed[i][1], "set": version})
    return changed


def do(collection: Collection, operation: Operation) -> None:
    """Do an operation; it is acknowledged when this returns."""
    kind, ids, version = operation
    if kind == "upsert":
        values = np.stack([vector(i, version) for i in ids])
        body = orjson.dumps({"version": version, "of": len(ids)})
        vectors = {"": VectorBatch(values), **others(ids, values)}
        updates.upsert(collection, PointBatch(IdArray.of(ids), vectors, [body] * len(ids)))
    elif kind == "delete":
        updates.delete(collection, IdArray.of(ids))
    else:
        payloads.set_payload(collection, IdArray.of(ids), {"set": version})


def open_points(folder: str) -> tuple[Engine, Collection]:
    """Open the database, sealing from one kilobyte on, so that the optimizer works all the time."""
    engine = open_engine(folder)
    if not engine.exists(NAME):
        config = CollectionConfig(
            vectors={
                "": VectorParams(size=DIM),
                "halves": VectorParams(size=DIM // 2, distance=Distance.DOT, multivector=True),
            },
            sparse_vectors={"terms": SparseVectorParams()},
            hnsw=HnswConfig(m=4, ef_construct=16, max_indexing_threads=1),
            optimizers=OptimizersConfig(indexing_threshold=1, vacuum_min_vector_number=10),
        )
        engine.create(NAME, config)
    return engine, engine.collection(NAME)


def say(line: str) -> None:
    """Print a line in one system call: a line is there or not, and never half."""
    os.write(1, line.encode() + b"\n")


def write_for_ever(folder: str, seed: int) -> None:
    """Write on several threads until killed."""
    upkeep._QUIET_S = 0.0
    say(f"pid {os.getpid()}")
    _, collection = open_points(folder)
    say("open")

    def work(thread: int) -> None:
        for number, operation in enumerate(operations(seed, thread)):
            say(f"start {thread} {number}")
            do(collection, operation)
            say(f"ack {thread} {number}")

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def nursery() -> None:
    """Fork a writer for each line read, and say by which signal it ended."""
    kernels.warm(block=True)  # before forking, so that no writer spends its short life on it
    for line in sys.stdin:
        folder, seed = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                write_for_ever(folder, int(seed))
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        say(f"ended {os.WTERMSIG(status) if os.WIFSIGNALED(status) else -1}")


class _Inline:
    """An executor that runs everything on the thread that submits it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments))
        except BaseException as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True) -> None:
        pass


def _load_here(module: str) -> _Loaded:
    """Load kernels on the thread that wants them: a thread of its own would make system calls too."""
    kernels._load(module)
    return _Loaded()


class _Loaded:
    """A thread that has ended."""

    def join(self, timeout: float | None = None) -> None:
        pass


DISK_FAILED = 7
SCRIPT_STEPS = 14
SCRIPT_SEED = 5


def script(folder: str) -> None:
    """Create, write, seal, write, merge, and close, on one thread: strace counts calls by thread."""
    collection_module.ThreadPoolExecutor = _Inline  # type: ignore[misc, assignment]
    upkeep.Upkeep.wake = lambda self: None  # type: ignore[method-assign]
    # Seconds of work that no write depends on, on a thread of its own.
    kernels.warm = lambda *_, **__: None
    kernels._start = _load_here  # type: ignore[assignment]
    try:
        write_script(folder)
    except StorageFailed:
        os._exit(DISK_FAILED)


def write_script(folder: str) -> None:
    """Do the script."""
    engine, collection = open_points(folder)
    say("ack -1")
    for number, operation in zip(range(SCRIPT_STEPS), operations(SCRIPT_SEED, 0), strict=False):
        do(collection, operation)
        say(f"ack {number}")
        if number in (6, 10):
            collection.upkeep.optimize()
    engine.close()
    engine, collection = open_points(folder)
    engine.close()
    say("done")


if __name__ == "__main__":
    nursery() if sys.argv[1] == "nursery" else script(sys.argv[2])
