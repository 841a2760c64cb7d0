"""How sets are written and read: tables, quantized vectors, manifests, and the folders of large sets."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.datasets import build, large, make, manifest, tables, vectors
from workbench.errors import Cancelled, Corrupted, NotFound


class Lengths:
    """An embedder of two dimensions that needs no model."""

    name = "lengths"
    fingerprint = "lengths@1"

    def embed(self, texts, *, progress=lambda done, total, text="": None):
        progress(len(texts), len(texts))
        return np.array([[np.cos(len(t)), np.sin(len(t))] for t in texts], dtype=np.float32)


def test_records_come_back_as_they_were_written(tmp_path):
    records = [{"a": 1, "b": ["é", "🍎"]}, {"a": None, "b": []}]

    tables.write(tmp_path / "t.jsonl.xz", records)

    assert tables.read(tmp_path / "t.jsonl.xz") == records


def test_whole_numbers_with_gaps_stay_whole():
    frame = tables.frame([{"year": 1968, "share": 0.5}, {"year": None, "share": None}])

    assert frame.year.dtype == "Int64"
    assert frame.year[0] == 1968
    assert frame.share.dtype == "float64"


def test_quantized_vectors_keep_their_direction(tmp_path):
    exact = np.random.default_rng(1).standard_normal((200, 384)).astype(np.float32)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)

    vectors.save(tmp_path / "v.npz", exact)
    kept = vectors.load(tmp_path / "v.npz")

    assert kept.dtype == np.float32
    assert (exact * kept).sum(axis=1).min() > 0.9999


def test_a_row_of_zeros_stays_a_row_of_zeros():
    codes, scales = vectors.encode(np.array([[0, 0], [3, -4]], dtype=np.float32))

    np.testing.assert_array_equal(codes, [[0, 0], [95, -127]])
    np.testing.assert_allclose(vectors.decode(codes, scales), [[0, 0], [0.6, -0.8]], atol=0.005)


def test_a_small_set_is_written_with_its_vectors_and_checksums(tmp_path):
    rows = [{"title": "Tea", "extract": "A drink."}, {"title": "Sea", "extract": "Water, salted."}]

    made = make.write("wikipedia", rows, tmp_path / "wikipedia", embedder=Lengths())

    assert made == manifest.read(tmp_path / "wikipedia")
    assert (made.rows, made.embedder, sorted(made.files)) == (
        2,
        "lengths@1",
        ["records.jsonl.xz", "vectors.npz"],
    )
    np.testing.assert_allclose(
        vectors.load(tmp_path / "wikipedia/vectors.npz"),
        Lengths().embed(["A drink.", "Water, salted."]),
        atol=0.01,
    )


def test_emoji_without_a_picture_are_left_out(tmp_path):
    rows = [{"emoji": "🍎", "hexcode": "1F34E"}, {"emoji": "🍐", "hexcode": "1F350"}]

    made = make.write("emoji", rows, tmp_path / "emoji", pictures={"1F34E": b"RIFF"})

    assert made.rows == 1
    assert tables.read(tmp_path / "emoji/records.jsonl.xz") == rows[:1]


@pytest.fixture
def two_synsets(monkeypatch):
    """WordNet as if it had two synsets and one example."""
    records = [{"id": 0, "text": "dog: a pet"}, {"id": 1, "text": "sea: salted water"}]
    monkeypatch.setattr(build, "_texts", lambda name, scratch: (records, [{"text": "the dog barked"}]))


def test_a_large_set_is_built_whole_and_loaded(tmp_path, two_synsets):
    assert build.build("wordnet", embedder=Lengths(), folder=tmp_path) == tmp_path / "wordnet"

    made = large.load_large("wordnet", folder=tmp_path)

    np.testing.assert_array_equal(made.vectors, Lengths().embed(["dog: a pet", "sea: salted water"]))
    np.testing.assert_array_equal(made.queries, Lengths().embed(["the dog barked"]))
    assert made.records.text.tolist() == ["dog: a pet", "sea: salted water"]
    assert made.query_records.text.tolist() == ["the dog barked"]
    assert made.records.attrs["embedder"] == "lengths@1"
    assert made.records.attrs["text"] == "text"


def test_building_again_replaces_and_leaves_nothing_behind(tmp_path, two_synsets):
    for _ in range(2):
        build.build("wordnet", embedder=Lengths(), folder=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["wordnet"]


def test_a_cancelled_build_leaves_no_set(tmp_path, two_synsets):
    def cancel(done, total, text=""):
        raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        build.build("wordnet", embedder=Lengths(), folder=tmp_path, progress=cancel)

    assert list(tmp_path.iterdir()) == []


def test_a_damaged_large_set_is_refused(tmp_path, two_synsets):
    build.build("wordnet", embedder=Lengths(), folder=tmp_path)
    with (tmp_path / "wordnet/vectors.npy").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\xff")

    with pytest.raises(Corrupted, match=r"vectors\.npy: expected SHA-256"):
        large.load_large("wordnet", folder=tmp_path)


def test_a_set_that_was_not_built_is_answered_with_the_command(tmp_path):
    with pytest.raises(NotFound, match=r"python -m workbench\.datasets\.build debian"):
        large.load_large("debian", folder=tmp_path)
    with pytest.raises(NotFound, match="fashion, wordnet, debian"):
        large.load_large("sift", folder=tmp_path)


def test_large_sets_live_in_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert large.cache_folder() == tmp_path / "vector-workbench/datasets"
