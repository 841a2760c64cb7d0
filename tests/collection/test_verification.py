from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.collection import snapshot, verification
from workbench.engine import open_engine
from workbench.errors import Corrupted
from workbench.indexes import codes
from workbench.segments.segment import Segment
from workbench.storage import arrays

VECTORS = np.random.default_rng(1).normal(size=(600, 32)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of one sealed collection with codes, whose files all count as large from now on."""
    for name in ("LEAST_BYTES", "LEAST_DIM", "FAITHFUL"):
        monkeypatch.setattr(codes, name, 0)
    with wb.open(tmp_path / "db") as database:
        points = database.create("points", vectors=VECTORS, indexing_threshold=1, progress=False)
        points.optimize(progress=False)
    monkeypatch.setattr(arrays, "LATER_BYTES", 0)
    return tmp_path / "db"


def damage(folder: Path, name: str, at: int = -3) -> None:
    (path,) = folder.glob(f"collections/*/segments/*/{name}")
    data = bytearray(path.read_bytes())
    data[at] ^= 64
    path.write_bytes(data)


def test_damaged_vectors_are_found_soon_after_opening(folder: Path) -> None:
    damage(folder, "vectors-0.npy")
    with open_engine(folder) as engine:
        collection = engine.collection("points")
        assert collection.verification._thread is not None
        collection.verification._thread.join(10)
        with pytest.raises(Corrupted, match=r"vectors-0\.npy: expected checksum"):
            collection.view  # noqa: B018


def test_damaged_vectors_are_found_before_anybody_copies_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "_GRACE_S", 60.0)
    damage(folder, "vectors-0.npy")
    with open_engine(folder) as engine:
        collection = engine.collection("points")
        assert collection.view.live == 600
        (tmp_path / "copy").mkdir()
        with pytest.raises(Corrupted):
            snapshot.copy_files(collection, tmp_path / "copy")
        assert list((tmp_path / "copy").iterdir()) == []
    with wb.open(folder) as database:
        database["points"].add(None, vectors=VECTORS[:5], progress=False)
        with pytest.raises(Corrupted):
            database["points"].optimize(progress=False)


def test_damaged_codes_are_left_out_and_the_answers_stay(folder: Path) -> None:
    with wb.open(folder) as database:
        database["points"].wait()
        whole = database["points"].search(VECTORS[7], ef=600).ids
    damage(folder, "codes-0-codes.npy")
    with wb.open(folder) as database:
        points = database["points"]
        points.wait()
        assert points.memory()["codes"].mapped + points.memory()["codes"].held == 0
        assert points.search(VECTORS[7], ef=600).ids == whole


def test_a_damaged_graph_is_left_out_and_built_again(folder: Path) -> None:
    with wb.open(folder) as database:
        whole = database["points"].search(VECTORS[7], exact=True).ids
    damage(folder, "graph-0-links0.npy", at=-4)  # of the lowest byte: another node that there is
    with open_engine(folder) as engine:
        collection = engine.collection("points")
        (segment,) = [v.segment for v in collection.view.segments if isinstance(v.segment, Segment)]
        assert segment.column("", 600).searcher is not None  # type: ignore[union-attr]
        assert collection.verification._thread is not None
        collection.verification._thread.join(10)
        assert segment.column("", 600).searcher is None  # type: ignore[union-attr]
        assert segment.damaged == [""]
        collection.upkeep.wait()
        assert collection.view.segments[0].dense("").searcher is not None
        assert wb.Collection(collection).search(VECTORS[7], ef=600).ids == whole


def test_a_graph_and_its_codes_that_are_both_damaged_are_left_out(folder: Path) -> None:
    damage(folder, "graph-0-links0.npy", at=-4)
    damage(folder, "codes-0-codes.npy")
    with open_engine(folder) as engine:
        (segment,) = [v.segment for v in engine.collection("points").view.segments if v.sealed]
        assert isinstance(segment, Segment)
        segment.check_left()
        assert segment.column("", 600).searcher is None  # type: ignore[union-attr]
        assert segment.damaged[0] == ""


def test_undamaged_files_are_all_checked(folder: Path) -> None:
    with open_engine(folder) as engine:
        collection = engine.collection("points")
        segment = collection.view.segments[0].segment
        assert segment.arrays.unchecked() == ["vectors-0"]  # type: ignore[union-attr]
        assert segment.column("", 600).searcher is not None  # type: ignore[union-attr]
        assert sorted(segment.arrays.unchecked()) == ["codes-0-codes", "graph-0-links0", "vectors-0"]  # type: ignore[union-attr]
        collection.upkeep.wait()
        assert segment.arrays.unchecked() == []  # type: ignore[union-attr]
