"""Groups, look-ups, matrices and ids as examples are answered as the local mode of Qdrant's client does.

Qdrant's core, the other oracle, cannot do these.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from tests.api.calls import Api
from workbench.api.service import service_of
from workbench.engine import open_engine

COUNT, DIM = 60, 4
Both = tuple[Api, QdrantClient]


def point_id(number: int) -> int | str:
    return number if number % 2 else str(uuid.UUID(int=number))


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    """The same random points in ours and in the client's local mode, and a second collection of authors."""
    rng = np.random.default_rng(11)
    points = [
        {
            "id": point_id(i),
            "vector": [float(x) for x in rng.normal(size=DIM).astype(np.float32)],
            "payload": {"author": int(rng.integers(0, 6)), "tags": [f"t{i % 3}", f"t{i % 4}"], "n": i},
        }
        for i in range(COUNT)
    ]
    authors = [{"id": i, "vector": [1.0] * DIM, "payload": {"name": f"author {i}"}} for i in range(4)]
    client = QdrantClient(":memory:")
    with open_engine() as engine:
        api = Api(service_of(engine))
        for name, own in (("books", points), ("authors", authors)):
            api("create_collection", name, {"vectors": {"size": DIM, "distance": "Euclid"}})
            api("upsert_points", name, {"points": own})
            size = models.VectorParams(size=DIM, distance=models.Distance.EUCLID)
            client.create_collection(name, vectors_config=size)
            client.upsert(name, [models.PointStruct(**p) for p in own])
        yield api, client
    client.close()


def plain(points: list[Any]) -> list[tuple[str, float]]:
    return [(str(p.id), pytest.approx(float(p.score), rel=1e-5)) for p in points]


QUERY = [0.3, -0.2, 0.5, 0.1]


@pytest.mark.parametrize("key", ["author", "tags"])
@pytest.mark.parametrize("limit", [2, 10])
def test_groups_are_the_same(both: Both, key: str, limit: int) -> None:
    api, client = both
    body = {"query": QUERY, "group_by": key, "limit": limit, "group_size": 2, "with_lookup": "authors"}
    ours = api("query_points_groups", "books", body)
    theirs = client.query_points_groups(
        "books", group_by=key, query=QUERY, limit=limit, group_size=2, with_lookup="authors"
    ).groups
    assert [(g.id, plain(g.hits)) for g in ours] == [(g.id, plain(g.hits)) for g in theirs]
    looked = [g.lookup and g.lookup.payload for g in theirs]
    assert [g.lookup and g.lookup.payload for g in ours] == looked


def test_groups_of_a_fused_query_are_the_same(both: Both) -> None:
    api, client = both
    sources = [{"query": QUERY, "limit": 10}, {"query": [-x for x in QUERY], "limit": 20}]
    body = {"query": {"fusion": "dbsf"}, "prefetch": sources, "group_by": "author", "group_size": 7}
    ours = api("query_points_groups", "books", body)
    theirs = client.query_points_groups(
        "books",
        group_by="author",
        prefetch=[models.Prefetch(**own) for own in sources],
        query=models.FusionQuery(fusion=models.Fusion.DBSF),
        group_size=7,
    ).groups
    assert [(g.id, plain(g.hits)) for g in ours] == [(g.id, plain(g.hits)) for g in theirs]


@pytest.mark.parametrize("strategy", ["average_vector", "best_score", "sum_scores"])
def test_points_as_examples_are_left_out_of_the_same_answer(both: Both, strategy: str) -> None:
    api, client = both
    given = {"positive": [1, point_id(2)], "negative": [5], "strategy": strategy}
    ours = api("query_points", "books", {"query": {"recommend": given}})
    theirs = client.query_points(
        "books", query=models.RecommendQuery(recommend=models.RecommendInput(**given)), limit=10
    ).points
    assert plain(ours) == plain(theirs)
    assert plain(api("query_points", "books", {"query": 7})) == plain(
        client.query_points("books", query=7).points
    )


def test_ids_are_looked_up_in_the_same_place(both: Both) -> None:
    api, client = both
    ours = api("query_points", "books", {"query": 2, "lookup_from": {"collection": "authors"}})
    theirs = client.query_points(
        "books", query=2, lookup_from=models.LookupLocation(collection="authors")
    ).points
    assert plain(ours) == plain(theirs)


def test_a_matrix_of_all_points_is_the_same(both: Both) -> None:
    api, client = both
    few = {"must": [{"key": "n", "range": {"lt": 12}}]}
    ours = api("search_matrix_pairs", "books", {"sample": 20, "limit": 3, "filter": few})
    theirs = client.search_matrix_pairs("books", sample=20, limit=3, query_filter=models.Filter(**few)).pairs
    assert [(str(a), str(b), pytest.approx(float(s), rel=1e-5)) for a, b, s in ours] == [
        (str(p.a), str(p.b), p.score) for p in theirs
    ]
    rows = api("search_matrix_offsets", "books", {"sample": 20, "limit": 3, "filter": few})
    found = client.search_matrix_offsets("books", sample=20, limit=3, query_filter=models.Filter(**few))
    assert (rows["offsets_row"], rows["offsets_col"]) == (found.offsets_row, found.offsets_col)
    assert [str(i) for i in rows["ids"]] == [str(i) for i in found.ids]
