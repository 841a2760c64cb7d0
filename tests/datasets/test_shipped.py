"""The sets that come along, as they lie in ``data/``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench import datasets
from workbench.datasets import manifest, shipped
from workbench.embedding.minilm import MiniLM
from workbench.errors import Corrupted, NotFound

ROWS = {"wikipedia": 10_033, "recipes": 3_128, "emoji": 1_899, "cities": 6_204}


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return {name: datasets.load(name) for name in datasets.names()}


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A copy of the data that a test may damage."""
    shutil.copytree(shipped.CHECKOUT, tmp_path / "data")
    monkeypatch.setattr(shipped, "INSTALLED", tmp_path / "data")
    return tmp_path / "data"


def test_every_set_has_the_rows_and_fields_that_its_manifest_describes(frames):
    about = datasets.describe()
    for name, frame in frames.items():
        assert len(frame) == ROWS[name] == about.rows[name]
        assert [column for column in frame.columns if column != "vector"] == about.fields[name]
        assert frame.attrs["dataset"] == name


def test_columns_have_the_types_that_filters_need(frames):
    assert frames["wikipedia"].year.dtype == "Int64"
    assert frames["recipes"][["minutes", "servings", "difficulty"]].dtypes.eq("Int64").all()
    assert frames["cities"].population.dtype == "int64"
    assert frames["emoji"].version.dtype == "float64"
    assert frames["emoji"].tags.map(type).eq(list).all()
    assert frames["cities"].location[0] == {"lat": 31.22222, "lon": 121.45806}


def test_an_article_is_found_with_its_payload(frames):
    articles = frames["wikipedia"].set_index("title")

    film = articles.loc["2001: A Space Odyssey"]

    assert (film.year, film.topic, film.description) == (1968, "Arts", "1968 film by Stanley Kubrick")
    assert pd.isna(articles.year["Tea"])


def test_recipes_cities_and_emoji_hold_what_they_say(frames):
    assert frames["recipes"].set_index("title").minutes["20-Minute Beef Stroganoff"] == 20
    assert frames["cities"].population.is_monotonic_decreasing
    assert frames["cities"].population.min() >= 100_000
    assert frames["emoji"].set_index("emoji").label["🍎"] == "red apple"
    assert frames["emoji"].emoji.is_unique


def test_article_vectors_are_unit_rows_of_one_float32_array(frames):
    vectors = frames["wikipedia"].vector

    assert vectors[0].dtype == np.float32
    assert vectors[0].base is vectors[1].base
    np.testing.assert_allclose(np.linalg.norm(np.stack(vectors), axis=1), 1, atol=1e-6)


def test_article_vectors_are_those_that_the_default_model_makes_of_the_text_column(frames):
    articles, model = frames["wikipedia"], MiniLM()
    rows = articles.iloc[[0, 1, 5000, 10032]]

    fresh = model.embed(rows[articles.attrs["text"]].tolist())

    assert articles.attrs["embedder"] == model.fingerprint
    # The model's int8 scales depend a little on which texts share a batch.
    assert ((fresh * np.stack(rows.vector)).sum(axis=1) > 0.99).all()


def test_a_question_finds_its_article(frames):
    articles = frames["wikipedia"]
    query = MiniLM().embed(["how plants make food from sunlight"], kind="query")[0]

    nearest = np.argsort(np.stack(articles.vector) @ query)[:-6:-1]

    assert {"Plant", "Chloroplast", "Photosynthesis"} & set(articles.title[nearest])


def test_attributes_say_in_plain_words_how_a_text_becomes_such_a_vector(frames):
    assert frames["wikipedia"].attrs == {
        "dataset": "wikipedia",
        "text": "extract",
        "embedder": MiniLM.fingerprint,
        "embedder_name": "minilm",
    }
    assert frames["recipes"].attrs == {"dataset": "recipes", "text": "text"}
    assert frames["cities"].attrs == {"dataset": "cities"}


def test_vectors_can_be_left_out():
    articles = datasets.load("wikipedia", vectors=False)

    assert "vector" not in articles
    assert articles.attrs == {"dataset": "wikipedia", "text": "extract"}


def test_every_emoji_has_a_picture_in_webp(frames):
    for char in frames["emoji"].emoji:
        picture = datasets.emoji_picture(char)
        assert picture[:4] == b"RIFF"
        assert picture[8:12] == b"WEBP"
    assert datasets.emoji_picture("❤") == datasets.emoji_picture("❤️")


def test_an_emoji_without_picture_is_not_found():
    with pytest.raises(NotFound, match="No picture of 'x'"):
        datasets.emoji_picture("x")


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(NotFound, match="wikipedia, recipes, emoji, cities"):
        datasets.load("films")


@pytest.mark.parametrize(("name", "file"), [("wikipedia", "vectors.npz"), ("cities", "records.jsonl.xz")])
def test_one_flipped_bit_is_an_error_that_names_the_file(copy, name, file):
    content = bytearray((copy / name / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name / file).write_bytes(content)

    with pytest.raises(Corrupted, match=f"{name}/{file}: expected SHA-256"):
        datasets.load(name)


def test_a_cut_or_missing_file_is_an_error_that_names_it(copy):
    with (copy / "cities/records.jsonl.xz").open("r+b") as stream:
        stream.truncate(1000)
    (copy / "emoji/pictures.zip").unlink()
    (copy / "recipes/manifest.json").write_text("{}")

    with pytest.raises(Corrupted, match=r"expected [0-9,]+ bytes, found 1,000"):
        datasets.load("cities")
    with pytest.raises(Corrupted, match="the file is missing"):
        datasets.emoji_picture("🍎")
    with pytest.raises(Corrupted, match=r"manifest\.json: cannot be read"):
        datasets.load("recipes")


def test_every_set_comes_with_license_credit_and_readme():
    for name in datasets.names():
        about = manifest.read(datasets.path(name))
        readme = (datasets.path(name) / "README.md").read_text()
        assert about.license
        assert about.attribution
        assert about.source
        assert all(f"`{field}`" in readme for field in about.fields)
        assert any(len(path.read_text()) > 1000 for path in datasets.path(name).glob("LICENSE*"))


def test_the_data_stay_within_ten_megabytes_and_every_data_file_is_checked():
    files = [path for path in shipped.CHECKOUT.rglob("*") if path.is_file()]

    assert sum(path.stat().st_size for path in files) <= 10_000_000
    assert max(path.stat().st_size for path in files) <= 5_000_000
    for name in datasets.names():
        data = {
            path.name for path in datasets.path(name).glob("*.*") if path.suffix in {".xz", ".npz", ".zip"}
        }
        assert data == set(manifest.read(datasets.path(name)).files)


def test_importing_the_package_loads_no_pandas():
    code = (
        "import sys, workbench.datasets; print({'pandas', 'PIL', 'tqdm', 'onnxruntime'} & set(sys.modules))"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"
