"""What is closed lets go of its handles and mappings by itself: no garbage collector runs in these tests."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.engine import Engine, open_engine
from workbench.errors import Corrupted
from workbench.models.config import CollectionConfig, OptimizersConfig, VectorParams
from workbench.models.filters import FieldCondition, Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.predicates import MatchValue
from workbench.segments import builder

UNSEALED = OptimizersConfig(indexing_threshold=0)
CONFIG = CollectionConfig(
    vectors={"a": VectorParams(size=64), "b": VectorParams(size=2)}, optimizers=UNSEALED
)
RED = Filter(must=(FieldCondition("color", (MatchValue("red"),)),))
# 1.3 MB of vectors: smaller arrays of a sealed segment are read, not mapped.
ROWS = np.random.default_rng(0).normal(size=(5000, 64)).astype(np.float32)


@pytest.fixture(autouse=True)
def no_garbage_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def fill(collection: Collection, rows: np.ndarray[Any, Any] = ROWS) -> None:
    ids, payload = IdArray.of(range(len(rows))), orjson.dumps({"color": "red"})
    vectors = {"a": VectorBatch(rows), "b": VectorBatch(rows[:, :2])}
    updates.upsert(collection, PointBatch(ids, vectors, [payload] * len(rows)))


def held(folder: Path) -> list[str]:
    """The files of `folder`, removed ones too, to which this process has a handle or a mapping."""
    opened = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    mapped = [line[line.find("/") :] for line in Path("/proc/self/maps").read_text().split("\n")]
    return sorted({name for name in [*opened, *mapped] if name.startswith(str(folder))})


def suffixes(names: list[str]) -> set[str]:
    return {name.removesuffix(" (deleted)").rpartition(".")[2] for name in names}


def test_a_closed_database_holds_no_file(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", CONFIG)
        fill(collection)
        collection.upkeep.optimize()
        fill(collection, ROWS[:10])
        assert [int(s.mask(RED).sum()) for s in collection.view.segments] == [4990, 10]  # type: ignore[union-attr]
        assert suffixes(held(tmp_path)) >= {"npy", "raw"}
    assert held(tmp_path) == []


def test_a_deleted_collection_gives_its_disk_space_back(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", CONFIG)
        fill(collection)
        engine.delete("points")
        assert [name for name in held(tmp_path) if "points" in name] == []


def test_a_sealed_tail_gives_its_disk_space_back(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", CONFIG)
        fill(collection)
        assert collection.view.segments[0].mask(RED) is not None
        collection.upkeep.optimize()
        assert [name for name in held(tmp_path) if "deleted" in name] == []


def test_an_array_outlives_its_collection_and_takes_the_mapping_with_it(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", CONFIG)
        fill(collection, ROWS[:10])
        view = collection.view
    stored = view.segments[0].dense("a").stored
    assert stored[9].tolist() == collection_form(ROWS[9])
    assert suffixes(held(tmp_path)) == {"raw"}
    del view, stored
    assert held(tmp_path) == []


def collection_form(row: np.ndarray[Any, Any]) -> list[float]:
    """What Cosine keeps of a vector."""
    return pytest.approx((row / np.linalg.norm(row)).tolist(), abs=1e-6)  # type: ignore[no-any-return]


def test_a_job_that_closing_cancels_holds_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def build(*_: Any, progress: Any, **__: Any) -> None:
        begun.set()
        while True:
            progress(0, 1)

    monkeypatch.setattr(builder, "build", build)
    with open_engine(tmp_path) as engine:
        sealing = CollectionConfig(vectors=CONFIG.vectors, optimizers=OptimizersConfig(indexing_threshold=1))
        collection = engine.create("points", sealing)
        fill(collection)
        assert begun.wait(10)
    assert held(tmp_path) == []


def test_a_collection_that_cannot_be_opened_holds_no_file(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("points", CONFIG))
    (path,) = tmp_path.glob("collections/*/segments/*/tail-1.raw")
    path.write_bytes(b"x" * path.stat().st_size)
    with open_engine(tmp_path) as engine:
        assert [name for name in held(tmp_path) if "points-" in name] == []
        with pytest.raises(Corrupted, match=r"tail-1\.raw: checksum differs"):
            engine.collection("points")


def test_an_error_that_is_raised_again_and_again_does_not_grow(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        fill(engine.create("points", CONFIG))
    (path,) = tmp_path.glob("collections/*/points.sqlite")
    path.write_bytes(b"nonsense" * 1000)
    with open_engine(tmp_path) as engine:
        assert len({frames_of_asking(engine) for _ in range(5)}) == 1


def frames_of_asking(engine: Engine) -> int:
    with pytest.raises(Corrupted) as raised:
        engine.collection("points")
    return len(raised.traceback)
