"""Walks by half a byte a number: what they compare, what they find, and where they are not used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.indexes.test_codes import METRICS, form, recall
from tests.indexes.test_nibbles import texts
from workbench import errors, kernels
from workbench.indexes import costs, flat, hnsw_build_numba
from workbench.indexes.codes import Codes, encode
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.hnsw_trace import TracedSearcher
from workbench.indexes.nibble_rows import NibbleRows

N, DIM, K = 3000, 128, 10


@pytest.fixture(scope="module", params=METRICS)
def case(request: Any) -> tuple[np.ndarray, np.ndarray, HnswGraph, int]:
    kernels.warm(block=True)
    name, metric = request.param, METRICS[request.param]
    vectors, queries = form(name, texts(N, DIM)), form(name, texts(300, DIM, seed=1), seed=1)
    return vectors, queries, hnsw_build_numba.build(vectors, metric, codes=encode(vectors, metric)), metric


def walking(vectors: np.ndarray, graph: HnswGraph, metric: int, nibbles: bool) -> HnswSearcher:
    codes = encode(vectors, metric)
    made = HnswSearcher(graph, vectors, metric, codes)
    made.walk_nibbles(NibbleRows.of(codes) if nibbles else None)
    return made


def decoded(codes: Codes, nibbles: NibbleRows) -> np.ndarray:
    """What the nibbles say of the vectors less their mean: lower halves, then upper ones, line by line."""
    lines = nibbles.rows.reshape(len(nibbles.rows), -1, 1, 64)
    halves = np.concatenate([lines & 15, lines >> 4], axis=2).reshape(len(lines), -1)
    return (halves[:, :DIM].astype(float) - 8) * nibbles.step * codes.scale


def test_distances_are_those_of_the_nibbles(case: Any) -> None:
    vectors, queries, graph, metric = case
    searcher = walking(vectors, graph, metric, nibbles=True)
    codes, nibbles = searcher.codes, searcher.halved
    assert codes is not None
    assert nibbles is not None
    said, traced = decoded(codes, nibbles), TracedSearcher(searcher)
    for query in queries[:20]:
        traced.search(query, K, 40)
        assert traced.steps is not None
        nodes = traced.steps.node
        asked = query - codes.mean if metric == kernels.SQUARED_L2 else query
        unit = np.abs(asked).max() / 127
        asked = np.floor(asked / unit + 0.5) * unit
        near = -said[nodes] @ asked
        if metric == kernels.SQUARED_L2:
            near = 2 * near + (said[nodes] ** 2).sum(1)
        np.testing.assert_allclose(traced.steps.distance, near, rtol=1e-3, atol=1e-3 * np.abs(near).max())


def test_they_find_the_nearest_with_their_true_distances(case: Any) -> None:
    vectors, queries, graph, metric = case
    truth, gaps = flat.search_batch(vectors, queries, K, metric)
    rows, distances = walking(vectors, graph, metric, nibbles=True).search_batch(queries, K, 100)
    plain, _ = walking(vectors, graph, metric, nibbles=False).search_batch(queries, K, 100)
    assert recall(rows, truth) > 0.97
    assert recall(rows, truth) > recall(plain, truth) - 0.01
    right = rows == truth
    np.testing.assert_allclose(distances[right], gaps[right], rtol=1e-4)


def test_a_query_that_eight_bits_do_not_tell_is_compared_with_the_codes(case: Any) -> None:
    vectors, queries, graph, metric = case
    query = queries[0].copy()
    query[3] = 1e4
    told = []
    for nibbles in (False, True):
        traced = TracedSearcher(walking(vectors, graph, metric, nibbles))
        traced.search(query, K, 40)
        assert traced.steps is not None
        told.append((traced.steps.node.tolist(), traced.steps.distance.tolist()))
    assert told[0] == told[1]


def test_they_are_used_where_they_find_the_same_in_less_time(
    case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, _, graph, metric = case
    searcher = walking(vectors, graph, metric, nibbles=False)
    monkeypatch.setattr(costs, "HALVED_IN", 0.0)
    assert costs.halves(searcher) is None
    monkeypatch.setattr(costs, "LEAST", N + 1)
    assert costs.halves(searcher) is None
    monkeypatch.setattr(costs, "LEAST", N)
    monkeypatch.setattr(costs, "HALVED_IN", np.inf)
    monkeypatch.setattr(costs, "HALVED", 0.97)
    made = costs.halves(searcher)
    assert made is not None
    assert made is searcher.halved


def test_they_are_not_used_where_they_cannot_tell_neighbors_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.warm(block=True)
    monkeypatch.setattr(costs, "HALVED_IN", np.inf)
    rng = np.random.default_rng(0)
    # A nibble counts a 15th of the widest range; points of one place lie within a 40th.
    vectors = (rng.choice([-1.0, 1.0], size=(20, DIM))[rng.integers(20, size=N)]).astype(np.float32)
    vectors += rng.uniform(-0.025, 0.025, size=vectors.shape).astype(np.float32)
    graph = hnsw_build_numba.build(vectors, kernels.SQUARED_L2)
    assert costs.halves(walking(vectors, graph, kernels.SQUARED_L2, nibbles=False)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"rows": np.zeros((3, 63), np.uint8)}, {"rows": np.zeros((3, 64), np.int8)}, {"step": 0},
        {"step": 18}, {"rests": np.zeros(2, np.float32)}, {"rests": np.full(3, np.nan, np.float32)},
        {"squares": np.full(3, -1, np.float32)}, {"widest": np.inf}, {"longest": -1.0},
    ],
)  # fmt: skip
def test_what_a_kernel_must_not_be_given_is_refused(change: dict[str, Any]) -> None:
    kernels.warm(block=True)
    made = NibbleRows.of(encode(np.eye(3, 64, dtype=np.float32), kernels.SQUARED_L2))
    made.validate(3, 64)
    assert NibbleRows.from_arrays(made.arrays(), made.meta()) == made
    with pytest.raises(errors.Corrupted, match=r"nibbles of int8 codes: .* should be"):
        made._replace(**change).validate(3, 64)
