"""Exact search by codes: what their bounds say holds, and nothing is missed whatever the codes say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.indexes.test_codes import METRICS, N, clustered, form
from workbench import errors, kernels
from workbench.indexes import flat
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, encode
from workbench.indexes.hnsw import HnswGraph, HnswSearcher

K = 10


def searcher(vectors: np.ndarray, metric: int, codes: Codes) -> HnswSearcher:
    kernels.warm(block=True)
    graph = HnswGraph.empty(4, 8, np.zeros(len(vectors), np.int32))
    return HnswSearcher(graph, vectors, metric, codes, CodeBounds.of(codes, vectors))


def same(found: Any, wanted: Any) -> bool:
    return found[0].tolist() == wanted[0].tolist() and found[1].tolist() == wanted[1].tolist()


@pytest.fixture(scope="module", params=METRICS)
def case(request: Any) -> tuple[np.ndarray, np.ndarray, int]:
    name = request.param
    return form(name, clustered(N)), form(name, clustered(50, seed=1), seed=1), METRICS[name]


def test_errors_are_the_lengths_of_what_the_codes_leave_out() -> None:
    vectors = np.array([[0, 0.0], [127, 1.25], [-127, -1.25]], np.float32)
    codes = Codes(np.zeros((3, 64), np.int8), np.zeros(3, np.float32), np.zeros(2, np.float32), 1.0)
    codes.codes[:, :2] = [[0, 0], [127, 1], [-127, -2]]
    bounds = CodeBounds.of(codes, vectors)
    assert bounds.errors == pytest.approx([0, 0.25, 0.75])
    assert bounds.radius == pytest.approx(np.hypot(127, 2))
    assert bounds.longest == pytest.approx(np.hypot(127, 1.25))
    assert bounds.errors[2] >= 0.75


def test_the_answer_is_that_of_measuring_every_vector_bit_for_bit(
    case: tuple[np.ndarray, np.ndarray, int],
) -> None:
    vectors, queries, metric = case
    ours = searcher(vectors, metric, encode(vectors, metric))
    for query in queries:
        assert same(ours.scan(query, K, exact=True), flat.search(vectors, query, K, metric))


def test_so_it_is_among_some_of_the_vectors(case: tuple[np.ndarray, np.ndarray, int]) -> None:
    vectors, queries, metric = case
    ours, mask = searcher(vectors, metric, encode(vectors, metric)), np.arange(N) % 7 == 3
    for query in queries:
        found = ours.scan(query, K, np.flatnonzero(mask).astype(np.int32))
        assert same(found, flat.search(vectors, query, K, metric, mask))


@pytest.mark.parametrize("fits", [0.5, 0.9])
def test_codes_that_cut_off_most_of_a_vector_cost_time_and_no_hit(
    case: tuple[np.ndarray, np.ndarray, int], fits: float
) -> None:
    vectors, queries, metric = case
    ours = searcher(vectors, metric, encode(vectors, metric, fits))
    for query in queries:
        assert same(ours.scan(query, K, exact=True), flat.search(vectors, query, K, metric))


def test_without_bounds_the_codes_miss_what_an_exact_search_finds() -> None:
    vectors, query = clustered(N), clustered(1, seed=3)[0]
    codes = encode(vectors, kernels.SQUARED_L2)
    codes = codes._replace(codes=np.zeros_like(codes.codes), terms=np.zeros_like(codes.terms))
    blind = HnswSearcher(HnswGraph.empty(4, 8, np.zeros(N, np.int32)), vectors, kernels.SQUARED_L2, codes)
    wanted = flat.search(vectors, query, K, kernels.SQUARED_L2)
    assert not same(blind.scan(query, K), wanted)
    assert same(blind.scan(query, K, exact=True), wanted)
    assert same(searcher(vectors, kernels.SQUARED_L2, codes).scan(query, K), wanted)


def test_only_few_vectors_are_measured_where_codes_are_good() -> None:
    kernels.warm(block=True)
    from workbench.kernels.cpu import proof as cpu

    vectors, query = form("Cosine", clustered(N)), form("Cosine", clustered(1, seed=5))
    ours = searcher(vectors, kernels.NEGATIVE_DOT, encode(vectors, kernels.NEGATIVE_DOT))
    assert ours._bind()
    found = np.empty((1, K), np.int32), np.empty((1, K), np.float32)
    nothing, pool = np.empty(0, np.int32), np.empty(K, np.int64)
    measured = cpu.prove(*ours._keys, ours._bounds, N, query, nothing, pool, *found)
    assert K <= measured <= 60


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 20),
    metric=st.sampled_from([kernels.SQUARED_L2, kernels.NEGATIVE_DOT]),
    scale=st.sampled_from([1e-12, 1e-3, 1.0, 1e5, 1e15]),
    shift=st.sampled_from([0.0, 1.0, 1e3]),
    copies=st.integers(1, 40),
)
def test_it_holds_for_tiny_huge_far_and_equal_vectors(
    seed: int, metric: int, scale: float, shift: float, copies: int
) -> None:
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(-(-600 // copies), 17)) + shift
    vectors = (np.repeat(few, copies, axis=0) * scale).astype(np.float32)
    queries = ((rng.normal(size=(3, 17)) + shift * rng.integers(0, 2)) * scale).astype(np.float32)
    codes = encode(vectors, metric)
    if codes.scale <= 0 or not np.isfinite(codes.terms).all():
        return
    ours = searcher(vectors, metric, codes)
    for query in [*queries, vectors[5], np.zeros(17, np.float32)]:
        assert same(ours.scan(query, K, exact=True), flat.search(vectors, query, K, metric))


def test_what_float32_cannot_square_is_measured() -> None:
    vectors = clustered(N) * np.float32(1e17)
    query = vectors[3]
    ours = searcher(vectors, kernels.NEGATIVE_DOT, encode(vectors, kernels.NEGATIVE_DOT))
    assert same(ours.scan(query, K, exact=True), flat.search(vectors, query, K, kernels.NEGATIVE_DOT))


@pytest.mark.parametrize(
    "harm",
    [
        {"errors": np.zeros(3, np.float32)},
        {"errors": np.full(N, -1, np.float32)},
        {"errors": np.full(N, np.nan, np.float32)},
        {"errors": np.zeros(N, np.float64)},
        {"radius": float("inf")},
        {"longest": -1.0},
    ],
)
def test_bounds_that_no_vectors_have_are_refused(harm: dict[str, Any]) -> None:
    good = CodeBounds(np.zeros(N, np.float32), 1.0, 1.0)
    good.validate(N)
    with pytest.raises(errors.Corrupted):
        good._replace(**harm).validate(N)


def test_bounds_survive_being_stored() -> None:
    vectors = clustered(100)
    made = CodeBounds.of(encode(vectors, kernels.SQUARED_L2), vectors)
    again = CodeBounds.from_arrays(made.errors, made.meta())
    assert (again.radius, again.longest) == (made.radius, made.longest)
