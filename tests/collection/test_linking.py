"""What is written is linked to the sealed graph in the background: one walk finds it and what was there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.indexes.test_hnsw_build import clustered
from workbench import kernels
from workbench.collection import Collection, linking, updates
from workbench.collection.memory import measure
from workbench.engine import open_engine
from workbench.indexes import codes
from workbench.models.config import CollectionConfig, Distance, OptimizersConfig, VectorParams
from workbench.models.filters import Filter, HasId
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.query import explain, nearest
from workbench.query import linked as query_linked
from workbench.query.plan import Choice, Strategy
from workbench.segments import tail_links
from workbench.segments.tail import Tail

DIM, K, SEALED = 64, 10, 3000
CONFIG = CollectionConfig(
    vectors={"": VectorParams(size=DIM, distance=Distance.EUCLID)},
    optimizers=OptimizersConfig(indexing_threshold=0),
)


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.warm(block=True)
    monkeypatch.setattr(codes, "LEAST_BYTES", 0)
    monkeypatch.setattr(tail_links, "LEAST", 100)


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with open_engine(tmp_path) as engine:
        made = engine.create("points", CONFIG)
        write(made, range(SEALED), seed=0)
        made.upkeep.optimize()
        yield made


def write(collection: Collection, ids: range, seed: int) -> None:
    vectors = clustered(len(ids), DIM, seed)
    updates.upsert(collection, PointBatch(IdArray.of(ids), {"": VectorBatch(vectors)}, [b"{}"] * len(ids)))


def ask(
    collection: Collection, query: np.ndarray, flt: Filter | None = None, **params: object
) -> list[object]:
    view = collection.view
    asked = SearchParams(**params)  # type: ignore[arg-type]
    return nearest.named(view, nearest.search(view, "", query, K, flt=flt, params=asked))


def recall(collection: Collection) -> float:
    hits = 0
    for query in clustered(60, DIM, seed=9):
        found = ask(collection, query)
        assert len(set(found)) == K
        hits += len({*found} & {*ask(collection, query, exact=True)})
    return hits / (60 * K)


def linked(collection: Collection) -> int:
    collection.upkeep.linking.wait()
    own = collection.tail.links.get("")
    return 0 if own is None else own.links.linked


def strategies(collection: Collection, **params: object) -> list[tuple[Strategy, bool]]:
    choices: list[Choice] = []
    asked = SearchParams(**params)  # type: ignore[arg-type]
    nearest.search(collection.view, "", clustered(1, DIM, 9)[0], K, params=asked, choices=choices)
    return [(choice.strategy, choice.joined) for choice in choices]


def test_replaced_new_and_deleted_points_are_found_and_left_out(collection: Collection) -> None:
    write(collection, range(900), seed=2)
    assert linked(collection) == 900
    assert strategies(collection) == [(Strategy.GRAPH, True), (Strategy.LINKED, True)]
    assert recall(collection) > 0.97
    write(collection, range(SEALED, SEALED + 200), seed=3)
    updates.delete(collection, IdArray.of(range(0, SEALED, 5)))
    assert linked(collection) == 1100
    assert recall(collection) > 0.97
    for query in clustered(20, DIM, seed=11):
        assert not [i for i in ask(collection, query) if isinstance(i, int) and i < SEALED and i % 5 == 0]


def test_what_dies_between_two_questions_is_not_found_again(collection: Collection) -> None:
    write(collection, range(500), seed=2)
    assert linked(collection) == 500
    query = clustered(1, DIM, 9)[0]
    for _ in range(5):
        found = ask(collection, query)
        assert all(joined for _, joined in strategies(collection))
        of_the_sealed = [i for i in found if isinstance(i, int) and i >= 500]
        updates.delete(collection, IdArray.of(of_the_sealed or found))
        assert not {*found} & {*ask(collection, query)} & {*(of_the_sealed or found)}


def test_what_is_not_linked_yet_is_scanned_beside(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(collection, range(600), seed=2)
    assert linked(collection) == 600
    monkeypatch.setattr(tail_links, "waiting", lambda _: False)
    write(collection, range(600, 900), seed=3)
    assert strategies(collection) == [(Strategy.GRAPH, True), (Strategy.EXACT, True)]
    assert recall(collection) > 0.97
    told = [clustered(300, DIM, 3)[i] for i in range(0, 300, 30)]
    assert [ask(collection, query)[0] for query in told] == list(range(600, 900, 30))


def test_while_many_are_not_linked_yet_the_whole_tail_is_scanned(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(collection, range(600), seed=2)
    assert linked(collection) == 600
    monkeypatch.setattr(tail_links, "waiting", lambda _: False)
    monkeypatch.setattr(query_linked, "MOST", 299)
    write(collection, range(600, 900), seed=3)
    assert not any(joined for _, joined in strategies(collection))
    assert recall(collection) > 0.97


def test_other_questions_go_on_as_before(collection: Collection) -> None:
    write(collection, range(500), seed=2)
    assert linked(collection) == 500
    assert not any(joined for _, joined in strategies(collection, exact=True))
    assert not any(joined for _, joined in strategies(collection, indexed_only=True))
    assert not any(joined for _, joined in strategies(collection, hnsw_ef=600))
    some = Filter(must=(HasId(frozenset(range(400, 600))),))
    query = clustered(1, DIM, 9)[0]
    assert ask(collection, query, some) == ask(collection, query, some, exact=True)


def test_sealing_takes_the_links_place_and_the_next_tail_is_linked_anew(collection: Collection) -> None:
    for turn in range(3):
        write(collection, range(turn * 300, turn * 300 + 900), seed=2 + turn)
        assert linked(collection) == 900
        assert recall(collection) > 0.97
        collection.upkeep.optimize()
        assert linked(collection) == 0
        assert recall(collection) > 0.97


def test_a_tail_read_again_is_scanned_until_something_is_written(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        made = engine.create("points", CONFIG)
        write(made, range(SEALED), seed=0)
        made.upkeep.optimize()
        write(made, range(500), seed=2)
        assert linked(made) == 500
    with open_engine(tmp_path) as engine:
        made = engine.collection("points")
        assert recall(made) > 0.97
        write(made, range(500, 520), seed=3)
        assert linked(made) == 520
        assert recall(made) > 0.97


def test_an_explanation_and_the_memory_tell_of_the_links(collection: Collection) -> None:
    write(collection, range(500), seed=2)
    assert linked(collection) == 500
    told = explain.explain(collection.view, "", clustered(1, DIM, 9)[0], K)
    assert [part.choice.strategy for part in told.parts] == [Strategy.GRAPH, Strategy.LINKED]
    assert (
        told.parts[0].choice.reason
        == "the graph is walked, and 500 vectors of segment 1 that are linked to it"
    )
    assert told.parts[1].choice.reason == "the graph of segment 0 leads to 500 of its vectors"
    assert not [sentence for sentence in told.advice if "scanned" in sentence]
    held = [part.held for part in measure(collection) if part.component == "tail links"]
    assert held[0] >= (SEALED + 500) * (DIM + 4 * 32)


def test_writers_and_searchers_at_once_find_nothing_dead_and_nothing_twice(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "_QUIET_S", 0.0)
    written = threading.Event()

    def keep_writing() -> None:
        try:
            for turn in range(10):
                write(collection, range(turn * 90, turn * 90 + 140), seed=20 + turn)
                updates.delete(collection, IdArray.of(range(turn * 90, turn * 90 + 40)))
        finally:
            written.set()

    def keep_asking(seed: int) -> int:
        joined = 0
        while not written.is_set():
            for query in clustered(20, DIM, seed=seed):
                view, choices = collection.view, list[Choice]()
                found = nearest.search(view, "", query, K, choices=choices)
                assert len(set(nearest.named(view, found))) == K
                for number, row in zip(found.segments, found.rows, strict=True):
                    dead = view.segments[number].dead
                    assert dead is None or not dead[row]
                joined += choices[0].joined
        return joined

    with ThreadPoolExecutor(3) as workers:
        writer = workers.submit(keep_writing)
        readers = [workers.submit(keep_asking, seed) for seed in (40, 41)]
        writer.result()
        assert sum(reader.result() for reader in readers) > 0
    assert linked(collection) == collection.tail.count == 1400
    assert recall(collection) > 0.95


def test_vectors_of_several_names_are_linked_each_to_its_own_graph(tmp_path: Path) -> None:
    params = VectorParams(size=DIM, distance=Distance.COSINE)
    config = CollectionConfig(vectors={"a": params, "b": params}, optimizers=CONFIG.optimizers)

    def both(ids: range, seed: int) -> PointBatch:
        given = {
            "a": VectorBatch(clustered(len(ids), DIM, seed)),
            # Every second point has no vector b.
            "b": VectorBatch(clustered(len(ids) // 2, DIM, seed + 50), np.arange(0, len(ids), 2)),
        }
        return PointBatch(IdArray.of(ids), given, [b"{}"] * len(ids))

    with open_engine(tmp_path) as engine:
        made = engine.create("points", config)
        updates.upsert(made, both(range(2000), 0))
        made.upkeep.optimize()
        updates.upsert(made, both(range(500, 1100), 1))
        made.upkeep.linking.wait()
        assert isinstance(made.tail, Tail)
        assert {name: own.links.linked for name, own in made.tail.links.items()} == {"a": 600, "b": 300}
        view, params_ = made.view, SearchParams(exact=True)
        for name, seed in (("a", 1), ("b", 51)):
            for query in clustered(20, DIM, seed):
                query = nearest.check_query(query, params)
                found = nearest.search(view, name, query, K)
                truth = nearest.search(view, name, query, K, params=params_)
                assert nearest.named(view, found)[0] == nearest.named(view, truth)[0]
