"""Samples of the points 0 to 9, of which 3 and 8 are deleted."""

from __future__ import annotations

from collections import Counter

import pytest

from workbench.collection import Collection
from workbench.errors import UnknownVector
from workbench.models.filters import Filter
from workbench.models.requests import MatrixRequest
from workbench.query.matrix import matrix
from workbench.query.nearest import ids_of
from workbench.query.sample import sample

EVEN = Filter.from_json({"must": [{"key": "even", "match": {"value": True}}]})


def drawn(line: Collection, flt: Filter | None, k: int, seed: int | None = None) -> list[object]:
    return list(ids_of(line.view, sample(line.view, flt, k, seed)).tolist())


def test_a_sample_of_all_is_every_live_point_once(line: Collection) -> None:
    assert sorted(drawn(line, None, 100)) == [0, 1, 2, 4, 5, 6, 7, 9]
    assert sorted(drawn(line, EVEN, 100)) == [0, 2, 4, 6]
    assert drawn(line, Filter.from_json({"must": [{"has_id": [3]}]}), 5) == []


def test_a_seed_draws_the_same_points_and_none_draws_anew(line: Collection) -> None:
    assert drawn(line, None, 4, seed=1) == drawn(line, None, 4, seed=1)
    assert len({tuple(drawn(line, None, 4)) for _ in range(20)}) > 1


def test_every_point_is_as_likely_in_every_place(line: Collection) -> None:
    first = Counter(drawn(line, None, 2, seed)[0] for seed in range(800))
    assert len(first) == 8
    assert min(first.values()) > 60  # of 100 expected, a standard deviation being 9


def test_a_matrix_is_of_its_sample_and_its_seed(line: Collection) -> None:
    made = matrix(line.view, MatrixRequest(sample=4, limit=1), seed=3)
    assert made == matrix(line.view, MatrixRequest(sample=4, limit=1), seed=3)
    assert made.ids == sorted(made.ids, key=int)
    assert all(other in made.ids for near in made.nearest for other, _ in near)


def test_fewer_than_two_points_make_no_matrix(line: Collection) -> None:
    alone = Filter.from_json({"must": [{"has_id": [1]}]})
    assert matrix(line.view, MatrixRequest(flt=alone)).ids == []
    with pytest.raises(UnknownVector):
        matrix(line.view, MatrixRequest(using="x"))
