"""The tracer without a browser: what it holds of a walk, and how it follows what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import InvalidRequest
from workbench.indexes.costs import SearchCosts
from workbench.views.state.tracing import Tracing

COUNT = 1500


@pytest.fixture(scope="module")
def zoo() -> Iterator[wb.Collection]:
    """Points 0 ... 1499 on a line, as one segment with a graph."""
    kernels.warm(block=True)
    vectors = np.column_stack([np.arange(COUNT), np.zeros(COUNT)]).astype(np.float32)
    rows = [{"says": f"number {i} of the line", "n": i} for i in range(COUNT)]
    with wb.open() as db:
        made = db.create(
            "zoo", rows, vectors=vectors, distance="Euclid", m=8, indexing_threshold=1, progress=False
        )
        yield made.optimize(progress=False)


def test_a_trace_shows_itself_as_a_screen_and_stays_a_trace(zoo: wb.Collection) -> None:
    trace = zoo.trace([700.2, 0.0], k=3, ef=20)
    data, _ = trace._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("Trace of a query in zoo: 3 hits")
    screen = trace.view().wait()
    assert screen.trace is trace
    assert (screen.k, screen.ef, screen.problem) == (3, 20, "")
    assert screen.step == trace.replay().hops
    assert "hops" in repr(screen)
    assert 'alt="Nodes visited"' in screen._body()


def test_the_scene_has_the_place_and_distance_of_every_node(zoo: wb.Collection) -> None:
    screen = zoo.trace([700.2, 0.0], k=3, ef=20).view().wait()
    scene = screen.state.scene
    assert scene.numbers.tolist() == scene.segment.ids.tolist()  # ids count from 0 in the order of rows
    assert scene.gaps.tolist() == pytest.approx(np.abs(scene.numbers - 700.2).tolist(), abs=1e-3)
    assert scene.hits.tolist() == [700, 701, 699]
    walked = scene.parents >= 0
    assert (scene.segment.steps.node[scene.parents[walked]] == scene.segment.steps.parent[walked]).all()
    place = screen.state.ground.layout
    assert scene.at == pytest.approx(0.8 * place[700] + 0.2 * place[701], abs=1e-3)
    assert scene.hit_names[0] == "700 · number 700 of the line"


def test_changing_the_question_traces_it_anew(zoo: wb.Collection) -> None:
    screen = zoo.trace_view([3.1, 0.0], k=2, ef=10).wait()
    assert screen.trace.ids == [3, 4]
    screen.text = "#900"
    screen.wait()
    assert screen.trace.ids == [900, 899]
    assert screen.code == "collection.trace(collection.get([900], vectors=True)[0].vectors[''], k=2, ef=10)"
    measured = len(screen.trace)
    screen.ef = 200
    screen.wait()
    assert len(screen.trace) > measured
    screen.where = {"n": {"lt": 4}}
    screen.wait()
    assert screen.trace.ids == [3, 2]
    assert screen.view._scene["why"] == "few points match: scanning them costs less"
    assert (screen.view._walk, screen.step) == (b"", 0)


def test_a_walk_with_a_filter_marks_what_it_only_passes_through(
    zoo: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # so few points would be scanned
    monkeypatch.setattr(SearchCosts, "scan", lambda self, matching, beside=False: np.inf)
    screen = zoo.trace([700.2, 0.0], where={"n": {"gte": 701}}, k=2, ef=10).view().wait()
    scene = screen.state.scene
    assert scene.segment.choice.strategy == "graph"
    passed = (scene.segment.steps.flags & 4) > 0
    assert passed.tolist() == (scene.numbers < 701).tolist()
    assert passed.any()
    last = scene.replay.results(scene.replay.hops)
    assert scene.numbers[last].tolist() == list(range(701, 711))


def test_of_many_points_representatives_are_drawn_and_all_that_were_visited(zoo: wb.Collection) -> None:
    part = zoo.trace([700.2, 0.0], ef=20).view(limit=100).wait()
    scene, ground = part.state.scene, part.state.ground
    assert part.view._scene["about"].startswith("100 of 1,500 points, and all that were visited")
    assert len(scene.extra) > 0
    places = np.concatenate([ground.layout, scene.extra])[scene.numbers]
    steps = np.abs(np.diff(places[:, 0]) / np.diff(scene.segment.ids.tolist()))  # a line stays a line
    assert steps == pytest.approx(np.full(len(steps), steps[0]), rel=1e-2)


def test_a_map_that_is_open_can_be_the_ground(zoo: wb.Collection) -> None:
    drawn = zoo.map(method="pca").wait()
    screen = zoo.trace([5.0, 0.0]).view(map=drawn).wait()
    assert screen.problem == ""
    assert screen.state.ground.layout.tolist() == drawn.state.layout.tolist()
    assert "the map by pca" in screen.view._scene["about"]
    with pytest.raises(InvalidRequest, match=r"expected an open collection\.map\(\)"):
        zoo.trace([5.0, 0.0]).view(map="umap")


def test_points_that_were_deleted_are_walked_through_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SearchCosts, "scan", lambda self, matching, beside=False: np.inf)
    with wb.open() as db:
        vectors = np.column_stack([np.arange(COUNT), np.zeros(COUNT)]).astype(np.float32)
        made = db.create("gone", vectors=vectors, distance="Euclid", indexing_threshold=1, progress=False)
        made.optimize(progress=False)
        made.configure(optimizers={"indexing_threshold": 0, "deleted_threshold": 1.0})
        made.delete([700])
        scene = made.trace([700.0, 0.0], k=2, ef=10).view().wait().state.scene
        (row,) = np.flatnonzero(scene.segment.dead).tolist()
        assert scene.names[row] == "700 · deleted"
        assert scene.trace.ids == [699, 701]


def test_without_a_query_the_screen_waits_for_one(zoo: wb.Collection) -> None:
    screen = zoo.trace_view()
    assert (screen.trace, screen.state.working) == (None, False)
    assert "no query yet" in repr(screen)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("#99999", "expected # and the id of a point that has this vector, got '#99999'"),
        ("some words", "model"),
    ],
)
def test_a_wrong_query_says_what_is_expected_and_keeps_the_walk(
    zoo: wb.Collection, text: str, problem: str
) -> None:
    screen = zoo.trace_view([3.1, 0.0], k=2).wait()
    screen.text = text
    screen.wait()
    assert problem in screen.problem
    assert screen.trace.ids == [3, 4]


def test_an_unknown_setting_is_refused_with_advice(zoo: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="did you mean ef"):
        Tracing(zoo, "", eff=3)


def test_the_saved_page_holds_the_whole_walk(zoo: wb.Collection, tmp_path: Path) -> None:
    screen = zoo.trace([700.2, 0.0], ef=20).view().wait()
    page = screen.save(tmp_path / "walk.html").read_text()
    assert '"hops": ' in page
    assert len(screen.view._walk) == 9 * 4 * len(screen.trace)
