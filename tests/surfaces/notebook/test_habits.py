"""What people who come from other databases try first: each error says what it is called here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import InvalidPointId, InvalidRequest, InvalidVector

FRAME = pd.DataFrame({"key": ["doc-1", "doc-2"], "embedding": [[1.0, 0.0], [0.0, 1.0]]})


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as opened:
        yield opened


@pytest.fixture
def pets(db: wb.Database) -> wb.Collection:
    return db.create("pets", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("get_or_create_collection", "db[name] if name in db else db.create(name, frame, text=...)"),
        ("list_collections", "list(db)"),
        ("upsert", "db[name].add(...), or Qdrant's own call by db.client().upsert(...)"),
    ],
)
def test_a_database_says_what_a_call_is_named_here(db: wb.Database, name: str, here: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(db, name)
    assert str(caught.value) == f"'Database' object has no attribute {name!r}. Here it is {here}"


@pytest.mark.parametrize(
    ("name", "here"), [("query", "search(text or vector, k=...)"), ("ntotal", "len(collection)")]
)
def test_a_collection_says_what_a_call_is_named_here(pets: wb.Collection, name: str, here: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pets, name)
    assert str(caught.value) == f"'Collection' object has no attribute {name!r}. Here it is {here}"


def test_other_names_are_unknown_as_ever(pets: wb.Collection) -> None:
    with pytest.raises(AttributeError, match=r"^'Collection' object has no attribute 'fly'$"):
        pets.fly  # type: ignore[attr-defined]  # noqa: B018


def test_several_queries_at_once_lead_to_search_batch(pets: wb.Collection) -> None:
    with pytest.raises(InvalidVector, match="one vector of 2 numbers, got 3 vectors; search_batch"):
        pets.search(np.ones((3, 2), np.float32))


def test_vectors_are_added_without_a_frame(pets: wb.Collection) -> None:
    pets.add(vectors=[[1.0, 1.0]], progress=False)
    assert pets.search([1.0, 1.0], k=1).ids == [2]


def test_a_column_of_vectors_is_no_text(db: wb.Database) -> None:
    with pytest.raises(InvalidRequest, match=r"row 0 holds a list; .* vectors='embedding'"):
        db.create("pets", FRAME, text="embedding", progress=False)


def test_columns_of_numbers_are_given_as_a_frame(db: wb.Database) -> None:
    wide = pd.DataFrame({"x": [1.0, 0.0], "y": [0.0, 1.0]})
    with pytest.raises(InvalidVector, match=r"got 2 names; .* vectors=frame\[\['x', \.\.\.\]\]"):
        db.create("pets", wide, vectors=["x", "y"], progress=False)
    assert len(db.create("pets", vectors=wide[["x", "y"]], progress=False)) == 2


def test_a_row_without_a_vector_is_named_with_what_to_do(db: wb.Database) -> None:
    gaps = FRAME.assign(embedding=[[1.0, 0.0], None])
    with pytest.raises(InvalidVector, match=r"row 1 is None; .* frame\[frame\[column\]\.notna\(\)\]"):
        db.create("pets", gaps, vectors="embedding", progress=False)


def test_texts_as_ids_lead_to_uuids_made_of_them(db: wb.Database) -> None:
    with pytest.raises(InvalidPointId, match="invalid point id 'doc-1'") as caught:
        db.create("pets", FRAME, vectors="embedding", id="key", progress=False)
    assert "uuid.uuid5(uuid.NAMESPACE_URL, text)" in caught.value.__notes__[0]
