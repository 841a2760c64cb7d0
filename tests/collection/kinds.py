"""A collection with every kind of vector, and its points as plain lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from workbench.collection import Collection
from workbench.models.config import (
    CollectionConfig,
    Datatype,
    Distance,
    OptimizersConfig,
    SparseVectorParams,
    VectorParams,
)
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.testing.invariants import all_records

CONFIG = CollectionConfig(
    vectors={
        "dense": VectorParams(size=2, distance=Distance.DOT),
        "cosine": VectorParams(size=2),
        "bytes": VectorParams(size=2, distance=Distance.EUCLID, datatype=Datatype.UINT8),
        "multi": VectorParams(size=2, multivector=True),
    },
    sparse_vectors={"sparse": SparseVectorParams()},
    optimizers=OptimizersConfig(indexing_threshold=0),
)

# {id: ({name: vector}, payload)}; a sparse vector is {index: value}, a multivector a list of lists
Rows = dict[Any, tuple[dict[str, Any], dict[str, Any]]]


def batch_of(rows: Rows | list[tuple[Any, tuple[dict[str, Any], dict[str, Any]]]]) -> PointBatch:
    """A batch of points; a list of items may have an id more than once."""
    items = list(rows.items()) if isinstance(rows, dict) else rows
    vectors: dict[str, VectorBatch] = {}
    for name in {name for _, (named, _) in items for name in named}:
        places = [place for place, (_, (named, _)) in enumerate(items) if name in named]
        values = values_of([items[place][1][0][name] for place in places])
        vectors[name] = VectorBatch(values, None if len(places) == len(items) else np.array(places, np.intp))
    return PointBatch(IdArray.of([i for i, _ in items]), vectors, [orjson.dumps(p) for _, (_, p) in items])


def values_of(vectors: list[Any]) -> Any:
    if isinstance(vectors[0], dict):
        return SparseRows.of([SparseVector.of(list(v), list(v.values())) for v in vectors])
    if vectors[0] and isinstance(vectors[0][0], list):
        return MultiRows.of([np.array(v, np.float32).reshape(len(v), -1) for v in vectors], 2)
    return np.array(vectors, np.float32)


def state(collection: Collection) -> Rows:
    """What is stored, as plain lists with numbers rounded to six digits."""
    return {
        r.id: ({n: plain(v) for n, v in (r.vectors or {}).items()}, r.payload or {})
        for r in all_records(collection)
    }


def plain(vector: Any) -> Any:
    if isinstance(vector, SparseVector):
        return dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True))
    return np.round(vector.astype(np.float64), 6).tolist()
