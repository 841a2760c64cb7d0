from __future__ import annotations

import numpy as np
import pytest

from workbench.embedding.callables import CallableEmbedder
from workbench.errors import DimensionMismatch, InvalidVector


def two_numbers(texts):
    return np.array([[3.0 * len(text), 4.0 * len(text)] for text in texts])


def test_a_function_is_an_embedder_of_unit_vectors():
    embedder = CallableEmbedder(two_numbers)

    np.testing.assert_allclose(embedder.embed(["a", "bb"]), [[0.6, 0.8], [0.6, 0.8]], rtol=1e-6)
    assert embedder.dim == 2
    assert embedder.name.endswith("test_callables.two_numbers")
    assert embedder.fingerprint == f"callable:{embedder.name}@dim:2"


def test_the_length_is_asked_for_once():
    calls = []

    def count(texts):
        calls.append(len(texts))
        return two_numbers(texts)

    embedder = CallableEmbedder(count, batch=2)
    embedder.embed(["a", "b", "c"])
    embedder.embed(["d"])

    assert calls == [1, 2, 1, 1]


def test_a_given_name_and_length_call_nothing():
    def fail(texts):
        raise AssertionError("called")

    assert CallableEmbedder(fail, name="mine-v2", dim=3).fingerprint == "callable:mine-v2@dim:3"


def test_an_object_that_is_callable_is_named_by_its_class():
    class Model:
        def __call__(self, texts):
            return two_numbers(texts)

    assert CallableEmbedder(Model()).name.endswith("Model")


def test_a_generator_of_vectors_is_read_to_its_end():
    embedder = CallableEmbedder(lambda texts: (np.array([0.0, 2.0]) for _ in texts))

    np.testing.assert_array_equal(embedder.embed(["a", "b"]), [[0, 1], [0, 1]])


def test_a_function_that_returns_one_vector_for_many_texts_is_refused():
    embedder = CallableEmbedder(lambda texts: [1.0, 2.0], name="mine", dim=2)

    with pytest.raises(InvalidVector, match=r"mine: expected one vector per text, shape \(2, dim\)"):
        embedder.embed(["a", "b"])


def test_a_function_that_changes_its_length_is_refused():
    embedder = CallableEmbedder(lambda texts: np.ones((len(texts), 2 + len(texts[0]))), name="mine", dim=3)

    with pytest.raises(DimensionMismatch, match=r"expected dim: 3, got 4 .*mine"):
        embedder.embed(["aa"])


def test_the_functions_own_error_comes_through():
    def fail(texts):
        raise ConnectionError("no route")

    with pytest.raises(ConnectionError, match="no route"):
        CallableEmbedder(fail, dim=2).embed(["a"])
