"""A collection cannot be told from a dictionary, whatever is done to it in whatever order.

More examples than CI takes: ``HYPOTHESIS_PROFILE=long pytest tests/collection/test_model.py``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from workbench.collection import payloads, updates, upkeep
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, Distance, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.edits import assign, remove
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, PointId, VectorBatch
from workbench.testing import strategies
from workbench.testing.invariants import check_filter, check_same, check_search
from workbench.testing.oracle import Oracle, Point

SIZES = {"": 3, "b": 2}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_QUIET_S", 0.0)
    monkeypatch.setattr(payloads, "_MAX_CHANGED", payloads._MAX_CHANGED)  # each machine sets its own


def batch_of(points: Sequence[tuple[PointId, Point]]) -> PointBatch:
    vectors = {}
    for name in SIZES:
        rows = [row for row, (_, point) in enumerate(points) if name in point.vectors]
        if rows:
            values = np.stack([points[row][1].vectors[name] for row in rows])
            vectors[name] = VectorBatch(values, None if len(rows) == len(points) else np.array(rows, np.intp))
    bodies = [orjson.dumps(point.payload) for _, point in points]
    return PointBatch(IdArray.of([i for i, _ in points]), vectors, bodies)


class InMemory(RuleBasedStateMachine):
    """Everything that can be done to a collection in memory."""

    path: str | None = None

    @initialize(
        distances=st.tuples(*[st.sampled_from(Distance)] * 2),
        m=st.sampled_from([0, 2, 8]),
        threshold=st.sampled_from([0, 1]),
        cut=st.sampled_from([4096, 1]),
    )
    def create(self, distances: tuple[Distance, Distance], m: int, threshold: int, cut: int) -> None:
        named = dict(zip(SIZES, distances, strict=True))
        config = CollectionConfig(
            vectors={n: VectorParams(size=SIZES[n], distance=d) for n, d in named.items()},
            hnsw=HnswConfig(m=m, ef_construct=16),
            optimizers=OptimizersConfig(indexing_threshold=threshold, vacuum_min_vector_number=1),
        )
        self.engine = open_engine(self.path)
        self.collection = self.engine.create("points", config)
        self.oracle = Oracle(named)
        payloads._MAX_CHANGED = cut  # with 1, payload columns are thrown away and built anew all the time

    @rule(points=st.lists(strategies.points(SIZES), min_size=1, max_size=30))
    def upsert(self, points: list[tuple[PointId, Point]]) -> None:
        updates.upsert(self.collection, batch_of(points))
        self.oracle.upsert(points)

    @rule(ids=st.lists(strategies.ids, max_size=6))
    def delete(self, ids: list[PointId]) -> None:
        updates.delete(self.collection, IdArray.of(ids))
        self.oracle.delete(ids)

    @rule(flt=strategies.filters)
    def delete_what_matches(self, flt: Filter) -> None:
        updates.delete(self.collection, flt)
        self.oracle.delete(self.oracle.matching(flt))

    @rule(ids=st.lists(strategies.ids, max_size=6), values=strategies.payloads,
          key=st.sampled_from([None, "deep", "new.place"]))  # fmt: skip
    def set_payload(self, ids: list[PointId], values: dict[str, Any], key: str | None) -> None:
        payloads.set_payload(self.collection, IdArray.of(ids), values, key)
        self.oracle.change(ids, lambda payload: assign(payload, values, key))

    @rule(flt=strategies.filters, values=strategies.payloads)
    def overwrite_what_matches(self, flt: Filter, values: dict[str, Any]) -> None:
        payloads.overwrite_payload(self.collection, flt, values)
        self.oracle.change(self.oracle.matching(flt), lambda _: values)

    @rule(flt=strategies.filters, key=st.sampled_from([*strategies.KEYS, "deep.x", "tags[0]"]))
    def delete_payload(self, flt: Filter, key: str) -> None:
        payloads.delete_payload(self.collection, flt, [key])
        self.oracle.change(self.oracle.matching(flt), lambda payload: remove(payload, key))

    @rule(ids=st.lists(strategies.ids, max_size=3))
    def clear_payload(self, ids: list[PointId]) -> None:
        payloads.clear_payload(self.collection, IdArray.of(ids))
        self.oracle.change(ids, lambda _: {})

    @rule()
    def optimize(self) -> None:
        self.collection.upkeep.optimize()
        assert len(self.collection.view.segments) <= 2

    @rule()
    def settle(self) -> None:
        assert self.collection.upkeep.wait(30)

    @rule(flt=strategies.filters, page=st.integers(1, 9))
    def ask_a_filter(self, flt: Filter, page: int) -> None:
        check_filter(self.collection, self.oracle, flt, page)

    @rule(data=st.data(), name=st.sampled_from(sorted(SIZES)), k=st.integers(1, 20),
          flt=st.none() | strategies.filters)  # fmt: skip
    def search(self, data: st.DataObject, name: str, k: int, flt: Filter | None) -> None:
        query = data.draw(strategies.vectors(SIZES[name])).tolist()
        check_search(self.collection, self.oracle, name, query, k, flt)

    @invariant()
    def is_the_dictionary(self) -> None:
        if hasattr(self, "collection"):
            check_same(self.collection, self.oracle)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()


class OnDisk(InMemory):
    """The same in a folder, closed and opened again at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name

    @rule()
    def reopen(self) -> None:
        self.engine.close()
        self.engine = open_engine(self.path)
        self.collection = self.engine.collection("points")

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
STEPS = settings(max_examples=1000 if LONG else 25, stateful_step_count=60 if LONG else 30, deadline=None)

InMemory.TestCase.settings = STEPS
OnDisk.TestCase.settings = STEPS


@pytest.mark.timeout(3600 if LONG else 120)
class TestInMemory(InMemory.TestCase):
    pass


@pytest.mark.timeout(3600 if LONG else 120)
class TestOnDisk(OnDisk.TestCase):
    pass
