"""Exact search on a device finds what exact search finds: on NumPy, and on a device if there is one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered, recall, stored_as
from tests.indexes.test_knn_lists import Small
from workbench import errors, kernels
from workbench.indexes import flat, flat_gpu
from workbench.indexes.knn_lists import Tiling
from workbench.kernels.gpu.arrays import Arrays, Cuda
from workbench.tasks import Progress

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1
TILES = Tiling(7, 130)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.004])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_it_finds_what_the_exact_search_finds(metric: int, dtype: type, share: float) -> None:
    vectors = stored_as(clustered(500, 12), dtype, metric)
    queries = stored_as(clustered(20, 12, seed=1), dtype, metric).astype(np.float32)
    allowed = None if share == 1 else np.random.default_rng(0).random(500) < share
    rows, gaps = flat_gpu.search_batch(vectors, queries, 10, metric, Arrays(), allowed, tiling=TILES)
    expected, distances = flat.search_batch(vectors, queries, 10, metric, allowed)
    assert rows.shape == expected.shape
    assert recall(rows, expected) > 0.995
    assert np.allclose(gaps, distances, rtol=1e-4, atol=1e-4)


def test_nothing_asked_for_and_nothing_allowed_is_answered_by_nothing() -> None:
    vectors = clustered(50, 4)
    assert flat_gpu.search_batch(vectors, vectors[:3], 5, L2, Arrays(), np.zeros(50, bool))[0].shape == (3, 0)
    assert flat_gpu.search_batch(vectors, vectors[:0], 5, L2, Arrays())[0].shape == (0, 5)


def test_tiles_are_halved_and_at_the_end_the_error_is_the_devices() -> None:
    vectors = clustered(2000, 8)
    expected = flat.search_batch(vectors, vectors[:200], 5, L2)[0]
    found = flat_gpu.search_batch(vectors, vectors[:200], 5, L2, Small(room=120_000))[0]
    assert recall(found, expected) > 0.999
    with pytest.raises(MemoryError):
        flat_gpu.search_batch(vectors, vectors[:200], 5, L2, Small(room=0))


def test_progress_comes_between_tiles_and_can_cancel() -> None:
    vectors = clustered(100, 4)
    steps: list[int] = []

    def ask(progress: Progress) -> None:
        flat_gpu.search_batch(vectors, vectors[:15], 5, L2, Arrays(), tiling=TILES, progress=progress)

    ask(lambda done, total, text="": steps.append(done))
    assert steps == [7, 14, 15]

    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled("enough")

    with pytest.raises(errors.Cancelled):
        ask(cancel)


@pytest.mark.gpu
@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_a_device_finds_what_the_exact_search_finds(metric: int) -> None:
    vectors, queries = clustered(5000, 33), clustered(50, 33, seed=1)
    allowed = np.random.default_rng(0).random(5000) < 0.3
    rows, _ = flat_gpu.search_batch(vectors, queries, 10, metric, Cuda(), allowed)
    assert recall(rows, flat.search_batch(vectors, queries, 10, metric, allowed)[0]) > 0.999
