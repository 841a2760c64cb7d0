"""Results as JSON."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest

from workbench.models.answers import PointGroup, ScoredPoint, UpdateResult
from workbench.models.points import Record
from workbench.models.vectors import SparseVector
from workbench.surfaces.rest.formatting import encode, shaped

ID = uuid.UUID("936da01f-9abd-4d9d-80c7-02af85c822a8")


def written(operation: str, result: Any) -> str:
    return encode(shaped(operation, result)).decode()


@pytest.mark.parametrize(
    ("vectors", "text"),
    [
        ({"": np.array([0.1, 1], np.float32)}, "[0.1,1.0]"),
        ({"": np.array([0.1, 1], np.float16)}, "[0.099975586,1.0]"),
        ({"": np.array([3, 255], np.uint8)}, "[3.0,255.0]"),
        ({"": np.arange(6, dtype=np.float32)[::3]}, "[0.0,3.0]"),
        ({"": np.array([[0.1], [0.2]], np.float32)}, "[[0.1],[0.2]]"),
        ({"a": np.array([0.1], np.float32)}, '{"a":[0.1]}'),
        ({"s": SparseVector.of([7, 3], [0.1, 0.5])}, '{"s":{"indices":[3,7],"values":[0.5,0.1]}}'),
        ({}, "{}"),
    ],
)
def test_a_vector_prints_as_what_it_is(vectors: dict[str, Any], text: str) -> None:
    assert written("get_point", Record(1, vectors=vectors)) == f'{{"id":1,"vector":{text}}}'


def test_a_point_has_only_the_parts_that_were_asked_for() -> None:
    assert written("get_points", [Record(ID), Record(2, {"a": None})]) == (
        f'[{{"id":"{ID}"}},{{"id":2,"payload":{{"a":null}}}}]'
    )


def test_a_hit_has_its_version_and_its_score() -> None:
    hit = ScoredPoint(1, np.float32(0.1), version=3, order_value=5)
    assert written("query_points", [hit]) == ('{"points":[{"id":1,"version":3,"score":0.1,"order_value":5}]}')
    assert written("search_points", [hit]).startswith('[{"id":1,"version":3,"score":0.1')


def test_a_group_has_its_hits_and_what_was_looked_up() -> None:
    group = PointGroup("cats", [ScoredPoint(1, np.float32(2))], lookup=Record(9, {"n": 1}))
    assert written("query_points_groups", [group]) == (
        '{"groups":[{"id":"cats","hits":[{"id":1,"version":0,"score":2.0}],'
        '"lookup":{"id":9,"payload":{"n":1}}}]}'
    )


def test_small_results_have_their_names() -> None:
    assert written("count_points", 7) == '{"count":7}'
    assert written("facet", [("a", 2), (True, 1)]) == (
        '{"hits":[{"value":"a","count":2},{"value":true,"count":1}]}'
    )
    assert written("scroll_points", ([], ID)) == f'{{"points":[],"next_page_offset":"{ID}"}}'
    assert written("search_matrix_pairs", [(1, ID, np.float32(0.5))]) == (
        f'{{"pairs":[{{"a":1,"b":"{ID}","score":0.5}}]}}'
    )
    assert written("batch_update", [UpdateResult(3, "acknowledged")]) == (
        '[{"operation_id":3,"status":"acknowledged"}]'
    )


def test_what_json_cannot_hold_is_written_as_near_as_it_can() -> None:
    payload = {"wide": 2**70, "broken": "a\ud800", "nan": float("nan"), "deep": [{"n": -(2**64)}]}
    assert written("get_point", Record(1, payload)) == (
        '{"id":1,"payload":{"wide":1.1805916207174113e+21,"broken":"a?","nan":null,'
        '"deep":[{"n":-1.8446744073709552e+19}]}}'
    )
