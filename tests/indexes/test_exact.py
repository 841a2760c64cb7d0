"""Exact neighbors of many queries come from a device where there is one and the work is worth it."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered, recall
from tests.indexes.test_knn_lists import Small
from workbench import kernels
from workbench.indexes import exact, flat, flat_gpu
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays

L2 = kernels.SQUARED_L2


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let NumPy be the device, note how many queries it gets, and find 10,000 products worth it."""
    asked: list[int] = []
    search = flat_gpu.search_batch

    def noted(vectors: Any, queries: Any, *given: Any) -> Any:
        asked.append(len(queries))
        return search(vectors, queries, *given)

    monkeypatch.setattr(flat_gpu, "search_batch", noted)
    monkeypatch.setattr(devices, "why_none", lambda: "")
    monkeypatch.setattr(devices, "Cuda", Arrays)
    monkeypatch.setattr(exact, "WORTH", 10_000)
    return asked


def test_much_work_goes_to_the_device_and_little_does_not(asked: list[int]) -> None:
    vectors = clustered(200, 5)
    rows, _ = exact.search_batch(vectors, vectors[:9], 4, L2)
    assert asked == []
    rows, _ = exact.search_batch(vectors, vectors[:10], 4, L2)
    exact.search_batch(vectors, vectors[:10], 4, L2, device="cpu")
    assert asked == [10]
    assert recall(rows, flat.search_batch(vectors, vectors[:10], 4, L2)[0]) == 1
    assert exact.at_once(10, 7, vectors, 4) == exact.AT_ONCE
    assert exact.at_once(9, 7, vectors, 4) == 7


def test_what_a_device_cannot_hold_or_need_not_see_stays_on_the_cpu(asked: list[int]) -> None:
    vectors = clustered(5000, 5)
    assert exact.search_batch(vectors, vectors[:2], 4000, L2, device="gpu")[0].shape == (2, 4000)
    assert exact.search_batch(vectors[:0], vectors[:2], 3, L2, device="gpu")[0].shape == (2, 0)
    assert asked == []


def test_without_a_device_the_cpu_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "why_none", lambda: "No GPU is used: there is none.")
    monkeypatch.setattr(exact, "WORTH", 0)
    vectors = clustered(200, 5)
    assert exact.at_once(10, 7, vectors, 4) == 7
    assert exact.search_batch(vectors, vectors[:3], 1, L2)[0][:, 0].tolist() == [0, 1, 2]


def test_when_its_memory_is_full_the_cpu_answers_and_the_log_says_so(
    asked: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(devices, "Cuda", lambda: Small(room=0))
    devices.tell_once.cache_clear()
    vectors = clustered(200, 5)
    with caplog.at_level(logging.WARNING, "workbench"):
        rows, _ = exact.search_batch(vectors, vectors[:10], 1, L2, np.arange(200) != 3)
    assert asked == [10]
    assert rows[:3, 0].tolist() == [0, 1, 2]
    assert rows[3, 0] != 3
    assert [r.getMessage() for r in caplog.records] == [
        "the memory of NumPy is full: the CPU compares the queries"
    ]
