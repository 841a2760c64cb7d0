"""Scans that go by the signs of codes first: they find what a scan of all finds, and compare a few rows."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench
from tests.indexes.test_codes import METRICS, form
from workbench import kernels
from workbench.indexes import costs, flat
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, encode, shortlist
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.hnsw_build_numba import build
from workbench.indexes.hnsw_graph import HnswGraph
from workbench.indexes.sieve import Sieve, fits

N, K = 6000, 10


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    kernels.warm(block=True)


def texts(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Vectors that lie near some of 200 places, as texts do by what they are about."""
    rng = np.random.default_rng(seed)
    places = np.random.default_rng(99).normal(size=(200, dim))
    return (places[rng.integers(200, size=n)] + 1.2 * rng.normal(size=(n, dim))).astype(np.float32)


def searcher_of(vectors: np.ndarray, metric: int) -> HnswSearcher:
    codes = encode(vectors, metric)
    graph = build(vectors[:, :8].copy(), metric, ef_construct=16)  # no test walks it
    made = HnswSearcher(graph, vectors, metric, codes, CodeBounds.of(codes, vectors))
    made.use_sieve()
    return made


def row_of(code: list[int]) -> np.ndarray:
    padded = np.zeros((1, 64), np.int8)
    padded[0, : len(code)] = code
    codes = Codes(padded, np.zeros(0, np.float32), np.zeros(len(code), np.float32), 0.5)
    sieve = Sieve(codes, kernels.SQUARED_L2)
    address, lines, beside = sieve.key
    assert (address % 64, lines, beside) == (0, 1, 0)
    assert sieve.rows is not None
    return sieve.rows[0]


def test_a_row_holds_a_slope_a_doubt_a_term_and_the_signs() -> None:
    row = row_of([3, -4, 0, -1])
    slope, doubt, term, negative = row[:16].view(np.float32)
    assert slope == pytest.approx(26 / 8)
    cos2 = 8**2 / (26 * 4)
    assert doubt == pytest.approx((26 * (1 / cos2 - 1) / 3) ** 0.5)
    assert (term, negative) == (0.25 * 26, 2)
    assert row[16:24].tolist() == [0b1010, *[0] * 7]


def test_a_row_that_is_the_mean_is_told_exactly() -> None:
    assert row_of([0, 0, 0])[:24].tolist() == [0] * 24


@pytest.mark.parametrize("distance", METRICS)
@pytest.mark.parametrize("dim", [64, 100, 384, 400, 1000])
def test_nearly_all_of_the_nearest_are_found(distance: str, dim: int) -> None:
    vectors, queries = form(distance, texts(N, dim)), form(distance, texts(40, dim, seed=1), seed=1)
    own, chosen = searcher_of(vectors, METRICS[distance]), np.arange(0, N, 2, dtype=np.int32)
    found = 0
    for query in queries:
        rows, gaps = own.scan(query, K, chosen)
        np.testing.assert_allclose(
            gaps, flat.distances(vectors, query, own.metric, rows), rtol=1e-4, atol=1e-4
        )
        assert (rows % 2 == 0).all()
        found += len(np.intersect1d(rows, flat.search_rows(vectors, query, K, own.metric, chosen)[0]))
    assert found / (K * len(queries)) >= 0.97


def sifted(own: HnswSearcher, query: np.ndarray, chosen: np.ndarray) -> int:
    """How many rows were compared by their codes."""
    sift: Any = importlib.import_module(kernels.SIEVE).sift
    assert own.sieve is not None
    own.scan(query, K)
    found = np.empty(K, np.int64), np.empty(K, np.float32)
    return int(sift(*own._keys, own.sieve.key, shortlist(K), N, chosen, query, *found))


def test_few_rows_are_compared_by_their_codes() -> None:
    vectors = form("Cosine", texts(N, 384))
    own = searcher_of(vectors, kernels.NEGATIVE_DOT)
    assert all(K <= sifted(own, query, np.empty(0, np.int32)) < N / 10 for query in vectors[:20])


@pytest.mark.parametrize("k", [1, 40, 60, 700])
def test_the_nearest_of_few_rows_come_in_their_order(k: int) -> None:
    vectors, chosen = texts(N, 32), np.arange(3, N, 5, dtype=np.int32)
    bare = HnswSearcher(HnswGraph.empty(4, 8, np.zeros(N, np.int32)), vectors, kernels.SQUARED_L2)
    rows, gaps = bare.scan(vectors[4] + 0.1, k, chosen)
    expected, distances = flat.search_rows(vectors, vectors[4] + 0.1, k, kernels.SQUARED_L2, chosen)
    assert rows.tolist() == expected.tolist()
    assert np.allclose(gaps, distances, rtol=1e-5)


def test_a_query_that_needs_more_than_8_bits_is_answered_by_the_codes() -> None:
    vectors = form("Cosine", texts(N, 384))
    own, query = searcher_of(vectors, kernels.NEGATIVE_DOT), np.where(np.arange(384) == 7, 1000.0, vectors[0])
    query = query.astype(np.float32)
    assert sifted(own, query, np.empty(0, np.int32)) == -1
    assert own.scan(query, K)[0].tolist() == own.scan(query, K, exact=True)[0].tolist()


def test_a_query_too_long_to_be_squared_is_answered_by_the_vectors() -> None:
    vectors = texts(N, 100)
    own, query = searcher_of(vectors, kernels.SQUARED_L2), vectors[0] * np.float32(1e30)
    rows, gaps = own.scan(query, K)
    assert rows.tolist() == list(range(K))
    assert np.isinf(gaps).all()


def test_an_exact_scan_has_no_use_for_a_sieve() -> None:
    vectors = texts(N, 100)
    own = searcher_of(vectors, kernels.SQUARED_L2)
    for query in texts(20, 100, seed=2):
        rows, _ = own.scan(query, K, exact=True)
        assert rows.tolist() == flat.search(vectors, query, K, kernels.SQUARED_L2)[0].tolist()
    assert own.sieve is not None
    assert own.sieve.rows is None  # not even made


def test_a_list_of_middle_length_is_scanned_by_the_codes_alone() -> None:
    vectors = form("Cosine", texts(N, 384))
    own, chosen = searcher_of(vectors, kernels.NEGATIVE_DOT), np.arange(1_500, dtype=np.int32)
    for query in vectors[:20]:
        rows, gaps = own.scan(query, K, chosen)
        assert rows.tolist() == own.scan(query, K, chosen, exact=True)[0].tolist()
        assert gaps.tolist() == own.scan(query, K, chosen, exact=True)[1].tolist()
    assert own.sieve is not None
    assert own.sieve.rows is None


def test_many_rows_are_sifted_for_few_hits() -> None:
    assert [fits(10, rows) for rows in (2_000, 2_100)] == [False, True]
    assert [fits(100, rows) for rows in (2_100, 10_000)] == [False, True]


def test_fewer_rows_are_sifted_where_their_signs_stand_side_by_side() -> None:
    assert [fits(5, rows, beside=True) for rows in (500, 520)] == [False, True]
    assert [fits(10, rows, beside=True) for rows in (600, 700)] == [False, True]


@pytest.mark.parametrize("distance", METRICS)
def test_a_list_of_hundreds_of_rows_is_sifted_when_it_is_asked_for_again(distance: str) -> None:
    vectors, queries = form(distance, texts(N, 384)), form(distance, texts(40, 384, seed=1), seed=1)
    own, chosen, found = searcher_of(vectors, METRICS[distance]), np.arange(0, N, 8, dtype=np.int32), 0
    assert own.sieve is not None
    truth = [own.scan(query, K, chosen)[0] for query in queries]
    assert own.sieve.arrays() == []
    for query, nearest in zip(queries, truth, strict=True):
        rows, gaps = own.scan(query, K, chosen, again=True)
        np.testing.assert_allclose(
            gaps, flat.distances(vectors, query, own.metric, rows), rtol=1e-4, atol=1e-4
        )
        found += len(np.intersect1d(rows, nearest))
    assert [part.nbytes for part in own.sieve.arrays()] == [64 * N, 64 * -(-len(chosen) // 8) * 8]
    assert found / (K * len(queries)) >= 0.99


@pytest.mark.parametrize("count", [100, 900, 5_000])
def test_of_equal_rows_the_first_are_found(count: int) -> None:
    vectors = np.repeat(form("Euclid", texts(N // 100, 384)), 100, axis=0)
    own, chosen = searcher_of(vectors, kernels.SQUARED_L2), np.arange(50, 50 + count, dtype=np.int32)
    for place in (0, count // 100 - 1):
        first = max(50, 100 * place)
        for again in (False, True):
            rows, _ = own.scan(vectors[first], K, chosen, again=again)
            assert rows.tolist() == list(range(first, first + K))


def test_rows_can_be_written_in_any_order() -> None:
    write_rows: Any = importlib.import_module(kernels.SIEVE).write_rows
    codes = np.random.default_rng(0).integers(-127, 128, (50, 64)).astype(np.int8)
    whole, parts = (np.zeros((50, 64), np.uint8) for _ in range(2))
    write_rows(codes, 60, 0.01, 0, 50, whole.ctypes.data)
    for start in (30, 0, 10, 20, 40):
        write_rows(codes, 60, 0.01, start, start + 10, parts.ctypes.data)
    assert whole.any(axis=1).all()
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize(("share", "part", "kept"), [(0.5, 1e9, True), (1.01, 1e9, False), (0.5, 0.0, False)])
def test_a_sieve_is_kept_where_it_finds_enough_in_less_time(
    share: float, part: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = form("Cosine", texts(N, 384))
    own = searcher_of(vectors, kernels.NEGATIVE_DOT)
    own.use_sieve(False)
    monkeypatch.setattr(costs, "SIFTED", share)
    monkeypatch.setattr(costs, "SIFTED_IN", part)
    found = costs.measure(own, sieve=True)
    assert found is not None
    assert (found.sieve, own.sieve is not None) == (kept, kept)
    assert costs.SearchCosts.from_meta(found.meta()) == found


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_sealed_segment_makes_its_sieve_at_the_first_filtered_search_unless_vectors_stay_on_disk(
    tmp_path: Path, on_disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "SIFTED_IN", 1e9)
    monkeypatch.setattr(costs, "SIFTED", 0.5)
    monkeypatch.setattr(costs, "MOST", 1.0)  # as expected: on a busy machine a walk could seem to cost less
    vectors = texts(17_000, 64)
    points: Any = {"place": list(range(len(vectors)))}
    with workbench.open(tmp_path) as db:
        made = db.create("points", pd.DataFrame(points), vectors=vectors, on_disk=on_disk, progress=False)
        made.wait()
    with workbench.open(tmp_path) as db:
        found = db["points"].search(vectors[5], where={"place": {"lt": 2_100}}, k=3)
        assert found.ids[0] == db["points"].search(vectors[5], k=3, exact=True).ids[0]
        signs = [part.held for part in db["points"].memory().parts if part.component == "signs"]
        assert signs == ([] if on_disk else [64 * 17_001])


@pytest.mark.parametrize("distance", METRICS)
@pytest.mark.parametrize("dim", [64, 384, 400, 1000])
def test_signs_side_by_side_lead_to_the_same_hits(distance: str, dim: int) -> None:
    vectors, queries = form(distance, texts(N, dim)), form(distance, texts(20, dim, seed=1), seed=1)
    own = searcher_of(vectors, METRICS[distance])
    for count in (2_048, 2_053, 2_999):  # a block is filled, or is not
        chosen = np.arange(0, 2 * count, 2, dtype=np.int32)
        for query in queries:
            apart, beside = own.scan(query, K, chosen), own.scan(query, K, chosen, again=True)
            assert beside[0].tolist() == apart[0].tolist()
            assert beside[1].tolist() == apart[1].tolist()


def test_signs_stay_side_by_side_as_long_as_the_list_of_rows() -> None:
    own = searcher_of(texts(N, 384), kernels.SQUARED_L2)
    chosen = np.arange(2_400, dtype=np.int32)
    own.scan(own.vectors[0], K, chosen)
    assert own.sieve is not None
    assert [part.nbytes for part in own.sieve.arrays()] == [64 * N]
    for query in own.vectors[:3]:
        own.scan(query, K, chosen, again=True)
    assert [part.nbytes for part in own.sieve.arrays()] == [64 * N, 64 * 2_400]
    del chosen
    assert [part.nbytes for part in own.sieve.arrays()] == [64 * N]


def test_signs_of_very_many_rows_are_left_where_they_are() -> None:
    own = searcher_of(texts(N, 384), kernels.SQUARED_L2)
    assert own.sieve is not None
    assert [own.sieve.keeps(rows) for rows in (65_536, 65_537)] == [True, False]
