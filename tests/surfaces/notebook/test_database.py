"""The notebook's own surface: DataFrames in, hits out, everything with literals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qdrant_client import models

import workbench as wb
from workbench.engine import open_engine
from workbench.errors import (
    Conflict,
    DimensionMismatch,
    InvalidPointId,
    InvalidRequest,
    InvalidVector,
    NotFound,
    UnknownVector,
    WorkbenchError,
)
from workbench.surfaces.notebook import Collection, Database
from workbench.testing.invariants import state_hash

PETS = pd.DataFrame({"name": ["cat", "dog", "fish"], "legs": [4, 4, 0]})
VECTORS = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]


@pytest.fixture
def db() -> Iterator[Database]:
    with Database(open_engine()) as db:
        yield db


@pytest.fixture
def pets(db: Database) -> Collection:
    return db.create("pets", PETS, vectors=VECTORS, progress=False)


def hash_of(collection: Collection) -> str:
    return state_hash(collection._inner)


def test_a_search_finds_hits_with_scores_and_payloads(pets: Collection) -> None:
    hits = pets.search([1.0, 0.0], k=2)
    assert hits.ids == [0, 1]
    assert hits.scores.tolist() == pytest.approx([1.0, 0.8])
    assert hits[0]["name"] == "cat"
    assert [hit.payload for hit in hits] == [{"name": "cat", "legs": 4}, {"name": "dog", "legs": 4}]


def test_hits_become_a_frame(pets: Collection) -> None:
    frame = pets.search([1.0, 0.0], k=2).to_frame()
    assert frame.to_dict("list") == {
        "id": [0, 1],
        "score": [1.0, 0.8],
        "name": ["cat", "dog"],
        "legs": [4, 4],
    }


def test_a_search_can_be_filtered_cut_and_paged(pets: Collection) -> None:
    assert pets.search([1, 0], where={"legs": 0}).ids == [2]
    assert pets.search([1, 0], threshold=0.5).ids == [0, 1]
    assert pets.search([1, 0], k=1, offset=1).ids == [1]
    assert pets.search([1, 0], exact=True).ids == [0, 1, 2]
    assert pets.search([1, 0], where={"nowhere": 5}).ids == []


def test_a_filter_on_a_field_that_no_point_has_finds_nothing_and_says_why(pets: Collection) -> None:
    hits = pets.search([1, 0], where={"leg": {"gte": 2}, "name": "cat"})
    assert repr(hits) == "0 hits in pets: no point has a value in 'leg'; did you mean 'legs'?"
    assert "no point has a value in" in hits._repr_html_()
    assert pets.search([1, 0], where={"$or": [{"zzz": 1}]}).advice == "no point has a value in 'zzz'"
    assert pets.search([1, 0], where={"legs": 7}).advice == ""


def test_a_search_is_asked_again_when_points_were_vacuumed_meanwhile(
    pets: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, before = pets._inner, pets._inner.view
    pets.delete([0])
    pets.optimize()
    views = iter([before, before, inner.view])
    monkeypatch.setattr(type(inner), "view", property(lambda _: next(views)))
    assert pets.search([1, 0], k=1).ids == [1]
    assert list(views) == []


def test_a_search_returns_only_what_was_asked_for(pets: Collection) -> None:
    (hit,) = pets.search([1, 0], k=1, payload=["legs"], vectors=True)
    assert hit.payload == {"legs": 4}
    assert (hit.vectors or {})[""].tolist() == [1, 0]
    (bare,) = pets.search([1, 0], k=1, payload=False)
    assert (bare.payload, bare.vectors) == (None, None)


def test_similar_points_are_found_without_the_point_itself(pets: Collection) -> None:
    assert pets.similar(0, k=2).ids == [1, 2]
    with pytest.raises(NotFound, match="No point with id 77 found"):
        pets.similar(77)


def test_a_filter_may_be_one_of_the_clients_and_numbers_may_be_of_numpy(pets: Collection) -> None:
    four = models.Filter(must=models.FieldCondition(key="legs", match=models.MatchValue(value=4)))
    assert pets.search([1, 0], where=four, k=np.int64(5), ef=np.int32(50)).ids == [0, 1]
    assert pets.count(models.Filter()) == 3
    with pytest.raises(InvalidRequest, match="where: expected a mapping such as"):
        pets.count(models.MatchValue(value=4))


def test_points_are_counted_read_and_paged(pets: Collection) -> None:
    assert (len(pets), pets.count({"legs": 4})) == (3, 2)
    assert [r.payload for r in pets.get([2, 99, 0])] == [
        {"name": "fish", "legs": 0},
        {"name": "cat", "legs": 4},
    ]
    page = pets.page(sort="name", descending=True, limit=2)
    assert (page["name"].tolist(), page.attrs["total"]) == (["fish", "dog"], 3)
    assert pets.page(offset=2)["id"].tolist() == [2]
    assert pets.to_frame({"legs": 4})["name"].tolist() == ["cat", "dog"]


def test_rows_without_ids_are_added_behind_the_others(pets: Collection) -> None:
    assert pets.add([{"name": "bird", "legs": 2}], vectors=[[0.6, 0.8]], progress=False).points == 1
    assert pets.get(3)[0].payload == {"name": "bird", "legs": 2}


def test_vectors_are_added_without_a_frame(pets: Collection) -> None:
    assert pets.add(vectors=[[0.6, 0.8]], progress=False).points == 1
    assert pets.get(3)[0].payload == {}


def test_rows_without_ids_need_a_number_above_the_greatest(pets: Collection) -> None:
    add(pets, [{"name": "whale"}], vectors=[[1, 0]], id=[2**64 - 1])
    with pytest.raises(InvalidRequest, match="that is 18446744073709551615: no number is left; pass id="):
        add(pets, vectors=VECTORS)
    pets.delete(2**64 - 1)
    add(pets, [{"name": "whale"}], vectors=[[1, 0]])
    assert pets.get(3)[0].payload == {"name": "whale"}


def test_rows_with_ids_replace_points(pets: Collection) -> None:
    pets.add({"key": [1], "name": ["wolf"]}, vectors=[[0.0, 1.0]], id="key", progress=False)
    assert [r.payload for r in pets.get(1)] == [{"name": "wolf"}]
    assert len(pets) == 3


def test_points_are_deleted_and_changed(pets: Collection) -> None:
    pets.set_payload({"wet": True}, where={"legs": 0})
    pets.delete([0])
    assert pets.to_frame()["wet"].tolist()[1] is True
    assert pets.delete(where={"legs": 4}).points == 1
    assert len(pets) == 1


@pytest.mark.parametrize("call", [lambda c: c.delete(), lambda c: c.delete([1], where={"a": 1})])
def test_a_change_says_which_points_it_means(pets: Collection, call: Any) -> None:
    with pytest.raises(InvalidRequest, match="expected either ids or where="):
        call(pets)


NAN = float("nan")


def add(collection: Collection, frame: Any = PETS, **settings: Any) -> None:
    collection.add(frame, progress=False, **settings)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda c: c.search([1, 2, 3]), DimensionMismatch, "expected dim: 2, got 3"),
        (lambda c: c.search([]), DimensionMismatch, "expected dim: 2, got 0"),
        (lambda c: c.search([1, NAN]), InvalidVector, "expected finite numbers"),
        (lambda c: c.search([1, 1e308]), InvalidVector, "expected finite numbers"),
        (lambda c: c.search([1, 0], vector="text"), UnknownVector, "Not existing vector name error: text"),
        (lambda c: c.search([1, 0], k=0), InvalidRequest, "k: expected an integer of at least 1, got 0"),
        (lambda c: c.search([1, 0], k=2.5), InvalidRequest, "k: expected an integer"),
        (lambda c: c.search([1, 0], k=2**50), InvalidRequest, "k: .* 1 and at most 1,099,511,627,776, got"),
        (lambda c: c.search([1, 0], offset=-1), InvalidRequest, "offset: expected"),
        (lambda c: c.search([1, 0], ef="x"), InvalidRequest, "ef: expected an integer"),
        (lambda c: c.search([1, 0], threshold="x"), InvalidRequest, "threshold: expected a number, got 'x'"),
        (lambda c: c.search([1, 0], threshold=NAN), InvalidRequest, "threshold: expected a number, got nan"),
        (lambda c: c.search(np.array([1j, 0])), InvalidVector, "expected a list of 2 numbers, got array"),
        (lambda c: c.search("a text"), InvalidRequest, "made from vectors, so a text cannot be searched"),
        (lambda c: c.get(-1), InvalidPointId, "invalid point id -1"),
        (lambda c: c.get(2**64), InvalidPointId, "invalid point id 18446744073709551616"),
        (lambda c: c.get("not-a-uuid"), InvalidPointId, "invalid point id 'not-a-uuid'"),
        (lambda c: c.delete([1.0]), InvalidPointId, r"invalid point id 1.0 \(float\)"),
        (lambda c: add(c, vectors=[[1, 2]]), InvalidRequest, "expected 3 rows, one a point, got 1"),
        (lambda c: add(c, vectors=np.ones((3, 4))), DimensionMismatch, "expected dim: 2, got 4"),
        (lambda c: add(c, vectors=[[1, 2], [1, NAN], [0, 0]]), InvalidVector, "got nan at position 1 of"),
        (lambda c: add(c, vectors=VECTORS, id=[7, 7, 8]), InvalidRequest, "occur more than once"),
        (lambda c: add(c, vectors=[["1", "2"]] * 3), InvalidVector, r"expected numbers .*, got <U1 of shape"),
        (lambda c: add(c, vectors=[[1, 10**400]] * 3), InvalidVector, "expected rows of numbers"),
        (lambda c: add(c, vectors={"text": VECTORS}), UnknownVector, "text"),
        (lambda c: add(c), InvalidRequest, "expected text=<column to embed> or vectors="),
        (lambda c: add(c, None), InvalidRequest, "expected rows to add"),
        (lambda c: add(c, text="name", vectors=VECTORS), InvalidRequest, "or vectors=, got both"),
        (lambda c: add(c, vectors=VECTORS, id=7), InvalidRequest, "expected the name of a column"),
        (lambda c: add(c, text="nope"), InvalidRequest, "no column 'nope'; the frame has name, legs"),
        (lambda c: add(c, [{"x": {1}}], vectors=[[1, 0]]), WorkbenchError, "row 0, column 'x'"),
        (lambda c: c.set_payload({"x": object()}, [1]), WorkbenchError, "expected what JSON can hold"),
        (lambda c: c.set_payload([1], [1]), WorkbenchError, "payload: expected a JSON object, got list"),
        (lambda c: c.configure(hnsw={"efx": 1}), InvalidRequest, "hnsw: unknown setting 'efx'; expected m, "),
        (lambda c: c.configure(hnsw=5), InvalidRequest, "hnsw: expected a mapping of settings, got 5"),
        (lambda c: c.configure(metadata={"x": object()}), InvalidRequest, "metadata: expected what JSON can"),
    ],
)  # fmt: skip
def test_a_bad_call_is_explained_and_changes_nothing(
    pets: Collection, call: Any, error: type[Exception], text: str
) -> None:
    before = hash_of(pets)
    with pytest.raises(error, match=text):
        call(pets)
    assert hash_of(pets) == before


def test_a_database_finds_its_collections_again(tmp_path: Path) -> None:
    key = uuid.UUID(int=5)
    with Database(open_engine(tmp_path)) as db:
        db.create("pets", PETS, vectors=VECTORS, id=[3, 2**64 - 1, str(key)], progress=False)
        assert ("pets" in db, "cars" in db, list(db), len(db)) == (True, False, ["pets"], 1)
    with Database(open_engine(tmp_path)) as db:
        assert db["pets"].search([1, 0]).ids == [3, 2**64 - 1, key]
        with pytest.raises(NotFound, match="Collection `cars` doesn't exist! Collections: pets"):
            db["cars"]
        assert db.delete("pets")
        assert not db.delete("pets")


def test_a_name_is_taken_once_unless_it_is_replaced(db: Database, pets: Collection) -> None:
    with pytest.raises(Conflict, match=r"already exists! Use db\['pets'\], or replace=True"):
        db.create("pets", PETS, vectors=VECTORS, progress=False)
    assert len(db.create("pets", PETS[:1], vectors=VECTORS[:1], replace=True, progress=False)) == 1
    assert len(db["pets"]) == 1


@pytest.mark.parametrize(
    "vectors", [[[1.0, 0.0], [1.0, NAN], [0.0, 1.0]], np.full((3, 2), np.inf), [[1], [2, 3], [4]]]
)
def test_a_failed_create_leaves_what_was_there_before(db: Database, pets: Collection, vectors: Any) -> None:
    before = hash_of(pets)
    for name, replace in (("pets", True), ("new", False)):
        with pytest.raises(InvalidVector):
            db.create(name, PETS, vectors=vectors, replace=replace, progress=False)
    assert list(db) == ["pets"]
    assert hash_of(db["pets"]) == before


def test_an_empty_collection_is_made_from_its_size(db: Database) -> None:
    empty = db.create("empty", size=2, distance="euclid")
    assert (len(empty), empty.search([0, 1]).ids, empty.page().empty) == (0, [], True)
    empty.add({"a": [1]}, vectors=[[3.0, 4.0]], progress=False)
    assert empty.search([0, 0]).scores.tolist() == [5.0]
    with pytest.raises(InvalidRequest, match="or size=<dimensions> for an empty collection"):
        db.create("nothing")


def test_several_vectors_are_searched_by_name(db: Database) -> None:
    both = db.create("both", PETS, vectors={"a": VECTORS, "b": np.eye(3)}, progress=False)
    assert both.search([0, 0, 1], vector="b", k=1).ids == [2]
    with pytest.raises(InvalidRequest, match="vector: expected one of 'a', 'b', because there are several"):
        both.search([1, 0])


def test_a_text_column_is_embedded_and_searched_with_any_callable(db: Database) -> None:
    def letters(texts: list[str]) -> np.ndarray[Any, Any]:
        return np.float32([[t.count("a"), t.count("o"), t.count("i")] for t in texts])

    pets = db.create("pets", PETS, text="name", embedder=letters, progress=False)
    assert pets.search("koala", k=1)[0]["name"] in ("cat", "dog")
    assert [h["name"] for h in pets.search("iii", k=1)] == ["fish"]


def test_vectors_for_several_names_are_given_by_name(db: Database) -> None:
    both = db.create("both", PETS, vectors={"a": VECTORS, "b": VECTORS}, progress=False)
    with pytest.raises(InvalidRequest, match=r"expected a mapping of arrays by name, .*: a, b"):
        both.add(PETS, vectors=VECTORS, progress=False)
    both.add(PETS[:1], vectors={"b": VECTORS[:1]}, progress=False)
    assert len(both) == 4


def test_progress_is_reported_up_to_the_end(db: Database) -> None:
    seen: list[tuple[int, int]] = []
    db.create("pets", PETS, vectors=VECTORS, progress=lambda done, total, text="": seen.append((done, total)))
    assert (3, 3) in seen


def test_everything_shows_itself_and_escapes_what_the_data_holds(db: Database) -> None:
    evil = "<script>alert(1)</script>"
    pets = db.create("pets & co", {"name": [evil], evil: [1]}, vectors=[[1.0, 0.0]], progress=False)
    hits = pets.search([1, 0])
    for shown in (hits._repr_html_(), pets._repr_html_(), db._repr_html_()):
        assert "<script" not in shown
    assert "&lt;script&gt;" in hits._repr_html_()
    assert "pets &amp; co" in pets._repr_html_()
    assert repr(hits).startswith("1 hits in pets & co")
    assert repr(pets) == "<Collection 'pets & co': 1 points, 2 × float32 Cosine, green>"
    assert repr(db) == "<Database in memory: pets & co>"
    db.close()
    assert repr(db) == "<Database in memory, closed>"
    assert "closed" in db._repr_html_()
    assert repr(pets) == "<Collection 'pets & co', closed>"
    assert "closed" in pets._repr_html_()


def test_a_large_id_is_shown_exactly(db: Database) -> None:
    pets = db.create("pets", {"a": [1]}, vectors=[[1.0, 0.0]], id=[2**53 + 1], progress=False)
    assert "9007199254740993" in pets.search([1, 0])._repr_html_()
    assert pets.to_frame()["id"].tolist() == [2**53 + 1]


def test_a_row_without_text_gets_no_vector_but_keeps_its_payload() -> None:
    rows = [{"note": "buy milk", "n": 1}, {"note": None, "n": 2}, {"n": 3}]
    with wb.open() as db:
        notes = db.create("notes", rows, text="note", embedder="hashing", progress=False)
        assert [hit["n"] for hit in notes.search("milk")] == [1]
        assert notes.count({"n": {"gte": 2}}) == 2
        notes.add([{"n": 4, "note": None}], progress=False)
        assert len(notes) == 4
