"""Codes of vectors that are only ever appended: their bounds hold, and no answer changes for them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.indexes.test_codes import clustered
from workbench import kernels
from workbench.indexes import flat, growing_codes
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, padded
from workbench.indexes.growing_codes import GrowingCodes

DIM, K = 80, 10
METRICS = [kernels.SQUARED_L2, kernels.NEGATIVE_DOT]


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.warm(block=True)
    monkeypatch.setattr(growing_codes, "LEAST_BYTES", 0)


def normal(n: int, seed: int = 0, width: float = 1.0) -> np.ndarray:
    return (width * np.random.default_rng(seed).normal(size=(n, DIM))).astype(np.float32)


def finds_all(codes: GrowingCodes, vectors: np.ndarray, metric: int, mask: Any = None, k: int = K) -> bool:
    scan = codes.scan_of(vectors)
    assert scan is not None
    chosen = None if mask is None else np.flatnonzero(mask).astype(np.int32)
    for query in normal(20, seed=9):
        found, wanted = scan.search(query, k, chosen), flat.search(vectors, query, k, metric, mask)
        assert found is not None
        if found[0].tolist() != wanted[0].tolist() or found[1].tolist() != wanted[1].tolist():
            return False
    return True


@pytest.mark.parametrize("width", [1e-20, 1e-3, 1.0, 1e6])
@pytest.mark.parametrize("dim", [1, 64, 80, 384])
def test_the_kernel_makes_the_codes_of_their_definition_and_bounds_that_hold(dim: int, width: float) -> None:
    from workbench.kernels.cpu.encoding import encode

    vectors = (width * np.random.default_rng(0).normal(size=(300, dim))).astype(np.float32)
    mean, scale = vectors.mean(axis=0), float(np.abs(vectors).max()) / 100  # some are clipped
    codes, terms = np.full((300, padded(dim)), 9, np.int8), np.empty(300, np.float32)
    errors = np.empty(300, np.float32)
    radius, longest = encode(vectors, mean, scale, codes, terms, errors)
    steps = np.clip(np.rint((vectors.astype(np.float64) - mean) / scale), -127, 127)
    assert np.abs(codes[:, :dim] - steps).max() <= 1  # halves may be rounded the other way
    assert (codes[:, :dim] != steps).mean() < 1e-3
    assert (codes[:, dim:] == 0).all()
    own = codes[:, :dim].astype(np.float64) * scale
    assert terms == pytest.approx((own**2).sum(axis=1), rel=1e-6)
    known = CodeBounds.of(Codes(codes, terms, mean, scale), vectors)
    off = np.linalg.norm(vectors.astype(np.float64) - mean - own, axis=1)
    assert (errors >= off).all()
    assert errors == pytest.approx(off, rel=1e-3, abs=1e-5 * max(1e-12, known.longest))
    assert known.radius / (1 + 1e-6) <= radius == pytest.approx(known.radius, rel=1e-4)
    assert known.longest / (1 + 1e-6) <= longest == pytest.approx(known.longest, rel=1e-4)


@pytest.mark.parametrize("metric", METRICS)
def test_codes_that_room_was_made_for_stay_where_they_are_while_others_come(metric: int) -> None:
    codes, vectors = GrowingCodes(metric), normal(1000)
    codes.reserve(1000)
    codes.advance(vectors[:400])
    place = codes.arrays()[0].ctypes.data
    for end in (700, 1000):
        codes.advance(vectors[:end])
    assert codes.arrays()[0].ctypes.data == place
    assert finds_all(codes, vectors, metric)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_answer_is_that_of_measuring_every_vector_bit_for_bit(metric: int, dtype: Any) -> None:
    codes, vectors = GrowingCodes(metric), normal(3000).astype(dtype)
    assert finds_all(codes, vectors[:1000], metric)
    assert finds_all(codes, vectors, metric)
    assert finds_all(codes, vectors, metric, np.arange(3000) % 7 == 2)
    assert finds_all(codes, vectors[:500], metric)  # for a reader of an older view


@pytest.mark.parametrize("metric", METRICS)
def test_vectors_far_from_the_first_ones_are_found_too(metric: int) -> None:
    codes, first = GrowingCodes(metric), normal(1000)
    assert finds_all(codes, first, metric)
    later = np.concatenate([first, normal(100, 1, 50.0), normal(100, 2) + 30, normal(200, 3, 0.01)])
    assert finds_all(codes, later, metric)


def test_codes_are_made_anew_when_many_vectors_do_not_fit_them() -> None:
    codes, vectors = GrowingCodes(kernels.SQUARED_L2), normal(1000)
    codes.advance(vectors)
    assert codes._made is not None
    before = codes._made.scale
    wider = np.concatenate([vectors, normal(400, 1, 10.0)])
    codes.advance(wider)
    assert codes._made.scale == before  # too few are new to pay for it
    wider = np.concatenate([wider, normal(400, 2, 10.0)])
    codes.advance(wider)
    assert codes._made.scale > 5 * before
    assert finds_all(codes, wider, kernels.SQUARED_L2)


def test_many_vectors_get_their_codes_in_steps_and_are_searched_by_them_when_all_have_one() -> None:
    codes, vectors = GrowingCodes(kernels.SQUARED_L2), normal(20_000)
    assert codes.scan_of(vectors) is None
    assert codes.scan_of(vectors) is None
    assert finds_all(codes, vectors, kernels.SQUARED_L2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("metric", METRICS)
def test_codes_that_were_half_made_are_made_again(
    monkeypatch: pytest.MonkeyPatch, metric: int, error: type[BaseException]
) -> None:
    codes, vectors = GrowingCodes(metric), normal(2000)
    codes.advance(vectors[:1000])
    made = codes._made
    assert made is not None

    def interrupted(rows: np.ndarray) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(made._errors, "append", interrupted)
        with pytest.raises(error):
            codes.advance(vectors[:1500])
    assert finds_all(codes, vectors, metric)
    assert codes._made is made


def test_equal_vectors_vectors_too_long_to_square_and_few_vectors_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert GrowingCodes(kernels.SQUARED_L2).scan_of(np.ones((50, DIM), np.float32)) is None
    assert GrowingCodes(kernels.SQUARED_L2).scan_of(normal(50, width=1e19)) is None
    assert GrowingCodes(kernels.SQUARED_L2).scan_of(normal(50, width=1e37)) is None
    monkeypatch.setattr(growing_codes, "LEAST_BYTES", 4 * DIM * 50 + 1)
    assert GrowingCodes(kernels.SQUARED_L2).scan_of(normal(50)) is None


def test_codes_that_leave_most_vectors_open_are_dropped() -> None:
    # One number in each vector is so large that the others get no step of their own.
    vectors = normal(400)
    vectors[np.arange(400), np.arange(400) % DIM] = 3000.0
    codes = GrowingCodes(kernels.SQUARED_L2)
    for query in vectors[:40]:
        scan = codes.scan_of(vectors)
        if scan is None:
            break
        found, wanted = scan.search(query + 1, 40), flat.search(vectors, query + 1, 40, kernels.SQUARED_L2)
        assert found is not None
        assert found[0].tolist() == wanted[0].tolist()
    assert codes.scan_of(vectors) is None
    assert codes.arrays() == []


def found_share(codes: GrowingCodes, vectors: np.ndarray, metric: int, mask: Any = None) -> float:
    """Return the share of the nearest that a scan by signs finds, all of them measured as they are, whether
    it knows how near these are or not.
    """
    scan, hits, wanted = codes.scan_of(vectors), 0, 0
    assert scan is not None
    for query in clustered(40, seed=1)[:, :DIM]:
        rows, gaps = flat.search(vectors, query, K, metric, mask)
        sifted = scan.sift(query, K, mask, math.inf)
        assert sifted is not None
        assert len(sifted[0]) == K
        assert (np.diff(sifted[1]) >= 0).all()
        hits += len(np.intersect1d(sifted[0], rows))
        near = scan.sift(query, K, mask, float(gaps[2]))
        assert near is not None
        assert set(near[0][near[1] <= gaps[2]].tolist()) <= set(rows[:3].tolist())
        hits += len(np.intersect1d(near[0], rows[:3]))
        wanted += K + 3
    return hits / wanted


@pytest.mark.parametrize("metric", METRICS)
def test_a_scan_by_signs_finds_the_nearest_that_are_no_farther_than_what_is_known(metric: int) -> None:
    codes, vectors = GrowingCodes(metric), np.ascontiguousarray(clustered(3003)[:, :DIM])
    for count in (1000, 1001, 1005, 1013, 2999, 3003):
        codes.advance(vectors[:count])
    assert found_share(codes, vectors, metric) > 0.98
    assert found_share(codes, vectors, metric, np.arange(3003) % 3 > 0) > 0.98
    assert found_share(codes, vectors[:1003], metric) > 0.98


def test_a_scan_by_signs_finds_vectors_that_do_not_fit_the_codes() -> None:
    codes, first = GrowingCodes(kernels.SQUARED_L2), normal(4000)
    codes.advance(first)
    vectors = np.concatenate([first, normal(40, 1) * np.float32(30)])
    scan = codes.scan_of(vectors)
    assert scan is not None
    for row in range(4000, 4040):
        found = scan.sift(vectors[row], 1, None, 1.0)
        assert found is not None
        assert found[0].tolist() == [row]


def test_vectors_of_few_values_are_not_guessed_from_signs() -> None:
    ones = (np.random.default_rng(0).random((3000, DIM)) < 0.1).astype(np.float32)
    for metric, vectors, sifts in (
        (kernels.NEGATIVE_DOT, ones, False),
        (kernels.SQUARED_L2, ones, True),
        (kernels.SQUARED_L2, np.sign(normal(3000)), False),
        (kernels.NEGATIVE_DOT, np.sign(normal(3000)), False),
        (kernels.SQUARED_L2, normal(3000), True),
        (kernels.NEGATIVE_DOT, normal(3000), True),
        (kernels.NEGATIVE_DOT, normal(3000) + np.float32(50), True),
    ):
        scan = GrowingCodes(metric).scan_of(vectors)
        assert scan is not None
        assert scan.sifts(3000) == sifts


def test_blocks_do_not_depend_on_how_the_vectors_came() -> None:
    together, bit_by_bit = GrowingCodes(kernels.SQUARED_L2), GrowingCodes(kernels.SQUARED_L2)
    vectors = normal(99)
    together.advance(vectors)
    bit_by_bit.advance(vectors, 7)
    while bit_by_bit._made is not None and bit_by_bit._made.count < 99:
        bit_by_bit.advance(vectors, 7)
    assert together._made is not None
    assert bit_by_bit._made is not None
    blocks = together._made.blocks[:13], bit_by_bit._made.blocks[:13]
    assert np.array_equal(*blocks)
    assert blocks[0].any(axis=1).all()


def test_signs_tell_nothing_of_a_query_with_one_number_much_larger_than_the_others() -> None:
    codes = GrowingCodes(kernels.NEGATIVE_DOT)
    vectors = np.concatenate([normal(2000), normal(2000, 1)], axis=1)
    scan, query = codes.scan_of(vectors), np.full(2 * DIM, 1e-4, np.float32)
    query[3] = 1.0
    assert scan is not None
    assert scan.sift(query, K, None, math.inf) is None
    assert scan.search(query, K) is not None
