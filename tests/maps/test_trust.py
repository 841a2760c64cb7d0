"""What a map kept, where new points go, and what its regions are called."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.maps import clusters, placement, trust


def test_a_map_that_is_the_data_keeps_every_neighbor() -> None:
    places = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    near = trust.on_map(places, 10)
    assert near.shape == (300, 10)
    assert (trust.kept(near, places, 10) == 1).all()


def test_a_random_map_keeps_about_k_of_n() -> None:
    draw = np.random.default_rng(0)
    near = trust.on_map(draw.normal(size=(500, 2)), 10)
    assert trust.kept(near, draw.normal(size=(500, 2)), 10).mean() == pytest.approx(10 / 500, abs=0.02)


def test_only_the_points_asked_about_are_compared() -> None:
    places = np.array([[0, 0], [1, 0], [2, 0], [10, 0]], np.float32)
    assert trust.on_map(places, 2, np.array([3])).tolist() == [[2, 1]]
    assert trust.kept(np.array([[2, 0]]), places, 2, np.array([3])).tolist() == [0.5]


def test_points_at_one_place_are_not_their_own_neighbors() -> None:
    near = trust.on_map(np.zeros((6, 2), np.float32), 3)
    assert all(row not in found for row, found in enumerate(near.tolist()))


def test_a_single_point_has_no_neighbors_and_nothing_to_lose() -> None:
    assert trust.kept(np.empty((1, 0), np.int32), np.zeros((1, 2), np.float32)).tolist() == [1.0]


def test_a_new_point_lands_between_its_neighbors_nearer_to_the_nearest() -> None:
    layout = np.array([[0, 0], [10, 0], [0, 10]], np.float32)
    placed = placement.place(np.array([[0, 1]]), np.array([[0.1, 0.5]], np.float32), layout)
    assert 0 < placed[0, 0] < 5
    assert placed[0, 1] == 0
    assert placement.place(np.array([[2, -1]]), np.array([[0.1, 9.0]], np.float32), layout).tolist() == [
        [0.0, 10.0]
    ]


def blobs() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], [600, 400, 200])
    return (np.array([[0, 0], [12, 0], [0, 12]])[kind] + draw.normal(size=(1200, 2))).astype(np.float32), kind


def test_regions_are_the_dense_parts_from_large_to_small() -> None:
    places, kind = blobs()
    region = clusters.regions(places)
    inside = region >= 0
    assert inside.mean() > 0.85
    assert (region[inside] == kind[inside]).all()
    middles = clusters.centers(places, region)
    assert np.linalg.norm(middles - [[0, 0], [12, 0], [0, 12]], axis=1).max() < 0.5


def test_few_points_have_no_regions() -> None:
    assert clusters.regions(np.zeros((5, 2), np.float32)).tolist() == [-1] * 5
    assert clusters.centers(np.zeros((5, 2), np.float32), np.full(5, -1, np.int16)).shape == (0, 2)


def test_a_region_is_called_by_the_words_that_set_it_apart() -> None:
    texts = ["the cat and the dog"] * 5 + ["the ship sails the ocean"] * 5 + [None]
    region = np.array([0] * 5 + [1] * 5 + [-1], np.int16)
    first, second = clusters.labels(texts, region)
    assert set(first.split(", ")) == {"cat", "dog"}
    assert set(second.split(", ")) == {"ship", "sails", "ocean"}
