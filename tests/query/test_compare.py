"""A query is checked against the kind of vector that it asks for, in Qdrant's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.errors import DimensionMismatch, InvalidVector, UnknownVector, WorkbenchError
from workbench.models.config import CollectionConfig, Distance, SparseVectorParams, VectorParams
from workbench.models.vectors import SparseVector
from workbench.query.compare import check_query, distance_of
from workbench.query.nearest import Found
from workbench.query.scored import Scored

CONFIG = CollectionConfig(
    vectors={
        "dense": VectorParams(size=2, distance=Distance.EUCLID),
        "multi": VectorParams(size=2, multivector=True),
    },
    sparse_vectors={"sparse": SparseVectorParams()},
)
SPARSE = SparseVector.of([3], [1.0])
MULTI = "^Conversion between multi and regular vectors failed$"
REGULAR = "^Conversion between sparse and regular vectors failed$"


@pytest.mark.parametrize(
    ("name", "value", "error", "text"),
    [
        ("dense", [[1.0, 2.0]], InvalidVector, MULTI),
        ("dense", SPARSE, InvalidVector, REGULAR),
        ("dense", [1.0, 2.0, 3.0], DimensionMismatch, "^Vector dimension error: expected dim: 2, got 3$"),
        ("multi", SPARSE, InvalidVector, REGULAR),
        ("multi", [[1.0, 2.0, 3.0]], DimensionMismatch, "^Vector dimension error: expected dim: 2, got 3$"),
        ("multi", [1.0], DimensionMismatch, "^Vector dimension error: expected dim: 2, got 1$"),
        ("multi", [], DimensionMismatch, "^Vector dimension error: expected dim: 2, got 0$"),
        ("multi", [[1.0, 2.0], [1.0]], InvalidVector, "vectors of one length"),
        ("multi", np.ones((1, 1, 2)), InvalidVector, r"got shape \[1, 1, 2\]"),
        ("multi", [[1.0, float("nan")]], InvalidVector, "expected finite numbers"),
        ("sparse", [1.0, 2.0], InvalidVector, REGULAR),
        ("sparse", [[1.0, 2.0]], InvalidVector, MULTI),
        ("other", [1.0, 2.0], UnknownVector, r"(?m)^Not existing vector name error: other$"),
        ("other", SPARSE, UnknownVector, r"(?m)^Not existing vector name error: other$"),
    ],
)
def test_a_query_of_another_kind_or_size_is_refused(
    name: str, value: Any, error: type[WorkbenchError], text: str
) -> None:
    with pytest.raises(error, match=text):
        check_query(value, CONFIG, name)


def test_one_vector_is_a_multivector_of_one_and_each_has_length_1_under_cosine() -> None:
    one, two = (
        check_query([3.0, 4.0], CONFIG, "multi"),
        check_query([[3.0, 4.0], [0.0, 2.0]], CONFIG, "multi"),
    )
    assert isinstance(one, np.ndarray)
    assert isinstance(two, np.ndarray)
    np.testing.assert_allclose(one, [[0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(two, [[0.6, 0.8], [0, 1]], rtol=1e-6)


def test_sparse_vectors_are_compared_by_dot_product() -> None:
    assert distance_of(CONFIG, "sparse") is Distance.DOT
    assert distance_of(CONFIG, "dense") is Distance.EUCLID
    with pytest.raises(UnknownVector):
        distance_of(CONFIG, "other")


def test_a_score_that_equals_the_threshold_does_not_pass() -> None:
    found = Found(0, np.arange(3), np.zeros(3, np.float32))
    nearest_first = Scored(found, np.float32([3, 2, 1]))
    assert nearest_first.beyond(2.0, Distance.DOT).scores.tolist() == [3]
    assert Scored(found, np.float32([1, 2, 3])).beyond(2.0, Distance.EUCLID).scores.tolist() == [1]
