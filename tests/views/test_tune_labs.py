"""The tuner's experiments: started, shown, used."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.build_race import gpu_note
from workbench.surfaces.notebook.goal import Goal, GoalReport, Trial
from workbench.views.widgets.tune import Tuner
from workbench.views.widgets.tune_tables import goal_table


@pytest.fixture
def tuner() -> Tuner:
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(60, 32))[draw.integers(0, 60, 1200)] + draw.normal(size=(1200, 32))).astype(
        "f4"
    )
    payload = {"kind": [f"k{i % 3}" for i in range(1200)], "weight": np.arange(1200) / 7}
    db = wb.open()
    made = db.create("points", payload, vectors=rows, indexing_threshold=1, progress=False)
    return made.tune(queries=30).wait()


def test_a_goal_is_looked_for_and_its_cheapest_setting_marked(tuner: Tuner) -> None:
    assert tuner.view._found is None
    tuner.view.goal_p95_ms = 500.0
    tuner._heard(tuner.view, {"find": True}, [])
    tuner.wait()
    found = tuner.view._found
    assert found["reached"]
    assert [row["cheapest"] for row in found["rows"]].count(True) == 1
    assert "settings reach recall@10 of 0.95, 95 of 100 searches within 500 ms and 2.0 GB" in found["verdict"]
    assert found["price"].startswith(("A recall of 0.99 would cost", "No setting"))
    assert [one["name"] for one in found["importance"]] == ["m", "ef_construct", "ef", "together"]
    assert "63 settings (9 graphs over 1,200 points" in found["screened"]
    frame = tuner.frame("goal")
    assert len(frame) == 70
    assert frame.meets.any()


def test_a_setting_that_was_found_can_be_gone_to(tuner: Tuner) -> None:
    tuner._heard(tuner.view, {"go": [8, 64, 32]}, [])
    tuner.wait()
    assert (tuner.m, tuner.ef_construct, tuner.ef) == (8, 64, 32)
    assert tuner.recall is not None


def test_a_goal_out_of_reach_says_what_comes_nearest() -> None:
    slow = Trial(16, 100, 64, 0.97, 4.0, 8.0, 10**9, 1000, True)
    found = goal_table(GoalReport(Goal(0.95, 3.0, 2e9), (slow,)))
    assert not found["reached"]
    assert found["verdict"].endswith("The nearest misses it with 8.00 ms.")
    assert found["price"] == "No setting that was tried has a recall of 0.99."


def test_a_goal_that_makes_no_sense_is_a_problem_and_loses_nothing(tuner: Tuner) -> None:
    tuner.find(recall=1.5)
    tuner.wait()
    assert "recall: expected more than 0 and at most 1, got 1.5" in tuner.problem
    assert tuner.recall is not None


def test_filters_are_measured_at_random_or_by_a_field(tuner: Tuner) -> None:
    assert tuner.view._filter_keys == [["", "random points"], ["kind", "kind"]]
    tuner.measure_filters("kind").wait()
    lines = tuner.view._filters["lines"]
    assert [line["name"] for line in lines] == [
        "scan",
        "graph walk",
        "two hops (ACORN)",
        "planner's choice",
    ]
    assert [p["filter"] for p in lines[0]["points"]] == ["kind = 'k0'", "kind = 'k1'", "kind = 'k2'"] or len(
        lines[0]["points"]
    ) == 3
    assert "The planner chose " in tuner.view._filters["said"]
    assert tuner.view._filters["said"].count(" %") >= 1
    assert len(tuner.frame("filters")) == 12


def test_quantization_is_measured_and_used(tuner: Tuner) -> None:
    tuner.measure_quantization().wait()
    rows = tuner.view._codes["rows"]
    assert (rows[0]["name"], rows[0]["config"]) == ("none", "")
    assert tuner.view._codes["sampled"] == 1200
    tuner._heard(tuner.view, {"quantize": "scalar int8"}, [])
    tuner.wait()
    assert tuner.state.collection.info.config.quantization == {"scalar": {"type": "int8", "quantile": 0.99}}
    tuner._heard(tuner.view, {"quantize": "none"}, [])
    tuner.wait()
    assert tuner.state.collection.info.config.quantization is None
    assert set(tuner.frame("quantization").kind) == {row["name"] for row in rows}


def test_builders_race_with_the_selected_graph(tuner: Tuner) -> None:
    assert tuner.view._builds["gpu"] == gpu_note()
    tuner.race().wait()
    assert {row["title"] for row in tuner.view._builds["rows"]} == {"Workbench, CPU", "hnswlib, CPU"} | (
        set() if gpu_note() else {"Workbench, GPU", "cuVS, GPU"}
    )
    assert list(tuner.frame("builds").columns) == ["builder", "seconds", "points", "recall", "why_not"]


def test_a_graph_that_gave_way_to_other_work_is_not_pointed_at(tuner: Tuner) -> None:
    tuner.m = 4
    tuner.race().wait()
    assert (tuner.m, tuner.problem) == (16, "")
    assert tuner.recall is not None


def test_only_what_was_measured_is_a_frame(tuner: Tuner) -> None:
    assert set(tuner.frame().m) == {16}
    assert tuner.frame("filters").empty
    with pytest.raises(InvalidRequest, match="expected one of curves, goal, filters"):
        tuner.frame("speed")
