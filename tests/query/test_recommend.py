"""The average of examples, for every kind of vector."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.errors import InvalidRequest, NotFound
from workbench.models.config import CollectionConfig, Distance, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import SparseVector
from workbench.query.examples import Examples
from workbench.query.nearest import ids_of
from workbench.query.neighbors import neighbors
from workbench.query.recommend import Strategy, average_vector, recommend


def test_dense_vectors_are_averaged_and_pushed_away_from_the_negative_ones() -> None:
    positive = [np.float32([1, 0]), np.float32([3, 4])]
    assert average_vector(positive, []) == pytest.approx([2, 2])
    assert average_vector(positive, [np.float32([0, 1])]) == pytest.approx([4, 3])


def test_sparse_vectors_are_averaged_dimension_by_dimension() -> None:
    positive = [SparseVector.of([1, 5], [2, 4]), SparseVector.of([5, 9], [2, 6])]
    average = average_vector(positive, [])
    assert isinstance(average, SparseVector)
    assert dict(zip(average.indices.tolist(), average.values.tolist(), strict=True)) == {1: 1, 5: 3, 9: 3}
    average = average_vector(positive, [SparseVector.of([2, 5], [1, 1])])
    assert isinstance(average, SparseVector)
    found = dict(zip(average.indices.tolist(), average.values.tolist(), strict=True))
    assert found == {1: 2, 2: -1, 5: 5, 9: 6}


def test_multivectors_are_joined_and_the_negative_ones_turned_around() -> None:
    joined = average_vector([np.float32([[1, 0]]), np.float32([[0, 1], [2, 2]])], [np.float32([[3, 4]])])
    assert isinstance(joined, np.ndarray)
    assert joined.tolist() == [[1, 0], [0, 1], [2, 2], [-3, -4]]


def test_an_example_is_never_its_own_answer(line: Collection) -> None:
    hits = recommend(Examples(line.view, ""), [5], [], 3)
    assert ids_of(line.view, hits.found).tolist() == [4, 6, 7]


@pytest.mark.parametrize(
    ("strategy", "negative", "text"),
    [
        (Strategy.AVERAGE_VECTOR, [1], "^Positive vectors should not be empty with `average` strategy$"),
        (
            Strategy.BEST_SCORE,
            [],
            "^At least one positive or negative vector ID required with this strategy$",
        ),
        (
            Strategy.SUM_SCORES,
            [],
            "^At least one positive or negative vector ID required with this strategy$",
        ),
    ],
)
def test_too_few_examples_are_refused(
    line: Collection, strategy: Strategy, negative: list[int], text: str
) -> None:
    with pytest.raises(InvalidRequest, match=text):
        recommend(Examples(line.view, ""), [], negative, 3, strategy=strategy)


def test_an_example_that_does_not_exist_is_named(line: Collection) -> None:
    with pytest.raises(NotFound, match=r"^No point with id 99 found$"):
        recommend(Examples(line.view, ""), [1, 99], [], 3)


def test_points_without_the_vector_are_no_examples_of_a_recommendation_but_an_error_elsewhere() -> None:
    one = VectorParams(size=1, distance=Distance.EUCLID)
    config = CollectionConfig(vectors={"a": one, "b": one})
    with open_engine() as engine:
        own = engine.create("own", config)
        values = VectorBatch(np.float32([[0], [1], [5]]), np.array([0, 1, 2]))
        other = VectorBatch(np.float32([[1]]), np.array([3]))
        batch = PointBatch(IdArray.of([0, 1, 2, 3]), {"a": values, "b": other}, [b"{}"] * 4)
        updates.upsert(own, batch)
        hits = recommend(Examples(own.view, "a"), [0, 3], [], 5)
        assert ids_of(own.view, hits.found).tolist() == [1, 2]
        with pytest.raises(InvalidRequest, match=r"^Positive vectors should not be empty"):
            recommend(Examples(own.view, "a"), [3], [], 5)
        with pytest.raises(NotFound, match=r'^Vector with name "a" for point not found'):
            neighbors(Examples(own.view, "a"), 3, 5)
