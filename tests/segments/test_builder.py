from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.segments.test_optimizer import STORE, config, sealed, tail
from workbench.errors import Cancelled
from workbench.indexes import hnsw_build
from workbench.models.points import IdArray
from workbench.segments import builder
from workbench.segments.segment import Segment
from workbench.storage.arrays import FolderArrays, MemoryArrays


def test_a_built_segment_has_the_live_rows_of_its_sources_in_order_of_key() -> None:
    source = tail(10).with_dead(np.array([0, 3, 9]))
    arrays = MemoryArrays()
    info = builder.build([source], config(), arrays)
    segment = Segment(2, info, arrays, config(), STORE)
    assert (info["rows"], info["uuids"]) == (7, False)
    assert segment.keys(np.arange(7)).tolist() == [2, 3, 5, 6, 7, 8, 9]
    assert segment.ids(7).tolist() == [1, 2, 4, 5, 6, 7, 8]
    assert segment.rows_of_keys(np.array([1, 5, 99])).tolist() == [-1, 2, -1]


def test_the_graph_of_the_oldest_source_is_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("build", "extend"):
        real = getattr(hnsw_build, name)
        monkeypatch.setattr(
            hnsw_build, name, lambda *a, real=real, name=name, **b: (calls.append(name), real(*a, **b))[1]
        )
    old = sealed(100, dead=10)
    info = builder.build([old, tail(20, 2, first_key=101)], config(), MemoryArrays())
    assert (info["rows"], calls) == (110, ["build", "extend"])
    builder.build([tail(20, 2, first_key=101), old], config(), MemoryArrays())
    assert calls.pop() == "extend"
    builder.build([sealed(100, dead=30), tail(30, 2, 101)], config(), MemoryArrays())  # as many come as go
    assert calls.pop() == "extend"
    builder.build([sealed(100, dead=16), tail(15, 2, 101)], config(), MemoryArrays())  # too little is left
    builder.build([sealed(100, m=5)], config(), MemoryArrays())  # another setting
    builder.build([old], config(), MemoryArrays(), builder="numba")
    assert calls == ["build", "extend", "build", "build", "build", "build", "build", "build"]


def test_a_segment_is_read_back_from_its_files(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path / "000002")
    info = builder.build([tail(50)], config(), arrays)
    segment = Segment(2, info, FolderArrays(tmp_path / "000002", info["arrays"]), config(), STORE)
    column = segment.column("", 50)
    assert column.stored.shape == (50, 2)
    assert column.searcher is not None
    assert segment.damaged == []
    assert segment.locate(IdArray.of([49, 50])).tolist() == [49, -1]
    assert np.load(tmp_path / "000002" / "keys.npy").tolist() == list(range(1, 51))


def test_a_damaged_graph_leaves_a_segment_that_is_scanned(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    info = builder.build([tail(50)], config(), arrays)
    (tmp_path / "graph-0-links0.npy").write_bytes(b"")
    segment = Segment(2, info, arrays, config(), STORE)
    assert segment.column("", 50).searcher is None
    assert segment.damaged == [""]
    assert segment.column("", 50).stored.shape == (50, 2)


def test_progress_counts_points_and_can_cancel() -> None:
    seen: list[tuple[int, int]] = []
    builder.build(
        [tail(300)],
        config(),
        MemoryArrays(),
        progress=lambda done, total, text="": seen.append((done, total)),
    )
    assert seen[-1] == (300, 300)

    def stop(done: int, total: int, text: str = "") -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        builder.build([tail(300)], config(), MemoryArrays(), progress=stop)


def test_dead_rows_of_a_view_are_dead_for_it_alone() -> None:
    view = sealed(5)
    without = view.with_dead(np.array([1, 2]))
    assert (view.live, without.live) == (5, 3)
    assert without.locate(IdArray.of([1, 3])).tolist() == [-1, 3]
    assert view.locate(IdArray.of([1, 3])).tolist() == [1, 3]
    assert view.with_dead(np.array([], np.intp)) is view
