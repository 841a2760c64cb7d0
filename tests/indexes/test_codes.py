"""Int8 codes: what they are, what is refused, and that a search by codes finds and measures the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench import errors, kernels
from workbench.indexes import codes as int8
from workbench.indexes import flat, hnsw_build_numba
from workbench.indexes.codes import Codes, encode, kept, make, padded, shortlist
from workbench.indexes.hnsw import HnswGraph, HnswSearcher

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1
N, DIM = 4000, 72


def clustered(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(40, DIM))
    return (centers[rng.integers(40, size=n)] + 0.6 * rng.normal(size=(n, DIM)) + 3).astype(np.float32)


def form(name: str, vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """Stored vectors of a distance: unit length under Cosine, of unequal lengths under Dot."""
    if name == "Cosine":
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    if name == "Dot":
        return vectors * np.random.default_rng(seed).uniform(0.5, 1.5, (len(vectors), 1)).astype(np.float32)
    return vectors


METRICS = {"Cosine": DOT, "Dot": DOT, "Euclid": L2}


@pytest.fixture(scope="module", params=METRICS)
def case(request: Any) -> tuple[np.ndarray, np.ndarray, HnswGraph, int]:
    kernels.warm(block=True)
    name, metric = request.param, METRICS[request.param]
    vectors, queries = form(name, clustered(N)), form(name, clustered(400, seed=1), seed=1)
    return vectors, queries, hnsw_build_numba.build(vectors, metric), metric


def recall(rows: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(rows, truth, strict=True)]))


def test_codes_count_steps_from_the_mean_and_are_padded_to_a_cache_line() -> None:
    codes = encode(np.array([[0, 10], [2, 10], [4, 10]], np.float32), L2)
    assert codes.mean.tolist() == [2, 10]
    assert codes.scale == 2 / 127
    assert codes.codes.shape == (3, 64)
    assert codes.codes[:, :2].tolist() == [[-127, 0], [0, 0], [127, 0]]
    assert not codes.codes[:, 2:].any()
    assert codes.terms.tolist() == [4, 0, 4]
    assert encode(np.eye(3, dtype=np.float32), DOT).terms.shape == (0,)


def test_numbers_beyond_the_share_that_fits_are_clipped() -> None:
    vectors = np.zeros((1000, 64), np.float32)
    vectors[::2], vectors[1::2], vectors[7, 3] = 1, -1, 500
    codes = encode(vectors, L2, fits=0.995)
    assert codes.scale == pytest.approx(1 / 127, rel=0.6)  # and not 500 / 127
    assert codes.codes[7, 3] == 127
    assert codes.codes.min() >= -127


@given(arrays(np.float32, (5, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_a_code_is_at_most_half_a_step_off(vectors: np.ndarray) -> None:
    codes = encode(vectors, L2)
    back = codes.codes[:, :3] * codes.scale + codes.mean
    slack = 1e-6 * max(1.0, float(np.abs(vectors).max()))
    assert np.abs(back - vectors).max() <= codes.scale * 0.501 + slack


def test_a_row_is_padded_to_whole_lines_and_a_shortlist_is_half_as_long_again() -> None:
    assert [padded(d) for d in (1, 64, 65, 384)] == [64, 64, 128, 384]
    assert [shortlist(k) for k in (1, 10, 100)] == [6, 20, 155]
    assert [shortlist(k, nibbles=True) for k in (1, 10, 100)] == [7, 25, 205]


@pytest.mark.parametrize("ef", [10, 20, 50, 200])
def test_codes_cost_at_most_half_a_percent_of_recall(case: Any, ef: int) -> None:
    vectors, queries, graph, metric = case
    codes, truth = encode(vectors, metric), flat.search_batch(vectors, queries, 10, metric)[0]
    plain = recall(HnswSearcher(graph, vectors, metric).search_batch(queries, 10, ef)[0], truth)
    coded = recall(HnswSearcher(graph, vectors, metric, codes).search_batch(queries, 10, ef)[0], truth)
    assert plain > 0.75
    assert coded >= plain - 0.005


def test_distances_found_by_codes_are_exact_and_in_order(case: Any) -> None:
    vectors, queries, graph, metric = case
    searcher = HnswSearcher(graph, vectors, metric, encode(vectors, metric))
    rows, distances = searcher.search_batch(queries, 40, 60)  # more than the 32 measured at a time
    for query, found, gaps in zip(queries, rows, distances, strict=True):
        np.testing.assert_allclose(gaps, flat.distances(vectors, query, metric, found), rtol=1e-4, atol=1e-3)
        assert (np.diff(gaps) >= 0).all()
    one = searcher.search(queries[7], 40, 60)
    assert one[0].tolist() == rows[7].tolist()
    assert one[1].tolist() == distances[7].tolist()


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_a_filtered_search_by_codes_returns_allowed_rows_only(case: Any, share: float) -> None:
    vectors, queries, graph, metric = case
    allowed = np.random.default_rng(0).random(N) < share
    rows, _ = HnswSearcher(graph, vectors, metric, encode(vectors, metric)).search_batch(
        queries, 10, 64, allowed
    )
    assert allowed[rows].all()
    plain, _ = HnswSearcher(graph, vectors, metric).search_batch(queries, 10, 64, allowed)
    truth = flat.search_batch(vectors, queries, 10, metric, allowed)[0]
    assert recall(rows, truth) >= recall(plain, truth) - 0.005


def test_a_query_far_from_all_points_loses_nothing(case: Any) -> None:
    vectors, queries, graph, metric = case
    far = queries[:40] * np.float32(1000)
    truth = flat.search_batch(vectors, far, 10, metric)[0]
    plain = HnswSearcher(graph, vectors, metric).search_batch(far, 10, 400)[0]
    coded = HnswSearcher(graph, vectors, metric, encode(vectors, metric)).search_batch(far, 10, 400)[0]
    assert recall(coded, truth) >= recall(plain, truth) - 0.02


@pytest.mark.parametrize("metric", [L2, DOT])
@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_points_of_any_size_are_told_apart(metric: int, size: float) -> None:
    kernels.warm(block=True)
    vectors = (clustered(500) * size).astype(np.float32)
    graph, codes = hnsw_build_numba.build(vectors, metric), encode(vectors, metric)
    codes.validate(500, DIM, metric)
    assert kept(codes, vectors, metric) > 0.99
    coded, plain = (HnswSearcher(graph, vectors, metric, each) for each in (codes, None))
    truth = flat.search_batch(vectors, vectors[:50], 10, metric)[0]
    found = [recall(each.search_batch(vectors[:50], 10, 100)[0], truth) for each in (coded, plain)]
    assert found[0] >= found[1] - 0.005


@pytest.mark.parametrize("metric", [L2, DOT])
def test_one_point_and_a_query_of_zeros_are_no_special_cases(metric: int) -> None:
    kernels.warm(block=True)
    vectors = np.vstack([np.zeros(DIM), np.ones(DIM), 2 * np.ones(DIM)]).astype(np.float32)
    searcher = HnswSearcher(hnsw_build_numba.build(vectors, metric), vectors, metric, encode(vectors, metric))
    rows, distances = searcher.search(np.zeros(DIM, np.float32), 3, 10)
    assert rows.tolist() == [0, 1, 2]
    assert distances.tolist() == ([0, 72, 288] if metric == L2 else [0, 0, 0])
    alone = HnswSearcher(
        hnsw_build_numba.build(vectors[1:2], metric), vectors[1:2], metric, encode(vectors[1:2], metric)
    )
    assert alone.search(vectors[1], 3, 10)[0].tolist() == [0]


def large(n: int = 16_400) -> np.ndarray:
    return clustered(n)[:, :64].copy()


def test_codes_are_made_where_they_save_time() -> None:
    vectors = large()
    assert vectors.nbytes >= int8.LEAST_BYTES
    assert make(vectors, L2) is not None
    assert make(vectors, DOT) is not None
    assert make(vectors[:1000], L2) is None, "few vectors stay in the cache"
    assert make(np.ascontiguousarray(vectors.reshape(-1, 32)), L2) is None, "short rows are few cache lines"
    assert make(vectors, L1) is None, "products say nothing about L1"
    assert make(vectors.astype(np.uint8), L2) is None, "bytes are short already"


def vectors_too_long() -> np.ndarray:
    return large() * np.float32(1e19)


def test_codes_are_not_made_where_they_tell_nothing_apart() -> None:
    same = np.full((16_400, 64), 7, np.float32)
    assert encode(same, L2).scale == 0
    assert make(same, L2) is None
    rng = np.random.default_rng(0)
    centers = 1000 * rng.normal(size=(40, 64))
    close = (centers[rng.integers(40, size=16_400)] + rng.normal(size=(16_400, 64))).astype(np.float32)
    assert make(close, L2) is None, "points nearer to each other than a step"
    assert make(vectors_too_long(), L2) is None, "squares beyond float32"


def test_one_number_out_of_all_bounds_is_clipped_rather_than_given_room() -> None:
    vectors = large()
    vectors[0, 0] = 1e3
    codes = make(vectors, L2)
    assert codes is not None
    assert codes.scale < 1


def _small() -> Codes:
    return encode(clustered(50), L2)


DAMAGE = {
    "a missing row": lambda c: c._replace(codes=c.codes[:-1].copy()),
    "codes that are too short": lambda c: c._replace(codes=np.ascontiguousarray(c.codes[:, :64])),
    "codes of another type": lambda c: c._replace(codes=c.codes.astype(np.int16)),
    "codes that are not contiguous": lambda c: c._replace(codes=np.asfortranarray(c.codes)),
    "missing terms": lambda c: c._replace(terms=c.terms[:0]),
    "a term that is no number": lambda c: c._replace(terms=np.full_like(c.terms, np.nan)),
    "a mean that is too short": lambda c: c._replace(mean=c.mean[:-1].copy()),
    "a mean that is infinite": lambda c: c._replace(mean=np.full_like(c.mean, np.inf)),
    "a scale of 0": lambda c: c._replace(scale=0.0),
    "a scale that is no number": lambda c: c._replace(scale=float("nan")),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_codes_are_refused(damage: str) -> None:
    _small().validate(50, DIM, L2)
    with pytest.raises(errors.Corrupted, match="seg/codes: "):
        DAMAGE[damage](_small()).validate(50, DIM, L2, "seg/codes")


def test_codes_survive_their_arrays() -> None:
    codes = _small()
    again = Codes.from_arrays(codes.arrays(), codes.meta())
    again.validate(50, DIM, L2)
    assert again == codes
    assert again.nbytes == 50 * 128 + 50 * 4 + DIM * 4
