"""Vectors of every kind, written and changed, in the tail and sealed, before and after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.collection.kinds import CONFIG, Rows, batch_of, state
from workbench.collection import Collection, info, updates
from workbench.engine import open_engine
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector, NotFound, UnknownVector
from workbench.models.config import CollectionConfig, OptimizersConfig, SparseVectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows

POINTS: Rows = {
    1: ({"dense": [1, 2], "cosine": [3, 4], "multi": [[3, 4], [1, 0]], "sparse": {5: 1.0, 1: 2.0}}, {"a": 1}),
    2: ({"dense": [5, 6], "bytes": [300, 7.9]}, {"a": 2}),
    3: ({"sparse": {}, "multi": [[0, 2]]}, {}),
    4: ({}, {"a": 4}),
}
STORED: Rows = {
    1: (
        {"dense": [1, 2], "cosine": [0.6, 0.8], "multi": [[0.6, 0.8], [1, 0]], "sparse": {1: 2, 5: 1}},
        {"a": 1},
    ),
    2: ({"dense": [5, 6], "bytes": [255, 7]}, {"a": 2}),
    3: ({"sparse": {}, "multi": [[0, 1]]}, {}),
    4: ({}, {"a": 4}),
}


def where(a: int) -> Filter:
    return Filter.from_json({"must": [{"key": "a", "match": {"value": a}}]})


def multi(starts: list[int], values: list[list[float]]) -> MultiRows:
    return MultiRows(np.array(starts), np.array(values, np.float32))


def sparse(starts: list[int], indices: list[int], values: list[float]) -> SparseRows:
    return SparseRows(np.array(starts), np.array(indices, np.uint32), np.array(values, np.float32))


@pytest.fixture(params=["tail", "sealed", "both"])
def four(request: pytest.FixtureRequest) -> Iterator[Collection]:
    with open_engine() as engine:
        collection = engine.create("four", CONFIG)
        items = list(POINTS.items())
        updates.upsert(collection, batch_of(items[:2]))
        if request.param == "both":
            collection.upkeep.optimize()
        updates.upsert(collection, batch_of(items[2:]))
        if request.param == "sealed":
            collection.upkeep.optimize()
        yield collection


def test_every_kind_of_vector_is_stored_and_read_back(four: Collection) -> None:
    assert state(four) == STORED


def test_every_kind_survives_reopening_sealing_and_merging(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        updates.upsert(engine.create("c", CONFIG), batch_of(POINTS))
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == STORED
        engine.collection("c").upkeep.optimize()
        updates.upsert(engine.collection("c"), batch_of({5: POINTS[1]}))
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        assert state(collection) == {**STORED, 5: STORED[1]}
        updates.delete(collection, IdArray.of([2]))
        collection.upkeep.optimize()
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == {1: STORED[1], 3: STORED[3], 4: STORED[4], 5: STORED[1]}


def test_sealed_vectors_of_every_kind_count_as_indexed(four: Collection) -> None:
    four.upkeep.optimize()
    assert info.describe(four).indexed_vectors_count == 8
    assert info.describe(four).status == "green"


@pytest.mark.parametrize("sparse", [{}, {"s": SparseVectorParams()}])
def test_a_collection_without_dense_vectors_is_sealed_by_its_size(sparse: dict[str, Any]) -> None:
    settings = OptimizersConfig(indexing_threshold=1)
    with open_engine() as engine:
        collection = engine.create(
            "c", CollectionConfig(vectors={}, sparse_vectors=sparse, optimizers=settings)
        )
        updates.upsert(collection, PointBatch(IdArray.of(range(200)), {}, [b"{}"] * 200))
        assert collection.upkeep.wait(60)
        assert [(s.sealed, s.count) for s in collection.view.segments] == [(True, 200), (False, 0)]


@pytest.mark.parametrize(
    ("name", "vector", "error", "text"),
    [
        ("dense", {1: 2.0}, InvalidVector, "Conversion between sparse and regular vectors failed"),
        ("sparse", [1, 2], InvalidVector, "Conversion between sparse and regular vectors failed"),
        ("multi", {1: 2.0}, InvalidVector, "Conversion between sparse and regular vectors failed"),
        ("dense", [[1, 2]], InvalidVector, "Conversion between multi and regular vectors failed"),
        ("sparse", [[1, 2]], InvalidVector, "Conversion between multi and regular vectors failed"),
        ("multi", [[1, 2, 3]], DimensionMismatch, "expected dim: 2, got 3"),
        ("multi", [[1, np.nan]], InvalidVector, "got nan at position 1 of vector 'multi' of point 9"),
        ("other", [1, 2], UnknownVector, "Not existing vector name error: other"),
    ],
)
def test_a_vector_of_another_kind_is_refused_in_words(
    four: Collection, name: str, vector: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        updates.upsert(four, batch_of({9: ({name: vector}, {})}))
    assert state(four) == STORED


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (multi([0, 2, 2], [[1, 1], [1, 1]]), "expected dim: 2, got 0 .vector 'multi' of point 8"),
        (multi([0, 1, 2], [[1, 1], [1, np.inf]]), "position 1 of vector 'multi' of point 8"),
        (sparse([0, 1, 3], [5, 5, 1], [1, 1, 1]), "unique indices in vector 'sparse' of point 8"),
        (sparse([0, 1, 2], [5, 5], [1, np.nan]), "finite values in vector 'sparse' of point 8"),
    ],
)
def test_the_point_with_the_wrong_inner_vector_is_named(four: Collection, values: Any, text: str) -> None:
    name = "sparse" if isinstance(values, SparseRows) else "multi"
    with pytest.raises(InvalidRequest, match=text):
        updates.upsert(four, PointBatch(IdArray.of([9, 8]), {name: VectorBatch(values)}, [b"{}"] * 2))
    assert state(four) == STORED


def test_a_dense_vector_is_a_multivector_of_one(four: Collection) -> None:
    updates.upsert(four, batch_of({4: ({"multi": [0, 5]}, {})}))
    assert state(four)[4] == ({"multi": [[0, 1]]}, {})


@pytest.mark.parametrize(
    ("mode", "flt", "written"),
    [
        ("upsert", None, [1, 2, 9]),
        ("insert_only", None, [9]),
        ("update_only", None, [1, 2]),
        ("upsert", where(1), [1, 9]),
        ("insert_only", where(1), [9]),
        ("update_only", where(1), [1]),
        ("update_only", where(77), []),
    ],
)
def test_an_upsert_writes_what_its_mode_and_filter_let_through(
    four: Collection, mode: str, flt: Filter | None, written: list[int]
) -> None:
    new = {i: ({"dense": [i, i], "sparse": {i: 1.0}}, {"new": i}) for i in (1, 2, 9)}
    result = updates.upsert(four, batch_of(new), mode=mode, flt=flt)
    assert result.points == len(written)
    assert state(four) == {**STORED, **{i: new[i] for i in written}}


def test_of_points_with_one_id_the_last_counts_in_every_mode(four: Collection) -> None:
    twice = batch_of([(9, ({"dense": [1, 1]}, {"a": 1})), (9, ({"dense": [2, 2]}, {"a": 2}))])
    updates.upsert(four, twice, mode="insert_only", flt=where(1))
    assert state(four)[9] == ({"dense": [2, 2]}, {"a": 2})


def test_an_unknown_mode_is_refused(four: Collection) -> None:
    with pytest.raises(InvalidRequest, match="update_mode: expected one of upsert, insert_only, update_only"):
        updates.upsert(four, batch_of({}), mode="replace")


def test_updated_vectors_are_replaced_and_everything_else_stays(four: Collection) -> None:
    changes = batch_of([(2, ({"cosine": [0, 9], "sparse": {9: 1.0}}, {})), (3, ({"multi": [[5, 0]]}, {}))])
    updates.update_vectors(four, changes)
    expected = dict(STORED)
    expected[2] = ({"dense": [5, 6], "bytes": [255, 7], "cosine": [0, 1], "sparse": {9: 1}}, {"a": 2})
    expected[3] = ({"sparse": {}, "multi": [[1, 0]]}, {})
    assert state(four) == expected
    four.upkeep.optimize()
    assert state(four) == expected


def test_an_id_that_comes_twice_gets_the_last_vector_of_each_name(four: Collection) -> None:
    first = (4, ({"dense": [1, 1], "cosine": [0, 9]}, {}))
    changes = [first, (1, ({"dense": [9, 9]}, {})), (4, ({"dense": [2, 2]}, {}))]
    updates.update_vectors(four, batch_of(changes))
    assert state(four)[4] == ({"dense": [2, 2], "cosine": [0, 1]}, {"a": 4})
    assert state(four)[1][0]["dense"] == [9, 9]


def test_only_points_that_match_are_updated_but_all_must_exist(four: Collection) -> None:
    changes = {i: ({"dense": [8, 8]}, {}) for i in (1, 2)}
    assert updates.update_vectors(four, batch_of(changes), where(2)).points == 1
    assert [state(four)[i][0]["dense"] for i in (1, 2)] == [[1, 2], [8, 8]]
    before = state(four)
    with pytest.raises(NotFound, match="No point with id 77 found"):
        updates.update_vectors(four, batch_of({**changes, 77: ({"dense": [0, 0]}, {})}), where(2))
    assert state(four) == before


def test_deleted_vectors_are_gone_and_the_point_stays(four: Collection) -> None:
    result = updates.delete_vectors(four, IdArray.of([1, 2, 4]), ["multi", "dense", "sparse"])
    assert result.points == 3  # point 4 had none of them, and has a new version all the same
    expected = {**STORED, 1: ({"cosine": [0.6, 0.8]}, {"a": 1}), 2: ({"bytes": [255, 7]}, {"a": 2})}
    assert state(four) == expected
    updates.delete_vectors(four, where(1), ["cosine"])
    assert state(four) == {**expected, 1: ({}, {"a": 1})}


def test_deleting_unknown_names_or_of_missing_points_changes_nothing(four: Collection) -> None:
    with pytest.raises(UnknownVector, match="Not existing vector name error: zz"):
        updates.delete_vectors(four, IdArray.of([1]), ["dense", "zz"])
    with pytest.raises(NotFound, match="No point with id 77 found"):
        updates.delete_vectors(four, IdArray.of([1, 77]), ["dense"])
    assert state(four) == STORED


def test_a_write_that_fails_half_way_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        updates.upsert(collection, batch_of(POINTS))

        def refuse(*_: object) -> int:
            raise RuntimeError("the disk is gone")

        with monkeypatch.context() as patch:
            patch.setattr(collection.store, "record", refuse)
            with pytest.raises(RuntimeError, match="gone"):
                updates.update_vectors(
                    collection, batch_of({3: ({"multi": [[1, 1]], "sparse": {1: 1.0}}, {})})
                )
        assert state(collection) == STORED
        updates.update_vectors(collection, batch_of({3: ({"multi": [[1, 0]], "sparse": {8: 1.0}}, {})}))
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == {**STORED, 3: ({"multi": [[1, 0]], "sparse": {8: 1}}, {})}
