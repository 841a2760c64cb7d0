"""Exact search by half a byte a number: it finds what measuring every vector finds, bit for bit."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench
from tests.indexes.test_codes import METRICS, form
from workbench import kernels
from workbench.indexes import nibbles
from workbench.indexes.code_bounds import CodeBounds
from workbench.indexes.codes import Codes, encode
from workbench.indexes.hnsw import HnswGraph, HnswSearcher
from workbench.indexes.nibble_rows import best_step
from workbench.indexes.nibbles import Nibbles

K = 10


@pytest.fixture(scope="module", autouse=True)
def used_for_few_rows_too() -> Any:
    kernels.warm(block=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nibbles, "LEAST_BYTES", 0)
        patch.setattr(nibbles, "LEAST_EACH", 1)
        yield


def texts(n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Vectors that lie near some of 50 places, as texts do by what they are about."""
    rng = np.random.default_rng(seed)
    places = np.random.default_rng(99).normal(size=(50, dim))
    return (places[rng.integers(50, size=n)] + 0.7 * rng.normal(size=(n, dim))).astype(np.float32)


def searcher_of(vectors: np.ndarray, metric: int, fits: float = 1.0) -> HnswSearcher:
    graph, codes = HnswGraph.empty(4, 8, np.zeros(len(vectors), np.int32)), encode(vectors, metric, fits)
    made = HnswSearcher(graph, vectors, metric, codes, CodeBounds.of(codes, vectors))
    made.use_nibbles()
    return made


def measured(
    own: HnswSearcher, query: np.ndarray, k: int, chosen: Any = None
) -> tuple[list[int], list[float]]:
    """What a scan of the vectors themselves finds."""
    rows, gaps = HnswSearcher(own.graph, own.vectors, own.metric).scan(query, k, chosen, exact=True)
    return rows.tolist(), gaps.tolist()


def found(own: HnswSearcher, query: np.ndarray, k: int, chosen: Any = None) -> tuple[list[int], list[float]]:
    rows, gaps = own.scan(query, k, chosen, exact=True)
    return rows.tolist(), gaps.tolist()


def left_open(own: HnswSearcher, query: np.ndarray) -> int:
    """How many codes an exact search has read, −1 if it was left to the codes."""
    prove: Any = importlib.import_module(kernels.NIBBLES).prove
    assert own.nibbles is not None
    own.scan(query, K)
    found = np.empty((1, K), np.int32), np.empty((1, K), np.float32)
    keys = *own._keys, own._bounds, own.nibbles.key
    return int(
        prove(*keys, own.graph.n, query[None], np.empty(0, np.int32), np.empty(K, np.int64), *found)[0]
    )


@pytest.mark.parametrize("distance", METRICS)
@pytest.mark.parametrize("dim", [64, 100, 384, 400])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_the_answer_is_that_of_measuring_every_vector_bit_for_bit(
    distance: str, dim: int, dtype: type[np.generic]
) -> None:
    vectors = form(distance, texts(3_001, dim)).astype(dtype)
    own, some = searcher_of(vectors, METRICS[distance]), np.flatnonzero(np.arange(3_001) % 7 != 3)
    for query in form(distance, texts(10, dim, seed=1), seed=1):
        assert left_open(own, query) >= K
        assert found(own, query, K) == measured(own, query, K)
        chosen = some.astype(np.int32)
        assert found(own, query, K, chosen) == measured(own, query, K, chosen)


@pytest.mark.parametrize("n", [129, 192, 193, 255])
@pytest.mark.parametrize("k", [1, 60, 129])
def test_so_it_is_for_few_vectors_and_for_nearly_all_of_them(n: int, k: int) -> None:
    own = searcher_of(texts(n, 64), kernels.SQUARED_L2)
    for query in texts(5, 64, seed=2):
        assert found(own, query, k) == measured(own, query, k)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 20),
    metric=st.sampled_from([kernels.SQUARED_L2, kernels.NEGATIVE_DOT]),
    scale=st.sampled_from([1e-12, 1e-3, 1.0, 1e5, 1e15, 3e17]),
    shift=st.sampled_from([0.0, 1.0, 1e3]),
    copies=st.integers(1, 40),
    fits=st.sampled_from([1.0, 0.9]),
)
def test_it_holds_for_tiny_huge_far_and_equal_vectors(
    seed: int, metric: int, scale: float, shift: float, copies: int, fits: float
) -> None:
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(-(-600 // copies), 17)) + shift
    vectors = (np.repeat(few, copies, axis=0) * scale).astype(np.float32)
    queries = ((rng.normal(size=(3, 17)) + shift * rng.integers(0, 2)) * scale).astype(np.float32)
    codes = encode(vectors, metric, fits)
    if codes.scale <= 0 or not np.isfinite(codes.terms).all():
        return
    own, live = searcher_of(vectors, metric, fits), np.flatnonzero(rng.random(len(vectors)) < 0.7)
    for query in [*queries, vectors[5], np.zeros(17, np.float32)]:
        # NaN is NaN: sums of products may be ∞ - ∞.
        np.testing.assert_array_equal(found(own, query, K), measured(own, query, K))
        chosen = live.astype(np.int32)
        np.testing.assert_array_equal(found(own, query, K, chosen), measured(own, query, K, chosen))


def test_equal_vectors_come_in_the_order_of_their_rows() -> None:
    vectors = np.tile(texts(1, 64), (5_000, 1))
    vectors[4_000:] = texts(1_000, 64, seed=3)
    own = searcher_of(vectors, kernels.SQUARED_L2)
    assert found(own, vectors[0], K) == (list(range(K)), [0.0] * K)


def test_few_codes_are_read() -> None:
    vectors = form("Cosine", texts(6_000, 384))
    own = searcher_of(vectors, kernels.NEGATIVE_DOT)
    assert all(K <= left_open(own, query) < 600 for query in vectors[:20])


def test_a_query_that_needs_more_than_8_bits_is_answered_by_the_codes() -> None:
    vectors = form("Cosine", texts(3_000, 384))
    own = searcher_of(vectors, kernels.NEGATIVE_DOT)
    query = np.where(np.arange(384) == 7, 1000.0, vectors[0]).astype(np.float32)
    assert left_open(own, query) == -1
    assert found(own, query, K) == measured(own, query, K)


def test_they_are_given_up_where_they_leave_most_rows_open() -> None:
    vectors = np.random.default_rng(0).normal(size=(3_000, 1_000)).astype(np.float32)
    own = searcher_of(vectors, kernels.NEGATIVE_DOT)
    assert own.nibbles is not None
    for number, query in enumerate(np.random.default_rng(1).normal(size=(6, 1_000)).astype(np.float32)):
        assert found(own, query, K) == measured(own, query, K)
        assert bool(own.nibbles.arrays) == (number + 1 < nibbles.PATIENCE)


def test_one_search_that_leaves_many_open_is_forgiven_by_one_that_does_not() -> None:
    own = Nibbles(Codes(np.zeros((9, 64), np.int8), np.zeros(0, np.float32), np.zeros(64, np.float32), 1.0))
    assert own.key[0].shape == (9, 64)
    for _ in range(20):
        own.learn(900, 1_000)
        own.learn(100, 1_000)
    assert own.arrays
    for _ in range(nibbles.PATIENCE):
        own.learn(900, 1_000)
    assert not own.arrays


def test_a_row_holds_numbers_64_apart_in_a_byte_and_the_length_of_what_is_left() -> None:
    codes = np.zeros((2, 128), np.int8)
    codes[0, :3], codes[0, 64:67] = [100, -128, 9], [-100, 4, -4]
    rows, rests, squares = np.zeros((2, 64), np.uint8), np.zeros(2, np.float32), np.zeros(2, np.float32)
    kernel: Any = importlib.import_module("workbench.kernels.cpu.nibble_rows")
    widest, longest = kernel.write_rows(codes, 10, rows, rests, squares)
    assert (rows[0, :4] & 15).tolist() == [7 + 8, -8 + 8, 1 + 8, 8]
    assert (rows[0, :4] >> 4).tolist() == [-8 + 8, 0 + 8, 0 + 8, 8]
    assert rests[0] == pytest.approx(np.sqrt(30**2 + 48**2 + 1 + 20**2 + 4**2 + 4**2))
    assert (rests[1], widest) == (0, rests[0])
    assert longest == pytest.approx(np.linalg.norm(codes[0].astype(float)))


@pytest.mark.parametrize(("largest", "step"), [(7, 1), (30, 4), (127, 16)])
def test_the_step_suits_the_codes(largest: int, step: int) -> None:
    spread = np.linspace(-largest, largest, 64_000).round().astype(np.int8)
    assert best_step(spread.reshape(-1, 64)) == pytest.approx(step, abs=1)


@pytest.mark.parametrize("on_disk", [False, True])
def test_a_sealed_segment_makes_them_at_the_first_exact_search_unless_vectors_stay_on_disk(
    tmp_path: Path, on_disk: bool
) -> None:
    vectors = texts(17_000, 64)
    points: Any = {"place": list(range(len(vectors)))}
    with workbench.open(tmp_path) as db:
        made = db.create("points", pd.DataFrame(points), vectors=vectors, on_disk=on_disk, progress=False)
        made.wait()
        assert [part for part in made.memory().parts if part.component == "nibbles"] == []
    with workbench.open(tmp_path) as db:
        assert db["points"].search(vectors[5], k=3, exact=True).ids[0] == 5
        held = [part.held for part in db["points"].memory().parts if part.component == "nibbles"]
        assert held == ([] if on_disk else [64 * 17_001 + 8 * 17_000])
