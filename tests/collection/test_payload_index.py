"""Payload indexes of a live collection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.collection.conftest import points
from workbench.collection import Collection, payloads, updates
from workbench.collection.payload_index import create_index, delete_index, indexed_points
from workbench.engine import open_engine
from workbench.errors import InvalidRequest
from workbench.models.config import CollectionConfig, VectorParams
from workbench.models.filters import Filter
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.points import IdArray

KEYWORD, TEXT = FieldIndex(SchemaType.KEYWORD), FieldIndex(SchemaType.TEXT)


def found(collection: Collection, condition: dict[str, Any]) -> list[int]:
    flt, ids = Filter.from_json({"must": condition}), []
    for segment in collection.view.segments:
        mask = segment.mask(flt)
        assert mask is not None
        ids += segment.ids().take(mask).tolist()
    return sorted(int(point) for point in ids)


def test_an_index_is_made_once_replaced_and_removed(three: Collection) -> None:
    first = create_index(three, "color", KEYWORD)
    assert create_index(three, "color", KEYWORD).operation_id == first.operation_id
    tenant = FieldIndex(SchemaType.KEYWORD, {"is_tenant": True})
    assert create_index(three, "color", tenant).operation_id > first.operation_id
    assert three.config.payload_indexes == {"color": tenant}
    delete_index(three, "color")
    assert three.config.payload_indexes == {}
    assert delete_index(three, "color").operation_id == three.view.operation


def test_a_key_is_a_path_and_has_one_spelling(three: Collection) -> None:
    create_index(three, '"cast"[]."full name"', KEYWORD)
    assert list(three.config.payload_indexes) == ['cast[]."full name"']
    with pytest.raises(InvalidRequest, match="invalid JSON path"):
        create_index(three, "a..b", KEYWORD)


def test_an_index_is_there_when_the_database_is_opened_again(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        collection = engine.create("films", CollectionConfig(vectors={"": VectorParams(size=2)}))
        create_index(collection, "title", FieldIndex(SchemaType.TEXT, {"tokenizer": "prefix"}))
    with open_engine(tmp_path) as engine:
        known = engine.collection("films").config.payload_indexes
        assert known == {"title": FieldIndex(SchemaType.TEXT, {"tokenizer": "prefix"})}


def test_live_points_with_a_value_of_the_type_are_counted(three: Collection) -> None:
    assert indexed_points(three.view, "color") == 0
    create_index(three, "color", KEYWORD)
    create_index(three, "tags", TEXT)
    assert (indexed_points(three.view, "color"), indexed_points(three.view, "tags")) == (3, 1)
    updates.delete(three, IdArray.of([1]))
    payloads.set_payload(three, IdArray.of([2]), {"color": 5, "tags": "?"})
    assert (indexed_points(three.view, "color"), indexed_points(three.view, "tags")) == (1, 1)


# Answers of qdrant-edge-py 0.9.0; of 2**63 and 1e30 it takes the first for an integer, and we neither.
VALUES = [
    "936da01f-9abd-4d9d-80c7-02af85c822a8", "b", 1, 1.5, True, None, [], ["b", "c"], {"lon": 1, "lat": 1},
    {"lon": 200, "lat": 1}, "2020-01-01", ["2020-01-01", "x"], [[1]], "", -1.0, {"lon": 1},
    [{"lon": 1, "lat": 1}, 5],
]  # fmt: skip
COUNTS = {"keyword": 6, "integer": 3, "float": 4, "bool": 1, "uuid": 1, "text": 5, "datetime": 2, "geo": 2}


def test_each_type_counts_the_points_that_it_reads(create: Callable[..., Collection]) -> None:
    collection = create()
    updates.upsert(collection, points({n: (np.float32([1, 0]), {"f": v}) for n, v in enumerate(VALUES)}))
    counts = {}
    for kind in SchemaType:
        create_index(collection, "f", FieldIndex(kind))
        counts[kind.value] = indexed_points(collection.view, "f")
    assert counts == COUNTS


def test_a_text_index_changes_what_words_are_and_its_removal_changes_them_back(three: Collection) -> None:
    payloads.set_payload(three, IdArray.of([1, 3]), {"title": "Running cats"})
    stem = {"stemmer": {"type": "snowball", "language": "english"}}
    condition = {"key": "title", "match": {"text": "run cat"}}
    assert found(three, condition) == []
    create_index(three, "title", FieldIndex(SchemaType.TEXT, stem))
    assert found(three, condition) == [1, 3]
    three.upkeep.optimize()
    assert found(three, condition) == [1, 3]
    delete_index(three, "title")
    assert found(three, condition) == []


def test_conditions_about_points_themselves_see_vectors_and_ids(create: Callable[..., Collection]) -> None:
    collection = create()
    updates.upsert(collection, points({n: ([1, 0], {}) for n in range(8)}))
    assert found(collection, {"has_vector": ""}) == list(range(8))
    assert found(collection, {"has_vector": "image"}) == []
    assert found(collection, {"slice": {"total": 4, "index": 0}}) == [4, 5, 7]
