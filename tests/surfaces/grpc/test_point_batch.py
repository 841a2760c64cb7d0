"""Points of an upsert: dense vectors go from the wire to arrays, anything else to plain points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qdrant_client import grpc as q

from workbench.errors import FormatError
from workbench.models.points import PointBatch
from workbench.surfaces.grpc.point_batch import read_rows


def point(number: int, vectors: q.Vectors | None, **payload: q.Value) -> q.PointStruct:
    made = q.PointStruct(id=q.PointId(num=number), vectors=vectors, payload=payload)
    return q.PointStruct.FromString(made.SerializeToString())


def dense(*numbers: float) -> q.Vector:
    return q.Vector(dense=q.DenseVector(data=numbers))


def flat(*numbers: float, **more: Any) -> q.Vector:
    return q.Vector(data=numbers, **more)


def one(vector: q.Vector) -> q.Vectors:
    return q.Vectors(vector=vector)


def several(**vectors: q.Vector) -> q.Vectors:
    return q.Vectors(vectors=q.NamedVectors(vectors=vectors))


@pytest.mark.parametrize("kind", [dense, flat])
@pytest.mark.parametrize("size", [1, 31, 32, 5000, 600_000])
def test_dense_vectors_become_one_array_old_and_new(kind: Any, size: int) -> None:
    numbers = np.random.default_rng(7).normal(size=(2, size)).astype(np.float32)
    batch = read_rows([point(i, one(kind(*row.tolist()))) for i, row in enumerate(numbers)])

    assert isinstance(batch, PointBatch)
    assert batch.ids.tolist() == [0, 1]
    assert batch.vectors[""].rows is None
    assert batch.vectors[""].values.dtype == np.float32
    assert np.array_equal(batch.vectors[""].values, numbers)


def test_payloads_become_json_and_ids_columns() -> None:
    import uuid

    name = q.PointStruct(
        id=q.PointId(uuid="00000000-0000-0000-0000-000000000005"),
        vectors=one(dense(1.0)),
        payload={"a": q.Value(list_value=q.ListValue(values=[q.Value(integer_value=1), q.Value()]))},
    )
    batch = read_rows([point(3, one(dense(0.5))), name])

    assert isinstance(batch, PointBatch)
    assert batch.ids.tolist() == [3, uuid.UUID(int=5)]
    assert batch.payloads == [b"{}", b'{"a":[1,null]}']


def test_named_vectors_may_be_left_out() -> None:
    batch = read_rows(
        [
            point(1, several(a=dense(1.0), b=dense(2.0, 3.0))),
            point(2, several(b=dense(4.0, 5.0))),
            point(3, None),
        ]
    )

    assert isinstance(batch, PointBatch)
    assert {name: (found.values.tolist(), found.rows.tolist()) for name, found in batch.vectors.items()} == {
        "a": ([[1.0]], [0]),
        "b": ([[2.0, 3.0], [4.0, 5.0]], [0, 1]),
    }


@pytest.mark.parametrize(
    ("vector", "value"),
    [
        (q.Vector(sparse=q.SparseVector(indices=[3], values=[0.5])), {"indices": [3], "values": [0.5]}),
        (flat(0.5, indices=q.SparseIndices(data=[3])), {"indices": [3], "values": [0.5]}),
        (flat(0.5, 1.0, 1.5, 2.0, vectors_count=2), [[0.5, 1.0], [1.5, 2.0]]),
        (
            q.Vector(
                multi_dense=q.MultiDenseVector(vectors=[q.DenseVector(data=[1.0]), q.DenseVector(data=[2.0])])
            ),
            [[1.0], [2.0]],
        ),
        (
            q.Vector(document=q.Document(text="a", model="m", options={"k": q.Value(integer_value=1)})),
            {"text": "a", "model": "m", "options": {"k": 1}},
        ),
        (dense(), []),
    ],
    ids=["sparse", "flat sparse", "flat multi", "multi", "document", "empty"],
)
def test_other_vectors_are_left_to_the_api(vector: q.Vector, value: Any) -> None:
    rows = read_rows([point(1, one(vector), a=q.Value(bool_value=True))])

    assert isinstance(rows, list)
    found = rows[0]["vector"]
    if isinstance(found, dict) and "indices" in found:
        found = {key: numbers.tolist() for key, numbers in found.items()}
    assert rows == [{"id": 1, "vector": rows[0]["vector"], "payload": {"a": True}}]
    assert (found.tolist() if isinstance(found, np.ndarray) else found) == value


def test_lengths_that_differ_are_left_to_the_api() -> None:
    rows = read_rows([point(1, one(dense(1.0))), point(2, one(dense(1.0, 2.0)))])

    assert [row["vector"].tolist() for row in rows] == [[1.0], [1.0, 2.0]]


def test_no_points_are_no_batch_of_anything() -> None:
    batch = read_rows([])

    assert isinstance(batch, PointBatch)
    assert (len(batch), dict(batch.vectors)) == (0, {})


def test_flat_numbers_that_do_not_divide_are_refused() -> None:
    with pytest.raises(FormatError, match="Data length is not divisible by vectors count"):
        read_rows([point(1, one(flat(0.5, 1.0, 1.5, vectors_count=2)))])


def test_unknown_fields_in_a_vector_do_not_become_numbers() -> None:
    wire = q.DenseVector(data=[1.0, 2.0]).SerializeToString() + b"\xfa\x07\x04abcd"
    strange = q.PointStruct(id=q.PointId(num=1), vectors=one(q.Vector(dense=q.DenseVector.FromString(wire))))
    rows = read_rows([strange])

    assert isinstance(rows, list)
    assert rows[0]["vector"].tolist() == [1.0, 2.0]


def test_one_point_that_differs_is_read_as_among_named_ones() -> None:
    batch = read_rows([point(1, one(dense(1.0, 2.0))), point(2, None), point(0, one(flat(3.0, 4.0)))])

    assert isinstance(batch, PointBatch)
    assert batch.ids.tolist() == [1, 2, 0]
    assert batch.vectors[""].values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert batch.vectors[""].rows is not None
    assert batch.vectors[""].rows.tolist() == [0, 2]
