from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, Distance, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.points import IdArray, PointBatch, VectorBatch


@pytest.fixture
def line() -> Iterator[Collection]:
    """Points 0 to 9 at their number on a line, 0 to 5 sealed, 6 to 9 in the tail; 3 and 8 are deleted."""
    with open_engine() as engine:
        collection = engine.create("line", CollectionConfig(
            vectors={"": VectorParams(size=1, distance=Distance.EUCLID)},
            hnsw=HnswConfig(m=2, ef_construct=4),
            optimizers=OptimizersConfig(indexing_threshold=0),
        ))  # fmt: skip
        for numbers in (range(6), range(6, 10)):
            values = np.float32([[n] for n in numbers])
            bodies = [orjson.dumps({"n": n, "even": n % 2 == 0}) for n in numbers]
            updates.upsert(collection, PointBatch(IdArray.of(numbers), {"": VectorBatch(values)}, bodies))
            if numbers.start == 0:
                collection.upkeep.optimize()
        updates.delete(collection, IdArray.of([3, 8]))
        yield collection
