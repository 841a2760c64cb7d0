"""Large upserts: what goes straight to arrays, and what is left to the ordinary path."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import numpy as np
import orjson
import pytest
from hypothesis import example, given

from workbench.api.point_batch import read_points
from workbench.errors import InvalidRequest
from workbench.models.vectors import MultiRows
from workbench.surfaces.rest import point_batch
from workbench.surfaces.rest.point_batch import read_large


@pytest.fixture(autouse=True, scope="module")
def kernel() -> None:
    """Have the kernel loaded, which a server does in the background."""
    point_batch.warm(block=True)


def read(body: Any) -> dict[str, Any] | None:
    return read_large(json.dumps(body).encode())


def lists_in(body: Any) -> Any:
    """The body with lists in place of its arrays."""
    return orjson.loads(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))


def test_vectors_become_arrays_and_the_rest_stays_as_it_is() -> None:
    body = {"points": [{"id": 7, "vector": [0.5, 2], "payload": {"a": [1]}}, {"id": 8, "vector": [-3, 4]}]}
    found = read(body)
    assert found is not None
    assert found["points"][0]["vector"].dtype == np.float32
    assert lists_in(found) == body


@pytest.mark.parametrize(
    "body",
    [
        {"points": [{"id": 1, "vector": {"a": [1.0]}}, {"id": 2, "vector": {"a": [2.0], "b": [3.0, 4.0]}}]},
        {"batch": {"ids": [1, 2], "vectors": {"a": [[1.0], [2.0]]}, "payloads": [None, {"x": "["}]}},
        {"batch": {"ids": [1, 2], "vectors": [[1.0], [2.0]]}},
        {"points": [{"id": 1, "vector": [1.0]}], "update_filter": {"must": [{"has_id": [1]}]}},
        {"points": [{"id": 1, "vector": [1.0], "payload": {"vector": [5], "b": {"vector": [6.5]}}}]},
        {"points": [{"id": 1, "vector": [1.0], "payload": {"]": '"}\\', "points": [{"vector": [1]}]}}]},
        {"points": [{"id": 1, "vector": {"a": [1.0], "b": [[1.0, 2.0], [3.0, 4.0]]}}]},
        {
            "points": [
                {"id": 1, "vector": {"s": {"indices": [1, 4000000000], "values": [1.5, 2.5]}, "a": [1]}}
            ]
        },
        {"points": [{"id": n, "vector": [n, n]} for n in range(1234)]},
    ],
)
def test_lists_are_taken_from_where_vectors_are_and_nowhere_else(body: Any) -> None:
    found = read(body)
    assert found is not None
    assert lists_in(found) == body


def test_white_space_changes_nothing() -> None:
    body = {"points": [{"id": 1, "vector": [1.5, -2.0]}]}
    found = read_large(json.dumps(body, indent=3, separators=(" , ", " :\t")).encode())
    assert found is not None
    assert lists_in(found) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"5",
        b"[]",
        b"{}",
        b"]",
        b'{"points":5}',
        b'{"points":[{"id":1,"vector":[1]}',
        b'{"points":[{"id":1,"vector":[1]}]]',
        b'{"points":[{"id":1,"vector":[1',
        b'{"points":[{"id":1,"vector":[1,',
        b'{"points":[{"id":1,"vector":[1,]}]}',
        b'{"points":[{"id":1,"vector":[1]}],"x":"',
        b'{"points":[{"id":1,"vector":[1]}],"x":"\\',
        b'{"points":[{"id":1,"vector":[]}]}',
        b'{"points":[{"id":1,"vector":[[1],[2]]}]}',
        b'{"points":[{"id":1,"vector":[1,"x"]}]}',
        b'{"points":[{"id":1,"vector":[true]}]}',
        b'{"points":[{"id":1,"vector":[1,null]}]}',
        b'{"points":[{"id":1,"vector":[1e39]}]}',
        b'{"points":[{"id":1,"vector":[1e400]}]}',
        b'{"points":[{"id":1,"vector":[1],"vector":[2]}]}',
        b'{"points":[{"id":1,"v\\u0065ctor":[2]}]}',
        b'{"points":[{"id":1,"vector":0},{"id":2,"vector":[1]}]}',
        b'{"points":[{"id":1,"vector":{"a":0,"b":[1]}}]}',
        b'{"batch":{"ids":[1,2],"vectors":[0,[1]]}}',
        b'{"batch":{"ids":[1,2],"vectors":[[1][2]]}}',
        b'{"points":[{"id":1,"vector":[1]},{"id":2,"vector":[1]0}]}',
        b'{"points":[{"id":1,"vector":[1]0}]}',
        b'{"points":[{"id":1,"vector":5[1]}]}',
        b'{"points":[{"id":1,"vector":-[1]}]}',
        b'{"batch":{"ids":[1,2],"vectors":{"a":[0,[1]]}}}',
        b'{"points":[{"id":1,"vector":[2]}],"points":[]}',
        b'{"points":[{"id":1,"vector":[2],"payload":' + b"[" * 2000 + b"]" * 2000 + b"}]}",
    ],
)
def test_other_bodies_are_left_to_the_ordinary_path(body: bytes) -> None:
    assert read_large(body) is None


def number(text: str) -> Any:
    """What a number becomes as the second one of a vector; None when it is left to the ordinary path."""
    body = read_large(b'{"points":[{"id":1,"vector":[1,%s]}]}' % text.encode())
    return None if body is None else body["points"][0]["vector"][1]


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
@example("-0")
@example("-0.0e5")
@example("12345678")
@example("1234567890123456789")
@example("92233720368547758079223372036854775807")
@example("0.000000000000000000000000000000000000000000001")
@example("1e-99")
@example("3.4028235677973362e38")
@example("340282350000000000000000000000000000000")
def test_a_number_becomes_the_float32_of_its_float64(text: str) -> None:
    with np.errstate(over="ignore"):
        expected = np.float32(float(text))
    found = number(text)
    if np.isfinite(expected):
        assert found == expected
        assert np.signbit(found) == np.signbit(expected)
    else:
        assert found is None


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.sampled_from(["", "1", "00000000001"]))
def test_numbers_between_two_float32_go_where_float64_sends_them(below: float, more: str) -> None:
    """Such a number lies in the middle, or a hair away from it, and is cut or rounded before that shows."""
    with np.errstate(over="ignore"):
        middle = (Decimal(below) + Decimal(float(np.nextafter(np.float32(below), np.float32(np.inf))))) / 2
    if not middle.is_finite():
        return
    text = f"{middle:f}"
    text += more if "." in text else f".0{more}"
    assert number(text) == np.float32(float(text))


@pytest.mark.parametrize(
    "text", ["01", "1.", ".5", "-", "+1", "1e", "1e+", "1.e5", "--1", "0x1", "NaN", "1 2", "1_0"]
)
def test_what_is_no_number_in_json_is_left_to_the_ordinary_path(text: str) -> None:
    assert number(text) is None


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
    """Points and errors are those of the ordinary path."""
    fast = read({"points": rows})
    if fast is not None:
        assert outcome(fast) == outcome({"points": rows})


def plain(values: Any) -> Any:
    """Vectors as plain values: lists of numbers, and of multivectors where each begins, too."""
    if isinstance(values, MultiRows):
        return values.starts.tolist(), values.values.tolist()
    return np.asarray(values, np.float32).tolist()


def outcome(body: Any) -> Any:
    """The batch that a body means, as plain values, or the error."""
    try:
        batch = read_points(body)
    except InvalidRequest as error:
        return str(error).partition(", got")[0]
    vectors = {
        name: (plain(own.values), None if own.rows is None else own.rows.tolist())
        for name, own in batch.vectors.items()
    }
    return batch.ids.tolist(), list(map(json.loads, batch.payloads)), vectors
