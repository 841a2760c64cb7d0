"""Maximal marginal relevance over small sets whose answer is plain to see."""

from __future__ import annotations

import numpy as np

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, SparseVectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import SparseRows, SparseVector
from workbench.query.examples import Examples
from workbench.query.mmr import mmr
from workbench.query.nearest import ids_of


def ask(collection: Collection, diversity: float, name: str = "", **settings: int) -> list[object]:
    query = SparseVector.of([1, 2], [1.0, 0.9]) if name else np.float32([5.1])
    hits = mmr(Examples(collection.view, name), query, 3, diversity=diversity, **settings)
    return ids_of(collection.view, hits.found).tolist()


def test_without_diversity_the_nearest_come_and_with_it_those_far_from_one_another(line: Collection) -> None:
    assert ask(line, 0.0, candidates=8) == [5, 6, 4]
    assert ask(line, 1.0, candidates=8) == [5, 0, 9]


def test_there_are_as_many_candidates_as_hits_unless_asked_otherwise(line: Collection) -> None:
    assert ask(line, 1.0) == [5, 6, 4]


def test_sparse_vectors_can_be_diverse_too() -> None:
    rows = [SparseVector.of([1], [0.9]), SparseVector.of([1], [1.0]), SparseVector.of([2], [0.9])]
    with open_engine() as engine:
        words = engine.create(
            "words", CollectionConfig(vectors={}, sparse_vectors={"w": SparseVectorParams()})
        )
        batch = PointBatch(IdArray.of([0, 1, 2]), {"w": VectorBatch(SparseRows.of(rows))}, [b"{}"] * 3)
        updates.upsert(words, batch)
        assert ask(words, 0.0, "w") == [1, 0, 2]
        assert ask(words, 0.5, "w") == [1, 2, 0]
