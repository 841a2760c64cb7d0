"""Large upserts: what goes straight to arrays, and what is left to the ordinary path."""

from __future__ import annotations

import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from workbench.api.point_batch import read_points
from workbench.errors import InvalidRequest
from workbench.models.points import PointBatch
from workbench.surfaces.rest.point_batch import read_large


def read(body: Any) -> dict[str, Any] | None:
    return read_large(json.dumps(body).encode())


def test_points_become_ids_arrays_and_payload_bytes() -> None:
    body = read(
        {"points": [{"id": 7, "vector": [0.1, 2], "payload": {"a": [1]}}, {"id": 8, "vector": [3, 4]}]}
    )
    assert body is not None
    batch = body["points"]
    assert batch.ids.tolist() == [7, 8]
    np.testing.assert_array_equal(batch.vectors[""].values, np.array([[0.1, 2], [3, 4]], np.float32))
    assert batch.payloads == [b'{"a":[1]}', b"{}"]


def test_named_vectors_may_be_left_out() -> None:
    points = [{"id": 1, "vector": {"a": [1.0]}}, {"id": 2, "vector": {"a": [2.0], "b": [3.0, 4.0]}}]
    body = read({"points": points})
    assert body is not None
    vectors = body["points"].vectors
    assert vectors["a"].rows is None
    assert vectors["b"].rows.tolist() == [1]


def test_columns_become_the_same_as_rows() -> None:
    body = read({"batch": {"ids": [1, 2], "vectors": {"a": [[1.0], [2.0]]}, "payloads": [None, {"x": "["}]}})
    assert body is not None
    assert body["batch"].vectors["a"].values.tolist() == [[1.0], [2.0]]
    assert body["batch"].payloads == [b"{}", b'{"x":"["}']


def test_what_stands_beside_the_points_is_kept() -> None:
    flt = {"must": {"key": "a", "match": {"value": 1}}}
    body = read({"points": [{"id": 1, "vector": [1.0]}], "update_mode": "insert_only", "update_filter": flt})
    assert body is not None
    assert (body["update_mode"], body["update_filter"]) == ("insert_only", flt)


@pytest.mark.parametrize(
    "point",
    [
        {"id": 1, "vector": [1, [2]]},
        {"id": 1, "vector": [[1], [2]]},
        {"id": 1, "vector": []},
        {"id": 1, "vector": "x"},
        {"id": 1, "vector": [True]},
        {"id": 1, "vector": [None]},
        {"id": 1, "vector": [1e39]},
        {"id": 1, "vector": {"a": {"indices": [1], "values": [1.0]}}},
        {"id": 1, "vector": {"text": "x", "model": "qdrant/bm25"}},
        {"id": 1, "vector": [1], "payload": "x"},
        {"id": 1, "vector": [1], "payload": [1]},
        {"id": 1, "vector": [1], "more": 1},
        {"id": 1, "vector": {"[": [1, [2]]}},
        {"id": -1, "vector": [1]},
        {"id": True, "vector": [1]},
        {"id": "x", "vector": [1]},
        {"vector": [1]},
        {"id": 1},
        5,
    ],
)
def test_what_is_unusual_is_left_to_the_ordinary_path(point: Any) -> None:
    assert read({"points": [point]}) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"5",
        b"[]",
        b"{}",
        b'{"points":5}',
        b'{"points":[{"id":1,"id":2,"vector":[1]}]}',
        b'{"points":[],"points":[]}',
        b'{"points":[{"id":1,"vector":[1,[2]],"payload":{"a":"\\u005b"}}]}',
        b'{"batch":{"ids":[1,2],"vectors":[[1]]}}',
        b'{"batch":{"ids":[1],"vectors":[[1]],"payloads":[]}}',
        b'{"batch":{"ids":[],"vectors":[]}}',
    ],
)
def test_bodies_that_are_no_points_are_left_to_the_ordinary_path(body: bytes) -> None:
    assert read_large(body) is None


def test_one_odd_body_does_not_spoil_the_next() -> None:
    for _ in range(3):
        assert read_large(b'{"points":[{"id":1,"vector":[1,"x"]}]}') is None
        assert read({"points": [{"id": 1, "vector": [1.5]}]}) is not None


numbers = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.integers(-1000, 1000)
odd = st.none() | st.booleans() | st.text(max_size=3) | st.lists(numbers, max_size=2)
vectors = st.lists(numbers, min_size=2, max_size=2) | st.lists(numbers | odd, max_size=3)
payloads = st.dictionaries(st.text(max_size=3), st.recursive(odd, st.lists, max_leaves=3), max_size=2)
points = st.fixed_dictionaries(
    {"id": st.integers(0, 2**64 - 1) | st.uuids().map(str)},
    optional={
        "vector": vectors | st.dictionaries(st.sampled_from(["a", "b"]), vectors),
        "payload": payloads | st.none(),
    },
)


@given(st.lists(points, min_size=1, max_size=4))
def test_both_ways_read_the_same(rows: list[Any]) -> None:
    """Whatever is read fast is what the ordinary path reads, and what that refuses is never read fast."""
    fast = read({"points": rows})
    try:
        slow = read_points(json.loads(json.dumps({"points": rows})))
    except InvalidRequest:
        assert fast is None
        return
    if fast is not None:
        _assert_same(fast["points"], slow)


def _assert_same(one: PointBatch, other: PointBatch) -> None:
    assert one.ids.tolist() == other.ids.tolist()
    assert [json.loads(p) for p in one.payloads] == [json.loads(p) for p in other.payloads]
    assert set(one.vectors) == set(other.vectors)
    for name, own in one.vectors.items():
        theirs = other.vectors[name]
        np.testing.assert_array_equal(own.values, np.asarray(theirs.values, np.float32))
        assert (own.rows is None) == (theirs.rows is None)
        if own.rows is not None:
            np.testing.assert_array_equal(own.rows, theirs.rows)
