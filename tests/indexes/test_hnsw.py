"""The HNSW graph as arrays: what is refused when it is loaded, and what a search of it returns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from workbench import errors, kernels
from workbench.indexes import flat, hnsw_build_numba
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.hnsw_connect import reachable
from workbench.indexes.hnsw_walk import WIDE

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1


def clustered(n: int, dim: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(40, dim))
    return (centers[rng.integers(40, size=n)] + 0.4 * rng.normal(size=(n, dim))).astype(np.float32)


def recall(rows: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(rows, truth, strict=True)]))


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return clustered(3000, 32)


@pytest.fixture(scope="module")
def graph(vectors: np.ndarray) -> HnswGraph:
    return hnsw_build_numba.build(vectors, L2)


@pytest.fixture
def searcher(graph: HnswGraph, vectors: np.ndarray) -> HnswSearcher:
    return HnswSearcher(graph, vectors, L2)


def test_a_graph_survives_its_arrays(graph: HnswGraph) -> None:
    again = HnswGraph.from_arrays(graph.arrays(), graph.meta())
    again.validate(3000)
    assert again.links0 is graph.links0
    assert again.nbytes == sum(array.nbytes for array in graph.arrays().values())


def _set(array: np.ndarray, place: Any, value: int) -> np.ndarray:
    changed = array.copy()
    changed[place] = value
    return changed


DAMAGE = {
    "a link past the end": lambda g: g._replace(links0=_set(g.links0, (5, 0), 3000)),
    "a negative link": lambda g: g._replace(links0=_set(g.links0, (5, 0), -1)),
    "a count over the capacity": lambda g: g._replace(counts0=_set(g.counts0, 7, 33)),
    "an upper count over the capacity": lambda g: g._replace(upper_counts=_set(g.upper_counts, 0, 17)),
    "an upper link past the end": lambda g: g._replace(upper_links=_set(g.upper_links, (0, 0), 3000)),
    "an upper link to a node of layer 0": lambda g: g._replace(
        upper_links=_set(g.upper_links, (0, 0), int(np.flatnonzero(g.levels == 0)[0]))
    ),
    "an offset that falls": lambda g: g._replace(upper_offsets=_set(g.upper_offsets, 9, -1)),
    "offsets that disagree with the levels": lambda g: g._replace(
        levels=_set(g.levels, 3, int(g.levels[3]) + 1)
    ),
    "an entry past the end": lambda g: g._replace(entry=3000),
    "an entry of a lower layer": lambda g: g._replace(entry=int(np.flatnonzero(g.levels == 0)[0])),
    "a top level that is too high": lambda g: g._replace(top_level=g.top_level + 1),
    "a missing node": lambda g: g._replace(counts0=g.counts0[:-1].copy()),
    "links of another type": lambda g: g._replace(links0=g.links0.astype(np.int64)),
    "links of another width": lambda g: g._replace(links0=np.ascontiguousarray(g.links0[:, :-1])),
    "links that are not contiguous": lambda g: g._replace(links0=np.asfortranarray(g.links0)),
    "upper links cut short": lambda g: g._replace(
        upper_links=g.upper_links[:-1], upper_counts=g.upper_counts[:-1]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_graph_is_refused(graph: HnswGraph, damage: str) -> None:
    with pytest.raises(errors.Corrupted, match="seg/graph: "):
        DAMAGE[damage](graph).validate(3000, "seg/graph")


def test_a_graph_of_other_vectors_is_refused(graph: HnswGraph, vectors: np.ndarray) -> None:
    with pytest.raises(errors.Corrupted):
        graph.validate(2999)
    with pytest.raises(errors.Corrupted):
        HnswSearcher(graph, vectors[:-1], L2)


def test_a_wider_beam_finds_more(searcher: HnswSearcher, vectors: np.ndarray) -> None:
    queries = clustered(200, 32, seed=1)
    truth, distances = flat.search_batch(vectors, queries, 10, L2)
    found = {ef: searcher.search_batch(queries, 10, ef) for ef in (10, 40, WIDE + 1)}
    recalls = [recall(rows, truth) for rows, _ in found.values()]
    assert recalls == sorted(recalls)
    assert recalls[1] > 0.98
    np.testing.assert_array_equal(found[WIDE + 1][0], truth)
    np.testing.assert_allclose(found[WIDE + 1][1], distances, rtol=1e-4)


def test_pool_and_heaps_find_the_same(searcher: HnswSearcher) -> None:
    queries = clustered(100, 32, seed=2)
    everything = np.ones(3000, bool)  # a filter, even one that lets all pass, is answered with heaps
    np.testing.assert_array_equal(
        searcher.search_batch(queries, 10, 50)[0], searcher.search_batch(queries, 10, 50, everything)[0]
    )


def test_one_query_gives_what_a_batch_gives(searcher: HnswSearcher) -> None:
    queries = clustered(150, 32, seed=3)
    rows, distances = searcher.search_batch(queries, 10, 32, threads=2)
    for i in (0, 77, 149):
        one = searcher.search(queries[i], 10, 32)
        assert one[0].tolist() == rows[i].tolist()
        assert one[1].tolist() == distances[i].tolist()


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_a_filtered_search_returns_allowed_rows_only(
    searcher: HnswSearcher, vectors: np.ndarray, share: float
) -> None:
    queries = clustered(60, 32, seed=4)
    allowed = np.random.default_rng(0).random(3000) < share
    rows, _ = searcher.search_batch(queries, 10, 64, allowed)
    assert allowed[rows].all()
    assert recall(rows, flat.search_batch(vectors, queries, 10, L2, allowed)[0]) > 0.97


def test_filters_that_let_none_or_one_pass(searcher: HnswSearcher, vectors: np.ndarray) -> None:
    assert searcher.search(vectors[0], 10, 32, np.zeros(3000, bool))[0].tolist() == []
    one = np.arange(3000) == 1234
    assert searcher.search(vectors[0], 10, 32, one)[0].tolist() == [1234]
    rows, distances = searcher.search_batch(vectors[:2], 3, 32, one)
    assert rows.tolist() == [[1234, -1, -1]] * 2
    assert np.isinf(distances[:, 1:]).all()


def test_a_beam_narrower_than_k_is_widened(searcher: HnswSearcher, vectors: np.ndarray) -> None:
    assert len(searcher.search(vectors[0], 20, 1)[0]) == 20


def test_more_neighbors_than_points_are_all_points(searcher: HnswSearcher, vectors: np.ndarray) -> None:
    rows, distances = searcher.search(vectors[0], 4000, 10)
    assert sorted(rows.tolist()) == list(range(3000))
    assert (np.diff(distances) >= 0).all()


def test_many_threads_get_the_same_answers(searcher: HnswSearcher) -> None:
    queries = clustered(300, 32, seed=5)
    expected = searcher.search_batch(queries, 10, 40)[0]
    allowed = np.arange(3000) % 2 == 0
    expected_even = searcher.search_batch(queries, 10, 40, allowed)[0]

    def ask(i: int) -> bool:
        mask, truth = (None, expected) if i % 2 else (allowed, expected_even)
        return searcher.search(queries[i % 300], 10, 40, mask)[0].tolist() == truth[i % 300].tolist()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(2400)))


def test_more_searches_than_tags_still_see_every_node(graph: HnswGraph, vectors: np.ndarray) -> None:
    searcher = HnswSearcher(graph, vectors, L2)
    first = searcher.search(vectors[9], 10, 40)[0].tolist()
    assert all(searcher.search(vectors[9], 10, 40)[0].tolist() == first for _ in range(600))


def test_a_query_of_another_dimension_is_refused(searcher: HnswSearcher) -> None:
    with pytest.raises(errors.DimensionMismatch):
        searcher.search(np.zeros(31, np.float32), 1, 10)


def test_read_only_arrays_can_be_searched(
    graph: HnswGraph, vectors: np.ndarray, searcher: HnswSearcher
) -> None:
    arrays = {name: array.copy() for name, array in graph.arrays().items()}
    frozen = vectors.copy()
    for array in [frozen, *arrays.values()]:
        array.flags.writeable = False
    again = HnswSearcher(HnswGraph.from_arrays(arrays, graph.meta()), frozen, L2)
    assert again.search(vectors[3], 10, 40)[0].tolist() == searcher.search(vectors[3], 10, 40)[0].tolist()


def test_answers_are_exact_while_kernels_are_loading(
    graph: HnswGraph, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "_ready", set())
    queries = clustered(5, 32, seed=6)
    rows, distances = HnswSearcher(graph, vectors, L2).search_batch(queries, 10, 10)
    truth = flat.search_batch(vectors, queries, 10, L2)
    np.testing.assert_array_equal(rows, truth[0])
    np.testing.assert_array_equal(distances, truth[1])


def test_every_node_can_be_reached(graph: HnswGraph) -> None:
    assert reachable(graph).all()


def test_queries_that_are_marked_read_only_are_searched_like_others() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    graph = hnsw_build_numba.build(vectors, kernels.SQUARED_L2, m=8, ef_construct=40)
    queries = vectors[:5].copy()
    queries.flags.writeable = False
    rows, _ = HnswSearcher(graph, vectors, kernels.SQUARED_L2).search_batch(queries, 1, 20)
    assert rows[:, 0].tolist() == [0, 1, 2, 3, 4]
