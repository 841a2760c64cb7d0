"""Ctrl-C in the middle of anything stops the waiting, and never leaves a write half done."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.collection import Collection, rebuild, updates, upkeep
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.surfaces.notebook import Database
from workbench.testing.invariants import check_whole, state_hash

BATCH, DIM = 10, 4
CONFIG = CollectionConfig(
    vectors={"": VectorParams(size=DIM)},
    hnsw=HnswConfig(m=4, ef_construct=8),
    optimizers=OptimizersConfig(indexing_threshold=1),
)


def interrupt_after(seconds: float, work: Callable[[], None]) -> None:
    """Raise KeyboardInterrupt in the main thread, as the notebook's Stop button does, in endless `work`."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)  # pytest-timeout has SIGALRM
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGUSR1))

    def start() -> None:
        timer.start()
        work()

    try:
        with pytest.raises(KeyboardInterrupt):
            start()
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)


def batch(version: int) -> PointBatch:
    values = np.full((BATCH, DIM), version + 1, np.float32) + np.eye(BATCH, DIM, dtype=np.float32)
    return PointBatch(IdArray.of(range(BATCH)), {"": VectorBatch(values)}, [b'{"v":%d}' % version] * BATCH)


def write_for_ever(collection: Collection, done: list[int], after_each: Callable[[], None]) -> None:
    """Write one version after the other, noting each when it is acknowledged."""
    while True:
        updates.upsert(collection, batch(done[0] + 1))
        done[0] += 1
        after_each()


def versions(collection: Collection) -> set[int]:
    return {(record.payload or {})["v"] for record in check_whole(collection)}


@pytest.mark.parametrize("on_disk", [False, True])
def test_an_interrupted_loop_of_upserts_leaves_whole_batches(tmp_path: Path, on_disk: bool) -> None:
    draw, path, version = random.Random(1), tmp_path if on_disk else None, 0
    engine = open_engine(path)
    collection = engine.create("points", CONFIG)
    updates.upsert(collection, batch(version))
    for _ in range(15):
        done = [version]
        interrupt_after(0.03 * draw.random(), partial(write_for_ever, collection, done, lambda: None))
        updates.delete(collection, IdArray.of([10**6]))  # the writer is free again
        (version,) = versions(collection)
        assert version in (done[0], done[0] + 1)
        if on_disk:
            engine.close()
            engine = open_engine(path)
            collection = engine.collection("points")
            assert versions(collection) == {version}
    engine.close()


# A file opened in the very moment of the interrupt is closed by the garbage collector, which says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_optimize_keeps_every_point_and_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_QUIET_S", 3600.0)
    draw = random.Random(2)
    engine = open_engine(tmp_path)
    collection = engine.create("points", CONFIG)
    for _ in range(15):
        endless = partial(write_for_ever, collection, [0], collection.upkeep.optimize)
        interrupt_after(0.03 * draw.random(), endless)
        updates.delete(collection, IdArray.of([10**6]))
        before = state_hash(collection)
        engine.close()
        engine = open_engine(tmp_path)
        collection = engine.collection("points")
        check_whole(collection)
        assert state_hash(collection) == before
    engine.close()


def test_an_interrupted_create_leaves_what_was_there_before(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": range(50_000)})
    vectors = np.random.default_rng(0).normal(size=(len(frame), 16)).astype(np.float32)
    with Database(open_engine(tmp_path)) as db:
        db.create("points", {"n": [1, 2]}, vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)

        def stop(done: int, total: int, text: str = "") -> None:
            if done > total // 2:
                raise KeyboardInterrupt

        for name, settings in (("points", {"replace": True}), ("new", {})):
            with pytest.raises(KeyboardInterrupt):
                db.create(name, frame, vectors=vectors, progress=stop, **settings)  # type: ignore[arg-type]
        assert list(db) == ["points"]
        assert len(db["points"]) == 2
        assert len(list((tmp_path / "collections").iterdir())) == 1


def test_ctrl_c_just_after_the_swap_keeps_the_new_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swap = rebuild._swap

    def swap_and_interrupt(*arguments: Any) -> None:
        swap(*arguments)
        raise KeyboardInterrupt

    with open_engine(tmp_path) as engine, monkeypatch.context() as patch:
        collection = engine.create("points", CONFIG)
        updates.upsert(collection, batch(1))
        patch.setattr(rebuild, "_swap", swap_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            collection.upkeep.optimize()
        assert versions(collection) == {1}
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("points")) == {1}
