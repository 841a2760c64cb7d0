"""Ids, vectors, payloads and selectors, as a request gives them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import numpy as np
import pytest

from workbench.api import values
from workbench.errors import (
    FormatError,
    InvalidPayload,
    InvalidPointId,
    InvalidRequest,
    InvalidVector,
    OutOfRange,
)
from workbench.models.filters import Filter
from workbench.models.points import IdArray
from workbench.models.requests import InferenceObject, OrderBy
from workbench.models.vectors import SparseVector

POINT = uuid.UUID("936da01f-9abd-4d9d-80c7-02af85c822a8")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([1, 2, 2**64 - 1], [1, 2, 2**64 - 1]),
        ([str(POINT), POINT.hex.upper()], [POINT, POINT]),
        ([POINT.urn, 7, POINT], [POINT, 7, POINT]),
        (np.array([3, 4]), [3, 4]),
        ([np.int32(5)], [5]),
        ([], []),
    ],
)
def test_ids_are_integers_and_uuids_in_every_spelling(given: Any, read: list[Any]) -> None:
    assert values.read_ids(given).tolist() == read


@pytest.mark.parametrize("value", [-1, 2**64, 1.0, True, "7", "", "x", None, {}, [1]])
def test_what_is_no_id_is_named(value: Any) -> None:
    with pytest.raises(InvalidPointId, match="is not a valid point ID, valid values are either"):
        values.read_ids([1, value])


def test_ids_come_as_a_list() -> None:
    with pytest.raises(FormatError, match="points: invalid type: integer `1`, expected a sequence"):
        values.read_ids(1)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([1.0, 2.5], [1.0, 2.5]),
        ([1, 2], [1.0, 2.0]),
        (np.array([1, 2], np.uint8), [1.0, 2.0]),
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]),
        ([], []),
    ],
)
def test_dense_and_multi_vectors_become_float32(given: Any, read: Any) -> None:
    vector = values.read_vector(given)
    assert isinstance(vector, np.ndarray)
    assert (vector.dtype, vector.tolist()) == (np.float32, read)


def test_a_sparse_vector_is_sorted_by_index() -> None:
    vector = values.read_vector({"indices": [7, 2], "values": [0.5, 1]})
    assert isinstance(vector, SparseVector)
    assert (vector.indices.tolist(), vector.values.tolist()) == ([2, 7], [1.0, 0.5])


@pytest.mark.parametrize("kind", ["text", "image", "object"])
def test_an_object_with_a_model_is_to_be_inferred(kind: str) -> None:
    found = values.read_vector({kind: "a cat", "model": "m", "options": {"a": 1}})
    assert isinstance(found, InferenceObject)
    assert (found.kind, found.content, found.model, found.options) == (kind, "a cat", "m", {"a": 1})


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ("abc", FormatError, "vector: data did not match any variant of untagged enum Vector"),
        (None, FormatError, "untagged enum Vector"),
        (["1"], FormatError, "untagged enum Vector"),
        ([1, 2.5, "3"], FormatError, r'got \[1, 2.5, "3"\]'),
        ([1.0, None], FormatError, "untagged enum Vector"),
        ([1.0, 10**400], FormatError, "untagged enum Vector"),
        ([[[1.0]]], FormatError, "untagged enum Vector"),
        ([True, 2], FormatError, r"got \[true, 2\]"),
        ([0.5, True], FormatError, r"got \[0.5, true\]"),
        ([0.5, False], FormatError, r"got \[0.5, false\]"),
        ([0.5, False], FormatError, "untagged enum Vector"),
        ([[0.5, 2], [2, True]], FormatError, "untagged enum Vector"),
        ({"indices": [3], "values": [True]}, FormatError, "untagged enum Vector"),
        ({"indices": [3, True], "values": [1, 2]}, FormatError, "untagged enum Vector"),
        ({"indices": [1]}, FormatError, "untagged enum Vector"),
        ({"indices": np.array(1), "values": np.array(1.0)}, FormatError, "untagged enum Vector"),
        (
            [[1.0, 2.0], [3.0]],
            OutOfRange,
            "vector.data: all vectors must have the same dimension, found vector with dimension 1",
        ),
        ([[1.0, 2.0], []], OutOfRange, "vector.data: all vectors must be non-empty"),
        ([[]], OutOfRange, "vector.data: all vectors must be non-empty"),
        (np.empty((0, 2)), OutOfRange, "vector.data: multi vector must not be empty"),
        (
            {"indices": [1, 2], "values": [1.0]},
            OutOfRange,
            "vector.values: must be the same length as indices",
        ),
        ({"indices": [1, 1], "values": [1.0, 2.0]}, OutOfRange, "vector.indices: must be unique"),
        ({"indices": [-1], "values": [1.0]}, FormatError, "untagged enum Vector"),
        ({"indices": [1 << 32], "values": [1.0]}, FormatError, "untagged enum Vector"),
        ({"indices": [1], "values": [float("nan")]}, InvalidVector, "finite"),
    ],
)
def test_what_is_no_vector_is_refused(given: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        values.read_vector(given)


def test_payloads_become_json() -> None:
    given = {
        "n": np.int64(1),
        "a": np.array([1.5]),
        "at": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
        "deep": {"x": None},
    }
    text = b'{"n":1,"a":[1.5],"at":"2024-01-02T00:00:00+00:00","deep":{"x":null}}'
    assert values.payload_json(given) == text
    assert values.payload_json(None) == b"{}"


@pytest.mark.parametrize(
    ("given", "error"), [([1], FormatError), ("x", FormatError), ({"a": {1}}, InvalidPayload)]
)
def test_a_payload_is_an_object_of_what_json_holds(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        values.payload_json(given)


@pytest.mark.parametrize(
    ("given", "enabled", "include", "exclude"),
    [
        (None, False, None, ()),
        (True, True, None, ()),
        (["a"], True, ["a"], ()),
        ({"include": ["a"]}, True, ["a"], ()),
        ({"exclude": ["a"]}, True, None, ["a"]),
    ],
)
def test_selectors(given: Any, enabled: bool, include: Any, exclude: Any) -> None:
    selector = values.payload_selector(given)
    assert (selector.enabled, selector.include, selector.exclude) == (enabled, include, exclude)


@pytest.mark.parametrize("given", ["a", 1, [1], {"include": "a"}, {"include": [], "exclude": []}, {}])
def test_what_is_no_selector_is_refused(given: Any) -> None:
    with pytest.raises(FormatError, match="untagged enum WithPayloadInterface"):
        values.payload_selector(given)


def test_points_are_selected_by_ids_or_filter() -> None:
    ids = values.points_selector({"points": [1, 2]})
    assert isinstance(ids, IdArray)
    assert ids.tolist() == [1, 2]
    assert isinstance(values.points_selector({"filter": {}}), Filter)
    with pytest.raises(FormatError, match="Either list of points or filter must be provided"):
        values.points_selector({})


def test_an_order_is_a_key_or_an_object() -> None:
    assert values.read_order_by("year") == OrderBy("year")
    given = {"key": "at", "direction": "desc", "start_from": "1970-01-01T00:00:01Z"}
    assert values.read_order_by(given) == OrderBy("at", True, 1_000_000)
    for wrong in (
        {"key": "a..b"},
        {"key": "a", "direction": "up"},
        {"key": "a", "start_from": "soon"},
        {},
        1,
    ):
        with pytest.raises(InvalidRequest):
            values.read_order_by(wrong)
