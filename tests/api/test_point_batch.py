"""Whole upserts, from rows and columns to arrays."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from workbench.api.point_batch import read_point_vectors, read_points
from workbench.errors import (
    DimensionMismatch,
    FormatError,
    InferenceFailed,
    InvalidVector,
    OutOfRange,
    UnknownVector,
)
from workbench.models.config import CollectionConfig, VectorParams
from workbench.models.requests import InferenceObject
from workbench.models.vectors import MultiRows, SparseRows

PLANE = CollectionConfig(vectors={"": VectorParams(size=2)})


def rows(*vectors: Any) -> dict[str, Any]:
    return {"points": [{"id": i, "vector": vector} for i, vector in enumerate(vectors)]}


def test_rows_of_one_vector_become_one_matrix() -> None:
    point = uuid.UUID(int=5)
    batch = read_points({"points": [{"id": str(point), "vector": [1.0, 2.0], "payload": {"a": 1}},
                                    {"id": 7, "vector": [3, 4]}]})  # fmt: skip
    assert batch.ids.tolist() == [point, 7]
    assert batch.vectors[""].values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert (batch.vectors[""].values.dtype, batch.vectors[""].rows) == (np.float32, None)
    assert batch.payloads == [b'{"a":1}', b"{}"]


def test_rows_of_arrays_become_one_matrix() -> None:
    batch = read_points(rows(np.array([1, 2]), np.array([3.5, 4.0])))
    assert batch.vectors[""].values.tolist() == [[1.0, 2.0], [3.5, 4.0]]


def test_named_vectors_may_be_left_out_of_some_points() -> None:
    batch = read_points(
        rows(
            {"plot": [1.0, 2.0], "words": {"indices": [3, 1], "values": [0.5, 1.5]}},
            {},
            {"words": {"indices": [2], "values": [1.0]}, "tokens": [[1.0], [2.0]]},
            {"tokens": [[3.0]]},
        )
    )
    plot, words, tokens = (batch.vectors[name] for name in ("plot", "words", "tokens"))
    assert (plot.values.tolist(), plot.rows.tolist()) == ([[1.0, 2.0]], [0])
    assert isinstance(words.values, SparseRows)
    assert (words.values.row(0).indices.tolist(), words.rows.tolist()) == ([1, 3], [0, 2])
    assert isinstance(tokens.values, MultiRows)
    assert (tokens.values.row(0).tolist(), tokens.rows.tolist()) == ([[1.0], [2.0]], [2, 3])


def test_columns_are_taken_as_they_are() -> None:
    matrix = np.ones((2, 3), np.float32)
    batch = read_points({"batch": {"ids": [1, 2], "vectors": {"a": matrix}, "payloads": [None, {"x": 1}]}})
    assert batch.vectors["a"].values is matrix
    assert batch.payloads == [b"{}", b'{"x":1}']
    assert read_points({"batch": {"ids": [1], "vectors": [[1.0]]}}).vectors[""].values.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        ({}, FormatError, "Invalid PointInsertOperations format"),
        ({"points": [], "batch": None}, FormatError, "batch: invalid type: null, expected struct Batch"),
        ({"points": 3}, FormatError, "points: invalid type: integer `3`, expected a sequence"),
        (
            {"points": [3]},
            FormatError,
            r"points\[0\]: invalid type: integer `3`, expected struct PointStruct",
        ),
        ({"points": [{"vector": []}]}, FormatError, r"points\[0\]: missing field `id`"),
        ({"points": [{"id": 1}]}, FormatError, r"points\[0\]: missing field `vector`"),
        (rows([1.0, 2.0], None), FormatError, r"points\[1\].vector: data did not match"),
        (rows([1.0, 2.0], [1.0, 10**400]), FormatError, r"points\[1\].vector: data did not match"),
        (rows([1.0, 2.0], [1.0]), DimensionMismatch, "expected dim: 2, got 1 .*point 1"),
        (rows([1.0, 2.0], [1.0, "2"]), FormatError, r"points\[1\].vector"),
        (rows({"plot": [1.0]}, {"plot": [1.0, 2.0]}), UnknownVector, "Not existing vector name error: plot"),
        (rows({"": [1.0]}, {"": {"indices": [1], "values": [1.0]}}), InvalidVector, "dense or sparse"),
        ({"batch": {"ids": [1]}}, FormatError, "batch: missing field `vectors`"),
        (
            {"batch": {"ids": [1], "vectors": []}},
            OutOfRange,
            r"\[batch: number of ids and vectors must be equal \(1 != 0\)\]",
        ),
        (
            {"batch": {"ids": [1], "vectors": [[1.0]], "payloads": []}},
            OutOfRange,
            "number of ids and payloads must be equal",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(body: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        read_points(body, PLANE)


def test_objects_of_one_vector_are_inferred_together() -> None:
    asked: list[tuple[list[str], str]] = []

    def infer(objects: Sequence[InferenceObject], name: str) -> list[Any]:
        asked.append(([o.content for o in objects], name))
        return [np.full(2, len(o.content), np.float32) for o in objects]

    batch = read_points(
        rows({"text": "ab", "model": "m"}, [1.0, 2.0], {"text": "c", "model": "m"}), PLANE, infer
    )
    assert batch.vectors[""].values.tolist() == [[2.0, 2.0], [1.0, 2.0], [1.0, 1.0]]
    assert asked == [(["ab", "c"], "")]
    with pytest.raises(InferenceFailed, match="InferenceService is not initialized"):
        read_points(rows({"text": "ab", "model": "m"}))


def test_new_vectors_of_points_have_no_payloads() -> None:
    batch = read_point_vectors([{"id": 1, "vector": {"plot": [1.0]}}])
    assert (batch.ids.tolist(), batch.payloads) == ([1], [b"{}"])
