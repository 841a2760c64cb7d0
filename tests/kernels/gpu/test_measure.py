"""Exact distances: what NumPy says, what the CUDA source says, and what the exact search says."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import flat
from workbench.kernels.gpu.arrays import Arrays
from workbench.kernels.gpu.measure import measure

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


def data(dtype: type, dim: int = 37) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    vectors = (rng.random((50, dim)) * 200).astype(dtype)
    queries = (rng.random((3, dim)) * 200).astype(np.float32)
    ids = rng.integers(-1, 50, (3, 9)).astype(np.int32)
    ids[0, 0] = -1
    return vectors, queries, ids


def measured(
    arrays: Arrays, vectors: np.ndarray, queries: np.ndarray, ids: np.ndarray, metric: int
) -> np.ndarray:
    with arrays.scope():
        return arrays.get(measure(arrays, *(arrays.put(a) for a in (vectors, queries, ids)), metric))


@pytest.mark.parametrize("metric", [L2, DOT, L1])
def test_numpy_measures_as_the_exact_search_does(metric: int) -> None:
    vectors, queries, ids = data(np.float32)
    found = measured(Arrays(), vectors, queries, ids, metric)
    for row in range(3):
        there = ids[row] >= 0
        expected = flat.distances(vectors, queries[row], metric, ids[row][there])
        assert np.allclose(found[row][there], expected, rtol=1e-5)
        assert np.isinf(found[row][~there]).all()


@pytest.mark.parametrize(
    ("metric", "dtype"),
    [(L2, np.float32), (DOT, np.float32), (L1, np.float32), (L2, np.float16), (DOT, np.uint8)],
)
def test_the_cuda_source_agrees_with_numpy(cuda: Arrays, metric: int, dtype: type) -> None:
    given = data(dtype)
    assert np.allclose(measured(cuda, *given, metric), measured(Arrays(), *given, metric), rtol=1e-5)
