"""UMAP's parts: the curve, the weights, the edges, and epochs that only the seed decides about."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.maps.umap import curve, joined, umap


@pytest.mark.parametrize(
    ("min_dist", "a", "b"), [(0.0, 1.9328, 0.7905), (0.1, 1.5769, 0.8951), (0.5, 0.5830, 1.3342)]
)
def test_the_curve_is_that_of_the_papers_implementation(min_dist: float, a: float, b: float) -> None:
    assert curve(min_dist) == pytest.approx((a, b), abs=1e-4)


def test_the_nearest_is_held_fully_and_all_weights_sum_to_the_logarithm_of_k() -> None:
    kernels.warm(block=True, module=kernels.UMAP)
    from workbench.kernels.cpu.umap import weigh

    near = np.array([[1, 2, 3, 4], [0, 2, 3, 4]], np.int32)
    gaps = np.array([[0.5, 1.0, 2.0, 9.0], [3.0, 3.1, 3.2, 3.3]], np.float32)
    weights = np.zeros((2, 4), np.float32)
    weigh(near, gaps, weights, 0, 2)
    assert weights[:, 0].tolist() == [1.0, 1.0]
    assert weights.sum(axis=1) == pytest.approx([2.0, 2.0], abs=1e-4)
    assert (np.diff(weights, axis=1) < 0).all()


def test_a_point_among_its_own_neighbors_and_equal_points_weigh_something_finite() -> None:
    kernels.warm(block=True, module=kernels.UMAP)
    from workbench.kernels.cpu.umap import weigh

    weights = np.full((2, 2), np.nan, np.float32)
    weigh(np.array([[0, 1], [0, 1]], np.int32), np.zeros((2, 2), np.float32), weights, 0, 2)
    assert weights.tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_an_edge_is_as_strong_as_that_either_end_holds_it_and_goes_both_ways() -> None:
    near = np.array([[1], [0], [0]], np.int32)
    edges = joined(near, np.array([[0.5], [0.5], [0.6]], np.float32), epochs=100)
    assert edges.starts.tolist() == [0, 2, 3, 4]
    assert edges.tails.tolist() == [1, 2, 0, 0]
    assert (edges.rates / edges.rates.max()).tolist() == pytest.approx([1.0, 0.8, 1.0, 0.8])


def test_an_edge_too_weak_to_pull_once_is_left_out() -> None:
    near = np.array([[1], [0], [0]], np.int32)
    assert joined(near, np.array([[1.0], [1.0], [0.05]], np.float32), epochs=10).starts.tolist() == [
        0,
        1,
        2,
        2,
    ]


def test_a_map_depends_on_the_seed_and_not_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(0)
    near = draw.integers(0, 90, (90, 6)).astype(np.int32)
    gaps, start = draw.uniform(size=(90, 6)).astype(np.float32), draw.normal(size=(90, 2)).astype(np.float32)
    gaps.sort(axis=1)
    maps = []
    for cores, seed in ((1, 0), (5, 0), (1, 1)):
        monkeypatch.setattr("workbench.maps.umap.cores", lambda cores=cores: cores)
        maps.append(umap(near, gaps, start, epochs=20, seed=seed))
    assert (maps[0] == maps[1]).all()
    assert not np.allclose(maps[0], maps[2])


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_points_for_a_map_stay_where_they_begin(n: int) -> None:
    start = np.ones((n, 2), np.float32)
    assert umap(np.zeros((n, 1), np.int32), np.zeros((n, 1), np.float32), start).tolist() == start.tolist()
