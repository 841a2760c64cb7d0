from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.engine import Engine, open_engine
from workbench.models.config import CollectionConfig, Distance, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as engine:
        yield engine


@pytest.fixture
def create(engine: Engine) -> Callable[..., Collection]:
    """``create(distance, size)``: an empty collection in memory that never seals by itself."""

    def make(distance: Distance = Distance.DOT, size: int = 2, **settings: Any) -> Collection:
        params = VectorParams(size=size, distance=distance, **settings)
        config = CollectionConfig(vectors={"": params}, optimizers=OptimizersConfig(indexing_threshold=0))
        return engine.create(f"c{len(engine.names())}", config)

    return make


def points(rows: dict[Any, tuple[Any, dict[str, Any]]]) -> PointBatch:
    """A batch of ``{id: (vector, payload)}``."""
    values = VectorBatch(np.array([vector for vector, _ in rows.values()]))
    return PointBatch(IdArray.of(rows), {"": values}, [orjson.dumps(p) for _, p in rows.values()])


@pytest.fixture
def three(create: Callable[..., Collection]) -> Collection:
    """Points 1, 2 and 3 with colors; 1 and 2 sealed, 3 in the tail."""
    collection = create()
    updates.upsert(collection, points({1: ([1, 0], {"color": "red"}), 2: ([0, 1], {"color": "blue"})}))
    collection.upkeep.optimize()
    updates.upsert(collection, points({3: ([1, 1], {"color": "red", "tags": ["a"]})}))
    return collection
