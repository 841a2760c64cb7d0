"""Candidates for MaxSim against MaxSim of all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import kernels
from workbench.errors import Corrupted
from workbench.indexes import multivector, multivector_candidates
from workbench.indexes.multivector_candidates import SETTINGS, Candidates
from workbench.indexes.quantization.product import ProductCodes
from workbench.models.vectors import MultiRows

METRICS = [kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1]


@pytest.fixture(autouse=True)
def _loaded() -> None:
    kernels.warm(block=True)


def texts(n: int, dim: int = 32, seed: int = 0) -> list[Any]:
    """Multivectors of 1 to 24 vectors, each near one of 300."""
    centers = np.random.default_rng(5).normal(size=(300, dim))
    rng = np.random.default_rng(seed)
    near = [centers[rng.integers(300, size=rng.integers(1, 25))] for _ in range(n)]
    return [(rows + 0.5 * rng.normal(size=rows.shape)).astype(np.float32) for rows in near]


def encoded(stored: MultiRows, metric: int) -> Candidates:
    codes = ProductCodes.encode(stored.values, metric, SETTINGS)
    assert isinstance(codes, ProductCodes)
    return Candidates(codes, stored.starts, 1.0)


def test_the_nearest_of_those_that_may_be_are_proposed() -> None:
    stored = MultiRows.of([np.float32([[i, 0]]) for i in range(100)], 2)
    candidates = encoded(stored, kernels.L1)
    query = np.float32([[7.2, 0]])
    assert np.flatnonzero(candidates.mask(query, 3, np.arange(100))).tolist() == [6, 7, 8]
    assert np.flatnonzero(candidates.mask(query, 3, np.array([2, 6, 9, 50]))).tolist() == [2, 6, 9]
    assert np.flatnonzero(candidates.mask(query, 5, np.array([40, 50]))).tolist() == [40, 50]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dim", [3, 8, 19, 40])
@pytest.mark.parametrize("asked", [1, 31, 32, 33, 70])
def test_gaps_are_maxsim_of_the_centroids_as_near_as_rounding_leaves_it(
    asked: int, dim: int, metric: int
) -> None:
    stored = MultiRows.of(texts(60, dim), dim)
    candidates = encoded(stored, metric)
    query = np.random.default_rng(1).normal(size=(asked, dim)).astype(np.float32)
    codes, books = candidates.codes.codes, candidates.codes.books
    parts = codes.shape[1]
    near = books[np.arange(parts)[:, None], :, codes.T].transpose(1, 0, 2).reshape(len(codes), -1)[:, :dim]
    exact = multivector.distances(MultiRows(stored.starts, np.ascontiguousarray(near)), query, metric)
    tables = candidates.codes.prepare(query)[0].reshape(asked, parts, 256)
    unit = np.ptp(tables, axis=2).max() / 255
    slots = np.arange(len(stored))[::-1]
    told = candidates.gaps(query, slots)[::-1] * unit + tables.min(axis=2).sum()
    np.testing.assert_allclose(told, exact, atol=1.01 * 0.5 * unit * parts * asked)


@pytest.mark.parametrize("metric", METRICS)
def test_as_many_candidates_as_were_found_to_be_needed_hold_the_nearest(metric: int) -> None:
    stored = MultiRows.of(texts(3000), 32)
    candidates = multivector_candidates.make(stored, metric)
    assert candidates is not None
    width, every, kept = int(10 * candidates.spread), np.arange(len(stored)), 0
    assert 10 < width <= 3000 / 8
    queries = texts(40, seed=1)
    for query in queries:
        true, _ = multivector.search(stored, query, 10, metric)
        found, _ = multivector.search(stored, query, 10, metric, candidates.mask(query, width, every))
        kept += len(np.intersect1d(true, found))
    assert kept / (10 * len(queries)) >= 0.95


def test_there_are_none_where_codes_do_not_tell_the_nearest() -> None:
    rng = np.random.default_rng(0)
    drawn = MultiRows(8 * np.arange(801), rng.normal(size=(6400, 64)).astype(np.float32))
    assert multivector_candidates.make(drawn, kernels.NEGATIVE_DOT) is None
    few = MultiRows.of(texts(79), 32)
    assert multivector_candidates.make(few, kernels.NEGATIVE_DOT) is None


def test_equal_vectors_are_all_as_near() -> None:
    stored = MultiRows(np.arange(101), np.ones((100, 4), np.float32))
    candidates = encoded(stored, kernels.SQUARED_L2)
    assert set(candidates.gaps(np.zeros((2, 4), np.float32), np.arange(100)).tolist()) == {0}
    assert candidates.mask(np.zeros((2, 4), np.float32), 7, np.arange(100)).sum() == 7


def test_sums_of_very_many_parts_do_not_overflow() -> None:
    values = np.repeat(np.float32([[0.0], [1.0], [2.0]]), 8 * 700, axis=1)
    candidates = encoded(MultiRows(np.arange(4), values), kernels.L1)
    first, second, third = candidates.gaps(values[:1], np.arange(3)).tolist()
    assert first < second < third <= 0xFFFF


def test_what_was_kept_is_checked_when_it_is_read() -> None:
    stored = MultiRows.of(texts(200), 32)
    made = encoded(stored, kernels.L1)
    arrays, meta = made.arrays(), made.meta()
    again = multivector_candidates.from_arrays(arrays, meta, stored, kernels.L1)
    query, every = texts(1, seed=2)[0], np.arange(200)
    assert again.gaps(query, every).tolist() == made.gaps(query, every).tolist()
    assert again.spread == 1.0
    short = {**arrays, "codes": arrays["codes"][1:]}
    with pytest.raises(Corrupted, match="codes should be"):
        multivector_candidates.from_arrays(short, meta, stored, kernels.L1)
    with pytest.raises(Corrupted, match="spread"):
        multivector_candidates.from_arrays(arrays, made.codes.meta(), stored, kernels.L1)
