"""What a database says of itself: collections, jobs, snapshots, load."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import workbench as wb
from workbench.surfaces.notebook import overview


def test_collections_say_their_size_and_how_much_is_indexed() -> None:
    with wb.open() as db:
        db.create("empty", size=3)
        db.create("pair", vectors=[[1.0, 0.0], [0.0, 1.0]], distance="Dot", progress=False)
        empty, pair = overview.collections(db)
    assert (empty.name, empty.points, empty.indexed) == ("empty", 0, None)
    assert (pair.name, pair.points, pair.vectors, pair.status) == ("pair", 2, "2 × float32 Dot", "green")
    assert pair.indexed == 1.0
    assert pair.disk == 0
    assert pair.memory > 16


def test_a_damaged_collection_says_what_is_damaged(tmp_path: Path) -> None:
    with wb.open(tmp_path) as db:
        db.create("pair", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
    for file in tmp_path.glob("**/points.sqlite"):
        file.write_bytes(b"no database")
    with wb.open(tmp_path) as db:
        (line,) = overview.collections(db)
        assert overview.jobs(db) == []
    assert (line.name, line.status) == ("pair", "damaged")
    assert "points.sqlite" in line.problem


def test_what_the_optimizer_did_is_listed() -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 16))
    with wb.open() as db:
        db.create("points", vectors=vectors, indexing_threshold=1, index=False, progress=False)
        db.engine.collection("points").upkeep.wait()
        (job,) = overview.jobs(db)
    assert (job.collection, job.reason, job.state, job.points) == ("points", "seal", "done", 400)
    assert job.seconds > 0.0


def test_snapshots_are_listed_with_what_they_are_of() -> None:
    with wb.open() as db:
        db.create("pair", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
        assert overview.snapshots(db) == []
        one = overview.take_snapshot(db, "pair")
        everything = overview.take_snapshot(db)
        found = {(collection, s.name) for collection, s in overview.snapshots(db)}
    assert found == {("pair", one.name), ("", everything.name)}


def test_processors_are_counted_from_one_look_to_the_next() -> None:
    meter = overview.LoadMeter()
    assert meter.read().cpu is None
    sum(range(300_000))
    second = meter.read()
    assert second.cpu is not None
    assert second.cpu > 0.0
    assert second.threads >= 1
    assert second.cores >= 1


def test_who_watches_is_told_of_collections_until_they_stop() -> None:
    heard: list[str] = []
    with wb.open() as db:
        stop = overview.watch(db, lambda: heard.append("changed"))
        points = db.create("points", vectors=[[1.0, 0.0]], progress=False)
        points.add([{}], vectors=[[0.0, 1.0]], progress=False)
        db.delete("points")
        stop()
        db.create("points", size=2)
        stop()
    assert heard == ["changed", "changed"]
