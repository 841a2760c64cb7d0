"""A growing tail answers by its codes what measuring every point says, whatever was written before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench import distances, kernels
from workbench.collection import Collection, updates
from workbench.collection.memory import measure
from workbench.engine import open_engine
from workbench.indexes import growing_codes
from workbench.models.config import CollectionConfig, Datatype, Distance, OptimizersConfig, VectorParams
from workbench.models.filters import Filter, HasId
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams
from workbench.query import nearest

DIM, K = 64, 12
RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def _of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.warm(block=True)
    monkeypatch.setattr(growing_codes, "LEAST_BYTES", 0)


def config(distance: Distance, datatype: Datatype = Datatype.FLOAT32) -> CollectionConfig:
    params = VectorParams(size=DIM, distance=distance, datatype=datatype)
    return CollectionConfig(vectors={"": params}, optimizers=OptimizersConfig(indexing_threshold=0))


def drawn(count: int) -> np.ndarray:
    return RNG.integers(0, 200, (count, DIM)).astype(np.float32)


def write(collection: Collection, held: dict[int, np.ndarray], ids: list[int]) -> None:
    vectors = drawn(len(ids))
    batch = PointBatch(IdArray.of(ids), {"": VectorBatch(vectors)}, [b"{}"] * len(ids))
    updates.upsert(collection, batch)
    held.update(zip(ids, vectors, strict=True))


def answers_are_exact(collection: Collection, held: dict[int, np.ndarray], some: list[int]) -> None:
    params = collection.config.vectors[""]
    for flt, ids in (
        (None, sorted(held)),
        (Filter(must=(HasId(frozenset(some)),)), sorted({*some} & {*held})),
    ):
        stored = distances.preprocess(np.stack([held[i] for i in ids]), params.distance, params.datatype)
        searched = distances.search_form(stored, params.distance)
        for query in drawn(3):
            asked = nearest.check_query(query, params)
            found = nearest.search(collection.view, "", asked, K, flt=flt)
            gaps = np.sort(_measured(searched.astype(np.float64), asked.astype(np.float64), params.distance))
            assert found.distances == pytest.approx(gaps[:K], rel=1e-5, abs=1e-5)
            own = nearest.named(collection.view, found)
            assert len(set(own)) == min(K, len(ids))
            assert set(own) <= set(ids)


def _measured(vectors: np.ndarray, query: np.ndarray, distance: Distance) -> np.ndarray:
    if distance is Distance.EUCLID:
        return np.asarray(((vectors - query) ** 2).sum(axis=1))
    if distance is Distance.MANHATTAN:
        return np.asarray(np.abs(vectors - query).sum(axis=1))
    return np.asarray(-(vectors @ query))


@pytest.mark.parametrize("datatype", [Datatype.FLOAT32, Datatype.FLOAT16, Datatype.UINT8])
@pytest.mark.parametrize("distance", list(Distance))
def test_through_upserts_replacements_deletes_and_reopening(
    tmp_path: Path, distance: Distance, datatype: Datatype
) -> None:
    held: dict[int, np.ndarray] = {}
    with open_engine(tmp_path) as engine:
        collection = engine.create("points", config(distance, datatype))
        write(collection, held, list(range(300)))
        answers_are_exact(collection, held, list(range(0, 300, 7)))
        write(collection, held, list(range(100, 400)))
        answers_are_exact(collection, held, list(range(0, 400, 7)))
        updates.delete(collection, IdArray.of(range(0, 400, 3)))
        held = {i: vector for i, vector in held.items() if i % 3}
        answers_are_exact(collection, held, list(range(1, 400, 7)))
    with open_engine(tmp_path) as engine:
        collection = engine.collection("points")
        answers_are_exact(collection, held, list(range(1, 400, 7)))
        write(collection, held, list(range(350, 500)))
        answers_are_exact(collection, held, list(range(1, 500, 7)))


@pytest.mark.parametrize(
    ("distance", "datatype", "coded"),
    [
        (Distance.COSINE, Datatype.FLOAT32, True),
        (Distance.EUCLID, Datatype.FLOAT16, True),
        (Distance.DOT, Datatype.UINT8, False),
        (Distance.MANHATTAN, Datatype.FLOAT32, False),
    ],
)
def test_codes_are_made_as_points_are_written_where_they_are_shorter_and_say_enough(
    distance: Distance, datatype: Datatype, coded: bool
) -> None:
    with open_engine() as engine:
        collection = engine.create("points", config(distance, datatype))
        write(collection, {}, list(range(200)))
        told = [part.held for part in measure(collection) if part.component == "tail codes"]
        terms = 4 if distance is Distance.EUCLID else 0
        assert (told[:1] or [0])[0] >= (200 * (DIM + 4 + terms) if coded else 0)
        assert bool(told) == coded


def test_a_write_that_failed_leaves_no_code_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[int, np.ndarray] = {}
    with open_engine() as engine:
        collection = engine.create("points", config(Distance.EUCLID))
        write(collection, held, list(range(200)))
        with monkeypatch.context() as broken:
            broken.setattr(collection.store, "add_append", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                write(collection, {}, list(range(200, 250)))
        write(collection, held, list(range(250, 300)))
        answers_are_exact(collection, held, list(range(0, 300, 7)))


def test_where_all_points_around_a_query_are_dead_the_nearest_live_ones_are_found() -> None:
    held: dict[int, np.ndarray] = {}
    with open_engine() as engine:
        collection = engine.create("points", config(Distance.EUCLID))
        write(collection, held, list(range(3000)))
        collection.upkeep.optimize()
        query = held[7]
        near = sorted(held, key=lambda i: float(((held[i] - query) ** 2).sum()))
        updates.delete(collection, IdArray.of(near[:900]))
        params = SearchParams(hnsw_ef=40)
        found = nearest.search(collection.view, "", query, 10, params=params)
        told = nearest.named(collection.view, found)
        assert len(told) == 10
        assert len({*told} & {*near[900:920]}) >= 9


def test_after_a_third_was_replaced_recall_is_about_that_of_before() -> None:
    held: dict[int, np.ndarray] = {}
    with open_engine() as engine:
        collection = engine.create("points", config(Distance.COSINE))
        write(collection, held, list(range(6000)))
        collection.upkeep.optimize()
        before = _recall(collection, held)
        write(collection, held, list(range(0, 6000, 3)))
        # 400 neighbors of vectors that have nothing in common: by chance it is .01 more or less.
        assert _recall(collection, held) >= before - 0.03


def _recall(collection: Collection, held: dict[int, np.ndarray]) -> float:
    stored = distances.preprocess(np.stack(list(held.values())), Distance.COSINE, Datatype.FLOAT32)
    ids, hits = list(held), 0
    for vector in stored[::150]:
        found = nearest.search(collection.view, "", vector, 10, params=SearchParams(hnsw_ef=64))
        best = {ids[row] for row in np.argsort(-(stored @ vector))[:10].tolist()}
        hits += len(best & {*nearest.named(collection.view, found)})
    return hits / (10 * len(stored[::150]))
