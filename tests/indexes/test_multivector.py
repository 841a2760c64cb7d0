"""MaxSim against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import multivector
from workbench.models.vectors import MultiRows


@pytest.fixture(params=["numpy", "kernels"], autouse=True)
def arithmetic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "kernels":
        kernels.warm(block=True)
    else:
        monkeypatch.setattr(kernels, "ready", lambda: False)


def test_each_vector_of_the_query_looks_for_its_nearest() -> None:
    stored = MultiRows.of([np.float32([[1, 0], [0, 1]]), np.float32([[2, 1]])], 2)
    query = np.float32([[1, 2], [3, -1]])
    assert multivector.distances(stored, query, kernels.NEGATIVE_DOT).tolist() == [-5, -9]
    assert multivector.distances(stored, query, kernels.SQUARED_L2).tolist() == [2 + 5, 2 + 5]
    assert multivector.distances(stored, query, kernels.L1).tolist() == [2 + 3, 2 + 3]


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1])
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("asked", [1, 5, 6, 32, 33, 70])
def test_long_and_short_multivectors_of_every_type_are_measured(asked: int, dtype: type, metric: int) -> None:
    rng = np.random.default_rng(0)
    lengths = [1, 2, 8, 9, 63, 64, 65, 200, 1]
    stored = MultiRows.of([(rng.random((n, 19)) * 9).astype(dtype) for n in lengths], 19)
    query = (rng.random((asked, 19)) * 9).astype(np.float32)
    expected = []
    for slot in range(len(stored)):
        rows = stored.row(slot).astype(np.float64)
        gaps = rows[None] - query[:, None]
        table = {
            kernels.SQUARED_L2: (gaps**2).sum(axis=2),
            kernels.NEGATIVE_DOT: -(query.astype(np.float64) @ rows.T),
            kernels.L1: np.abs(gaps).sum(axis=2),
        }[metric]
        expected.append(table.min(axis=1).sum())
    np.testing.assert_allclose(multivector.distances(stored, query, metric), expected, rtol=1e-4)
    slots, found = multivector.search(stored, query, 3, metric)
    assert slots.tolist() == np.argsort(expected)[:3].tolist()
    np.testing.assert_allclose(found, np.sort(expected)[:3], rtol=1e-4)
    allowed = np.array([0, 1, 0, 1, 0, 0, 1, 0, 1], np.bool_)
    slots, _ = multivector.search(stored, query, 9, metric, allowed)
    assert slots.tolist() == [i for i in np.argsort(expected).tolist() if allowed[i]]


def test_a_search_for_none_finds_none() -> None:
    stored = MultiRows.of([np.float32([[1, 0]])], 2)
    assert len(multivector.search(stored, np.float32([[1, 0]]), 0, kernels.L1)[0]) == 0
    assert len(multivector.search(MultiRows.of([], 2), np.float32([[1, 0]]), 3, kernels.L1)[0]) == 0
