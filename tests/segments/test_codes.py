"""The codes of a segment: written beside the graph, read back, and dispensable."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from tests.segments.test_optimizer import STORE
from workbench import kernels
from workbench.indexes import codes as int8
from workbench.indexes import costs, flat
from workbench.models.config import CollectionConfig, Distance, HnswConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.segments import builder
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView
from workbench.storage.arrays import FolderArrays
from workbench.storage.vectors import VectorFile

DIM = 72
VECTORS = np.random.default_rng(0).normal(size=(800, DIM)).astype(np.float32)
CONFIG = CollectionConfig(
    vectors={"": VectorParams(size=DIM, distance=Distance.EUCLID)}, hnsw=HnswConfig(m=8, ef_construct=32)
)


def build(folder: Path, config: CollectionConfig = CONFIG) -> dict[str, object]:
    kernels.warm(block=True)
    made = Tail(1, 1, config, {"": VectorFile(None, DIM, np.float32)}, STORE)
    made.append_vectors("", VECTORS)
    made.commit(PointBatch(IdArray.of(range(800)), {"": VectorBatch(VECTORS)}, []).ids, {"": None})
    return builder.build([SegmentView(made, 800)], config, FolderArrays(folder), builder="numba")


def opened(folder: Path, info: dict[str, object]) -> Segment:
    segment = Segment(2, info, FolderArrays(folder, info["arrays"]), CONFIG, STORE)  # type: ignore[arg-type]
    segment.check_left()
    return segment


def answers_are_right(segment: Segment) -> bool:
    searcher = segment.column("", 800).searcher
    assert searcher is not None
    found = searcher.search_batch(VECTORS[:50], 5, 200)[0]
    return float(np.mean(found == flat.search_batch(VECTORS, VECTORS[:50], 5, kernels.SQUARED_L2)[0])) > 0.98


@pytest.fixture
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "LEAST_BYTES", 0)


def test_codes_are_written_beside_the_graph_and_searched(tmp_path: Path, every_size: None) -> None:
    segment = opened(tmp_path, build(tmp_path))
    searcher = segment.column("", 800).searcher
    assert searcher is not None
    assert searcher.codes is not None
    assert np.load(tmp_path / "codes-0-codes.npy").shape == (800, 128)
    assert answers_are_right(segment)


@pytest.mark.parametrize("name", ["codes", "terms", "mean"])
@pytest.mark.parametrize("harm", ["cut short", "missing"])
def test_without_whole_codes_a_segment_is_searched_by_its_vectors(
    tmp_path: Path, every_size: None, name: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    info = build(tmp_path)
    path = tmp_path / f"codes-0-{name}.npy"
    path.unlink() if harm == "missing" else path.write_bytes(path.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING, "workbench"):
        segment = opened(tmp_path, info)
    assert f"codes-0-{name}.npy" in caplog.text
    assert segment.damaged == []
    assert segment.column("", 800).searcher.codes is None  # type: ignore[union-attr]
    assert answers_are_right(segment)


def test_a_segment_of_before_codes_opens(tmp_path: Path) -> None:
    info = build(tmp_path)  # too small for codes
    assert info["vectors"][""].pop("codes") is None  # type: ignore[index]
    assert not list(tmp_path.glob("codes-*"))
    assert answers_are_right(opened(tmp_path, info))


@pytest.fixture
def nibbles_anyway(every_size: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LEAST", 0), ("HALVED", 0.0), ("HALVED_IN", np.inf)):
        monkeypatch.setattr(costs, name, value)


def test_nibbles_that_pay_are_written_too_and_walked_by(tmp_path: Path, nibbles_anyway: None) -> None:
    segment = opened(tmp_path, build(tmp_path))
    searcher = segment.column("", 800).searcher
    assert searcher is not None
    assert searcher.halved is not None
    assert searcher.halved.rows.shape == (800, 64)
    assert searcher.nibbles is not None
    assert searcher.nibbles.arrays[0] is searcher.halved.rows
    assert answers_are_right(segment)


def test_vectors_on_disk_get_no_nibbles_in_memory(tmp_path: Path, nibbles_anyway: None) -> None:
    vectors = {"": VectorParams(size=DIM, distance=Distance.EUCLID, on_disk=True)}
    build(tmp_path, CollectionConfig(vectors=vectors, hnsw=CONFIG.hnsw))
    assert list(tmp_path.glob("codes-*"))
    assert not list(tmp_path.glob("nibbles-*"))


@pytest.mark.parametrize("name", ["rows", "rests", "squares"])
def test_without_whole_nibbles_walks_read_the_codes(
    tmp_path: Path, nibbles_anyway: None, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    info = build(tmp_path)
    (tmp_path / f"nibbles-0-{name}.npy").unlink()
    with caplog.at_level(logging.WARNING, "workbench"):
        segment = opened(tmp_path, info)
    assert f"nibbles-0-{name}.npy" in caplog.text
    searcher = segment.column("", 800).searcher
    assert searcher is not None
    assert searcher.halved is None
    assert searcher.codes is not None
    assert answers_are_right(segment)


def test_a_segment_of_before_nibbles_opens(tmp_path: Path, every_size: None) -> None:
    info = build(tmp_path)  # too small for nibbles
    assert "nibbles" not in info["vectors"][""]  # type: ignore[index]
    assert answers_are_right(opened(tmp_path, info))
