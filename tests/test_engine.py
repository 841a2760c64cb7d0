"""Collections by name: made, found, replaced, deleted, closed, and damaged ones kept apart."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.collection import Collection, settings, updates
from workbench.engine import Engine, check_name, open_engine
from workbench.errors import Closed, Conflict, Corrupted, InvalidRequest, NotFound, StorageFailed
from workbench.models.config import CollectionConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.storage.file_rows import FileRows
from workbench.testing.invariants import check_whole, state_hash

CONFIG = CollectionConfig(vectors={"": VectorParams(size=2)})


def fill(collection: Collection, *ids: int) -> None:
    values = VectorBatch(np.array([[1, i] for i in ids]))
    updates.upsert(collection, PointBatch(IdArray.of(ids), {"": values}, [b"{}"] * len(ids)))


def test_collections_are_found_by_name_again_after_reopening(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("b", CONFIG), 1, 2)
        engine.create("a", CONFIG)
        assert engine.names() == ["a", "b"]
    with open_engine(tmp_path) as engine:
        assert engine.names() == ["a", "b"]
        assert engine.collection("b").view.live == 2
        assert engine.collection("b").config == CONFIG
        assert engine.exists("a")


def test_a_name_is_taken_once() -> None:
    with open_engine() as engine:
        first = engine.create("a", CONFIG)
        with pytest.raises(Conflict, match="Collection `a` already exists!"):
            engine.create("a", CONFIG)
        assert engine.collection("a") is first


def test_an_unknown_collection_is_named() -> None:
    with open_engine() as engine, pytest.raises(NotFound, match="Collection `a` doesn't exist!"):
        engine.collection("a")


def test_a_deleted_collection_is_gone_with_its_files(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("a", CONFIG)
        fill(collection, 1)
        assert engine.delete("a")
        assert not engine.delete("a")
        with pytest.raises(Closed, match="collection 'a' was closed or deleted"):
            fill(collection, 2)
        assert list((tmp_path / "collections").iterdir()) == []
        fill(engine.create("a", CONFIG), 3)
        assert engine.collection("a").view.live == 1


@pytest.mark.parametrize(
    "name", ["a", "Größe", "two words", " ", "v1.0", "..a", "\N{CAT FACE}", "a" * 255, "CON", "%2e%2e"]
)
def test_these_are_names(name: str, tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        engine.create(name, CONFIG)
    with open_engine(tmp_path) as engine:
        assert engine.names() == [name]
    assert {p.name for p in tmp_path.iterdir()} <= {"LOCK", "collections", "workbench.sqlite"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("", "expected 1 to 255 bytes"),
        ("a" * 256, "expected 1 to 255 bytes"),
        ("ü" * 128, "expected 1 to 255 bytes"),
        (5, "expected 1 to 255 bytes, got 5"),
        ("..", "cannot be '..'"),
        (".", "cannot be '.'"),
        ("a/b", "cannot contain '/'"),
        ("../../etc/passwd", "cannot contain '/'"),
        ("a\\b", "cannot contain"),
        ("a\0b", r"cannot contain '\\x00'"),
        ("a\nb", r"cannot contain '\\n'"),
        ("\ud800", r"cannot contain '\\ud800'"),
    ],
)
def test_these_are_no_names(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=text):
        check_name(name)
    with open_engine(tmp_path) as engine:
        with pytest.raises(InvalidRequest, match=text):
            engine.create(name, CONFIG)
        assert engine.names() == []
    assert not (tmp_path / "collections").exists()


def test_a_prepared_collection_keeps_its_files_while_a_failed_commit_may_name_them(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    given_up, left = engine.prepare("a", CONFIG), engine.prepare("b", CONFIG)
    engine._catalog._commits.settled = False
    engine.discard(given_up)
    engine.close()
    assert [(made.folder / "points.sqlite").exists() for made in (given_up, left)] == [True, True]


def test_a_prepared_collection_is_nowhere_until_it_is_adopted(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("a", CONFIG), 1)
        new = engine.prepare("a", CONFIG, replace=True)
        fill(new, 2, 3)
        assert engine.collection("a").view.live == 1
        engine.adopt(new, replace=True)
        assert engine.collection("a") is new
        engine.discard(new)  # it was adopted: nothing to discard
        assert new.view.live == 2
        engine.discard(engine.prepare("b", CONFIG))
    with open_engine(tmp_path) as engine:
        assert engine.names() == ["a"]
        assert engine.collection("a").view.live == 2
    assert len(list((tmp_path / "collections").iterdir())) == 1


def test_a_closed_engine_says_so_and_may_be_closed_twice(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    collection = engine.create("a", CONFIG)
    engine.close()
    engine.close()
    for call in (
        engine.names,
        lambda: engine.collection("a"),
        lambda: collection.view,
        lambda: fill(collection, 1),
    ):
        with pytest.raises(Closed, match=r"open (it|the database) again"):
            call()  # type: ignore[operator]


def test_a_damaged_collection_keeps_no_other_from_opening(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("good", CONFIG), 1)
        fill(engine.create("bad", CONFIG), 1)
    (bad,) = (tmp_path / "collections").glob("bad-*")
    (bad / "points.sqlite").write_bytes(b"nonsense" * 1000)
    logging.disable()
    with open_engine(tmp_path) as engine:
        assert engine.names() == ["bad", "good"]
        assert engine.collection("good").view.live == 1
        with pytest.raises(
            Corrupted, match=r"points.sqlite: file is not a database. Restore the file from a copy"
        ):
            engine.collection("bad")
        with pytest.raises(Conflict):
            engine.create("bad", CONFIG)
        assert engine.delete("bad")
        assert not bad.exists()
        engine.create("bad", CONFIG)
    logging.disable(logging.NOTSET)


def test_listeners_hear_what_happened_and_cannot_break_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[tuple[str, str]] = []

    def listen(event: str, name: str) -> None:
        heard.append((event, name))
        raise ZeroDivisionError

    with open_engine(tmp_path) as engine:
        engine.listeners.append(listen)
        collection = engine.create("a", CONFIG)
        fill(collection, 1)
        collection.upkeep.optimize()
        settings.update_settings(collection, hnsw={"ef": 77})
        engine.delete("a")
    assert [e for e, _ in heard] == ["created", "updated", "indexed", "configured", "deleted"]
    assert "ZeroDivisionError" in caplog.text


def test_settings_are_checked_before_they_are_kept(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("a", CONFIG)
        for change in ({"hnsw": {"m": 1}}, {"hnsw": {"m": -1}}, {"vectors": {"": {"hnsw": {"m": 5000}}}},
                       {"vectors": {"": {"size": 3}}}, {"vectors": {"b": {}}}):  # fmt: skip
            with pytest.raises(InvalidRequest):
                settings.update_settings(collection, **change)  # type: ignore[arg-type]
        assert collection.config == CONFIG
        settings.update_settings(collection, hnsw={"ef": 77}, metadata={"a": 1, "b": 2})
        settings.update_settings(collection, metadata={"a": None})
    with open_engine(tmp_path) as engine:
        assert engine.collection("a").config.hnsw.ef == 77
        assert engine.collection("a").config.metadata == {"b": 2}


@pytest.mark.parametrize("vector", [{"m": 1}, {"ef_construct": 0}])
def test_settings_of_one_vector_are_checked_when_a_collection_is_made(vector: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest, match="hnsw_config"):
        CollectionConfig(vectors={"": VectorParams(size=2, hnsw=vector)})


def test_new_hnsw_settings_build_the_graph_anew() -> None:
    config = CollectionConfig(
        vectors={"": VectorParams(size=2)}, optimizers=OptimizersConfig(indexing_threshold=1)
    )
    with open_engine() as engine:
        collection = engine.create("a", config)
        fill(collection, *range(300))
        assert collection.upkeep.wait(30)
        settings.update_settings(collection, hnsw={"m": 5})
        assert collection.upkeep.wait(30)
        searcher = collection.view.segments[0].column("").searcher
        assert searcher is not None
        assert searcher.graph.m == 5


# Files may grow to 256 kB and no more: the way a full disk looks, without a disk of one's own.
FULL = """
import resource, signal, sys
import numpy as np
from tests.test_engine import CONFIG, fill
from workbench.engine import open_engine
from workbench.errors import StorageFailed
from workbench.storage.file_rows import FileRows
from workbench.testing.invariants import check_whole, state_hash
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = open_engine(sys.argv[1])
collection = engine.create("a", CONFIG)
fill(collection, 1, 2, 3)
resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, resource.RLIM_INFINITY))
failures = 0
for start in range(10, 10 + 50 * 2000, 2000):
    before = state_hash(collection), collection.view.operation
    try:
        fill(collection, *range(start, start + 2000))
    except StorageFailed as error:
        assert "nothing was acknowledged" in str(error), error
        assert (state_hash(collection), collection.view.operation) == before
        failures += 1
        if failures == 3:
            break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
fill(collection, 5)
check_whole(collection)
print(failures, collection.view.live, state_hash(collection))
engine.close()
"""


def test_a_full_disk_loses_nothing_and_the_next_write_works_once_there_is_room(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert child.returncode == 0, child.stderr
    failures, live, state = child.stdout.split()
    assert int(failures) == 3
    with open_engine(tmp_path) as engine:
        collection: Collection = engine.collection("a")
        check_whole(collection)
        assert (collection.view.live, state_hash(collection)) == (int(live), state)


def test_an_engine_that_fails_to_open_lets_the_folder_go(tmp_path: Path) -> None:
    (tmp_path / "workbench.sqlite").write_bytes(b"nonsense" * 1000)
    for _ in range(2):
        with pytest.raises(Corrupted, match=r"workbench.sqlite"):
            open_engine(tmp_path, wait=0)


def test_a_collection_that_the_system_cannot_read_now_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("a", CONFIG), 1)

    def fails(*_: Any) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(FileRows, "adopt", fails)
        with open_engine(tmp_path) as engine, pytest.raises(StorageFailed, match="Too many open files"):
            engine.collection("a")
    with open_engine(tmp_path) as engine:
        assert engine.collection("a").view.live == 1


def test_a_collection_that_cannot_be_made_durable_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    with open_engine(tmp_path) as engine:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fails)
            with pytest.raises(StorageFailed, match="No space left on device"):
                engine.create("a", CONFIG)
        assert engine.names() == []
        fill(engine.create("a", CONFIG), 1)


def test_many_openings_leave_no_handles_behind(tmp_path: Path) -> None:
    def cycle() -> int:
        with open_engine(tmp_path) as engine:
            if "a" in engine.names():
                engine.delete("a")
            fill(engine.create("a", CONFIG), 1)
        return len(list(Path("/proc/self/fd").iterdir()))

    gc.disable()  # a handle that only the garbage collector would find is left behind
    try:
        counts = [cycle() for _ in range(30)]
    finally:
        gc.enable()
    assert counts[-1] <= counts[5]


@pytest.mark.parametrize("path", [5, "http://localhost:6333", b"folder"])
def test_what_is_no_path_of_a_folder_is_refused(
    path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest, match="expected the path of a folder, got"):
        open_engine(path)
    assert list(tmp_path.iterdir()) == []


def test_memory_may_be_named_as_qdrant_names_it() -> None:
    with open_engine(":memory:") as engine:
        assert engine.root is None


def test_engines_in_memory_share_nothing() -> None:
    with Engine(None) as one, Engine(None) as two:
        one.create("a", CONFIG)
        assert two.names() == []
