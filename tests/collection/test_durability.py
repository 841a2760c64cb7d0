"""Vectors are durable before the transaction that names them: whoever finds a point finds its vector."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.collection.conftest import points
from workbench.collection import updates
from workbench.engine import open_engine
from workbench.errors import StorageFailed
from workbench.models.config import CollectionConfig, Distance, VectorParams
from workbench.storage import vectors
from workbench.testing.invariants import all_records

CONFIG = CollectionConfig(vectors={"": VectorParams(size=2, distance=Distance.DOT)})
ONE, TWO = points({1: ([1, 0], {"color": "red"})}), points({2: ([0, 1], {})})


@pytest.fixture(params=[0, 1 << 30], ids=["beside", "at the end"])
def from_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each append be synced by a thread, or by who waits for it."""
    monkeypatch.setattr(vectors, "_BESIDE", request.param)


@pytest.mark.usefixtures("from_bytes")
def test_points_are_committed_when_their_vectors_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync = os.fsync

    def slow(handle: int) -> None:
        time.sleep(0.05)
        fsync(handle)
        done.append("synced")

    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        updates.upsert(collection, ONE)
        collection.store._writer.set_trace_callback(lambda statement: done.append(statement[:6]))
        monkeypatch.setattr(os, "fsync", slow)
        updates.upsert(collection, TWO)
        monkeypatch.undo()
    assert done.index("synced") < done.index("COMMIT")
    assert done.index("INSERT") < done.index("synced")


@pytest.mark.usefixtures("from_bytes")
def test_points_whose_vectors_cannot_be_synced_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def found(collection: Any) -> list[Any]:
        return [(r.id, (r.vectors or {})[""].tolist()) for r in all_records(collection)]

    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        updates.upsert(collection, ONE)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", lost)
            with pytest.raises(StorageFailed, match="nothing was acknowledged"):
                updates.upsert(collection, TWO)
        assert found(collection) == [(1, [1.0, 0.0])]
        updates.upsert(collection, points({3: ([3, 3], {})}))
    with open_engine(tmp_path) as engine:
        assert found(engine.collection("c")) == [(1, [1.0, 0.0]), (3, [3.0, 3.0])]
