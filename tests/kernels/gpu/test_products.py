"""Tiles of scores: rounded as tensor cores round, and near enough to propose."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.kernels.gpu import products, topk
from workbench.kernels.gpu.arrays import Arrays, Cuda

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


def proposed(arrays: Arrays, metric: int, vectors: np.ndarray, precision: str, k: int) -> np.ndarray:
    with arrays.scope():
        there = arrays.put(vectors)
        proposals = products.Proposals(arrays, metric, products.mean_of(arrays, there), precision)
        rows, bias = proposals.rows(there)
        tile = proposals.tile(proposals.queries(there[:20]), rows)
        best = topk.nobody(arrays, 20, k)
        topk.merge(arrays, best, tile, scale=proposals.scale, bias=bias)
        return arrays.get(topk.unpack(arrays, best)[0])


def exact(metric: int, vectors: np.ndarray, k: int) -> np.ndarray:
    wide = vectors.astype(np.float64)
    apart = {
        L2: lambda: ((wide[:20, None] - wide) ** 2).sum(axis=2),
        DOT: lambda: -wide[:20] @ wide.T,
        L1: lambda: np.abs(wide[:20, None] - wide).sum(axis=2),
    }[metric]()
    return np.argsort(apart, axis=1, kind="stable")[:, :k]


def found(rows: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(rows, truth, strict=True)]))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("metric", [L2, DOT, L1])
@pytest.mark.parametrize("precision", products.PRECISIONS)
def test_eight_bits_propose_nearly_all_of_the_nearest_ten_among_sixteen(
    metric: int, dtype: type, precision: str
) -> None:
    # Far from zero: without the mean taken off, bf16 would see all of them at one place.
    vectors = (np.random.default_rng(0).normal(size=(400, 24)) * 8 + 120).astype(dtype)
    assert found(proposed(Arrays(), metric, vectors, precision, 16), exact(metric, vectors, 10)) > 0.99


@pytest.mark.parametrize("precision", ["bf16", "tf32"])
def test_rounding_is_to_the_nearest_and_to_even_between_two(precision: str) -> None:
    step = 2.0**-8 if precision == "bf16" else 2.0**-11
    one = np.array([[1.0, 1 + step, 1 + 1.1 * step, 1 + 3 * step, 0, 0, 0, 0]], np.float32)
    kept = products.Proposals(Arrays(), DOT, 0.0, precision).queries(one)
    assert kept[0, :4].tolist() == [1, 1, 1 + 2 * step, 1 + 4 * step]


def test_the_cuda_source_of_l1_agrees_with_numpy(cuda: Arrays) -> None:
    rng = np.random.default_rng(0)
    queries, vectors = (
        rng.normal(size=(70, 19)).astype(np.float32),
        rng.normal(size=(90, 19)).astype(np.float32),
    )
    with cuda.scope():
        tile = cuda.get(products.manhattan(cuda, cuda.put(queries), cuda.put(vectors)))
    assert np.allclose(tile, products.manhattan(Arrays(), queries, vectors), rtol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("metric", [L2, DOT])
@pytest.mark.parametrize("precision", products.PRECISIONS)
def test_a_device_proposes_as_numpy_does(metric: int, precision: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(400, 21)).astype(np.float32)
    assert found(proposed(Cuda(), metric, vectors, precision, 16), exact(metric, vectors, 10)) > 0.99
