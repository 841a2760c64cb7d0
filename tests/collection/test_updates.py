"""Upserts and deletions, and above all those that are refused: nothing of a refused batch is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.collection.conftest import points
from workbench.collection import Collection, updates
from workbench.engine import Engine
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector, UnknownVector
from workbench.models.config import CollectionConfig, Datatype, Distance, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.query import nearest
from workbench.testing.invariants import all_records, state_hash

RED = Filter.from_json({"must": [{"key": "color", "match": {"value": "red"}}]})


def listed(collection: Collection) -> dict[Any, Any]:
    return {r.id: ((r.vectors or {})[""].tolist(), r.payload) for r in all_records(collection)}


def hits(collection: Collection, query: list[float], k: int = 10) -> list[tuple[Any, float]]:
    params = collection.config.vectors[""]
    found = nearest.search(collection.view, "", nearest.check_query(query, params), k)
    from workbench import distances

    scores = distances.scores(found.distances, params.distance).tolist()
    return list(zip(nearest.ids_of(collection.view, found).tolist(), scores, strict=True))


def test_an_upsert_inserts_new_points_and_replaces_old_ones_as_a_whole(three: Collection) -> None:
    updates.upsert(three, points({2: ([5, 5], {"new": 1}), 4: ([0, 2], {})}))
    assert listed(three) == {
        1: ([1, 0], {"color": "red"}),
        2: ([5, 5], {"new": 1}),
        3: ([1, 1], {"color": "red", "tags": ["a"]}),
        4: ([0, 2], {}),
    }


def test_of_points_with_the_same_id_in_a_batch_the_last_one_counts(create: Callable[..., Collection]) -> None:
    collection = create()
    ids = IdArray.of([1, 2, 1, 1])
    batch = PointBatch(ids, {"": VectorBatch(np.float32([[1, 1], [2, 2], [3, 3], [4, 4]]))}, [b"{}"] * 4)
    result = updates.upsert(collection, batch)
    assert result.points == 2
    assert listed(collection) == {1: ([4, 4], {}), 2: ([2, 2], {})}


def test_of_points_with_the_same_id_the_last_one_counts_even_if_it_has_no_vector(
    create: Callable[..., Collection],
) -> None:
    collection = create()
    vectors = VectorBatch(np.float32([[1, 1], [2, 2]]), np.array([0, 1]))
    updates.upsert(collection, PointBatch(IdArray.of([1, 2, 1]), {"": vectors}, [b"{}"] * 3))
    assert [sorted(r.vectors or {}) for r in all_records(collection)] == [[], [""]]


def test_integers_and_uuids_are_different_ids_even_with_the_same_bits(
    create: Callable[..., Collection],
) -> None:
    collection = create()
    ids = [7, uuid.UUID(int=7), 2**64 - 1, uuid.UUID(int=2**64 - 1), 0, uuid.UUID(int=0), 2**53 + 1]
    updates.upsert(collection, points({i: ([n, 0], {}) for n, i in enumerate(ids)}))
    collection.upkeep.optimize()
    assert [r.id for r in all_records(collection)] == [
        0, 7, 2**53 + 1, 2**64 - 1, uuid.UUID(int=0), uuid.UUID(int=7), uuid.UUID(int=2**64 - 1),
    ]  # fmt: skip


def test_points_are_deleted_by_ids_that_may_repeat_or_not_exist(three: Collection) -> None:
    assert updates.delete(three, IdArray.of([3, 3, 1, 99])).points == 2
    assert list(listed(three)) == [2]
    assert updates.delete(three, IdArray.of([3])).points == 0


def test_points_are_deleted_by_a_filter(three: Collection) -> None:
    assert updates.delete(three, RED).points == 2
    assert list(listed(three)) == [2]


def test_a_filter_on_a_field_that_no_point_has_deletes_nothing(three: Collection) -> None:
    missing = Filter.from_json({"must": [{"key": "no.such[].field", "match": {"value": 1}}]})
    assert updates.delete(three, missing).points == 0
    assert three.view.live == 3


def test_an_empty_batch_changes_nothing(three: Collection) -> None:
    before = three.view
    empty = PointBatch(IdArray.of([]), {"": VectorBatch(np.empty((0, 2), np.float32))}, [])
    assert updates.upsert(three, empty).operation_id == before.operation
    assert three.view is before


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("vector", "error", "text"),
    [
        ([1.0], DimensionMismatch, "expected dim: 2, got 1"),
        ([1.0, 2.0, 3.0], DimensionMismatch, "expected dim: 2, got 3"),
        ([], DimensionMismatch, "expected dim: 2, got 0"),
        ([1.0] * 65_537, DimensionMismatch, "expected dim: 2, got 65537"),
        ([1.0, NAN], InvalidVector, "got nan at position 1 of vector '' of point 8; nothing of the batch"),
        ([INF, 1.0], InvalidVector, "got inf at position 0 of vector '' of point 8"),
        ([1.0, -INF], InvalidVector, "got -inf at position 1"),
        ([1.0, 1e308], InvalidVector, "got inf at position 1"),
        ([3e38, 3e38], InvalidVector, "squares add up to at most 8.51e.37.*in vector '' of point 8"),
        (["one", "two"], InvalidVector, "expected rows of 2 numbers"),
        ([None, {}], InvalidVector, "expected rows of 2 numbers"),
        ([1 + 2j, 0], InvalidVector, "got complex128"),
        (5.0, InvalidVector, "got shape"),
    ],
)
@pytest.mark.parametrize("place", ["only point", "second of two"])
def test_a_bad_vector_is_refused_and_nothing_is_written(
    three: Collection, vector: Any, error: type[Exception], text: str, place: str
) -> None:
    good = [1.0, 2.0]
    rows = {8: (vector, {})} if place == "only point" else {7: (good, {}), 8: (vector, {})}
    if place == "second of two" and (isinstance(vector, float) or len(vector) != 2):
        error, text = InvalidVector, "expected rows of 2 numbers"  # rows of unequal length
    values: Any = [v for v, _ in rows.values()]
    before, operation = state_hash(three), three.view.operation
    batch = PointBatch(IdArray.of(rows), {"": VectorBatch(values)}, [b"{}"] * len(rows))
    with pytest.raises(error, match=text):
        updates.upsert(three, batch)
    assert (state_hash(three), three.view.operation) == (before, operation)
    updates.upsert(three, points({8: (good, {})}))
    assert hits(three, [1.0, 2.0])[0] == (8, 5.0)


def test_an_unknown_vector_name_is_refused_and_the_known_ones_are_named(three: Collection) -> None:
    before = state_hash(three)
    batch = PointBatch(IdArray.of([8]), {"txet": VectorBatch(np.ones((1, 2)))}, [b"{}"])
    with pytest.raises(UnknownVector, match=r"(?m)^Not existing vector name error: txet$"):
        updates.upsert(three, batch)
    assert state_hash(three) == before


@pytest.mark.parametrize(
    ("vectors", "payloads", "text"),
    [
        (VectorBatch(np.ones((1, 2))), 2, "vector '': expected 2, got 1"),
        (VectorBatch(np.ones((2, 2))), 1, "payloads: expected 2, one a point, got 1"),
        (VectorBatch(np.ones((1, 2)), np.array([0, 1])), 2, "vector '': expected 2, got 1"),
        (VectorBatch(np.ones((1, 2)), np.array([2])), 2, "expected ascending rows from 0 to 1"),
        (VectorBatch(np.ones((2, 2)), np.array([1, 0])), 2, "expected ascending rows"),
    ],
)
def test_a_batch_whose_parts_do_not_fit_is_refused(
    three: Collection, vectors: VectorBatch, payloads: int, text: str
) -> None:
    before = state_hash(three)
    with pytest.raises(InvalidRequest, match=text):
        updates.upsert(three, PointBatch(IdArray.of([8, 9]), {"": vectors}, [b"{}"] * payloads))
    assert state_hash(three) == before


def test_a_zero_vector_scores_0_under_cosine_and_never_nan(create: Callable[..., Collection]) -> None:
    collection = create(Distance.COSINE)
    updates.upsert(collection, points({1: ([0, 0], {}), 2: ([3, 4], {}), 3: ([-3, -4], {})}))
    assert hits(collection, [3, 4]) == [(2, 1.0), (1, 0.0), (3, -1.0)]
    assert [score for _, score in hits(collection, [0, 0])] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("distance", Distance)
def test_the_smallest_and_longest_vectors_have_scores(
    create: Callable[..., Collection], distance: Distance
) -> None:
    collection = create(distance)
    rows = [[1e-45, 0], [-0.0, 0.0], [9e18, 0], [-9e18, 0], [6e18, -6e18], [1, 2]]
    updates.upsert(collection, points({i: (row, {}) for i, row in enumerate(rows)}))
    for query in rows:
        scores = [score for _, score in hits(collection, query)]
        assert len(scores) == 6
        assert np.isfinite(scores).all()


def test_cosine_keeps_only_the_direction_however_long_the_vector(create: Callable[..., Collection]) -> None:
    collection = create(Distance.COSINE)
    updates.upsert(collection, points({1: ([3e38, 3e38], {}), 2: ([1e-30, 0], {})}))
    assert hits(collection, [1e30, 1e30]) == [(1, pytest.approx(1.0)), (2, pytest.approx(0.70710677))]


def test_what_float16_cannot_hold_is_refused(create: Callable[..., Collection]) -> None:
    collection = create(Distance.DOT, datatype=Datatype.FLOAT16)
    with pytest.raises(InvalidVector, match="expected finite float16 numbers, got inf at position 1"):
        updates.upsert(collection, points({1: ([1, 70_000], {})}))
    with pytest.raises(InvalidVector, match="expected numbers that float16 can hold"):
        hits(collection, [1, 70_000])


def test_uint8_vectors_are_truncated_and_clipped(create: Callable[..., Collection]) -> None:
    collection = create(Distance.EUCLID, datatype=Datatype.UINT8)
    updates.upsert(collection, points({1: ([3.9, -5], {}), 2: ([300, 255], {})}))
    assert [v for v, _ in listed(collection).values()] == [[3, 0], [255, 255]]


def test_points_may_have_some_of_the_vectors_or_none(engine: Engine) -> None:
    collection = engine.create("named", CollectionConfig(vectors={
        "title": VectorParams(size=2, distance=Distance.DOT),
        "body": VectorParams(size=3, distance=Distance.DOT),
    }))  # fmt: skip
    vectors = {
        "title": VectorBatch(np.ones((2, 2)), np.array([0, 2])),
        "body": VectorBatch(np.ones((1, 3)), np.array([2])),
    }
    updates.upsert(collection, PointBatch(IdArray.of([1, 2, 3]), vectors, [b"{}"] * 3))
    for _ in range(2):
        assert [sorted(r.vectors or {}) for r in all_records(collection)] == [
            ["title"],
            [],
            ["body", "title"],
        ]
        query = nearest.check_query([1, 1, 1], collection.config.vectors["body"])
        assert nearest.ids_of(
            collection.view, nearest.search(collection.view, "body", query, 5)
        ).tolist() == [3]
        collection.upkeep.optimize()
