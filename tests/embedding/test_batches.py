from __future__ import annotations

import numpy as np
import pytest

from workbench.embedding.batches import check_texts, embed_in_batches, unit_vectors
from workbench.errors import Cancelled, DimensionMismatch, InvalidRequest, InvalidVector
from workbench.tasks import Task, silent


def lengths(texts):
    """One direction per length, so that a vector tells which text it is of."""
    return [[np.cos(len(text) / 10), np.sin(len(text) / 10)] for text in texts]


def test_sorted_batches_give_vectors_in_the_order_of_the_texts():
    texts = ["eeeee", "a", "", "ccc", "dddd", "bb"]

    vectors = embed_in_batches(texts, lengths, size=2, dim=2, name="lengths", progress=silent, by_length=True)

    np.testing.assert_allclose(vectors, lengths(texts), atol=1e-7)


def test_texts_of_like_length_share_a_batch():
    batches = []

    def encode(texts):
        batches.append(texts)
        return lengths(texts)

    embed_in_batches(
        ["ccc", "a", "dddd", "bb"], encode, size=2, dim=2, name="n", progress=silent, by_length=True
    )

    assert batches == [["a", "bb"], ["ccc", "dddd"]]


def test_progress_counts_texts_after_each_batch():
    seen = []

    def progress(done, total, text=""):
        seen.append((done, total, text))

    embed_in_batches(["a"] * 5, lengths, size=2, dim=2, name="lengths", progress=progress)

    assert seen == [(0, 5, "lengths"), (2, 5, "lengths"), (4, 5, "lengths"), (5, 5, "lengths")]


def test_cancel_stops_before_the_next_batch():
    task, batches = Task("embed"), []

    def encode(texts):
        batches.append(texts)
        task.cancel()
        return lengths(texts)

    with pytest.raises(Cancelled):
        embed_in_batches(["a"] * 6, encode, size=2, dim=2, name="n", progress=task.progress)
    assert len(batches) == 1


def test_no_texts_give_no_vectors_of_the_right_length():
    assert embed_in_batches([], lengths, size=2, dim=2, name="n", progress=silent).shape == (0, 2)


def test_one_text_instead_of_a_list_is_refused():
    with pytest.raises(InvalidRequest, match=r"embed\(\[text\]\)"):
        check_texts("a cat")


@pytest.mark.parametrize("missing", [None, float("nan"), 7])
def test_a_missing_text_is_named_by_its_row(missing):
    with pytest.raises(InvalidRequest, match=r"Text 1 is .*fillna"):
        check_texts(["a", missing])


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert check_texts(["cut \ud83d off"]) == ["cut ? off"]


def test_vectors_are_scaled_to_unit_length_even_beyond_the_range_of_squares():
    vectors = unit_vectors([[3, 4], [3e30, 4e30], [3e-30, 4e-30], [0, 0]], 4, 2, "n")

    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0, 0]], rtol=1e-6)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("returned", "error", "says"),
    [
        ([1.0, 2.0], InvalidVector, r"shape \(2, dim\); got shape \(2,\)"),
        ([[1.0, 2.0]], InvalidVector, r"shape \(2, dim\); got shape \(1, 2\)"),
        ([[], []], InvalidVector, r"got shape \(2, 0\)"),
        ([[1.0], [1.0, 2.0]], InvalidVector, "expected an array of 2 vectors, got list"),
        ("no vectors", InvalidVector, "expected an array of 2 vectors, got str"),
        (None, InvalidVector, r"got shape \(\)"),
        ([[1.0, 2.0], [np.nan, 2.0]], InvalidVector, "text 1 of its batch holds NaN"),
        ([[np.inf, 2.0], [1.0, 2.0]], InvalidVector, "text 0 of its batch holds NaN or infinite"),
        ([[1.0, 2.0, 3.0]] * 2, DimensionMismatch, "expected dim: 2, got 3"),
    ],
)
def test_what_is_not_one_finite_vector_per_text_is_refused(returned, error, says):
    with pytest.raises(error, match=says):
        unit_vectors(returned, 2, 2, "mine")
