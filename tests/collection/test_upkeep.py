"""Background work: sealing, merging and vacuuming while nobody waits."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.collection import Collection, info, rebuild, updates, upkeep
from workbench.engine import open_engine
from workbench.errors import Closed
from workbench.models.config import CollectionConfig, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.segments import builder
from workbench.testing.invariants import check_whole

CONFIG = CollectionConfig(
    vectors={"": VectorParams(size=4)},
    hnsw=HnswConfig(m=4, ef_construct=8),
    optimizers=OptimizersConfig(indexing_threshold=1, vacuum_min_vector_number=10),
)


def fill(collection: Collection, *ids: int) -> None:
    values = np.random.default_rng(len(ids)).normal(size=(len(ids), 4))
    updates.upsert(collection, PointBatch(IdArray.of(ids), {"": VectorBatch(values)}, [b"{}"] * len(ids)))


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    monkeypatch.setattr(upkeep, "_QUIET_S", 0.0)
    with open_engine() as engine:
        yield engine.create("points", CONFIG)


def counts(collection: Collection) -> list[tuple[int, int]]:
    return [(s.count, s.live) for s in collection.view.segments]


def test_a_tail_is_sealed_once_it_passes_the_threshold(points: Collection) -> None:
    fill(points, *range(64))
    assert points.upkeep.wait(30)
    assert counts(points) == [(64, 64)]
    fill(points, 64)
    assert points.upkeep.wait(30)
    assert counts(points) == [(65, 65), (0, 0)]
    assert info.describe(points).indexed_vectors_count == 65
    assert info.describe(points).status == "green"


def test_the_dead_are_left_behind_when_they_are_many(points: Collection) -> None:
    fill(points, *range(100))
    assert points.upkeep.wait(30)
    updates.delete(points, IdArray.of(range(20)))
    assert points.upkeep.wait(30)
    assert counts(points) == [(100, 80), (0, 0)]
    updates.delete(points, IdArray.of([20]))
    assert points.upkeep.wait(30)
    assert counts(points) == [(79, 79), (0, 0)]
    assert points.store.rows("SELECT count(*) FROM points") == [(79,)]
    assert points.store.rows("SELECT count(*) FROM dead") == [(0,)]


def test_a_collection_whose_points_are_all_deleted_has_no_segment_left(points: Collection) -> None:
    fill(points, *range(100))
    updates.delete(points, IdArray.of(range(100)))
    points.upkeep.optimize()
    assert counts(points) == [(0, 0)]
    fill(points, 1)
    assert points.view.live == 1


def test_what_is_deleted_and_replaced_during_a_build_is_dead_after_it(
    points: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(points, *range(60))
    built = builder.build

    def slowly(*arguments: Any, **settings: Any) -> Any:
        made = built(*arguments, **settings)
        updates.delete(points, IdArray.of([3]))
        fill(points, 4, 99)
        return made

    monkeypatch.setattr(rebuild.builder, "build", slowly)
    points.upkeep.optimize()
    monkeypatch.undo()
    assert counts(points)[0] == (60, 58)
    assert {r.id for r in check_whole(points)} == {*range(60), 99} - {3}


def test_a_bulk_load_is_sealed_once_at_its_end(points: Collection) -> None:
    events: list[str] = []
    points.listeners.append(lambda event, _: events.append(event))
    with points.upkeep.held():
        for start in range(0, 500, 100):
            fill(points, *range(start, start + 100))
        assert not points.upkeep.working
    assert points.upkeep.wait(30)
    assert events.count("indexed") == 1
    assert counts(points) == [(500, 500), (0, 0)]


def test_a_failed_job_is_told_and_the_collection_answers_on(
    points: Collection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logging.disable()

    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(rebuild.builder, "build", fail)
        fill(points, *range(100))
        with pytest.raises(MemoryError, match="no room"):
            points.upkeep.wait(30)
        assert info.describe(points).status == "red"
        assert info.describe(points).optimizer_error == "no room"
        assert len(check_whole(points)) == 100
    logging.disable(logging.NOTSET)
    assert points.upkeep.wait(30)
    assert (info.describe(points).status, counts(points)) == ("green", [(100, 100), (0, 0)])


def test_a_thread_that_ends_does_not_forget_its_successor(points: Collection) -> None:
    """Closing waits for the running thread: it must be known, however the threads before it ended."""
    for round_ in range(200):
        fill(points, *range(round_ * 65, round_ * 65 + 65))
        running = [t for t in threading.enumerate() if t.name == "workbench-optimize-points"]
        assert len(running) <= 1
    assert points.upkeep.wait(60)
    assert not [t for t in threading.enumerate() if t.name == "workbench-optimize-points"]


def test_closing_cancels_the_running_job_and_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_QUIET_S", 0.0)
    begun = threading.Event()

    def endless(*_: object, progress: Any, **__: object) -> None:
        while True:
            progress(0, 1)
            begun.set()
            time.sleep(0.001)

    monkeypatch.setattr(rebuild.builder, "build", endless)
    engine = open_engine(tmp_path)
    collection = engine.create("points", CONFIG)
    fill(collection, *range(100))
    assert begun.wait(30)
    engine.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("workbench-optimize")]
    monkeypatch.undo()
    with open_engine(tmp_path) as again:
        assert len(check_whole(again.collection("points"))) == 100


def test_closing_does_not_wait_for_another_collections_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_QUIET_S", 0.0)
    with open_engine() as engine:
        collection = engine.create("points", CONFIG)
        with upkeep._one_build:
            fill(collection, *range(100))
            assert collection.upkeep.working
            started = time.monotonic()
            assert engine.delete("points")
            assert time.monotonic() - started < 5
        with pytest.raises(Closed):
            collection.upkeep.optimize()


def test_closed_collections_leave_no_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(5):
        with open_engine(tmp_path) as engine:
            if not engine.exists("points"):
                engine.create("points", CONFIG)
            fill(engine.collection("points"), *range(100))
    gc.collect()
    assert threading.active_count() <= before
