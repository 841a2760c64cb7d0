"""The tuner: its traits, what runs in the background, and what shows without a browser."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest, WorkbenchError
from workbench.surfaces.notebook import tuning


@pytest.fixture
def collection() -> wb.Collection:
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(60, 48))[draw.integers(0, 60, 3000)] + draw.normal(size=(3000, 48))).astype(
        "f4"
    )
    return wb.open().create("points", {"n": range(3000)}, vectors=rows, indexing_threshold=1, progress=False)


def test_moving_ef_measures_at_once_and_shows_the_code(collection: wb.Collection) -> None:
    tuner = collection.tune(ef=128, queries=100).wait()
    high = tuner.recall
    tuner.ef = 8
    assert tuner.recall is not None
    assert tuner.recall < high
    assert tuner.latency_ms > 0
    assert tuner.code == "collection.search(query, k=10, ef=8)"
    assert tuner.view._tiles[0][1] == f"{tuner.recall:.3f}"
    assert tuner.view._here["ef"] == 8


def test_a_value_between_the_steps_of_a_slider_becomes_a_step(collection: wb.Collection) -> None:
    tuner = collection.tune(queries=50).wait()
    tuner.ef = 37
    tuner.wait()
    assert tuner.ef == tuner.state.ef == 37
    assert 37 in [p.ef for p in tuner.state.curves[16, 100, False]]


def test_moving_m_builds_a_graph_and_applying_gives_it_to_the_collection(collection: wb.Collection) -> None:
    tuner = collection.tune(ef=16, queries=100).wait()
    before = tuner.memory_bytes
    tuner.m = 4
    assert tuner.recall is None
    assert tuner.status.startswith("building m=4")
    tuner.wait()
    assert tuner.memory_bytes < before
    assert set(tuner.state.curves) == {(16, 100, False), (4, 100, False)}
    tuner.apply()
    tuner.wait()
    hnsw = collection.info.config.hnsw
    assert (hnsw.m, hnsw.ef_construct, hnsw.ef) == (4, 100, 16)
    assert (tuner.state.now.m, set(tuner.state.curves)) == (4, {(4, 100, False)})


def slowly(vectors: Any, metric: int, *, progress: Any, **settings: Any) -> Any:
    for step in range(2000):
        progress(step, 2000)
        time.sleep(0.005)


def test_a_cancelled_build_goes_back_to_the_graph_before(
    collection: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuner = collection.tune(queries=50).wait()
    measured = tuner.recall
    monkeypatch.setattr(tuning.hnsw_build, "build", slowly)
    tuner.ef_construct = 400
    time.sleep(0.5)
    tuner.cancel()
    tuner.wait()
    assert (tuner.ef_construct, tuner.recall) == (100, measured)
    assert tuner.status == "Cancelled: that graph was not built."


def test_a_failed_build_says_why(collection: wb.Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise WorkbenchError("no room for the graph")

    tuner = collection.tune(queries=50).wait()
    monkeypatch.setattr(tuning.hnsw_build, "build", fail)
    tuner.m = 64
    tuner.wait()
    assert (tuner.m, tuner.status) == (16, "no room for the graph")


def test_changing_one_s_mind_builds_only_the_last_graph(collection: wb.Collection) -> None:
    tuner = collection.tune(queries=50).wait()
    for m in (4, 6, 8, 12):
        tuner.m = m
    tuner.wait()
    assert set(tuner.state.curves) == {(16, 100, False), (12, 100, False)}


def test_a_collection_without_a_graph_says_that_it_is_scanned() -> None:
    plain = wb.open().create(
        "few", {"n": range(50)}, vectors=np.eye(50, dtype="f4"), index=False, progress=False
    )
    tuner = plain.tune().wait()
    assert tuner.recall == 1.0
    assert "no graph yet" in tuner._repr_mimebundle_()[0]["text/html"]


def test_without_a_browser_the_numbers_are_in_the_text_and_in_a_table(collection: wb.Collection) -> None:
    tuner = collection.tune(ef=16, queries=50).wait()
    shown, _ = tuner._repr_mimebundle_()
    assert shown["text/plain"].startswith("<Tuner 'points': m=16, ef_construct=100, ef=16, recall@10 ")
    assert f"{tuner.recall:.3f}" in shown["text/html"]
    assert "<script" not in shown["text/html"]


def test_wrong_settings_are_refused_with_advice(collection: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match=r"unknown setting 'ef_constuct'; did you mean ef_construct=\?"):
        collection.tune(ef_constuct=100)
    with pytest.raises(InvalidRequest, match="k: expected 1 to 100, got 5000"):
        collection.tune(k=5000)
    with pytest.raises(InvalidRequest, match="'ef' trait"):
        collection.tune(ef="many")


def test_the_best_of_all_graphs_are_a_front_that_rises_with_time(collection: wb.Collection) -> None:
    tuner = collection.tune(queries=50, m=4).wait()
    front = tuner.state.front
    assert [p.p50_ms for p in front] == sorted(p.p50_ms for p in front)
    assert [p.recall for p in front] == sorted({p.recall for p in front})
    assert [p["recall"] for p in tuner.view._front] == [round(p.recall, 5) for p in front]
    quickest = min((p for points in tuner.state.curves.values() for p in points), key=lambda p: p.p50_ms)
    assert front[0].p50_ms == quickest.p50_ms


def test_the_browser_s_sliders_and_buttons_move_the_state(collection: wb.Collection) -> None:
    tuner = collection.tune(ef=64, queries=50).wait()
    tuner.view.ef = 12
    assert (tuner.ef, tuner.state.measurement.ef, tuner.view._can_reset) == (12, 12, True)
    tuner._heard(tuner.view, {"reset": True}, [])
    assert (tuner.view.ef, tuner.view._can_use) == (100, False)
    tuner.view.ef = 12
    tuner._heard(tuner.view, {"apply": True}, [])
    tuner.wait()
    assert collection.info.config.hnsw.ef == 12


def test_the_curves_become_a_figure_for_a_paper(collection: wb.Collection) -> None:
    tuner = collection.tune(queries=50).wait()
    (line,) = tuner.figure().data
    points = tuner.state.curves[16, 100, False]
    assert line.name == "m 16, ef_construct 100 · now"
    assert list(line.x) == [p.ef for p in points]
    assert list(line.y) == [p.recall for p in points]
    assert list(tuner.figure("ms").data[0].x) == sorted(p.p50_ms for p in points)


def test_a_screen_with_its_curves_can_be_saved_as_a_page(collection: wb.Collection, tmp_path: Any) -> None:
    tuner = collection.tune(queries=50).wait()
    page = tuner.save(tmp_path / "tune.html").read_text()
    assert "m 16, ef_construct 100" in page
    assert "const page = { render }" in page
