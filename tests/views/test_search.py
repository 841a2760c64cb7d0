"""The search box without a browser: questions, both answers, and the code that does the same."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import InvalidRequest
from workbench.tasks import in_front
from workbench.views.state.hit_cards import headline, payload_rows, picture, picture_note, snippet
from workbench.views.state.query_inputs import read_vector, written_vector
from workbench.views.widgets.search import SearchBox

NOTES = [
    "a kitten sleeps", "cats purr at night", "the income tax form", "a puppy barks", "taxes are due in May",
    "a lion roars", "pay the tax office", "dogs chase cats", "an accountant counts", "a tiger hunts",
]  # fmt: skip


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as db:
        yield db


@pytest.fixture
def notes(db: wb.Database) -> wb.Collection:
    return db.create("notes", {"note": NOTES, "n": list(range(10))}, text="note", progress=False)


@pytest.fixture
def cloud(db: wb.Database) -> wb.Collection:
    """20,000 random points: enough that a walk is cheaper than a scan, and a narrow beam misses some."""
    kernels.warm(block=True)  # until they are loaded every search is a scan
    vectors = np.random.default_rng(0).normal(size=(20_000, 32)).astype(np.float32)
    rows = [{"n": i} for i in range(20_000)]
    return db.create("cloud", rows, vectors=vectors, m=4, indexing_threshold=1, progress=False)


def asked(box: SearchBox) -> SearchBox:
    return box.wait(30)


def test_a_text_is_answered_twice_and_nothing_is_missed_by_a_scan(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax", k=3))
    assert set(box.hits.ids) == {2, 4, 6}
    assert box.recall == 1.0
    assert box.view._recall == [3, 3]
    assert repr(box).startswith("<SearchBox 'notes': “tax” · recall 3/3")


def test_the_answer_is_looked_for_when_the_screen_is_made_and_waited_for_when_it_is_shown(
    notes: wb.Collection,
) -> None:
    with in_front():
        box = notes.search_box("tax", k=3)
        assert box.hits is None
    assert "recall 3/3" in asked(box)._repr_mimebundle_()[0]["text/plain"]


def test_a_narrow_beam_misses_points_and_shows_which(cloud: wb.Collection) -> None:
    query = np.random.default_rng(1).normal(size=32)
    box = asked(cloud.search_box(query, k=10, ef=1))
    kept, of = box.view._recall
    assert (of, kept < 10) == (10, True)
    truth = cloud.search(query, k=10, exact=True).ids
    assert [c["id"] for c in box.view._right] == [str(i) for i in truth]
    missed = [c["id"] for c in box.view._right if c["mark"] == "missed"]
    assert missed == [str(i) for i in truth if i not in box.hits.ids]
    assert sum(c["mark"] == "extra" for c in box.view._left) == 10 - kept
    assert any(c["delta"].startswith("−") for c in box.view._left)
    at = [c["mark"] for c in box.view._right].index("missed")
    box._heard(None, {"why": at}, None)
    assert "ef" in box.view._why
    box.ef = 4096
    assert asked(box).recall > 0.9


def test_equal_scores_are_never_missed(db: wb.Database) -> None:
    same = db.create("same", vectors=np.ones((30, 4)), indexing_threshold=1, progress=False)
    assert asked(same.search_box([1, 1, 1, 1], k=5, ef=1)).recall == 1.0


@pytest.mark.parametrize(
    ("pasted", "vector"),
    [
        ("[1, 0.5, -2e-3]", [1, 0.5, -0.002]),
        ("array([1. , 0.5], dtype=float32)", [1.0, 0.5]),
        ("np.array([[1, 2]])", [1, 2]),
        ("tensor([1., 2.], device='cuda:0')", [1.0, 2.0]),
        ("[ 1.  -0.5\n  2. ]", [1.0, -0.5, 2.0]),
    ],
)
def test_a_vector_is_read_as_it_is_pasted(pasted: str, vector: list[float]) -> None:
    assert read_vector(pasted) == vector


@pytest.mark.parametrize(
    "pasted",
    ["", "[]", "[1, 'a']", "[1, 2, ..., 3]", "[[1], [2]]", "[True]", "x", "{'a': 1}", "__import__('os')"],
)
def test_what_is_no_vector_is_refused(pasted: str) -> None:
    with pytest.raises(InvalidRequest, match="vector: expected"):
        read_vector(pasted)


def test_a_float32_is_written_with_its_own_digits() -> None:
    assert written_vector(np.array([0.1, 2], np.float32)) == "[0.1, 2.0]"


def test_a_point_asks_for_more_like_it(notes: wb.Collection) -> None:
    box = asked(notes.search_box(kind="point", point="2", k=2))
    assert box.hits.ids == notes.similar(2, k=2).ids
    assert box.code == "collection.similar(2, k=2)"
    box._heard(None, {"like": "approximate", "at": 0}, None)
    assert asked(box).point == str(notes.similar(2, k=1).ids[0])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": "vector", "numbers": "[1, 2]"}, "expected dim: 384, got 2"),
        ({"kind": "point", "point": "77"}, "No point with id 77"),
        ({"kind": "point", "point": "x"}, "x"),
        ({"kind": "image", "image": "data:image/png;base64,AA=="}, "takes texts only"),
        ({"query": "tax", "hybrid": True}, "has no sparse vector"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(notes: wb.Collection, settings: Any, problem: str) -> None:
    box = asked(notes.search_box(**settings))
    assert problem in box.problem
    assert box.hits is None
    box.hybrid = False
    asked(box.ask("tax"))
    assert (box.problem, len(box.view._left)) == ("", 10)


def test_a_wrong_filter_says_so_keeps_the_hits_and_stays_until_it_is_mended(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax", k=3))
    box.filter_text = "{'n': {'gte': "
    assert "expected plain words or a mapping" in asked(box).problem
    box.k = 4
    assert "expected plain words or a mapping" in asked(box).problem
    assert len(box.hits) == 3
    box.filter_text = "{'n': {'gte': 5}}"
    assert (asked(box).problem, box.where, len(box.hits)) == ("", {"n": {"gte": 5}}, 4)
    box.where = {"n": 2}
    assert (asked(box).filter_text, box.hits.ids) == ("{'n': 2}", [2])


def test_an_unknown_key_is_named_with_advice(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax", where={"not": 3}))
    assert (
        box.view._nothing
        == "No point matches the filter: no point has a value in 'not'; did you mean 'note'?."
    )


def test_hybrid_searches_join_words_and_meaning_with_weights(notes: wb.Collection) -> None:
    assert notes.add_words("note", progress=False) == 10
    box = asked(notes.search_box("tax", hybrid=True, k=5))
    assert box.hits.ids == notes.hybrid("tax", k=5).ids
    assert [set(ranks) for ranks in box.hits.ranks] == [{"", "bm25"}] * 5
    assert box.hits.ranks[0]["bm25"] in (1, 2, 3)
    assert "bm25 #" in box.view._left[0]["sources"]
    box.state.take({"words": "cats", "dense_weight": 0.0, "sparse_weight": 1.0})
    box.state.search()
    assert set(asked(box).hits.ids[:2]) == {1, 7}
    box._heard(None, {"open": "approximate", "at": 0}, None)
    facts = dict(box.view._detail["facts"])
    assert facts["by bm25"].startswith("#1, score ")
    assert [t for t, hit in dict(box.view._detail["payload"])["note"] if hit] == ["cats"]


def test_words_are_added_from_the_screen(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax"))
    box._heard(None, {"add_words": "note"}, None)
    assert asked(box).hybrid
    assert box.problem == ""
    assert box.view._sparse == [["bm25", "bm25"]]
    with pytest.raises(InvalidRequest, match="expected a payload key that holds texts"):
        notes.add_words("n", progress=False)


SETTINGS = [
    {"query": "tax"},
    {"query": "it's “tax”", "where": {"n": {"gte": 3}}, "k": 4, "ef": 17},
    {"kind": "point", "point": "3", "k": 2},
    {"kind": "vector", "numbers": str([0.1] * 384), "k": 2},
    {"query": "tax", "hybrid": True, "dense_weight": 2.0, "rrf_k": 60},
    {"query": "tax", "hybrid": True, "words": "cats", "where": {"n": {"lt": 9}}},
    {"kind": "point", "point": "3", "hybrid": True},
    {"kind": "vector", "numbers": str([0.1] * 384), "hybrid": True, "words": "cats"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_code_shown_gives_the_hits_shown(db: wb.Database, notes: wb.Collection, settings: Any) -> None:
    notes.add_words("note", progress=False)
    box = asked(notes.search_box(**settings))
    assert box.problem == ""
    names: dict[str, Any] = {"db": db, "collection": notes}
    assert eval(box.code, names).ids == box.hits.ids
    lines, _, last = box.client_code.rpartition("\n")
    exec(lines, names)
    assert [p.id for p in eval(last, names)] == box.hits.ids


def test_questions_are_kept_and_returned_to(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax", k=3))
    asked(box.ask("cats"))
    asked(box.like(5))
    assert [h.split(" · ")[0] for h in box.view._history] == ["like 5", "“cats”", "“tax”"]
    box.back(2)
    asked(box)
    assert (box.kind, box.query, set(box.hits.ids)) == ("text", "tax", {2, 4, 6})
    assert len(box.view._history) == 3


def test_hits_are_chosen(notes: wb.Collection) -> None:
    box = asked(notes.search_box("tax", k=3))
    second = box.hits.ids[1]
    box._heard(None, {"choose": "approximate", "at": 1, "chosen": True}, None)
    assert (box.selection, box.view._chosen) == ([second], [str(second)])
    box._heard(None, {"choose": "exact", "at": 1, "chosen": False}, None)
    assert box.selection == []


def test_a_collection_of_vectors_says_why_it_takes_no_texts(cloud: wb.Collection) -> None:
    box = cloud.search_box()
    assert box.kind == "vector"
    assert "no model is on record" in {k: why for k, _, why in box.view._kinds}["text"]
    assert box.view._nothing.startswith("Paste a vector")
    assert "Nothing asked yet" in box._static()


def test_empty_collections_can_be_searched(db: wb.Database) -> None:
    box = asked(db.create("empty", size=2).search_box([1, 0]))
    assert (box.problem, box.recall) == ("", None)
    assert box.view._nothing == "No points yet. Add some with collection.add(frame)."


def test_wrong_settings_are_refused_with_advice(notes: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="did you mean words_in="):
        notes.search_box(word_in="note")
    with pytest.raises(InvalidRequest, match="'k' trait"):
        notes.search_box(k=0)
    with pytest.raises(InvalidRequest, match="expected a text or a list of numbers"):
        notes.search_box({1: 2})


class Colors:
    """An embedder whose space is color: of a picture its mean, of a text the color it names."""

    name, dim, fingerprint = "colors", 3, "colors"

    def embed(self, texts: Sequence[str], **_: Any) -> Any:
        named = {"red": [1, 0, 0], "green": [0, 1, 0], "blue": [0, 0, 1]}
        return np.array([named.get(t, [1, 1, 1]) for t in texts], np.float32)

    def embed_images(self, images: Sequence[Any]) -> Any:
        return np.array([np.asarray(i, np.float32).reshape(-1, 3).mean(axis=0) for i in images])


def test_a_picture_asks_where_the_embedder_takes_pictures(db: wb.Database, tmp_path: Path) -> None:
    from PIL import Image

    colors = db.create("colors", {"c": ["red", "green", "blue"]}, text="c", embedder=Colors(), progress=False)
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (5, 9, 250)).save(file, "PNG")
    uri = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    box = asked(colors.search_box(kind="image", image=uri, k=1))
    assert (box.problem, box.hits[0]["c"]) == ("", "blue")
    assert box.view._kinds[3] == ["image", "Image", ""]
    (tmp_path / "red.png").write_bytes(b"no picture")
    with pytest.raises(InvalidRequest, match="expected a picture that Pillow reads"):
        colors.image_vector(tmp_path / "red.png")


def test_a_card_shows_title_snippet_and_the_words_they_share_with_the_query() -> None:
    payload = {"title": "Sleep", "text": f"{'word ' * 100}cats are sleeping here {'word ' * 100}"}
    title, text = headline(payload, "text", "sleepy cats sleep")
    assert title == [("Sleep", True)]
    assert [piece for piece, hit in text if hit] == ["cats", "sleeping"]
    assert len("".join(piece for piece, _ in text)) < 200
    assert snippet("short", "") == [("short", False)]
    assert headline({"n": 3}, "", "") == ([("n: 3", False)], [])
    assert headline({}, "", "") == ([], [])


def test_values_of_any_length_and_kind_stay_readable() -> None:
    long = dict(
        payload_rows({"book": "x" * 50_000, "tags": ["a"], "picture": "data:image/png;base64,AAAA"}, "")
    )
    assert long["book"][-1] == (" … (50,000 characters)", False)
    assert long["tags"] == [('[\n "a"\n]', False)]
    assert long["picture"] == [("data:image/png;base64,AAAA… (26 characters)", False)]


def test_pictures_are_shown_from_data_and_never_fetched() -> None:
    assert picture({"p": "data:image/png;base64,AAAA"}) == "data:image/png;base64,AAAA"
    assert picture({"p": "data:image/svg+xml;base64,AAAA"}) == ""
    assert "a file, which this page cannot read" in picture_note({"p": "cats/1.jpg"})
    assert "which this page does not ask" in picture_note({"p": "https://example.org/1.jpg"})


def test_without_a_browser_the_hits_are_a_table_and_data_stay_data(db: wb.Database) -> None:
    rows = [{"t": "<script>alert(1)</script>"}]
    shown = (
        db.create("x", rows, vectors=[[1.0, 0.0]], progress=False).search_box([1, 0])._repr_mimebundle_()[0]
    )
    assert "&lt;script&gt;alert(1)" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert re.search(r"recall 1/1, [\d.]+ ms, exact [\d.]+ ms", shown["text/plain"])
