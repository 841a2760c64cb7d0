"""The filter lab: each strategy by force, against exact answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.surfaces.notebook import filter_costs
from workbench.surfaces.notebook.filter_costs import (
    ACORN,
    GRAPH,
    PLANNED,
    SCAN,
    WAYS,
    FilterCost,
    crossover,
    measure_filters,
)
from workbench.surfaces.notebook.tuning import Bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(60, 48))[draw.integers(0, 60, 4000)] + draw.normal(size=(4000, 48))).astype(
        "f4"
    )
    kinds = ["rare"] * 40 + ["some"] * 760 + ["common"] * 3200
    made = wb.open().create(
        "points", {"kind": kinds, "n": range(4000)}, vectors=rows, indexing_threshold=1, progress=False
    )
    return Bench.of(made, queries=50)


def test_every_way_is_measured_at_every_share_and_scans_find_everything(bench: Bench) -> None:
    seen: list[int] = []
    costs = measure_filters(bench, 10, 64, publish=lambda found: seen.append(len(found)))
    assert seen == [4 * i for i in range(1, 8)]
    assert [c.way for c in costs[:4]] == list(WAYS)
    shares = sorted({c.share for c in costs})
    assert shares[0] == pytest.approx(0.001, abs=0.001)
    assert shares[-1] == pytest.approx(0.5, abs=0.03)
    assert all(c.recall > 0.98 for c in costs if c.way == SCAN)
    assert {c.strategy for c in costs if c.way == GRAPH} == {"graph"}
    assert {c.strategy for c in costs if c.way == ACORN} == {"acorn"}
    assert all(c.low <= c.recall <= c.high and 0 < c.p50_ms <= c.p95_ms for c in costs)


def test_the_planner_scans_few_points_and_says_what_it_did(bench: Bench) -> None:
    planned = [c for c in measure_filters(bench, 10, 16) if c.way == PLANNED]
    assert planned[0].strategy in ("codes", "exact")
    assert all(c.recall > 0.8 for c in planned)


def test_filters_can_be_the_values_of_a_payload_field(bench: Bench) -> None:
    costs = [c for c in measure_filters(bench, 10, 64, "kind") if c.way == SCAN]
    assert [c.filter for c in costs] == ["kind = 'rare'", "kind = 'some'", "kind = 'common'"]
    assert sum(c.matching for c in costs) == 4000 - len(bench.queries)


def test_of_many_values_those_are_tried_whose_counts_are_spread() -> None:
    counts = {f"v{i}": i for i in range(1, 1001)}
    tried = [counts[value] for value in filter_costs._spread(counts)]
    assert tried == [1, 3, 8, 20, 52, 139, 373, 1000]
    assert filter_costs._spread({"a": 5, "b": 5, "c": 1}) == ["c", "a", "b"]


def test_what_there_is_nothing_to_measure_of_is_refused(bench: Bench) -> None:
    with pytest.raises(InvalidRequest, match="got 'color', of which no point has any"):
        measure_filters(bench, 10, 64, "color")
    few = np.eye(50, dtype="f4")
    plain = wb.open().create("few", {"n": range(50)}, vectors=few, index=False, progress=False)
    with pytest.raises(InvalidRequest, match=r"call collection.optimize\(\)"):
        measure_filters(Bench.of(plain), 5, 16)


def test_two_ways_cross_between_the_shares_where_the_quicker_one_changes() -> None:
    like = FilterCost("", 0.01, 1, SCAN, 1, 1, 1, 1.0, 1.0, "")
    costs = [
        replace(like, share=share, way=way, p50_ms=ms)
        for share, scan, hops in ((0.01, 0.1, 1.0), (1.0, 10.0, 1.0))
        for way, ms in ((SCAN, scan), (ACORN, hops))
    ]
    assert crossover(costs) == pytest.approx(0.1)
    assert crossover(costs[:2]) is None
