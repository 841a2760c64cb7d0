from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import distances
from workbench.models.config import Datatype, Distance
from workbench.testing.oracle import score


@pytest.mark.parametrize(
    ("distance", "kernel", "expected"),
    [
        (Distance.COSINE, [-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]),
        (Distance.DOT, [-5.0, 0.0, 5.0], [5.0, 0.0, -5.0]),
        (Distance.EUCLID, [0.0, 4.0, 9.0], [0.0, 2.0, 3.0]),
        (Distance.MANHATTAN, [0.0, 4.0, 9.0], [0.0, 4.0, 9.0]),
    ],
)
def test_kernel_distances_ascend_and_become_scores(
    distance: Distance, kernel: list[float], expected: list[float]
) -> None:
    scores = distances.scores(np.float32(kernel), distance)
    assert scores.tolist() == expected
    assert not np.signbit(scores[np.equal(scores, 0)]).any()  # -0.0 looks like a fault


@pytest.mark.parametrize(
    ("distance", "threshold", "kernel"),
    [(Distance.COSINE, 0.8, -0.8), (Distance.DOT, -3, 3), (Distance.EUCLID, 3, 9), (Distance.EUCLID, -1, -1),
     (Distance.MANHATTAN, 3, 3)],
)  # fmt: skip
def test_a_threshold_becomes_a_kernel_distance(distance: Distance, threshold: float, kernel: float) -> None:
    assert distances.kernel_distance(threshold, distance) == kernel


def test_only_cosine_stores_unit_vectors_and_keeps_zero_vectors() -> None:
    rows = np.float32([[3, 4], [0, 0], [0.6, 0.8]])
    assert distances.preprocess(rows, Distance.COSINE, Datatype.FLOAT32).tolist() == [
        pytest.approx([0.6, 0.8]), [0, 0], rows[2].tolist(),
    ]  # fmt: skip
    assert distances.preprocess(rows, Distance.DOT, Datatype.FLOAT32) is rows


def test_uint8_is_truncated_and_its_unit_form_is_derived() -> None:
    stored = distances.preprocess(np.float32([[3.9, 4.9], [-7, 999]]), Distance.COSINE, Datatype.UINT8)
    assert stored.tolist() == [[3, 4], [0, 255]]
    assert distances.search_form(stored, Distance.COSINE).tolist() == [pytest.approx([0.6, 0.8]), [0, 1]]
    assert distances.search_form(stored, Distance.EUCLID) is stored


numbers = st.floats(-(2.0**50), 2.0**50, width=32)


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3))
def test_storing_twice_is_storing_once_and_cosine_is_cosine(a: list[float], b: list[float]) -> None:
    stored = distances.preprocess(np.float32([a]), Distance.COSINE, Datatype.FLOAT32)
    again = distances.preprocess(np.asarray(stored, np.float32), Distance.COSINE, Datatype.FLOAT32)
    assert np.array_equal(stored, again)
    query = distances.query_form(np.float32(b), Distance.COSINE, Datatype.FLOAT32)
    expected = score(Distance.COSINE, np.float64(np.float32(a)), np.float64(np.float32(b)))
    assert float(stored[0] @ query) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("tiny", [1e-45, 1e-30, 1e-20, 1e20, 3e38])
def test_a_query_is_normalized_however_short_or_long_it_is(tiny: float) -> None:
    query = distances.query_form(np.float32([tiny, 0]), Distance.COSINE, Datatype.FLOAT32)
    assert query.tolist() == [1, 0]
