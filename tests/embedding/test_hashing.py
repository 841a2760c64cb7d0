from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.embedding.hashing import HashingEmbedder
from workbench.errors import InvalidRequest


@given(st.lists(st.text(), max_size=5))
def test_every_text_has_a_unit_vector(texts):
    vectors = HashingEmbedder().embed(texts)

    assert vectors.shape == (len(texts), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_it_compares_words_and_not_meaning():
    cat, cats, kitten, invoice = HashingEmbedder().embed(["cat", "cats", "kitten", "invoice"])

    assert cat @ cats > 0.3  # 3 of 7 and 10 features are shared: 3 / sqrt(70) = 0.36
    assert abs(cat @ kitten) < 0.2
    assert abs(cat @ invoice) < 0.2
    assert "not meaning" in repr(HashingEmbedder())


def test_a_text_is_found_by_one_of_its_words():
    texts = ["Simmer the chickpeas in tomato sauce", "The bridge spans the river", "A revolution in France"]
    embedder = HashingEmbedder()

    scores = embedder.embed(texts) @ embedder.embed(["chickpea"], kind="query")[0]

    assert scores.argmax() == 0


def test_case_and_accents_do_not_count():
    plain, accented = HashingEmbedder().embed(["creme brulee", "Crème Brûlée"])

    np.testing.assert_array_equal(plain, accented)


def test_vectors_are_the_same_on_every_machine():
    # Computed once; Python's own hash() would give others in each process.
    vector = HashingEmbedder(dim=8).embed(["a cat"])[0]

    np.testing.assert_allclose(vector, np.array([-1, 0, -2, -1, 0, 1, -1, -1]) / 3, atol=1e-6)


def test_empty_texts_share_one_vector():
    vectors = HashingEmbedder().embed(["", "  \n"])

    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_the_length_is_free_and_part_of_the_fingerprint():
    assert HashingEmbedder(dim=64).embed(["a"]).shape == (1, 64)
    assert HashingEmbedder(dim=64).fingerprint != HashingEmbedder().fingerprint
    with pytest.raises(InvalidRequest, match="at least 1"):
        HashingEmbedder(dim=0)
