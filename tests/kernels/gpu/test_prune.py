"""Which neighbors get links: by distances and by ranks, in NumPy and by the CUDA source."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.prune import choose_diverse, count_detours


def on_a_line(*places: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Candidates around a point at 0: ids, distances to it, distances between them."""
    at = np.array(places, np.float32)
    ids = np.arange(len(at), dtype=np.int32)
    return ids[None], (at**2)[None], ((at[:, None] - at) ** 2)[None]


def test_a_candidate_nearer_to_a_chosen_one_than_to_the_point_is_left_out() -> None:
    assert choose_diverse(Arrays(), *on_a_line(1, 2, -3, 4), 3).tolist() == [[True, False, True, False]]


def test_no_more_are_chosen_than_asked_for_and_nobody_is_never_chosen() -> None:
    ids, distances, gaps = on_a_line(1, -2, 3)
    assert choose_diverse(Arrays(), ids, distances, gaps, 1).tolist() == [[True, False, False]]
    ids[0, 0] = -1
    assert choose_diverse(Arrays(), ids, distances, gaps, 3).tolist() == [[False, True, True]]


def test_a_neighbor_is_counted_once_for_each_way_over_nearer_ones() -> None:
    # Point 0 lists 1, 2, 3. Point 1 lists 2 and 3 first: a way to 2 (rank 0 < 1) and one to 3; point 2 one
    # to 3.
    lists = np.array([[1, 2, 3], [2, 3, 0], [3, 1, 0], [2, 1, 0]], np.int32)
    assert count_detours(Arrays(), lists, lists[:1]).tolist() == [[0, 1, 2]]


def neighbors(n: int, k: int, dim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    vectors = np.random.default_rng(k).normal(size=(n, dim)).astype(np.float32)
    apart = ((vectors[:, None] - vectors) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    ids = np.argsort(apart, axis=1)[:, :k].astype(np.int32)
    gaps = np.ascontiguousarray(apart[ids[:, :, None], ids[:, None, :]])
    ids[0, k // 2 :] = -1
    return ids, np.take_along_axis(apart, np.maximum(ids, 0).astype(np.int64), axis=1), gaps


@pytest.mark.parametrize("k", [5, 96])
def test_the_cuda_source_chooses_as_numpy_does(cuda: Arrays, k: int) -> None:
    given = neighbors(100, k, 4)
    with cuda.scope():
        chosen = cuda.get(choose_diverse(cuda, *(cuda.put(a) for a in given), 16))
    assert np.array_equal(chosen, choose_diverse(Arrays(), *given, 16))
    assert 1 < chosen.sum(axis=1).mean() < 16


@pytest.mark.parametrize("k", [5, 70])
def test_the_cuda_source_counts_as_numpy_does(cuda: Arrays, k: int) -> None:
    lists = neighbors(100, k, 4)[0]
    with cuda.scope():
        counted = cuda.get(count_detours(cuda, cuda.put(lists), cuda.put(lists[:7])))
    assert np.array_equal(counted, count_detours(Arrays(), lists, lists[:7]))
    assert counted.sum() > 0
