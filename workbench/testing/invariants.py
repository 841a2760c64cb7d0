"""What holds for every collection at every moment: alone, and beside an oracle (see ``oracle``).

Each check raises ``AssertionError`` and says what differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from workbench import distances
from workbench.collection import Collection
from workbench.models.filters import Filter
from workbench.models.points import IdArray, PointId, Record
from workbench.models.query import SearchParams, Selector
from workbench.models.vectors import SparseVector
from workbench.query import compare, fetch, nearest, scroll
from workbench.segments.view import View
from workbench.testing.oracle import Oracle

# Scores are float32: sums of products of numbers up to 10 in a few dimensions are exact to about 1e-4.
_TOLERANCE = 1e-3


def all_records(collection: Collection, flt: Filter | None = None, page: int = 7) -> list[Record]:
    """Return the points that a filter accepts, with payload and vectors, by scrolling in small pages."""
    return fetch.retrying(lambda: collection.view, lambda view: _records(view, flt, page))


def _records(view: View, flt: Filter | None, page: int) -> list[Record]:
    found: list[Record] = []
    offset: PointId | None = None
    while True:
        places, offset = scroll.scroll(view, flt, page, offset)
        found += fetch.records(view, places, Selector(), Selector())
        if offset is None:
            return found


def state_hash(collection: Collection, records: Sequence[Record] | None = None) -> str:
    """Return a digest of all ids, payloads and vectors: equal before and after whatever changed nothing."""
    digest = hashlib.sha256()
    for record in records if records is not None else all_records(collection, page=256):
        vectors = {name: _plain(v) for name, v in (record.vectors or {}).items()}
        digest.update(orjson.dumps([str(record.id), record.payload, vectors], option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()


def _plain(vector: Any) -> list[Any]:
    if isinstance(vector, SparseVector):
        return [vector.indices.tolist(), vector.values.tolist()]
    plain: list[Any] = vector.astype(np.float32).tolist()
    return plain


def check_whole(collection: Collection) -> list[Record]:
    """Check what a collection must be whatever was done to it, and return its points.

    Every point is there once, with a payload; counting, scrolling, looking up and exact search agree.
    """
    return fetch.retrying(lambda: collection.view, _whole)


def _whole(view: View) -> list[Record]:
    records = _records(view, None, page=256)
    ids = [r.id for r in records]
    assert len(set(ids)) == len(ids), f"scroll lists a point twice: {ids}"
    assert view.live == len(ids), f"{view.live} points counted, {len(ids)} listed"
    places, order = scroll.by_ids(view, IdArray.of(ids))
    assert order.tolist() == list(range(len(ids))), "a listed point is not found by its id"
    assert nearest.ids_of(view, places).tolist() == ids, "ids lead to other points"
    for name, params in view.config.vectors.items():
        having = {r.id for r in records if name in (r.vectors or {})}
        query = compare.check_query(np.ones(params.size, np.float32), view.config, name)
        found = nearest.search(view, name, query, len(ids) + 1, params=SearchParams(exact=True))
        hits = nearest.ids_of(view, found).tolist()
        assert len(hits) == len(having), f"exact search of {name!r} finds {len(hits)} of {len(having)} points"
        assert set(hits) == having, f"exact search of {name!r} finds points that scroll does not list"
    return records


def check_same(collection: Collection, oracle: Oracle) -> None:
    """Check that a collection holds exactly the points of `oracle`, and lists them in order."""
    records = check_whole(collection)
    assert [r.id for r in records] == oracle.matching(None), "other points, or another order"
    for record in records:
        expected = oracle.points[record.id]
        assert record.payload == expected.payload, (
            f"point {record.id}: {record.payload} != {expected.payload}"
        )
        vectors = record.vectors or {}
        assert set(vectors) == set(expected.vectors), f"point {record.id} has the vectors {sorted(vectors)}"
        for name, given in expected.vectors.items():
            params = collection.config.vectors[name]
            stored = distances.preprocess(given.reshape(1, -1), params.distance, params.datatype)[0]
            assert np.array_equal(vectors[name], stored), f"point {record.id}: {vectors[name]} != {stored}"


def check_filter(collection: Collection, oracle: Oracle, flt: Filter, page: int) -> None:
    """Check that a filter accepts the points that the reference evaluator accepts, however it is asked."""
    expected = oracle.matching(flt)
    assert [r.id for r in all_records(collection, flt, page)] == expected, f"scroll with {flt}"
    assert scroll.count(collection.view, flt) == len(expected), f"count with {flt}"


def check_search(collection: Collection, oracle: Oracle, name: str, query: Sequence[float], k: int,
                 flt: Filter | None) -> None:  # fmt: skip
    """Check an exact search: the best `k` scores, in order, each belonging to the point beside it."""
    params = collection.config.vectors[name]
    ready = nearest.check_query(np.asarray(query, np.float32), params)
    view = collection.view
    found = nearest.search(view, name, ready, k, flt=flt, params=SearchParams(exact=True))
    hits = nearest.ids_of(view, found).tolist()
    scores = distances.scores(found.distances, params.distance).tolist()
    expected = oracle.scores(name, query, flt)
    assert len(set(hits)) == len(hits), f"a point is found twice: {hits}"
    best = sorted(expected.values(), reverse=distances.greater_is_nearer(params.distance))[:k]
    assert np.allclose(scores, best, atol=_TOLERANCE), f"scores {scores}, expected {best}"
    for point_id, found_score in zip(hits, scores, strict=True):
        assert point_id in expected, f"point {point_id} is dead, or does not match {flt}"
        assert np.isclose(found_score, expected[point_id], atol=_TOLERANCE), f"score of point {point_id}"
