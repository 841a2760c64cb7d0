"""Queries that were read before are found by what they are beside their vector."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from workbench.api.known_queries import KEPT, LONGEST, KnownQueries
from workbench.models.filters import Filter, HasId
from workbench.models.query import ALL, SearchParams
from workbench.models.requests import LookupLocation, Mmr, Nearest, Prefetch, QueryRequest, Sample

FIRST, SECOND = np.array([1, 2], np.float32), np.array([3, 4], np.float32)


def test_a_known_query_keeps_all_but_its_vector() -> None:
    read = QueryRequest(
        query=Nearest(FIRST),
        using="sound",
        flt=Filter(must=(HasId(frozenset({1})),)),
        params=SearchParams(hnsw_ef=7),
        score_threshold=0.5,
        limit=3,
        offset=2,
        payload=ALL,
        vectors=ALL,
    )
    known = KnownQueries()
    known.learn(b"a", "songs", read)
    found = known.find(b"a")

    assert found is not None
    assert (found.collection_name, found.quick) == ("songs", False)
    again = found.having(SECOND)
    assert isinstance(again.query, Nearest)
    assert again.query.vector is SECOND
    for field in dataclasses.fields(QueryRequest):
        if field.name != "query":
            assert getattr(again, field.name) is getattr(read, field.name)


@pytest.mark.parametrize(
    "read",
    [
        QueryRequest(query=Nearest(5)),
        QueryRequest(query=Nearest(FIRST, Mmr())),
        QueryRequest(query=Sample()),
        QueryRequest(query=Nearest(FIRST), lookup=LookupLocation("films", None)),
        QueryRequest(query=Nearest(FIRST), prefetches=(Prefetch(),)),
    ],
)
def test_other_queries_are_not_kept(read: QueryRequest) -> None:
    known = KnownQueries()
    known.learn(b"a", "songs", read)

    assert known.find(b"a") is None


def test_the_oldest_makes_room_and_long_requests_are_not_kept() -> None:
    known = KnownQueries()
    for number in range(KEPT + 1):
        known.learn(b"%d" % number, "songs", QueryRequest(query=Nearest(FIRST)))
    known.learn(b"a" * (LONGEST + 1), "songs", QueryRequest(query=Nearest(FIRST)))

    assert known.find(b"0") is None
    assert known.find(b"1") is not None
    assert known.find(b"a" * (LONGEST + 1)) is None
