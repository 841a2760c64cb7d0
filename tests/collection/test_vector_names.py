from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.collection.kinds import CONFIG, batch_of, state
from workbench.collection import Collection, rebuild, updates
from workbench.collection.vector_names import create_vector, delete_vector
from workbench.engine import open_engine
from workbench.errors import InvalidRequest, UnknownVector
from workbench.models.config import Distance, SparseVectorParams, VectorParams
from workbench.segments import optimizer

WIDE = VectorParams(size=3, distance=Distance.DOT)
ONE = {1: ({"dense": [1, 2], "sparse": {4: 1.0}}, {"a": 1})}


def filled(folder: Path, sealed: bool) -> None:
    with open_engine(folder) as engine:
        collection = engine.create("c", CONFIG)
        updates.upsert(collection, batch_of(ONE))
        if sealed:
            collection.upkeep.optimize()


@pytest.mark.parametrize("sealed", [False, True])
def test_points_get_vectors_under_a_new_name(tmp_path: Path, sealed: bool) -> None:
    filled(tmp_path, sealed)
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        create_vector(collection, "wide", WIDE)
        create_vector(collection, "terms", SparseVectorParams(idf=True))
        assert state(collection) == ONE
        updates.update_vectors(collection, batch_of({1: ({"wide": [1, 2, 3], "terms": {2: 1.0}}, {})}))
    expected = {1: ({**ONE[1][0], "wide": [1, 2, 3], "terms": {2: 1}}, {"a": 1})}
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        assert collection.config.sparse_vectors["terms"] == SparseVectorParams(idf=True)
        assert state(collection) == expected
        collection.upkeep.optimize()
        assert state(collection) == expected


@pytest.mark.parametrize("sealed", [False, True])
def test_a_name_made_anew_has_no_vectors_of_the_old_one(tmp_path: Path, sealed: bool) -> None:
    filled(tmp_path, sealed)
    with open_engine(tmp_path) as engine:
        delete_vector(engine.collection("c"), "dense")
        delete_vector(engine.collection("c"), "sparse")
        assert state(engine.collection("c")) == {1: ({}, {"a": 1})}
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        assert "dense" not in collection.config.vectors
        create_vector(collection, "dense", SparseVectorParams())
        create_vector(collection, "sparse", WIDE)
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        assert state(collection) == {1: ({}, {"a": 1})}
        updates.update_vectors(collection, batch_of({1: ({"sparse": [7, 8, 9]}, {})}))
        collection.upkeep.optimize()
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == {1: ({"sparse": [7, 8, 9]}, {"a": 1})}


def test_what_exists_is_left_alone_or_refused(tmp_path: Path) -> None:
    filled(tmp_path, sealed=False)
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        operation = collection.view.operation
        create_vector(collection, "dense", CONFIG.vectors["dense"])
        delete_vector(collection, "never")
        assert collection.view.operation == operation
        for params in (WIDE, SparseVectorParams()):
            with pytest.raises(
                InvalidRequest, match="vector 'dense' already exists with different parameters"
            ):
                create_vector(collection, "dense", params)
        with pytest.raises(InvalidRequest, match="at most 255 characters"):
            create_vector(collection, "x" * 256, WIDE)
        assert state(collection) == ONE


def test_an_upsert_that_waited_for_the_deletion_of_its_name_is_refused(tmp_path: Path) -> None:
    with open_engine() as engine:
        collection = engine.create("c", CONFIG)
        batch = batch_of(ONE)

        def overtaken() -> None:  # the writer deletes the name between the check and the write
            delete_vector(collection, "dense")
            updates._upsert(collection, batch, updates._still(collection, CONFIG, batch, {}), "upsert", None)

        with pytest.raises(UnknownVector, match="Not existing vector name error: dense"):
            collection.write(overtaken)
        assert state(collection) == {}


def test_a_name_deleted_and_made_anew_during_a_build_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, sealed=False)
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        whole = rebuild._swap

        def swap(inner: Collection, *rest: object) -> None:
            delete_vector(inner, "dense")
            create_vector(inner, "dense", WIDE)
            delete_vector(inner, "sparse")
            create_vector(inner, "sparse", SparseVectorParams(idf=True))
            updates.update_vectors(inner, batch_of({1: ({"dense": [0, 0, 1]}, {})}))
            whole(inner, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(rebuild, "_swap", swap)
        collection.upkeep.optimize()
        assert state(collection) == {1: ({"dense": [0, 0, 1]}, {"a": 1})}
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == {1: ({"dense": [0, 0, 1]}, {"a": 1})}


def test_the_tails_that_name_changes_leave_are_sealed_when_they_are_many() -> None:
    with open_engine() as engine:
        collection = engine.create("c", CONFIG)
        for number in range(optimizer.MAX_TAILS + 1):
            updates.upsert(collection, batch_of({number: ({"dense": [number, 1]}, {})}))
            create_vector(collection, f"v{number}", WIDE)
        config = replace(collection.config, optimizers=replace(CONFIG.optimizers, indexing_threshold=10_000))
        plan = optimizer.plan(collection.view.segments, config)
        assert plan is not None
        assert plan.reason == "seal"
        rebuild.rebuild(collection, plan)
        assert [s.count for s in collection.view.segments if s.count] == [optimizer.MAX_TAILS + 1]
        assert state(collection) == {n: ({"dense": [n, 1]}, {}) for n in range(optimizer.MAX_TAILS + 1)}
