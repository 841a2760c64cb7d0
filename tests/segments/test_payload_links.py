"""payload_m: links among the points that share a value of an indexed field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pytest

from workbench.collection import Collection, payload_index, payloads, updates
from workbench.engine import Engine, open_engine
from workbench.errors import Corrupted, InvalidRequest
from workbench.models.config import CollectionConfig, Distance, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.filters import Filter
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.query import nearest, plan
from workbench.query.plan import Choice, Strategy
from workbench.segments import payload_links
from workbench.segments.segment import Segment

COUNT, DIM = 8000, 16
KEYWORD = FieldIndex(SchemaType.KEYWORD)
# Every fourth point is of tenant "a"; the others are of one of 600 small ones.
BIG = Filter.from_json({"must": [{"key": "tenant", "match": {"value": "a"}}]})


@pytest.fixture(autouse=True)
def cheap_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 2,000 points be too many to be scanned; at their real cost walks pay from some 3,000 on."""
    monkeypatch.setattr(plan, "_LINKED", 0.1)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as engine:
        yield engine


def vectors(count: int = COUNT, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)


def filled(engine: Engine, m: int, payload_m: int | None, **settings: Any) -> Collection:
    hnsw = HnswConfig(m=m, ef_construct=40, payload_m=payload_m, full_scan_threshold=10)
    config = CollectionConfig(
        vectors={"": VectorParams(size=DIM, distance=Distance.EUCLID, **settings)},
        hnsw=hnsw,
        optimizers=OptimizersConfig(indexing_threshold=0),
    )
    collection = engine.create("points", config)
    payload_index.create_index(collection, "tenant", KEYWORD)
    bodies = [orjson.dumps({"tenant": "a" if n % 4 == 0 else f"t{n % 600}"}) for n in range(COUNT)]
    updates.upsert(
        collection,
        PointBatch(IdArray(np.arange(COUNT, dtype=np.uint64)), {"": VectorBatch(vectors())}, bodies),
    )
    collection.upkeep.optimize()
    return collection


def search(
    collection: Collection, query: np.ndarray, flt: Filter | None = BIG, exact: bool = False
) -> tuple[list[Any], Choice]:
    ready, choices = nearest.check_query(query, collection.config.vectors[""]), list[Choice]()
    params = SearchParams(hnsw_ef=48, exact=exact)
    found = nearest.search(collection.view, "", ready, 10, flt=flt, params=params, choices=choices)
    return nearest.ids_of(collection.view, found).tolist(), choices[0]


def links(collection: Collection) -> payload_links.PayloadLinks | None:
    return collection.view.segments[0].dense("").payload_links


@pytest.mark.parametrize("m", [4, 0])
def test_a_filter_on_an_indexed_value_is_answered_by_links_of_its_own(engine: Engine, m: int) -> None:
    collection = filled(engine, m, 8)
    queries = vectors(50, seed=1)
    assert search(collection, queries[0])[1].strategy is Strategy.PAYLOAD
    hits = [set(search(collection, q)[0]) & set(search(collection, q, exact=True)[0]) for q in queries]
    assert sum(map(len, hits)) / 500 > 0.9
    assert (collection.view.segments[0].dense("").searcher is None) == (m == 0)


def test_only_blocks_that_are_worth_it_are_linked(engine: Engine) -> None:
    made = links(filled(engine, 4, 8))
    assert made is not None
    assert made.starts.tolist() == [0, 2000]  # of the others, none has more than 10 kB of vectors
    assert made.rows.tolist() == list(range(0, COUNT, 4))
    counts, table = made.searcher.graph.counts0, made.searcher.graph.links0
    assert counts[1::4].max() == 0
    assert 0 < counts[::4].min() <= counts.max() <= 16
    assert all((table[i, : counts[i]] % 4 == 0).all() for i in range(0, COUNT, 4))


@pytest.mark.parametrize("m", [-1, 2049, "8"])
def test_as_many_links_as_no_graph_has_are_refused(m: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"payload_m: expected an integer from 0 to 2048, got {m!r}"):
        HnswConfig(payload_m=m)


def test_without_payload_m_there_are_none(engine: Engine) -> None:
    collection = filled(engine, 4, None)
    assert links(collection) is None
    assert search(collection, vectors(1)[0])[1].strategy is not Strategy.PAYLOAD


def test_blocks_too_large_are_led_through_by_the_graph(engine: Engine) -> None:
    assert links(filled(engine, 16, 8)) is None  # 2,000 of 8,000 are more than 2/16


def test_points_that_get_the_value_later_are_found(engine: Engine) -> None:
    collection = filled(engine, 4, 8)
    payloads.set_payload(collection, IdArray.of([1, 2, 3]), {"tenant": "a"})
    payloads.set_payload(collection, IdArray.of([0]), {"tenant": "b"})
    for near in (1, 2, 3):
        ids, choice = search(collection, vectors()[near])
        assert (ids[0], choice.strategy) == (near, Strategy.PAYLOAD)
    assert 0 not in search(collection, vectors()[0])[0]


def test_a_filter_that_takes_a_small_part_of_a_block_is_scanned(engine: Engine) -> None:
    collection = filled(engine, 4, 8)
    few = {"must": [{"has_id": list(range(0, 400, 4))}, {"key": "tenant", "match": {"value": "a"}}]}
    assert search(collection, vectors()[0], Filter.from_json(few))[1].strategy is Strategy.EXACT


def test_links_follow_what_is_configured(engine: Engine) -> None:
    collection = filled(engine, 4, 8)
    segment = collection.view.segments[0].segment
    assert isinstance(segment, Segment)
    assert not segment.payload_links_outdated("", collection.config)
    payload_index.delete_index(collection, "tenant")
    assert segment.payload_links_outdated("", collection.config)
    collection.upkeep.optimize()
    assert links(collection) is None


def test_values_of_arrays_and_of_several_fields_share_the_table(engine: Engine) -> None:
    collection = filled(engine, 0, 4)
    payload_index.create_index(collection, "half", FieldIndex(SchemaType.INTEGER))
    ids = IdArray(np.arange(0, COUNT, 2, dtype=np.uint64))
    payloads.set_payload(collection, ids, {"half": [1, 2]})
    collection.upkeep.optimize()
    made = links(collection)
    assert made is not None
    assert np.diff(made.starts).tolist() == [4000, 4000, 2000]
    assert made.searcher.graph.links0.shape == (COUNT, 16)
    half = Filter.from_json({"must": [{"key": "half", "match": {"value": 2}}]})
    ids_found, choice = search(collection, vectors()[10], half)
    assert (ids_found[0], choice.strategy) == (10, Strategy.PAYLOAD)


def test_damaged_links_are_refused(engine: Engine) -> None:
    collection = filled(engine, 4, 8)
    segment = collection.view.segments[0].segment
    assert isinstance(segment, Segment)

    class Damaged:
        def read(self, name: str, *, later: bool = False) -> np.ndarray:
            array = np.array(segment.arrays.read(name, later=later))
            if name.endswith("rows"):
                array[5] = COUNT
            return array

    entry, column = segment.info["vectors"][""], collection.view.segments[0].dense("")
    with pytest.raises(Corrupted, match="payload-0-rows"):
        payload_links.load(Damaged(), entry, collection.config.hnsw, column)  # type: ignore[arg-type]
