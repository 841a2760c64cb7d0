"""When what is sealed, merged and vacuumed: views of points, and the plan for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.models.config import CollectionConfig, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.segments import builder, optimizer
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView
from workbench.storage.arrays import MemoryArrays
from workbench.storage.points import PointStore
from workbench.storage.vectors import VectorFile


def config(m: int = 4, **optimizers: Any) -> CollectionConfig:
    settings = {"indexing_threshold": 1, "vacuum_min_vector_number": 10, **optimizers}
    return CollectionConfig(vectors={"": VectorParams(size=2)}, hnsw=HnswConfig(m=m, ef_construct=8),
                            optimizers=OptimizersConfig(**settings))  # fmt: skip


STORE = PointStore(None, new=True)


def tail(count: int, number: int = 1, first_key: int = 1) -> SegmentView:
    made = Tail(number, first_key, config(), {"": VectorFile(None, 2, np.float32)}, STORE)
    batch = PointBatch(IdArray.of(range(count)), {"": VectorBatch(np.ones((count, 2), np.float32))}, [])
    made.append_vectors("", batch.vectors[""].values)
    made.commit(batch.ids, {"": None})
    return SegmentView(made, count)


def sealed(count: int, number: int = 1, dead: int = 0, m: int = 4) -> SegmentView:
    arrays = MemoryArrays()
    info = builder.build([tail(count)], config(m), arrays)
    view = SegmentView(Segment(number, info, arrays, config(m), STORE), count)
    return view.with_dead(np.arange(dead))


def planned(*segments: SegmentView, force: bool = False, **settings: Any) -> tuple[list[int], str] | None:
    plan = optimizer.plan(segments, config(**settings), force=force)
    return None if plan is None else ([s.segment.number for s in plan.segments], plan.reason)


@pytest.mark.parametrize(
    ("segments", "plan"),
    [
        ([], None),
        ([tail(0)], None),
        ([tail(128)], None),  # 1 kB of vectors, and not more
        ([tail(129)], ([1], "seal")),
        ([sealed(1033, 1), tail(129, 2)], ([2], "seal")),
        ([sealed(1032, 1), tail(129, 2)], ([2, 1], "seal")),  # eight times the tail: extended by it
        ([sealed(20 + i, i) for i in range(1, 6)], ([1, 2], "merge")),
        ([sealed(100, 1, dead=21)], ([1], "vacuum")),
        ([sealed(100, 1, dead=20)], None),
        ([sealed(9, 1, dead=9)], None),  # too few to care
        ([sealed(50, 1, m=0), sealed(50, 2)], ([1], "rebuild the graph of")),
    ],
)
def test_the_next_piece_of_work(segments: list[SegmentView], plan: object) -> None:
    assert planned(*segments) == plan


def test_a_forced_plan_leaves_one_segment() -> None:
    assert planned(sealed(9, 1), tail(1, 2), force=True) == ([1, 2], "seal and merge")
    assert planned(sealed(9, 1), tail(0, 2), force=True) is None
    assert planned(sealed(9, 1, dead=1), force=True) == ([1], "seal and merge")


def test_a_threshold_of_0_switches_the_optimizer_off() -> None:
    assert planned(tail(1000), sealed(100, 2, dead=90), indexing_threshold=0) is None


def test_a_collection_without_graphs_wants_none() -> None:
    assert planned(sealed(50, 1, m=0), m=0) is None
    assert planned(sealed(50, 1), m=0) == ([1], "rebuild the graph of")
