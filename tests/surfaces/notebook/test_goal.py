"""Settings for a goal: what reaches it, what is cheapest, what matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from workbench.errors import Cancelled, InvalidRequest
from workbench.surfaces.notebook import goal
from workbench.surfaces.notebook.goal import Goal, GoalReport, Trial, main_effects, seek
from workbench.surfaces.notebook.tuning import Bench


def trial(
    ef: int, recall: float, ms: float, *, m: int = 16, memory: int = 100, present: bool = False
) -> Trial:
    return Trial(m, 100, ef, recall, ms, 2 * ms, memory, 1000, present)


@pytest.fixture(scope="module")
def bench() -> Bench:
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(60, 48))[draw.integers(0, 60, 1500)] + draw.normal(size=(1500, 48))).astype(
        "f4"
    )
    made = wb.open().create("points", {"n": range(1500)}, vectors=rows, indexing_threshold=1, progress=False)
    return Bench.of(made, queries=40)


def test_the_cheapest_is_the_quickest_that_reaches_everything() -> None:
    report = GoalReport(
        Goal(0.9, 3.0, 1000),
        (
            trial(8, 0.80, 0.1),  # finds too little
            trial(16, 0.92, 0.5, m=8),
            trial(32, 0.97, 0.9),
            trial(64, 0.99, 2.0),  # too slow: 95 of 100 take 4 ms
            trial(16, 0.95, 0.2, memory=2000),  # too large
        ),
    )
    assert [t.ef for t in report.feasible] == [16, 32]
    assert (report.cheapest.m, report.cheapest.ef) == (8, 16)
    assert (report.higher, report.price.ef) == (0.99, 64)


def test_the_graph_that_is_there_stays_unless_another_saves_a_tenth() -> None:
    there = trial(32, 0.95, 1.0, present=True)
    assert GoalReport(Goal(), (there, trial(16, 0.95, 0.95, m=8))).cheapest is there
    assert GoalReport(Goal(), (there, trial(16, 0.95, 0.85, m=8))).cheapest.m == 8


def test_a_graph_that_was_only_tried_on_the_smallest_sample_is_not_recommended() -> None:
    screened = replace(trial(16, 0.99, 0.1), points=500)
    report = GoalReport(Goal(), (screened, trial(32, 0.97, 0.5), trial(64, 0.995, 0.9)))
    assert report.feasible[0] is screened
    assert (report.cheapest.ef, report.price.ef) == (32, 64)


def test_the_nearest_is_told_when_nothing_reaches_the_goal() -> None:
    report = GoalReport(
        Goal(0.9, 1.0, 1000), (trial(8, 0.5, 0.1), trial(32, 0.89, 0.2), trial(64, 0.99, 9.0))
    )
    assert report.cheapest is None
    assert report.nearest.ef == 32


def test_main_effects_are_the_shares_of_the_variance_that_parameters_explain_alone() -> None:
    first, second = np.array([0.0, 1.0]), np.array([0.0, 2.0, 4.0])
    adds = first[:, None] + second[None, :]  # variances .25 and 8/3
    shares = main_effects(adds, ["a", "b"])
    assert shares["a"] == pytest.approx(0.25 / (0.25 + 8 / 3))
    assert shares["b"] == pytest.approx(8 / 3 / (0.25 + 8 / 3))
    assert shares["together"] == pytest.approx(0.0)
    both = main_effects(np.array([[1.0, -1.0], [-1.0, 1.0]]), ["a", "b"])
    assert both == pytest.approx({"a": 0.0, "b": 0.0, "together": 1.0})
    assert set(main_effects(np.ones((2, 2)), ["a", "b"]).values()) == {0.0}


def test_a_search_measures_the_present_graph_then_the_grid_and_says_what_matters(bench: Bench) -> None:
    seen: list[GoalReport] = []
    report = seek(bench, Goal(recall=0.9, p95_ms=1000.0), seen.append)
    assert {t.graph for t in seen[0].trials} == {(16, 100)}
    assert len({t.graph for t in report.trials}) == 10
    assert {t.points for t in report.trials} == {1500}
    assert report.cheapest.recall >= 0.9
    assert (report.graphs, report.settings, report.screened) == (9, 63, 1500)
    assert sum(report.importance["recall"].values()) == pytest.approx(1.0)
    assert report.importance["recall"]["ef"] > report.importance["recall"]["ef_construct"]
    fat, thin = (next(t for t in report.trials if t.graph == (m, 64)) for m in (32, 8))
    assert fat.memory_bytes > thin.memory_bytes


def test_what_a_sample_shows_is_carried_over_by_the_present_graph(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goal, "SCREENED", 500)
    monkeypatch.setattr(goal, "SAMPLE", 900)
    monkeypatch.setattr(goal, "MS", (8,))
    monkeypatch.setattr(goal, "EF_CONSTRUCTS", (64, 128))
    report = seek(bench, Goal(recall=0.9, p95_ms=1000.0), lambda _: None)
    carried = [t for t in report.trials if not t.present]
    assert {t.graph for t in carried} == {(8, 64), (8, 128)}
    assert all(900 <= t.points <= 940 for t in carried)
    whole = bench.variant(8, 64).measure(10, 16)
    guessed = next(t for t in carried if (t.ef_construct, t.ef) == (64, 16))
    assert guessed.recall == pytest.approx(whole.recall, abs=0.06)
    assert guessed.memory_bytes == pytest.approx(whole.memory_bytes, rel=0.1)


def test_a_search_can_be_cancelled_and_what_was_found_stays(bench: Bench) -> None:
    seen: list[GoalReport] = []

    def stop(done: int, total: int, text: str = "") -> None:
        if text.startswith("trying"):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        seek(bench, Goal(), seen.append, stop)
    assert len(seen[-1].trials) == len(goal.EFS)


def test_goals_that_make_no_sense_are_refused(bench: Bench) -> None:
    with pytest.raises(InvalidRequest, match="recall: expected more than 0 and at most 1, got 95"):
        Goal(recall=95)
    with pytest.raises(InvalidRequest, match="above 0, got -1 ms"):
        Goal(p95_ms=-1)
    with pytest.raises(InvalidRequest, match="k: expected 1 to 100, got 500"):
        seek(bench, Goal(k=500), lambda _: None)
