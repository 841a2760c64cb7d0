"""The quantization lab, and the race of builders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.errors import WorkbenchError
from workbench.indexes import hnsw_build_hnswlib
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays
from workbench.surfaces.notebook import build_race
from workbench.surfaces.notebook.build_race import race
from workbench.surfaces.notebook.quantization_costs import KINDS, measure_quantization
from workbench.surfaces.notebook.tuning import Bench


@pytest.fixture(scope="module")
def bench() -> Bench:
    draw = np.random.default_rng(0)
    rows = (draw.normal(size=(60, 64))[draw.integers(0, 60, 2000)] + draw.normal(size=(2000, 64))).astype(
        "f4"
    )
    made = wb.open().create("points", {"n": range(2000)}, vectors=rows, indexing_threshold=1, progress=False)
    return Bench.of(made, queries=40)


def test_smaller_codes_find_less_and_rescoring_and_oversampling_make_up_for_it(bench: Bench) -> None:
    costs = {c.name: c for c in measure_quantization(bench, 10, 64)}
    assert set(costs) == set(KINDS)
    assert costs["none"].bytes_per_vector == 64 * 4
    assert costs["scalar int8"].bytes_per_vector < costs["none"].bytes_per_vector / 3
    assert costs["binary"].bytes_per_vector < costs["scalar int8"].bytes_per_vector
    alone, once, twice, four = costs["binary"].searches
    assert (alone.rescore, once.rescore) == (False, True)
    assert [s.oversampling for s in (once, twice, four)] == [1.0, 2.0, 4.0]
    assert alone.recall < twice.recall < four.recall
    assert alone.recall < costs["scalar int8"].searches[0].recall
    assert all(s.low <= s.recall <= s.high for c in costs.values() for s in c.searches)


def test_ranks_stay_without_codes_and_shift_with_them(bench: Bench) -> None:
    costs = {c.name: c for c in measure_quantization(bench, 10, 64)}
    assert costs["none"].ranks[:2] == ((1.0, 1.0), (2.0, 2.0))
    exact, rough = costs["scalar int8"].ranks, costs["binary"].ranks
    assert len(rough) == 10
    assert sum(middle for middle, _ in exact) < sum(middle for middle, _ in rough)
    assert all(middle <= wide for middle, wide in rough)


def test_builders_make_graphs_that_are_as_good_as_each_other(bench: Bench) -> None:
    built = {b.builder: b for b in race(bench, 8, 50, 10, 64)}
    assert built["numba"].points == 2000
    assert built["numba"].seconds > 0
    assert built["numba"].per_second == pytest.approx(2000 / built["numba"].seconds)
    assert built["hnswlib"].measurement.recall == pytest.approx(built["numba"].measurement.recall, abs=0.05)


def test_a_builder_that_cannot_run_says_why(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hnsw_build_hnswlib, "available", lambda metric: False)
    missing = next(b for b in race(bench, 8, 50, 10, 16) if b.builder == "hnswlib")
    assert (missing.measurement, missing.per_second) == (None, 0.0)
    assert "pip install hnswlib" in missing.why_not


def test_a_builder_that_fails_says_why_and_the_others_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_race.hnsw_build, "BUILDERS", ("auto", "numba", "abacus"))
    whole = Bench.variant

    def variant(self: Bench, *settings: Any, builder: str, **others: Any) -> Bench:
        if builder == "abacus":
            raise WorkbenchError("no abacus here")
        return whole(self, *settings, builder=builder, **others)

    monkeypatch.setattr(Bench, "variant", variant)
    seen: list[int] = []
    failed = race(bench, 8, 50, 10, 16, lambda found: seen.append(len(found)))[-1]
    assert failed.builder == "abacus"
    assert failed.why_not == "no abacus here"
    assert seen[-1] == 2


def test_a_gpu_takes_part_where_there_is_one_and_else_a_sentence_says_why_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    assert build_race.gpu_note() == "No GPU is used: there is none."
    assert {b.builder for b in race(bench, 8, 50, 10, 16)} == {"numba", "hnswlib"}
    monkeypatch.setattr(devices, "why_none", lambda: "")
    monkeypatch.setattr(devices, "Cuda", Arrays)
    built = {b.builder: b for b in race(bench, 8, 50, 10, 16)}
    assert built["gpu"].measurement.recall == pytest.approx(built["numba"].measurement.recall, abs=0.05)
    assert "cuVS is not installed" in built["cuvs"].why_not
