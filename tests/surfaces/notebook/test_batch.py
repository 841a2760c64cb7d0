"""``search_batch`` finds what ``search`` finds, query by query, however many threads there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench import kernels
from workbench.errors import DimensionMismatch, InvalidRequest

N, DIM = 3000, 8
RNG = np.random.default_rng(4)
VECTORS = RNG.normal(size=(N, DIM)).astype(np.float32)
QUERIES = RNG.normal(size=(200, DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def points() -> Iterator[Any]:
    kernels.warm(block=True)
    with wb.open() as db:
        frame = pd.DataFrame({"n": range(N)})
        made = db.create("points", frame, vectors=VECTORS, distance="Euclid", progress=False)
        yield made.optimize(progress=False)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("where", [None, {"n": {"lt": 30}}, {"n": {"lt": 2900}}, {"n": 5}, {"n": -1}])
def test_a_batch_finds_what_single_searches_find(points: Any, where: Any, threads: int) -> None:
    batch = points.search_batch(QUERIES, where=where, k=7, ef=40, threads=threads)
    for query, hits in zip(QUERIES, batch, strict=True):
        alone = points.search(query, where=where, k=7, ef=40, payload=False)
        assert hits.ids == alone.ids
        assert hits.scores.tolist() == alone.scores.tolist()


def test_it_sees_new_points_at_once_and_brings_payloads(points: Any) -> None:
    points.add(pd.DataFrame({"n": [-7]}), vectors=QUERIES[:1], id=[N + 1], progress=False)
    try:
        first = points.search_batch(QUERIES[:100], k=3, payload=True)[0]
        assert (first.ids[0], first.scores[0], first[0]["n"]) == (N + 1, 0.0, -7)
    finally:
        points.delete([N + 1])


def test_no_queries_have_no_answers(points: Any) -> None:
    assert points.search_batch([]) == []


def test_a_wrong_query_is_refused(points: Any) -> None:
    with pytest.raises(DimensionMismatch):
        points.search_batch([QUERIES[0], [1.0, 2.0]])
    with pytest.raises(InvalidRequest, match="threads"):
        points.search_batch(QUERIES, threads=0)
