"""Writers, readers and the optimizer at once: no error, nothing dead, nothing stale once acknowledged."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.collection import Collection, payloads, updates, upkeep
from workbench.engine import open_engine
from workbench.models.config import CollectionConfig, HnswConfig, OptimizersConfig, VectorParams
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.models.query import SearchParams, Selector
from workbench.query import fetch, nearest, scroll
from workbench.segments.view import View
from workbench.testing.invariants import check_whole

WRITERS, READERS, DIM, OWN = 4, 4, 8, 50
# All go on so long, and on a busy machine until each has done something, within reason.
SECONDS, PATIENCE_S = 2.5, 60.0

# Every batch gives all points of a writer the same version: a filter on a version finds all of them or none.
EVEN = Filter.from_json({"must": [{"key": "even", "match": {"value": True}}]})


def write(collection: Collection, writer: int, acked: list[int], stop: threading.Event) -> None:
    """Upsert, change and delete the writer's own points, and read each write back at once."""
    ids, draw, version = IdArray.of(range(writer * OWN, (writer + 1) * OWN)), np.random.default_rng(writer), 0
    while not stop.is_set():
        version += 1
        body = b'{"version":%d,"even":%s}' % (version, b"true" if version % 2 == 0 else b"false")
        values = draw.normal(size=(OWN, DIM)).astype(np.float32)
        updates.upsert(collection, PointBatch(ids, {"": VectorBatch(values)}, [body] * OWN))
        acked[writer] = version
        hits = search(collection, values[0], 1)
        assert hits == [writer * OWN], f"an acknowledged vector is not found: {hits}"
        if version % 5 == 0:
            payloads.set_payload(collection, ids, {"extra": version})
            assert all((r or {})["extra"] == version for r in bodies(collection, ids))
        if version % 7 == 0:
            updates.delete(collection, ids)
            assert bodies(collection, ids) == []


def read(collection: Collection, reader: int, reads: list[int], acked: list[int],
         stop: threading.Event) -> None:  # fmt: skip
    """Search, filter and look up, and count how often."""
    draw = np.random.default_rng()
    while not stop.is_set():
        before = list(acked)
        hits = search(collection, draw.normal(size=DIM), 60)
        assert len(set(hits)) == len(hits)
        for writer in range(WRITERS):
            ids = IdArray.of(range(writer * OWN, (writer + 1) * OWN))
            found = bodies(collection, ids)
            assert len(found) in (0, OWN), "a batch is seen in part"
            assert all(body["version"] >= before[writer] for body in found), "a stale read"
        view = collection.view
        even = fetch.retrying(lambda: collection.view, lambda view: scroll.count(view, EVEN))
        assert even % OWN == 0, f"a filter sees a part of a batch: {even}"
        assert view.live % OWN == 0
        reads[reader] += 1


def search(collection: Collection, query: Any, k: int) -> list[Any]:
    view = collection.view
    ready = nearest.check_query(query, view.config.vectors[""])
    return nearest.ids_of(view, nearest.search(view, "", ready, k, params=SearchParams(exact=True))).tolist()


def bodies(collection: Collection, ids: IdArray) -> list[dict[str, Any]]:
    def ask(view: View) -> list[dict[str, Any]]:
        return fetch.payloads(view, scroll.by_ids(view, ids)[0], Selector())

    return fetch.retrying(lambda: collection.view, ask)


@pytest.mark.parametrize("on_disk", [False, True])
def test_writers_readers_and_the_optimizer_do_not_disturb_each_other(
    tmp_path: Path, on_disk: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_QUIET_S", 0.0)
    config = CollectionConfig(
        vectors={"": VectorParams(size=DIM)},
        hnsw=HnswConfig(m=4, ef_construct=8, max_indexing_threads=1),
        optimizers=OptimizersConfig(indexing_threshold=4, vacuum_min_vector_number=20),
    )
    with open_engine(tmp_path if on_disk else None) as engine, ThreadPoolExecutor(WRITERS + READERS) as pool:
        collection = engine.create("points", config)
        sealed: list[str] = []
        collection.listeners.append(lambda event, _: sealed.append(event) if event == "indexed" else None)
        acked, reads, stop = [0] * WRITERS, [0] * READERS, threading.Event()
        running = [
            *(pool.submit(write, collection, writer, acked, stop) for writer in range(WRITERS)),
            *(pool.submit(read, collection, reader, reads, acked, stop) for reader in range(READERS)),
        ]
        started = time.monotonic()
        while not any(r.done() for r in running) and (passed := time.monotonic() - started) < PATIENCE_S:
            if passed > SECONDS and sealed and min(*acked, *reads) > 2:
                break
            time.sleep(0.05)
        stop.set()
        for part in running:
            part.result()
        assert min(*acked, *reads) > 2
        assert sealed
        assert collection.upkeep.error is None
        check_whole(collection)
