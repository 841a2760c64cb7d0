"""More like these, less like those."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest, NotFound
from workbench.surfaces.notebook import restoring


@pytest.fixture
def plane() -> wb.Collection:
    points = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 5.0], [9.0, 9.0]]
    return wb.open().create(
        "plane", {"n": list(range(5))}, vectors=np.array(points), distance="Euclid", progress=False
    )


def test_examples_are_no_hits_of_their_own(plane: wb.Collection) -> None:
    assert plane.recommend([0], k=3).ids == [1, 2, 3]
    assert plane.recommend([0], k=2, offset=1).ids == [2, 3]
    assert plane.recommend([0], where={"n": {"gte": 2}}, k=2).ids == [2, 3]


def test_negative_examples_push_away_and_may_stand_alone(plane: wb.Collection) -> None:
    assert plane.recommend([1], [3], k=1).ids == [2]
    assert plane.recommend([], [0], k=1).ids == [4]


def test_wrong_examples_and_strategies_are_refused(plane: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match="At least one"):
        plane.recommend()
    with pytest.raises(InvalidRequest, match="strategy: expected one of average_vector, best_score"):
        plane.recommend([0], strategy="mean")
    with pytest.raises(NotFound):
        plane.recommend([77])


def test_deleted_points_come_back_with_vectors_and_payload(plane: wb.Collection) -> None:
    before = restoring.read(plane, [1, 4, 99])
    plane.delete([1, 4])
    assert restoring.restore(plane, before) == 2
    after = plane.get([1, 4], vectors=True)
    assert [r.payload for r in after] == [{"n": 1}, {"n": 4}]
    assert [r.vectors[""].tolist() for r in after if r.vectors] == [[1.0, 0.0], [9.0, 9.0]]


def test_sparse_vectors_and_multivectors_come_back_too() -> None:
    from qdrant_client import models

    db = wb.open()
    client = db.client()
    client.create_collection(
        "mixed",
        vectors_config={
            "tokens": models.VectorParams(
                size=2,
                distance=models.Distance.DOT,
                multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
            )
        },
        sparse_vectors_config={"words": models.SparseVectorParams()},
    )
    words = models.SparseVector(indices=[3, 7], values=[0.5, 1.0])
    client.upsert(
        "mixed",
        [
            models.PointStruct(id=1, vector={"tokens": [[1.0, 2.0], [3.0, 4.0]], "words": words}),
            models.PointStruct(id=2, vector={"words": words}),
        ],
    )
    mixed = db["mixed"]
    before = restoring.read(mixed, [1, 2])
    mixed.delete([1, 2])
    restoring.restore(mixed, before)
    one, two = mixed.get([1, 2], vectors=True)
    assert one.vectors is not None
    assert two.vectors is not None
    assert one.vectors["tokens"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert list(two.vectors) == ["words"]
    assert two.vectors["words"].indices.tolist() == [3, 7]


def test_a_whole_payload_is_replaced(plane: wb.Collection) -> None:
    restoring.overwrite_payload(plane, 0, {"m": [1]})
    assert plane.get(0)[0].payload == {"m": [1]}
