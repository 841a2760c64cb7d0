"""Searches by meaning and words, sparse vectors of a payload, and answers compared with exact ones."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest, NotFound, UnknownVector
from workbench.models.vectors import SparseVector
from workbench.surfaces.notebook.compared import marks_of
from workbench.surfaces.notebook.hits import Hits
from workbench.surfaces.notebook.words import marked


@pytest.fixture
def pets() -> Iterator[wb.Collection]:
    rows = [{"t": "a black cat"}, {"t": ["dogs bark", "dogs sleep"]}, {"t": "a cat sleeps"}, {"n": 4}]
    with wb.open() as db:
        vectors = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]]
        yield db.create("pets", rows, vectors=vectors, progress=False)


def test_words_become_sparse_vectors_of_the_points_that_have_texts(pets: wb.Collection) -> None:
    assert pets.add_words("t", progress=False) == 3
    assert pets.info.config.sparse_vectors["bm25"].idf
    assert ["bm25" in (r.vectors or {}) for r in pets.get([0, 1, 2, 3], vectors=True)] == [
        True,
        True,
        True,
        False,
    ]
    assert len(pets.search([1, 0], k=4)) == 4
    assert pets.add_words("t", progress=False) == 3


def test_ranks_are_those_of_both_answers_and_scores_their_fusion(pets: wb.Collection) -> None:
    pets.add_words("t", progress=False)
    hits = pets.hybrid([1, 0], "sleeping cat", k=4, rrf_k=2)
    ranks = {i: (r[""], r["bm25"]) for i, r in zip(hits.ids, hits.ranks, strict=True)}
    assert ranks == {0: (1, 2), 2: (4, 1), 1: (2, 3), 3: (3, None)}
    scores = dict(zip(hits.ids, hits.scores.tolist(), strict=True))
    assert scores == pytest.approx({0: 1 / 2 + 1 / 3, 2: 1 / 5 + 1 / 2, 1: 1 / 3 + 1 / 4, 3: 1 / 4})


def test_weights_filters_points_and_vectors_steer_it(pets: wb.Collection) -> None:
    pets.add_words("t", progress=False)
    assert pets.hybrid([1, 0], "dogs", weights=(0, 1), k=1).ids == [1]
    assert pets.hybrid([1, 0], "cat", where={"n": 4}).ids == [3]
    assert 0 not in pets.hybrid(0, k=4).ids
    one_word = SparseVector.of([7], [1.0])
    assert pets.hybrid([1, 0], one_word, k=2).ids == pets.search([1, 0], k=2).ids


def test_what_a_hybrid_search_lacks_is_said(pets: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="add_words"):
        pets.hybrid([1, 0], "cat")
    pets.add_words("t", progress=False)
    with pytest.raises(InvalidRequest, match="words: expected a text"):
        pets.hybrid([1, 0])
    with pytest.raises(InvalidRequest, match="weights: expected two numbers"):
        pets.hybrid([1, 0], "cat", weights=(1,))
    with pytest.raises(UnknownVector, match="no"):
        pets.hybrid([1, 0], "cat", sparse="no")
    with pytest.raises(NotFound):
        pets.hybrid(uuid.UUID(int=5))
    with pytest.raises(InvalidRequest, match="no point has one in 'n'"):
        pets.add_words("n", progress=False)


@pytest.mark.parametrize(
    ("text", "query", "pieces"),
    [
        ("Black holes sleep.", "a sleeping hole", ["holes", "sleep"]),
        ("the the", "the", []),
        ("", "cat", []),
        ("Çat cat", "CAT", ["cat"]),
    ],
)
def test_words_of_a_query_are_marked_and_nothing_is_lost(text: str, query: str, pieces: list[str]) -> None:
    found = marked(text, query)
    assert "".join(piece for piece, _ in found) == text
    assert [piece for piece, hit in found if hit] == pieces


def _hits(ids: list[int], scores: list[float]) -> Hits:
    return Hits(list(ids), np.array(scores, np.float32), None)


def test_what_is_missed_and_what_is_as_good() -> None:
    truth = _hits([1, 2, 3, 4], [0.9, 0.8, 0.5, 0.5])
    assert marks_of(_hits([1, 5, 6, 7], [0.9, 0.5, 0.5, 0.1]), truth) == (
        ["found", "tie", "tie", "extra"],
        ["found", "missed", "tie", "tie"],
    )
    assert marks_of(_hits([], []), _hits([], [])) == ([], [])
