"""Merging tiles of scores: what NumPy says, what the CUDA source says, and what sorting everything says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.kernels.gpu import topk
from workbench.kernels.gpu.arrays import Arrays


def merged(arrays: Arrays, tiles: list[np.ndarray], k: int, **given: Any) -> tuple[np.ndarray, np.ndarray]:
    with arrays.scope():
        best = topk.nobody(arrays, len(tiles[0]), k)
        first = 0
        for tile in tiles:
            there = {
                name: value if isinstance(value, float) else arrays.put(value)
                for name, value in given.items()
            }
            start = {} if "ids" in given else {"first": first}
            topk.merge(arrays, best, arrays.put(tile), **there, **start)
            first += tile.shape[1]
        ids, keys = topk.unpack(arrays, best)
        return arrays.get(ids), arrays.get(keys)


def test_the_nearest_of_all_tiles_are_kept() -> None:
    tiles = [np.array([[3, 1, 2]], np.float32), np.array([[-1, 5]], np.float32)]
    ids, keys = merged(Arrays(), tiles, 3)
    assert ids.tolist() == [[3, 1, 2]]
    assert keys.tolist() == [[-1, 1, 2]]


def test_fewer_than_k_leave_nobody_at_an_infinite_distance() -> None:
    ids, keys = merged(Arrays(), [np.array([[7.0]], np.float32)], 3)
    assert ids.tolist() == [[0, -1, -1]]
    assert keys.tolist() == [[7, np.inf, np.inf]]


def test_equal_distances_are_ordered_by_id_and_minus_zero_is_zero() -> None:
    tile = np.array([[0.0, -0.0, 0.0, -0.0]], np.float32)
    assert merged(Arrays(), [tile], 4)[0].tolist() == [[0, 1, 2, 3]]


def test_what_is_offered_twice_stays_once() -> None:
    tile, ids = np.array([[2, 1, 2, 1]], np.float32), np.array([[8, 9, 8, 9]], np.int32)
    assert merged(Arrays(), [tile, tile], 4, ids=ids)[0].tolist() == [[9, 8, -1, -1]]


def test_own_ids_and_what_a_filter_leaves_out_do_not_appear() -> None:
    tile = np.array([[0, 1, 2, 3], [0, 1, 2, 3]], np.float32)
    bits = topk.pack_mask(Arrays(), np.array([True, True, False, True]))
    own = np.array([0, 3], np.int32)
    assert merged(Arrays(), [tile], 4, own=own, allowed=bits)[0].tolist() == [[1, 3, -1, -1], [0, 1, -1, -1]]


@pytest.mark.parametrize("k", [1, 128, 200])
def test_the_cuda_source_agrees_with_numpy(cuda: Arrays, k: int) -> None:
    rng = np.random.default_rng(k)
    tiles = [np.round(rng.normal(size=(5, width)), 2).astype(np.float32) for width in (700, 3, 129)]
    ids, keys = merged(cuda, tiles, k)
    expected, expected_keys = merged(Arrays(), tiles, k)
    assert np.array_equal(ids, expected)
    assert np.array_equal(keys, expected_keys)
    everything = np.concatenate(tiles, axis=1)
    assert np.array_equal(ids, np.argsort(everything, axis=1, kind="stable")[:, :k])


def test_the_cuda_source_agrees_on_falling_scores_where_every_one_passes(cuda: Arrays) -> None:
    tile = np.arange(1500, 0, -1, dtype=np.float32)[None].repeat(2, axis=0)
    ids, _ = merged(cuda, [tile], 8)
    assert ids.tolist() == [list(range(1499, 1491, -1))] * 2


def test_the_cuda_source_agrees_on_bias_scale_filter_own_ids_and_duplicates(cuda: Arrays) -> None:
    rng = np.random.default_rng(0)
    tile = rng.normal(size=(6, 300)).astype(np.float32)
    for given in (
        {"scale": -2.0, "bias": rng.normal(size=300).astype(np.float32)},
        {"own": np.arange(6, dtype=np.int32), "allowed": topk.pack_mask(Arrays(), rng.random(304) < 0.2)},
        {"ids": rng.permutation(300).astype(np.int32)},
    ):
        for one, other in zip(
            merged(cuda, [tile], 20, **given), merged(Arrays(), [tile], 20, **given), strict=True
        ):
            assert np.array_equal(one, other)
    ids = rng.integers(-1, 60, (6, 300)).astype(np.int32)
    same = (ids * 0.5).astype(np.float32)  # one id, one distance
    own = np.arange(6, dtype=np.int32)
    found, keys = merged(cuda, [same, same], 40, ids=ids, own=own)
    assert np.array_equal(found, merged(Arrays(), [same], 40, ids=ids, own=own)[0])
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in found)
    assert np.array_equal(keys[found >= 0], found[found >= 0] * np.float32(0.5))
