"""The nearest of every point: exactly, by cells, and with memory that runs out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered, recall, stored_as
from workbench import errors, kernels
from workbench.indexes import flat
from workbench.indexes.knn_cells import bucketed_lists
from workbench.indexes.knn_lists import DeviceIsFull, Tiling, exact_lists
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.table import Table

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


def quiet(done: int, total: int) -> None:
    """Report nowhere."""


def truth(vectors: np.ndarray, k: int, metric: int) -> np.ndarray:
    rows = flat.search_batch(vectors, vectors.astype(np.float32), k + 1, metric)[0]
    own = np.arange(len(rows))[:, None]
    return np.stack([row[row != i][:k] for i, row in zip(own[:, 0], rows, strict=True)])


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_lists_are_those_of_the_exact_search(metric: int, dtype: type, resident: bool) -> None:
    vectors = stored_as(clustered(600, 16), dtype, metric)
    table = Table(Arrays(), vectors, resident=resident)
    lists = exact_lists(table, metric, 10, quiet, precision="bf16", tiling=Tiling(100, 150))
    assert recall(lists.ids, truth(vectors, 10, metric)) > 0.998
    assert (np.diff(lists.gaps, axis=1) >= 0).all()


@pytest.mark.parametrize("resident", [True, False])
def test_cells_and_neighbors_of_neighbors_find_nearly_all(resident: bool) -> None:
    vectors = clustered(3000, 24)
    table = Table(Arrays(), vectors, resident=resident)
    lists = bucketed_lists(table, L2, 20, quiet, cells=30)
    assert recall(lists.ids, truth(vectors, 20, L2)) > 0.97
    assert (lists.ids != np.arange(3000)[:, None]).all()
    assert all(len(set(row)) == 20 for row in lists.ids.tolist())


def test_lists_that_stand_on_the_host_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = clustered(500, 8)
    here = bucketed_lists(Table(Arrays(), vectors), L2, 20, quiet, cells=5)
    monkeypatch.setattr(Arrays, "free_bytes", lambda self: 0)
    assert np.array_equal(here.ids, bucketed_lists(Table(Arrays(), vectors), L2, 20, quiet, cells=5).ids)


class Small(Arrays):
    """Matrix products of more scores than `room` do not fit; after `last` of them none does."""

    def __init__(self, room: int, last: int = 1 << 30) -> None:
        self.room, self.left, self.made = room, last, list[int]()

    def matmul(self, queries: Any, rows: Any, precision: str) -> Any:
        if len(queries) * len(rows) > self.room or self.left == 0:
            raise MemoryError
        self.left -= 1
        self.made.append(len(queries))
        return super().matmul(queries, rows, precision)


def test_tiles_are_halved_until_they_fit() -> None:
    vectors = clustered(1000, 8)
    arrays = Small(room=300_000)
    lists = exact_lists(Table(arrays, vectors), L2, 10, quiet, tiling=Tiling(1000, 1000))
    assert arrays.made == [250] * 4
    assert np.array_equal(lists.ids, exact_lists(Table(Arrays(), vectors), L2, 10, quiet).ids)


def test_what_was_found_before_the_memory_was_full_is_kept() -> None:
    vectors = clustered(1000, 8)
    with pytest.raises(DeviceIsFull, match="of 600 points") as full:
        exact_lists(Table(Small(1 << 30, last=3), vectors), L2, 10, quiet, tiling=Tiling(200, 1000))
    assert np.array_equal(
        full.value.lists.ids, exact_lists(Table(Arrays(), vectors), L2, 10, quiet).ids[:600]
    )


def test_progress_comes_between_tiles_and_can_cancel() -> None:
    vectors = clustered(1000, 8)
    steps: list[tuple[int, int]] = []
    exact_lists(Table(Arrays(), vectors), L2, 10, lambda *s: steps.append(s), tiling=Tiling(400, 400))
    assert steps == [(400, 1000), (800, 1000), (1000, 1000)]

    def cancel(done: int, total: int) -> None:
        raise errors.Cancelled("enough")

    for find in (exact_lists, bucketed_lists):
        with pytest.raises(errors.Cancelled):
            find(Table(Arrays(), vectors), L2, 10, cancel)
