"""Kernels read no memory that they have let go of: here it is overwritten as soon as they do."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import flat
from workbench.indexes.codes import encode
from workbench.indexes.growing_codes import GrowingCodes
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_build_numba import build
from workbench.indexes.hnsw_trace import TracedSearcher

# So many numbers that glibc overwrites a coded query: it keeps up to 1,032 bytes for the next who asks.
N, DIM, K = 3000, 1000, 10
M_PERTURB, ANY_BYTE = -6, 0x55


@pytest.fixture(autouse=True)
def overwritten() -> Iterator[None]:
    """Let glibc overwrite what is freed."""
    kernels.warm(block=True)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not mallopt(M_PERTURB, ANY_BYTE):
        pytest.skip("this C library does not overwrite what is freed")
    yield
    mallopt(M_PERTURB, 0)


def normal(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


def searcher(metric: int) -> HnswSearcher:
    vectors = normal(N)
    return HnswSearcher(build(vectors[:, :8].copy(), metric), vectors, metric, encode(vectors, metric))


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT])
def test_a_scan_by_signs(metric: int) -> None:
    own = searcher(metric)
    own.use_sieve()
    for query in normal(5, 1):
        assert own.scan(query, 1)[0] == flat.search(own.vectors, query, 1, metric)[0]


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT])
def test_a_scan_of_a_tail_by_signs(metric: int) -> None:
    vectors = normal(N)
    scan = GrowingCodes(metric).scan_of(vectors)
    assert scan is not None
    for query in normal(5, 1):
        found = scan.sift(query, 1, None, math.inf)
        assert found is not None
        assert found[0] == flat.search(vectors, query, 1, metric)[0]


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT])
def test_a_trace(metric: int) -> None:
    own = searcher(metric)
    traced = TracedSearcher(own)
    for query in normal(5, 1):
        assert traced.search(query, K, 20)[0].tolist() == own.search(query, K, 20)[0].tolist()
