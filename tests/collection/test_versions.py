"""The operation that last changed a point, and folders of before it was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from tests.collection.kinds import CONFIG, batch_of, state
from workbench.collection import Collection, payloads, updates
from workbench.engine import open_engine
from workbench.models.answers import UpdateResult
from workbench.models.config import CollectionConfig, VectorParams
from workbench.models.filters import Filter, HasId
from workbench.models.points import IdArray
from workbench.query import fetch, scroll

ONE = ({"dense": [1, 1]}, {})


def versions(collection: Collection) -> dict[int, int]:
    view = collection.view
    found, _ = scroll.by_ids(view, IdArray.of([1, 2, 3]))
    return dict(zip([1, 2, 3], fetch.versions(view, found), strict=True))


def test_a_point_tells_the_operation_that_wrote_it(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        first = updates.upsert(collection, batch_of({1: ONE, 2: ONE, 3: ONE})).operation_id
        changed = updates.update_vectors(collection, batch_of({3: ONE})).operation_id
        expected = {1: first, 2: first, 3: changed}
        assert versions(collection) == expected
        assert changed == first + 1
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("c")) == expected
        engine.collection("c").upkeep.optimize()
        assert versions(engine.collection("c")) == expected
        expected[1] = updates.upsert(engine.collection("c"), batch_of({1: ONE})).operation_id
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("c")) == expected
        engine.collection("c").upkeep.optimize()
        assert versions(engine.collection("c")) == expected


def change_payloads(collection: Collection, change: str, points: Filter | IdArray) -> int:
    given = {"set_payload": ({"a": 1},), "overwrite_payload": ({"a": 1},), "delete_payload": (["missing"],)}
    done: UpdateResult = getattr(payloads, change)(collection, points, *given.get(change, ()))
    return done.operation_id


CHANGES = ("set_payload", "overwrite_payload", "delete_payload", "clear_payload")


@pytest.mark.parametrize("sealed", [True, False])
def test_a_change_of_payloads_raises_versions_for_good(tmp_path: Path, sealed: bool) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        first = updates.upsert(collection, batch_of({1: ONE, 2: ONE, 3: ONE})).operation_id
        if sealed:
            collection.upkeep.optimize()
        for number, change in enumerate(CHANGES, 1):
            assert change_payloads(collection, change, IdArray.of([2, 2])) == first + number
            assert versions(collection) == {1: first, 2: first + number, 3: first}
        last = change_payloads(collection, "set_payload", Filter(must_not=(HasId((1,)),)))
        expected = {1: first, 2: last, 3: last}
    for _ in range(2):
        with open_engine(tmp_path) as engine:
            collection = engine.collection("c")
            assert versions(collection) == expected
            collection.upkeep.optimize()
            assert versions(collection) == expected


def test_a_payload_that_is_set_during_a_build_has_its_version_in_the_new_segment(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        first = updates.upsert(collection, batch_of({1: ONE, 2: ONE, 3: ONE})).operation_id
        before = change_payloads(collection, "set_payload", IdArray.of([1]))
        during: list[int] = []

        def progress(*_: object) -> None:
            if not during:
                during.append(change_payloads(collection, "set_payload", IdArray.of([3])))

        collection.upkeep.optimize(progress)
        assert len(collection.store.payload_versions()[0]) == 1
        expected = {1: before, 2: first, 3: during[0]}
        assert versions(collection) == expected
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("c")) == expected


def test_versions_of_payloads_go_with_their_points(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", CONFIG)
        updates.upsert(collection, batch_of({1: ONE, 2: ONE, 3: ONE}))
        change_payloads(collection, "set_payload", IdArray.of([1, 2]))
        updates.delete(collection, IdArray.of([1, 2, 3]))
        collection.upkeep.optimize()
        assert len(collection.store.payload_versions()[0]) == 0


def test_deleting_a_vector_that_a_point_lacks_raises_its_version() -> None:
    with open_engine() as engine:
        collection = engine.create("c", CONFIG)
        first = updates.upsert(collection, batch_of({1: ONE, 2: ONE, 3: ONE})).operation_id
        names = list(CONFIG.sparse_vectors)
        deleted = updates.delete_vectors(collection, IdArray.of([2]), names).operation_id
        assert versions(collection) == {1: first, 2: deleted, 3: first}


def test_a_folder_of_before_there_were_other_vectors_and_operations_is_read(tmp_path: Path) -> None:
    config = CollectionConfig(vectors={"b": VectorParams(size=1), "a": VectorParams(size=2)})
    points = {1: ({"a": [1, 0], "b": [1]}, {}), 2: ({"a": [0, 1]}, {}), 3: ({"b": [-1]}, {})}
    with open_engine(tmp_path) as engine:
        collection = engine.create("c", config)
        updates.upsert(collection, batch_of({1: points[1]}))
        collection.upkeep.optimize()
        updates.upsert(collection, batch_of({2: points[2]}))
        updates.upsert(collection, batch_of({3: points[3]}))
        _as_it_was(collection)
    with open_engine(tmp_path) as engine:
        collection = engine.collection("c")
        assert state(collection) == points
        assert versions(collection) == {1: 0, 2: 0, 3: 0}
        last = updates.upsert(collection, batch_of({2: points[2]})).operation_id
        named = change_payloads(collection, "clear_payload", IdArray.of([1]))
        assert versions(collection) == {1: named, 2: last, 3: 0}
        collection.upkeep.optimize()
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == points
        assert versions(engine.collection("c")) == {1: named, 2: last, 3: 0}


def _as_it_was(collection: Collection) -> None:
    """Write the manifest and receipts as the first version wrote them."""
    store = collection.store
    segments = store.rows("SELECT number, info FROM segments")
    appends = store.rows("SELECT segment, first, count, crcs FROM appends")
    with store.transaction():
        for number, raw in segments:
            info = {k: v for k, v in orjson.loads(raw).items() if k not in ("files", "operations")}
            store.change_segment(number, orjson.dumps(info))
        for segment in {row[0] for row in appends}:
            store._remove("appends", "segment", segment)
        for segment, first, count, raw in appends:
            store.add_append(segment, first, count, orjson.dumps(orjson.loads(raw)["vectors"]))
    store._writer.execute("DROP TABLE payload_versions")
    store._writer.execute("DELETE FROM ledger WHERE name='payload_versions'")


def test_operations_are_looked_up_by_row() -> None:
    with open_engine() as engine:
        collection = engine.create("c", CONFIG)
        for i in (1, 2, 3):
            updates.upsert(collection, batch_of({i: ONE}))
        assert np.diff(collection.tail.versions(np.array([0, 2, 1]))).tolist() == [2, -1]
