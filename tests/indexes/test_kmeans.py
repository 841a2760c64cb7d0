"""Clusters by k-means, by the code that a GPU runs too."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from tests.kernels.gpu.standin import put_in_place
from workbench import errors
from workbench.indexes import kmeans
from workbench.kernels.gpu.arrays import Arrays, Cuda

SIZES = (500, 300, 200)


def clumps() -> np.ndarray:
    """Three clumps far from each other, float32 [1000, 6]."""
    rng = np.random.default_rng(0)
    middles = np.repeat(np.eye(6, dtype=np.float32)[:3] * 50, SIZES, axis=0)
    return middles + rng.normal(size=(1000, 6)).astype(np.float32)


def test_clumps_are_found_and_the_largest_is_number_0() -> None:
    found = kmeans.clusters(clumps(), 3, seed=4)
    assert [len(set(part.tolist())) for part in np.split(found, np.cumsum(SIZES)[:-1])] == [1, 1, 1]
    assert np.bincount(found).tolist() == [500, 300, 200]


def test_numbers_of_clusters_that_cannot_be_are_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="expected 1 to 1000, got 1001"):
        kmeans.clusters(clumps(), 1001)
    assert kmeans.clusters(clumps()[:0], 1).tolist() == []
    assert kmeans.clusters(clumps()[:1], 1).tolist() == [0]


def test_a_device_that_fails_is_told_of_and_the_cpu_finds_the_clusters(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Arrays):
        def put(self, array: Any) -> Any:
            raise RuntimeError("an illegal memory access")

    put_in_place(monkeypatch, Broken)
    with caplog.at_level(logging.WARNING, "workbench"):
        assert np.bincount(kmeans.clusters(clumps(), 3, seed=4)).tolist() == [500, 300, 200]
    assert "an illegal memory access" in caplog.text


def test_it_can_be_cancelled() -> None:
    def cancel(done: int, total: int, text: str = "") -> None:
        raise errors.Cancelled(text)

    with pytest.raises(errors.Cancelled, match="centers"):
        kmeans.clusters(clumps(), 3, progress=cancel)


@pytest.mark.gpu
def test_a_device_finds_the_same_clumps(monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_place(monkeypatch, Cuda)
    assert np.bincount(kmeans.clusters(clumps(), 3, seed=4)).tolist() == [500, 300, 200]
