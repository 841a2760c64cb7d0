"""Exact search: the reference must itself be right, with and without kernels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import errors, kernels
from workbench.indexes import flat

L2, DOT, L1 = kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1
SQUARE = np.array([[0, 0], [1, 0], [0, 2], [3, 3]], np.float32)


@pytest.fixture(autouse=True, params=["kernels", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    kernels.warm(block=True)
    monkeypatch.setattr(kernels, "_ready", {kernels.CPU} if request.param == "kernels" else set())
    return str(request.param)


@pytest.mark.parametrize(
    ("metric", "rows", "distances"),
    [(L2, [1, 0, 2], [0, 1, 5]), (DOT, [3, 1, 0], [-3, -1, 0]), (L1, [1, 0, 2], [0, 1, 3])],
)
def test_the_nearest_rows_come_first(metric: int, rows: list[int], distances: list[float]) -> None:
    found, measured = flat.search(SQUARE, np.array([1, 0], np.float32), 3, metric)
    assert found.tolist() == rows
    assert measured.tolist() == distances
    assert (found.dtype, measured.dtype) == (np.int32, np.float32)


def test_equal_distances_come_in_the_order_of_their_rows() -> None:
    assert flat.search(np.ones((100, 3), np.float32), np.ones(3, np.float32), 5, L2)[0].tolist() == [
        0,
        1,
        2,
        3,
        4,
    ]


def test_only_allowed_rows_are_found() -> None:
    line = np.arange(4, dtype=np.float32).reshape(-1, 1)
    allowed = np.array([True, False, True, True])
    assert flat.search(line, np.zeros(1, np.float32), 2, L2, allowed)[0].tolist() == [0, 2]


@pytest.mark.parametrize("allowed", [np.zeros(4, bool), np.array([0, 0, 1, 0], np.uint8)])
def test_fewer_rows_than_asked_for_are_no_error(allowed: np.ndarray) -> None:
    rows, distances = flat.search(SQUARE, np.zeros(2, np.float32), 10, L2, allowed)
    assert rows.tolist() == np.flatnonzero(allowed).tolist()
    assert len(distances) == len(rows)


def test_nothing_is_found_among_no_vectors() -> None:
    rows, distances = flat.search_batch(np.empty((0, 3), np.float32), np.zeros((2, 3), np.float32), 5, L2)
    assert rows.shape == distances.shape == (2, 0)


def test_a_read_only_matrix_can_be_searched() -> None:
    vectors = SQUARE.copy()
    vectors.flags.writeable = False
    assert flat.search(vectors, np.array([3, 3], np.float32), 1, L2)[0].tolist() == [3]


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match=r"bool \[4\]"):
        flat.search(SQUARE, np.zeros(2, np.float32), 1, L2, np.ones(3, bool))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    dtype=st.sampled_from([np.float32, np.float16, np.uint8]),
    metric=st.sampled_from([L2, DOT, L1]),
    k=st.integers(1, 60),
    queries=st.integers(1, 6),
    filtered=st.booleans(),
)
def test_it_is_the_definition(
    seed: int, dtype: type, metric: int, k: int, queries: int, filtered: bool
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(0, 4, (50, 5)).astype(dtype)  # small integers: exact sums, and many ties
    targets = rng.integers(0, 4, (queries, 5)).astype(np.float32)
    allowed = rng.random(50) < 0.3 if filtered else None
    rows, distances = flat.search_batch(vectors, targets, k, metric, allowed)
    for i, target in enumerate(targets):
        wide = vectors.astype(float)
        every = {L2: ((wide - target) ** 2).sum(1), DOT: -(wide @ target), L1: abs(wide - target).sum(1)}[
            metric
        ]
        order = [row for row in np.lexsort((np.arange(50), every)) if allowed is None or allowed[row]][:k]
        assert rows[i].tolist() == order
        assert distances[i].tolist() == every[order].tolist()


def test_large_offsets_do_not_spoil_small_distances() -> None:
    vectors = (1000 + np.random.default_rng(0).random((2000, 8))).astype(np.float32)
    truth = ((vectors.astype(float) - vectors[0]) ** 2).sum(1)
    queries = np.repeat(vectors[:1], 5, axis=0)
    rows, distances = flat.search_batch(vectors, queries, 10, L2)
    assert rows[4].tolist() == np.argsort(truth)[:10].tolist()
    np.testing.assert_allclose(distances[4], np.sort(truth)[:10], rtol=1e-4)
