"""Facets: values and how many points have them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, updates
from workbench.collection.payload_index import create_index
from workbench.engine import open_engine
from workbench.errors import InvalidRequest
from workbench.models.config import CollectionConfig, VectorParams
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.where import where
from workbench.query.facet import facet


def test_values_are_counted_by_live_point_the_most_frequent_first(line: Collection) -> None:
    create_index(line, "even", FieldIndex(SchemaType.BOOL))
    create_index(line, "n", FieldIndex(SchemaType.INTEGER))
    assert facet(line.view, "even") == [(False, 4), (True, 4)]
    assert facet(line.view, "even", where({"n": {"gte": 5}})) == [(False, 3), (True, 1)]
    assert facet(line.view, "n", limit=3) == [(0, 1), (1, 1), (2, 1)]


def test_a_field_without_an_index_of_values_is_refused(line: Collection) -> None:
    for index in (None, FieldIndex(SchemaType.FLOAT), FieldIndex(SchemaType.INTEGER, {"lookup": False})):
        if index is not None:
            create_index(line, "n", index)
        with pytest.raises(InvalidRequest, match="No appropriate index for faceting: `n`"):
            facet(line.view, "n")


CHOICES: list[Any] = [
    "a", "b", "c", "", 1, 2, 1.0, 2.5, True, False, None, {"a": 1}, "936da01f-9abd-4d9d-80c7-02af85c822a8",
    "936DA01F9ABD4D9D80C702AF85C822A8",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["keyword", "integer", "bool", "uuid"])
def test_facets_are_those_of_qdrants_engine(kind: str, tmp_path: Path) -> None:
    edge = pytest.importorskip("qdrant_edge")
    rng = random.Random(7)
    payloads = [{"f": rng.choice([rng.choice(CHOICES), rng.choices(CHOICES, k=3)])} for _ in range(200)]
    vectors = edge.EdgeVectorParams(size=1, distance=edge.Distance.Dot)
    shard = edge.EdgeShard.create(str(tmp_path), edge.EdgeConfig(vectors=vectors))
    shard.update(edge.UpdateOperation.create_field_index("f", getattr(edge.PayloadSchemaType, kind.title())))
    shard.update(
        edge.UpdateOperation.upsert_points([edge.Point(n, [1.0], p) for n, p in enumerate(payloads)])
    )
    theirs = [(hit.value, hit.count) for hit in shard.facet(edge.FacetRequest("f", limit=5, exact=True)).hits]
    shard.close()
    with open_engine() as engine:
        collection = engine.create("c", CollectionConfig(vectors={"": VectorParams(size=1)}))
        values = {"": VectorBatch(np.ones((len(payloads), 1), np.float32))}
        updates.upsert(
            collection, PointBatch(IdArray.of(range(200)), values, list(map(orjson.dumps, payloads)))
        )
        create_index(collection, "f", FieldIndex(SchemaType(kind)))
        assert facet(collection.view, "f", limit=5) == theirs
