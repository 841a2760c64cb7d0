"""Deprecated calls, and calls about collections: each becomes the body that the REST API has."""

from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import grpc as q

from tests.surfaces.grpc.messages import listed


@pytest.mark.parametrize(
    ("path", "message", "operation", "body"),
    [
        (
            "Points/Search",
            q.SearchPoints(vector=[1.0, 0.5], limit=3),
            "search_points",
            {"vector": [1.0, 0.5], "limit": 3},
        ),
        (
            "Points/Search",
            q.SearchPoints(vector=[1.0], vector_name="v", sparse_indices=q.SparseIndices(data=[7])),
            "search_points",
            {"vector": {"name": "v", "vector": {"indices": [7], "values": [1.0]}}, "limit": 0},
        ),
        (
            "Points/SearchGroups",
            q.SearchPointGroups(vector=[1.0], vector_name="v", group_by="a", group_size=2, limit=1),
            "search_point_groups",
            {"vector": {"name": "v", "vector": [1.0]}, "group_by": "a", "group_size": 2, "limit": 1},
        ),
        (
            "Points/RecommendBatch",
            q.RecommendBatchPoints(
                recommend_points=[
                    q.RecommendPoints(
                        positive=[q.PointId(num=1)],
                        positive_vectors=[q.Vector(data=[1.0, 2.0])],
                        strategy=q.RecommendStrategy.BestScore,
                        limit=4,
                    )
                ]
            ),
            "recommend_batch_points",
            {
                "searches": [
                    {"positive": [1, [1.0, 2.0]], "negative": [], "strategy": "best_score", "limit": 4}
                ]
            },
        ),
        (
            "Points/Discover",
            q.DiscoverPoints(
                target=q.TargetVector(single=q.VectorExample(id=q.PointId(num=1))),
                context=[
                    q.ContextExamplePair(
                        positive=q.VectorExample(vector=q.Vector(data=[1.0])),
                        negative=q.VectorExample(id=q.PointId(num=2)),
                    )
                ],
                limit=1,
            ),
            "discover_points",
            {"target": 1, "context": [{"positive": [1.0], "negative": 2}], "limit": 1},
        ),
        (
            "Collections/Create",
            q.CreateCollection(
                vectors_config=q.VectorsConfig(params=q.VectorParams(size=4, distance=q.Distance.Dot)),
                sparse_vectors_config=q.SparseVectorConfig(
                    map={"s": q.SparseVectorParams(modifier=q.Modifier.Idf)}
                ),
                metadata={"a": q.Value(null_value=0)},
                sharding_method=q.ShardingMethod.Custom,
            ),
            "create_collection",
            {
                "vectors": {"size": 4, "distance": "Dot"},
                "sparse_vectors": {"s": {"modifier": "idf"}},
                "metadata": {"a": None},
                "sharding_method": "custom",
            },
        ),
        (
            "Collections/Update",
            q.UpdateCollection(
                vectors_config=q.VectorsConfigDiff(params=q.VectorParamsDiff(on_disk=True)),
                optimizers_config=q.OptimizersConfigDiff(indexing_threshold=0),
            ),
            "update_collection",
            {"vectors": {"": {"on_disk": True}}, "optimizers_config": {"indexing_threshold": 0}},
        ),
        ("Collections/Get", q.GetCollectionInfoRequest(), "get_collection", {}),
        (
            "Collections/UpdateAliases",
            q.ChangeAliases(
                actions=[
                    q.AliasOperations(create_alias=q.CreateAlias(collection_name="a", alias_name="b")),
                    q.AliasOperations(delete_alias=q.DeleteAlias(alias_name="c")),
                ]
            ),
            "update_aliases",
            {
                "actions": [
                    {"create_alias": {"collection_name": "a", "alias_name": "b"}},
                    {"delete_alias": {"alias_name": "c"}},
                ]
            },
        ),
        (
            "Collections/UpdateCollectionClusterSetup",
            q.UpdateCollectionClusterSetupRequest(
                delete_shard_key=q.DeleteShardKey(shard_key=q.ShardKey(number=3))
            ),
            "update_collection_cluster",
            {"drop_sharding_key": {"shard_key": 3}},
        ),
        (
            "Collections/CreateShardKey",
            q.CreateShardKeyRequest(
                request=q.CreateShardKey(shard_key=q.ShardKey(keyword="a"), shards_number=2)
            ),
            "create_shard_key",
            {"shard_key": "a", "shards_number": 2},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_becomes_the_body_that_the_rest_api_has(
    read: Any, path: str, message: Any, operation: str, body: Any
) -> None:
    name, call = read(path, message)

    assert (name, listed(call.body)) == (operation, body)
