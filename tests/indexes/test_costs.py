"""What searches cost: measured, kept within reason, and without a say in what is found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.indexes.test_codes import clustered
from workbench import kernels
from workbench.indexes import costs, hnsw_build_numba
from workbench.indexes.costs import SearchCosts, expected, measure
from workbench.indexes.hnsw import HnswSearcher

N = 4000


@pytest.fixture(scope="module")
def searcher() -> HnswSearcher:
    kernels.warm(block=True)
    vectors = clustered(N)
    return HnswSearcher(hnsw_build_numba.build(vectors, kernels.SQUARED_L2), vectors, kernels.SQUARED_L2)


def test_costs_are_measured_on_the_graph_itself(searcher: HnswSearcher) -> None:
    found = measure(searcher)
    assert found is not None
    assert found.measured
    guess = expected(costs.width_of(searcher))
    for name, number in found.meta().items():
        if name != "base":
            assert 0.25 <= number / guess.meta()[name] <= 4.001


def test_a_clock_that_runs_wild_is_not_believed(
    searcher: HnswSearcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 10**15, 10**9))
    monkeypatch.setattr(costs.time, "thread_time_ns", lambda: next(ticks))
    found, guess = measure(searcher), expected(costs.width_of(searcher))
    assert found is not None
    assert found.row == pytest.approx(4 * guess.row)


def test_a_small_graph_is_not_measured_nor_one_without_kernels(
    searcher: HnswSearcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "LEAST", N + 1)
    assert measure(searcher) is None
    monkeypatch.setattr(costs, "LEAST", 10)
    monkeypatch.setattr(kernels, "_ready", set())
    assert measure(searcher) is None


def test_costs_survive_being_stored() -> None:
    made = SearchCosts(row=20.5, base=10.0, per_ef=1.5, two_hops=3.0, measured=True)
    assert SearchCosts.from_meta(made.meta()) == made
    sifted = SearchCosts(row=6.5, base=10.0, per_ef=1.5, two_hops=3.0, measured=True, sieve=True, beside=3.0)
    assert SearchCosts.from_meta(sifted.meta()) == sifted


@pytest.mark.parametrize("beside", [None, "3", -1.0, 7.0, float("nan")])
def test_signs_side_by_side_that_were_not_measured_are_not_reckoned_with(beside: Any) -> None:
    meta = {"row": 6.5, "base": 10.0, "per_ef": 1.5, "two_hops": 3.0, "sieve": 1.0, "beside": beside}
    found = SearchCosts.from_meta(meta)
    assert found is not None
    assert found.sieve
    assert (found.beside, found.scan(1_000, beside=True)) == (0.0, 6.5)


@pytest.mark.parametrize(
    "meta", [None, {}, {"row": 1}, {"row": -1, "base": 1, "per_ef": 1, "two_hops": 1},
             {"row": "1", "base": 1, "per_ef": 1, "two_hops": 1},
             {"row": float("nan"), "base": 1, "per_ef": 1, "two_hops": 1}],
)  # fmt: skip
def test_what_is_stored_wrong_is_left_aside(meta: Any) -> None:
    assert SearchCosts.from_meta(meta) is None
