"""Snapshots: taken while writes go on, kept as files, restored under any name."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from workbench.collection.updates import delete, upsert
from workbench.engine import Engine, open_engine
from workbench.errors import BadRequest, ChecksumMismatch, Corrupted, InvalidRequest, NotFound
from workbench.models.config import CollectionConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import ALL
from workbench.query import scroll
from workbench.query.fetch import records
from workbench.snapshots import Snapshots, write_files
from workbench.storage.archive import pack

CONFIG = CollectionConfig(vectors={"": VectorParams(size=2)})


@pytest.fixture(params=["disk", "memory"])
def engine(request: pytest.FixtureRequest, tmp_path: Path):
    with open_engine(tmp_path / "db" if request.param == "disk" else None) as own:
        yield own


def points(first: int, count: int) -> PointBatch:
    ids = IdArray(np.arange(first, first + count, dtype=np.uint64))
    angles = np.arange(first, first + count)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return PointBatch(ids, {"": VectorBatch(vectors)}, [b'{"n":%d}' % i for i in range(first, first + count)])


def contents(engine: Engine, name: str) -> list[tuple[int, dict, list[float]]]:
    view = engine.collection(name).view
    found, _ = scroll.scroll(view, None, 100_000, None)
    return [(r.id, r.payload, r.vectors[""].tolist()) for r in records(view, found, ALL, ALL)]


def test_a_collection_goes_back_to_its_snapshot(engine: Engine) -> None:
    pets = engine.create("pets", CONFIG)
    upsert(pets, points(1, 3))
    before = contents(engine, "pets")
    snapshots = Snapshots(engine)
    taken = snapshots.take(pets)
    delete(pets, IdArray(np.array([1, 2], np.uint64)))
    upsert(pets, points(7, 1))
    snapshots.restore("pets", snapshots.path("pets", taken.name), taken.checksum)
    after = contents(engine, "pets")
    assert [(i, p) for i, p, _ in after] == [(i, p) for i, p, _ in before]
    assert np.allclose([v for _, _, v in after], [v for _, _, v in before], atol=1e-7)


def test_a_snapshot_makes_a_collection_of_another_name(engine: Engine) -> None:
    upsert(engine.create("pets", CONFIG), points(1, 3))
    snapshots = Snapshots(engine)
    taken = snapshots.take(engine.collection("pets"))
    snapshots.restore("copy", snapshots.path("pets", taken.name))
    assert [i for i, _, _ in contents(engine, "copy")] == [1, 2, 3]
    assert engine.names() == ["copy", "pets"]


def test_a_restored_collection_survives_closing(tmp_path: Path) -> None:
    with open_engine(tmp_path / "db") as engine:
        upsert(engine.create("pets", CONFIG), points(1, 3))
        snapshots = Snapshots(engine)
        snapshots.restore("copy", snapshots.path("pets", snapshots.take(engine.collection("pets")).name))
        upsert(engine.collection("copy"), points(9, 1))
    with open_engine(tmp_path / "db") as engine:
        assert [i for i, _, _ in contents(engine, "copy")] == [1, 2, 3, 9]
        assert [i for i, _, _ in contents(engine, "pets")] == [1, 2, 3]


def test_sealed_segments_keep_their_graph(tmp_path: Path) -> None:
    config = CollectionConfig(
        vectors={"": VectorParams(size=2)}, optimizers=OptimizersConfig(indexing_threshold=1)
    )
    with open_engine(tmp_path / "db") as engine:
        many = engine.create("many", config)
        upsert(many, points(0, 2000))
        many.upkeep.wait(60)
        snapshots = Snapshots(engine)
        taken = snapshots.take(many)
        copy = snapshots.restore("copy", snapshots.path("many", taken.name))
        assert copy.view.segments[0].column("").searcher is not None
        assert contents(engine, "copy") == contents(engine, "many")


def test_a_snapshot_taken_while_points_are_written_is_of_one_moment(tmp_path: Path) -> None:
    with open_engine(tmp_path / "db") as engine:
        pets = engine.create("pets", CONFIG)
        stop = threading.Event()

        def write() -> None:
            first = 0
            while not stop.is_set():
                upsert(pets, points(first, 10))
                first += 10

        writer = threading.Thread(target=write)
        writer.start()
        try:
            snapshots = Snapshots(engine)
            for number in range(5):
                taken = snapshots.take(pets)
                name = f"copy-{number}"
                snapshots.restore(name, snapshots.path("pets", taken.name), taken.checksum)
                found = [i for i, _, _ in contents(engine, name)]
                assert found == list(range(len(found)))
                assert len(found) % 10 == 0
        finally:
            stop.set()
            writer.join()


def test_snapshots_are_listed_and_removed(engine: Engine) -> None:
    pets, snapshots = engine.create("pets", CONFIG), Snapshots(engine)
    assert snapshots.list("pets") == []
    taken = snapshots.take(pets)
    assert snapshots.list("pets") == [taken]
    assert taken.size == snapshots.path("pets", taken.name).stat().st_size
    snapshots.delete("pets", taken.name)
    assert snapshots.list("pets") == []
    with pytest.raises(NotFound, match=r"Snapshot .* not found"):
        snapshots.path("pets", taken.name)


@pytest.mark.parametrize("name", ["../../db/workbench.sqlite", "..", ".", "", "a/b", "nothing.snapshot"])
def test_a_name_never_leads_out_of_the_folder(engine: Engine, name: str) -> None:
    engine.create("pets", CONFIG)
    with pytest.raises(NotFound):
        Snapshots(engine).path("pets", name)


def test_another_checksum_changes_nothing(engine: Engine) -> None:
    upsert(engine.create("pets", CONFIG), points(1, 3))
    snapshots = Snapshots(engine)
    taken = snapshots.take(engine.collection("pets"))
    upsert(engine.collection("pets"), points(9, 1))
    with pytest.raises(ChecksumMismatch, match=f"expected {'0' * 64}, actual {taken.checksum}"):
        snapshots.restore("pets", snapshots.path("pets", taken.name), "0" * 64)
    assert [i for i, _, _ in contents(engine, "pets")] == [1, 2, 3, 9]


def test_other_vectors_are_not_overwritten(engine: Engine) -> None:
    snapshots = Snapshots(engine)
    taken = snapshots.take(engine.create("pets", CONFIG))
    engine.create("wide", CollectionConfig(vectors={"": VectorParams(size=3)}))
    with pytest.raises(BadRequest, match="Snapshot is not compatible with existing collection"):
        snapshots.restore("wide", snapshots.path("pets", taken.name))
    assert engine.names() == ["pets", "wide"]
    assert engine.collection("wide").config.vectors[""].size == 3


def test_what_is_no_snapshot_is_refused(engine: Engine, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a tar archive" * 100)
    with pytest.raises(InvalidRequest, match=r"notes.txt: expected a snapshot, a tar archive"):
        Snapshots(engine).restore("pets", text)
    other = tmp_path / "other"
    (other / "0").mkdir(parents=True)
    (other / "config.json").write_text("{}")
    pack(other, tmp_path / "qdrant.snapshot")
    with pytest.raises(InvalidRequest, match="expected a snapshot that Workbench made"):
        Snapshots(engine).restore("pets", tmp_path / "qdrant.snapshot")
    assert engine.names() == []


def test_a_snapshot_that_is_cut_short_or_damaged_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    upsert(engine.create("pets", CONFIG), points(1, 300))
    snapshots = Snapshots(engine)
    taken = snapshots.take(engine.collection("pets"))
    whole = snapshots.path("pets", taken.name).read_bytes()
    bad = tmp_path / "bad.snapshot"
    for content in (whole[: len(whole) // 2], whole[: len(whole) // 3], b""):
        bad.write_bytes(content)
        with pytest.raises((Corrupted, InvalidRequest)):
            snapshots.restore("pets", bad)
    place = whole.index(b'{"n":200}')
    bad.write_bytes(whole[:place] + b'{"n":999}' + whole[place + 9 :])
    with pytest.raises(Corrupted, match="checksum"):
        snapshots.restore("pets", bad)
    assert len(contents(engine, "pets")) == 300


def test_a_full_snapshot_brings_back_every_collection(engine: Engine, tmp_path: Path) -> None:
    upsert(engine.create("pets", CONFIG), points(1, 3))
    upsert(engine.create("cars", CONFIG), points(5, 2))
    engine.change_aliases(lambda known: {"autos": "cars"})
    snapshots = Snapshots(engine)
    taken = snapshots.take_full()
    assert snapshots.list_full() == [taken]
    with open_engine(tmp_path / "other") as other:
        assert Snapshots(other).restore_full(snapshots.full_path(taken.name)) == ["cars", "pets"]
        assert [i for i, _, _ in contents(other, "autos")] == [5, 6]
    snapshots.delete_full(taken.name)
    assert snapshots.list_full() == []


def test_no_workspace_is_left_behind(engine: Engine) -> None:
    pets, snapshots = engine.create("pets", CONFIG), Snapshots(engine)
    snapshots.take(pets)
    snapshots.take_full()
    assert sorted(p.suffix for p in snapshots.folder.iterdir()) == ["", ".checksum", ".snapshot"]


def test_files_of_a_collection_in_memory_open_on_disk(tmp_path: Path) -> None:
    with open_engine() as engine:
        pets = engine.create("pets", CONFIG)
        upsert(pets, points(1, 3))
        delete(pets, IdArray(np.array([2], np.uint64)))
        (tmp_path / "files").mkdir()
        write_files(pets, tmp_path / "files")
    pack(tmp_path / "files", tmp_path / "pets.snapshot")
    with open_engine(tmp_path / "db") as engine:
        Snapshots(engine).restore("pets", tmp_path / "pets.snapshot")
        assert [i for i, _, _ in contents(engine, "pets")] == [1, 3]
