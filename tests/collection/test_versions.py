"""The operation that wrote a point, and folders of before it was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson

from tests.collection.kinds import CONFIG, batch_of, state
from workbench.collection import Collection, payloads, updates
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, VectorParams
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
        payloads.set_payload(collection, IdArray.of([2]), {"a": 1})
        changed = updates.update_vectors(collection, batch_of({3: ONE})).operation_id
        expected = {1: first, 2: first, 3: changed}
        assert versions(collection) == expected
        assert changed == first + 2
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("c")) == expected
        engine.collection("c").upkeep.optimize()
        assert versions(engine.collection("c")) == expected
        expected[1] = updates.upsert(engine.collection("c"), batch_of({1: ONE})).operation_id
    with open_engine(tmp_path) as engine:
        assert versions(engine.collection("c")) == expected
        engine.collection("c").upkeep.optimize()
        assert versions(engine.collection("c")) == expected


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
        collection.upkeep.optimize()
    with open_engine(tmp_path) as engine:
        assert state(engine.collection("c")) == points
        assert versions(engine.collection("c")) == {1: 0, 2: last, 3: 0}


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


def test_operations_are_looked_up_by_row() -> None:
    with open_engine() as engine:
        collection = engine.create("c", CONFIG)
        for i in (1, 2, 3):
            updates.upsert(collection, batch_of({i: ONE}))
        assert np.diff(collection.tail.versions(np.array([0, 2, 1]))).tolist() == [2, -1]
