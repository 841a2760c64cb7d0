"""Calls of clients before 1.16: flat vectors both ways, and the eight deprecated calls."""

from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as q


def number(n: int) -> q.PointId:
    return q.PointId(num=n)


def flat(*numbers: float, **more: Any) -> q.Vector:
    return q.Vector(data=numbers, **more)


def ids(points: Any) -> list[int]:
    return [point.id.num for point in points]


@pytest.fixture
def songs(client: QdrantClient, points: q.PointsStub) -> q.PointsStub:
    """Four points on a plane, compared by dot product, written as old clients write them."""
    client.create_collection(
        "songs",
        {"": models.VectorParams(size=2, distance=models.Distance.DOT), "lines": multi()},
        sparse_vectors_config={"words": models.SparseVectorParams()},
    )
    plane = [(1.0, 0.0), (0.0, 1.0), (0.75, 0.25), (0.5, 0.5)]
    points.Upsert(
        q.UpsertPoints(
            collection_name="songs",
            wait=True,
            points=[
                q.PointStruct(
                    id=number(i),
                    vectors=q.Vectors(
                        vectors=q.NamedVectors(
                            vectors={
                                "": flat(*vector),
                                "words": flat(0.5, 2.0, indices=q.SparseIndices(data=[9, i])),
                                "lines": flat(*vector, *vector, vectors_count=2),
                            }
                        )
                    ),
                    payload={"color": q.Value(string_value=["red", "blue"][i % 2])},
                )
                for i, vector in enumerate(plane, 1)
            ],
        )
    )
    return points


def multi() -> models.VectorParams:
    return models.VectorParams(
        size=2,
        distance=models.Distance.DOT,
        multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
    )


def test_vectors_are_answered_flat_and_as_variants(songs: q.PointsStub) -> None:
    answer = songs.Get(
        q.GetPoints(collection_name="songs", ids=[number(3)], with_vectors=q.WithVectorsSelector(enable=True))
    )
    found = answer.result[0].vectors.vectors.vectors

    assert list(found[""].data) == [0.75, 0.25] == list(found[""].dense.data)
    assert (list(found["words"].indices.data), list(found["words"].data)) == ([3, 9], [2.0, 0.5])
    assert list(found["words"].sparse.indices) == [3, 9]
    assert (found["lines"].vectors_count, list(found["lines"].data)) == (2, [0.75, 0.25, 0.75, 0.25])
    assert [list(row.data) for row in found["lines"].multi_dense.vectors] == [[0.75, 0.25]] * 2


def test_one_flat_vector_is_the_one_without_a_name(client: QdrantClient, points: q.PointsStub) -> None:
    client.create_collection("one", models.VectorParams(size=2, distance=models.Distance.DOT))
    point = q.PointStruct(id=number(1), vectors=q.Vectors(vector=flat(0.5, 2.0)))
    receipt = points.Upsert(q.UpsertPoints(collection_name="one", points=[point], wait=True))

    assert receipt.result.status == q.UpdateStatus.Completed
    assert client.retrieve("one", [1], with_vectors=True)[0].vector == [0.5, 2.0]


def test_search(songs: q.PointsStub) -> None:
    dense = q.SearchPoints(collection_name="songs", vector=[1.0, 0.0], limit=2)
    sparse = q.SearchPoints(
        collection_name="songs",
        vector=[1.0],
        sparse_indices=q.SparseIndices(data=[4]),
        vector_name="words",
        limit=2,
    )

    assert [(p.id.num, p.score) for p in songs.Search(dense).result] == [(1, 1.0), (3, 0.75)]
    assert [(p.id.num, p.score) for p in songs.Search(sparse).result] == [(4, 2.0)]
    batch = q.SearchBatchPoints(collection_name="songs", search_points=[dense, sparse])
    assert [ids(found.result) for found in songs.SearchBatch(batch).result] == [[1, 3], [4]]


def test_search_groups(songs: q.PointsStub) -> None:
    answer = songs.SearchGroups(
        q.SearchPointGroups(
            collection_name="songs", vector=[1.0, 0.0], group_by="color", group_size=1, limit=2
        )
    )

    assert [(g.id.string_value, ids(g.hits)) for g in answer.result.groups] == [("blue", [1]), ("red", [4])]


def test_recommend(songs: q.PointsStub) -> None:
    asked = q.RecommendPoints(
        collection_name="songs", positive=[number(1)], negative_vectors=[flat(0.0, 1.0)], limit=3
    )

    assert ids(songs.Recommend(asked).result) == [3, 4, 2]
    batch = q.RecommendBatchPoints(collection_name="songs", recommend_points=[asked])
    assert [ids(found.result) for found in songs.RecommendBatch(batch).result] == [[3, 4, 2]]
    groups = songs.RecommendGroups(
        q.RecommendPointGroups(
            collection_name="songs", positive=[number(1)], group_by="color", group_size=1, limit=2
        )
    )
    assert [ids(group.hits) for group in groups.result.groups] == [[3], [4]]


def test_discover(songs: q.PointsStub) -> None:
    asked = q.DiscoverPoints(
        collection_name="songs",
        target=q.TargetVector(single=q.VectorExample(vector=flat(1.0, 0.0))),
        context=[
            q.ContextExamplePair(
                positive=q.VectorExample(id=number(1)), negative=q.VectorExample(id=number(2))
            )
        ],
        limit=2,
    )

    assert ids(songs.Discover(asked).result) == [3, 4]
    batch = q.DiscoverBatchPoints(collection_name="songs", discover_points=[asked])
    assert [ids(found.result) for found in songs.DiscoverBatch(batch).result] == [[3, 4]]


def test_old_kinds_of_a_batch_still_work(client: QdrantClient, songs: q.PointsStub) -> None:
    one = q.PointsSelector(points=q.PointsIdsList(ids=[number(1)]))
    two = q.PointsSelector(points=q.PointsIdsList(ids=[number(2)]))
    answer = songs.UpdateBatch(
        q.UpdateBatchPoints(
            collection_name="songs",
            wait=True,
            operations=[
                q.PointsUpdateOperation(delete_deprecated=one),
                q.PointsUpdateOperation(clear_payload_deprecated=two),
            ],
        )
    )

    assert [result.status for result in answer.result] == [q.UpdateStatus.Completed] * 2
    assert [(p.id, p.payload) for p in client.scroll("songs", limit=1)[0]] == [(2, {})]
