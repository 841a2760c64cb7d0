"""Searches of a part of the nodes: by scan of a list, through the others, and by two hops between matches."""

from __future__ import annotations

import numpy as np
import pytest

from tests.indexes.test_hnsw import clustered, recall
from workbench import errors, kernels
from workbench.indexes import flat, hnsw_build_numba
from workbench.indexes.codes import encode
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.segments.selection import Selection

N, DIM, K = 4000, 64, 10
L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1
VECTORS, QUERIES = clustered(N, DIM), clustered(60, DIM, seed=1)
CODED = [(L2, True), (DOT, True), (L2, False), (DOT, False), (L1, False)]


@pytest.fixture(scope="module")
def graphs() -> dict[int, HnswGraph]:
    kernels.warm(block=True)
    return {metric: hnsw_build_numba.build(VECTORS, metric) for metric in (L2, DOT, L1)}


def searcher_of(graphs: dict[int, HnswGraph], metric: int, coded: bool) -> HnswSearcher:
    return HnswSearcher(graphs[metric], VECTORS, metric, encode(VECTORS, metric) if coded else None)


def random_part(share: float, seed: int = 0) -> Selection:
    return Selection(np.random.default_rng(seed).random(N) < share, N)


def region(share: float) -> Selection:
    """The nodes nearest to one of them, as a filter that goes by what vectors mean."""
    gaps = flat.distances(VECTORS, VECTORS[5], L2)
    return Selection(gaps <= np.quantile(gaps, share), N)


def exact(part: Selection, metric: int, k: int = K) -> np.ndarray:
    return flat.search_batch(VECTORS, QUERIES, k, metric, part.mask)[0]


@pytest.mark.parametrize(("metric", "coded"), CODED)
@pytest.mark.parametrize("share", [1.0, 0.5, 0.05, 0.005])
def test_a_scan_finds_the_nearest_of_a_list(
    graphs: dict[int, HnswGraph], metric: int, coded: bool, share: float
) -> None:
    searcher, part = searcher_of(graphs, metric, coded), random_part(share)
    found = [searcher.scan(query, K, part.chosen) for query in QUERIES]
    truth = exact(part, metric)
    assert recall(np.array([rows for rows, _ in found]), truth) >= (0.995 if coded else 1.0)
    for query, (rows, distances) in zip(QUERIES, found, strict=True):
        measured = flat.distances(VECTORS, query, metric, rows)
        np.testing.assert_allclose(distances, measured, rtol=1e-4, atol=1e-3)
        assert (np.diff(distances) >= 0).all()


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 13, 17])
def test_a_scan_of_few_finds_them_all(graphs: dict[int, HnswGraph], coded: bool, count: int) -> None:
    chosen = np.arange(100, 100 + 3 * count, 3, dtype=np.int32)
    rows, distances = searcher_of(graphs, L2, coded).scan(QUERIES[0], 50, chosen)
    assert sorted(rows.tolist()) == chosen.tolist()
    assert len(distances) == count


@pytest.mark.parametrize(("metric", "coded", "count"), [(L2, True, 60), (DOT, True, 128), (L1, False, 700)])
def test_a_bound_scan_answers_as_a_scan(
    graphs: dict[int, HnswGraph], metric: int, coded: bool, count: int
) -> None:
    searcher, chosen = searcher_of(graphs, metric, coded), np.arange(7, 7 + 3 * count, 3, dtype=np.int32)
    bound = searcher.bound_scan(K, chosen)
    assert bound is not None
    for query in QUERIES:
        for bound_answer, answer in zip(bound.one(query), searcher.scan(query, K, chosen), strict=True):
            np.testing.assert_array_equal(bound_answer, answer)
    with pytest.raises(errors.DimensionMismatch):
        bound.one(np.zeros(3, np.float32))


def test_what_goes_by_codes_is_not_bound_nor_what_has_no_kernels(
    graphs: dict[int, HnswGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert searcher_of(graphs, L2, True).bound_scan(K, np.arange(200, dtype=np.int32)) is None
    monkeypatch.setattr(kernels, "_ready", set())
    assert searcher_of(graphs, L2, False).bound_scan(K, np.arange(200, dtype=np.int32)) is None


def test_a_scan_without_kernels_gives_the_same(
    graphs: dict[int, HnswGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = np.arange(3, N, 7, dtype=np.int32)
    compiled = searcher_of(graphs, L2, False).scan(QUERIES[0], K, chosen)
    monkeypatch.setattr(kernels, "_ready", set())
    plain = searcher_of(graphs, L2, False).scan(QUERIES[0], K, chosen)
    np.testing.assert_array_equal(compiled[0], plain[0])
    np.testing.assert_allclose(compiled[1], plain[1], rtol=1e-5)


def test_a_scan_refuses_a_query_of_another_size(graphs: dict[int, HnswGraph]) -> None:
    with pytest.raises(errors.DimensionMismatch):
        searcher_of(graphs, L2, True).scan(np.zeros(3, np.float32), K, np.arange(9, dtype=np.int32))


@pytest.mark.parametrize(("metric", "coded"), [case for case in CODED if case[0] != DOT])
@pytest.mark.parametrize("part", [random_part(0.5), random_part(0.15), region(0.3), region(0.1)])
def test_two_hops_find_the_nearest_matches(
    graphs: dict[int, HnswGraph], metric: int, coded: bool, part: Selection
) -> None:
    searcher = searcher_of(graphs, metric, coded)
    rows = [searcher.search(query, K, 100, part.mask, part.seeds)[0] for query in QUERIES]
    assert part.mask is not None
    assert all(part.mask[found].all() and len(np.unique(found)) == K for found in rows)
    assert recall(np.array(rows), exact(part, metric)) >= 0.95


def test_two_hops_begin_in_a_region_that_no_link_from_outside_leads_to(graphs: dict[int, HnswGraph]) -> None:
    part = region(0.02)
    far = VECTORS[int(np.argmax(flat.distances(VECTORS, VECTORS[5], L2)))]
    rows, _ = searcher_of(graphs, L2, True).search(far, K, 64, part.mask, part.seeds)
    truth = flat.search(VECTORS, far, K, L2, part.mask)[0]
    assert len(np.intersect1d(rows, truth)) >= 9


@pytest.mark.parametrize("ef", [1, 10, 64, 600, N])
def test_two_hops_return_matches_only_however_wide_the_beam(graphs: dict[int, HnswGraph], ef: int) -> None:
    searcher = searcher_of(graphs, L2, True)
    for share in (0.3, 0.02, 0.002):
        part = random_part(share, seed=ef)
        for query in QUERIES[:10]:
            rows, distances = searcher.search(query, 40, ef, part.mask, part.seeds)
            assert set(rows.tolist()) <= set(part.chosen.tolist())
            assert len(rows) == len(set(rows.tolist())) == len(distances) <= part.count
            assert (np.diff(distances) >= 0).all()


def test_equal_vectors_are_found_by_two_hops_and_by_scans() -> None:
    same = np.ones((500, DIM), np.float32)
    searcher = HnswSearcher(hnsw_build_numba.build(same, L2), same, L2)
    part = Selection(np.arange(500) % 3 == 0, 500)
    rows, distances = searcher.scan(same[0], 5, part.chosen)
    assert (rows.tolist(), distances.tolist()) == ([0, 3, 6, 9, 12], [0.0] * 5)
    rows, distances = searcher.search(same[0], 5, 32, part.mask, part.seeds)
    assert (rows % 3 == 0).all()
    assert distances.tolist() == [0.0] * 5


@pytest.mark.parametrize(("metric", "coded"), CODED)
def test_a_beam_that_others_take_places_in_returns_matches_only_and_finds_the_nearest(
    graphs: dict[int, HnswGraph], metric: int, coded: bool
) -> None:
    searcher, part = searcher_of(graphs, metric, coded), random_part(0.7)
    assert part.mask is not None
    found = [searcher.search(query, K, 150, part.mask, past=True)[0] for query in QUERIES]
    assert all(part.mask[rows].all() for rows in found)
    whole = np.array([np.pad(rows, (0, K - len(rows)), constant_values=-1) for rows in found])
    assert recall(whole, exact(part, metric)) > 0.9
    together = searcher.search_batch(QUERIES, K, 150, part.mask, past=True)[0]
    assert together.tolist() == whole.tolist()
