"""Requests as calls: each rpc names its operation and gives its body, parameters and path."""

from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import grpc as q

from tests.surfaces.grpc.messages import listed
from workbench.errors import FormatError
from workbench.surfaces.grpc.handlers import SERVICES

ONE = q.PointsSelector(points=q.PointsIdsList(ids=[q.PointId(num=1)]))
SOME = q.PointsSelector(
    filter=q.Filter(must=[q.Condition(has_id=q.HasIdCondition(has_id=[q.PointId(num=1)]))])
)
SOME_JSON = {"filter": {"must": [{"has_id": [1]}]}}


def test_every_method_of_every_service_is_in_the_table() -> None:
    described = {
        service: {m.name for m in module.DESCRIPTOR.services_by_name[service.split(".")[1]].methods}
        for service, (module, _) in SERVICES.items()
    }

    assert {service: set(table) for service, (_, table) in SERVICES.items()} == described
    assert [len(names) for names in described.values()] == [30, 14, 6, 1]


@pytest.mark.parametrize(
    ("path", "message", "operation", "body"),
    [
        ("Points/Delete", q.DeletePoints(points=ONE), "delete_points", {"points": [1]}),
        ("Points/Delete", q.DeletePoints(points=SOME), "delete_points", SOME_JSON),
        ("Points/Get", q.GetPoints(), "get_points", {"ids": []}),
        (
            "Points/Get",
            q.GetPoints(
                ids=[q.PointId(uuid="00000000-0000-0000-0000-000000000005")],
                with_payload=q.WithPayloadSelector(exclude=q.PayloadExcludeSelector(fields=["a"])),
                with_vectors=q.WithVectorsSelector(include=q.VectorsSelector(names=["text"])),
            ),
            "get_points",
            {
                "ids": ["00000000-0000-0000-0000-000000000005"],
                "with_payload": {"exclude": ["a"]},
                "with_vector": ["text"],
            },
        ),
        (
            "Points/DeleteVectors",
            q.DeletePointVectors(points_selector=SOME, vectors=q.VectorsSelector(names=["a", ""])),
            "delete_vectors",
            {"vector": ["a", ""], **SOME_JSON},
        ),
        (
            "Points/SetPayload",
            q.SetPayloadPoints(payload={"a": q.Value(integer_value=1)}, points_selector=ONE, key="b.c"),
            "set_payload",
            {"payload": {"a": 1}, "points": [1], "key": "b.c"},
        ),
        (
            "Points/OverwritePayload",
            q.SetPayloadPoints(points_selector=ONE),
            "overwrite_payload",
            {"payload": {}, "points": [1]},
        ),
        (
            "Points/DeletePayload",
            q.DeletePayloadPoints(keys=["a"], points_selector=SOME),
            "delete_payload",
            {"keys": ["a"], **SOME_JSON},
        ),
        ("Points/ClearPayload", q.ClearPayloadPoints(points=ONE), "clear_payload", {"points": [1]}),
        (
            "Points/CreateFieldIndex",
            q.CreateFieldIndexCollection(field_name="a", field_type=q.FieldType.FieldTypeDatetime),
            "create_field_index",
            {"field_name": "a", "field_schema": "datetime"},
        ),
        (
            "Points/CreateFieldIndex",
            q.CreateFieldIndexCollection(
                field_name="a",
                field_type=q.FieldType.FieldTypeInteger,
                field_index_params=q.PayloadIndexParams(
                    integer_index_params=q.IntegerIndexParams(lookup=True, range=False)
                ),
            ),
            "create_field_index",
            {"field_name": "a", "field_schema": {"type": "integer", "lookup": True, "range": False}},
        ),
        ("Points/CreateFieldIndex", q.CreateFieldIndexCollection(), "create_field_index", {"field_name": ""}),
        (
            "Points/Scroll",
            q.ScrollPoints(
                offset=q.PointId(num=0),
                limit=0,
                order_by=q.OrderBy(key="n", direction=q.Direction.Desc),
                shard_key_selector=q.ShardKeySelector(shard_keys=[q.ShardKey(keyword="a")]),
            ),
            "scroll_points",
            {"offset": 0, "limit": 0, "order_by": {"key": "n", "direction": "desc"}, "shard_key": ["a"]},
        ),
        ("Points/Count", q.CountPoints(exact=False), "count_points", {"exact": False}),
        (
            "Points/Query",
            q.QueryPoints(
                prefetch=[
                    q.PrefetchQuery(
                        query=q.Query(nearest=q.VectorInput(dense=q.DenseVector(data=[1.0]))),
                        lookup_from=q.LookupLocation(collection_name="b", vector_name="v"),
                        limit=5,
                    )
                ],
                query=q.Query(fusion=q.Fusion.RRF),
                score_threshold=0.0,
                offset=2,
            ),
            "query_points",
            {
                "prefetch": [
                    {
                        "query": {"nearest": [1.0]},
                        "lookup_from": {"collection": "b", "vector": "v"},
                        "limit": 5,
                    }
                ],
                "query": {"fusion": "rrf"},
                "score_threshold": 0.0,
                "offset": 2,
            },
        ),
        (
            "Points/QueryBatch",
            q.QueryBatchPoints(query_points=[q.QueryPoints(collection_name="x", limit=1, timeout=3)]),
            "query_batch_points",
            {"searches": [{"limit": 1}]},
        ),
        (
            "Points/QueryGroups",
            q.QueryPointGroups(
                group_by="a",
                with_lookup=q.WithLookup(collection="b", with_vectors=q.WithVectorsSelector(enable=False)),
            ),
            "query_points_groups",
            {"group_by": "a", "with_lookup": {"collection": "b", "with_vectors": False}},
        ),
        ("Points/Facet", q.FacetCounts(key="a", limit=3), "facet", {"key": "a", "limit": 3}),
        (
            "Points/SearchMatrixPairs",
            q.SearchMatrixPoints(sample=5, using="v"),
            "search_matrix_pairs",
            {"sample": 5, "using": "v"},
        ),
        ("Points/SearchMatrixOffsets", q.SearchMatrixPoints(), "search_matrix_offsets", {}),
        ("Qdrant/HealthCheck", q.HealthCheckRequest(), "root", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_becomes_the_body_that_the_rest_api_has(
    read: Any, path: str, message: Any, operation: str, body: Any
) -> None:
    name, call = read(path, message)

    assert (name, listed(call.body)) == (operation, body)


def test_collection_and_parameters_leave_the_body(read: Any) -> None:
    _, call = read(
        "Points/Delete",
        q.DeletePoints(
            collection_name="films",
            points=ONE,
            wait=False,
            timeout=9,
            ordering=q.WriteOrdering(type=q.WriteOrderingType.Strong),
        ),
    )

    assert call.collection_name == "films"
    assert call.params == {"wait": False, "timeout": 9, "ordering": "strong"}
    assert call.body == {"points": [1]}


@pytest.mark.parametrize(
    ("consistency", "value"),
    [
        (q.ReadConsistency(type=q.ReadConsistencyType.All), "all"),
        (q.ReadConsistency(type=q.ReadConsistencyType.Quorum), "quorum"),
        (q.ReadConsistency(factor=2), 2),
    ],
    ids=str,
)
def test_consistency_is_a_word_or_a_number(read: Any, consistency: Any, value: Any) -> None:
    _, call = read("Points/Count", q.CountPoints(read_consistency=consistency))

    assert call.params == {"consistency": value}


@pytest.mark.parametrize(
    ("path", "message", "parts"),
    [
        ("Points/DeleteFieldIndex", q.DeleteFieldIndexCollection(field_name="a.b"), {"field_name": "a.b"}),
        ("Points/DeleteVectorName", q.DeleteVectorNameRequest(vector_name="v"), {"vector_name": "v"}),
        ("Snapshots/Delete", q.DeleteSnapshotRequest(snapshot_name="s"), {"snapshot_name": "s"}),
        ("Snapshots/DeleteFull", q.DeleteFullSnapshotRequest(snapshot_name="s"), {"snapshot_name": "s"}),
    ],
    ids=str,
)
def test_what_the_rest_api_has_in_its_path_leaves_the_body(
    read: Any, path: str, message: Any, parts: Any
) -> None:
    _, call = read(path, message)

    assert (call.path, call.body) == (parts, {})


def test_a_new_named_vector_is_dense_or_sparse(read: Any) -> None:
    dense = q.DenseVectorCreationConfig(size=3, distance=q.Distance.Cosine, datatype=q.Datatype.Uint8)
    sparse = q.SparseVectorCreationConfig(modifier=q.Modifier.Idf)
    calls = [
        read("Points/CreateVectorName", q.CreateVectorNameRequest(vector_name="v", dense_config=dense))[1],
        read("Points/CreateVectorName", q.CreateVectorNameRequest(vector_name="v", sparse_config=sparse))[1],
    ]

    assert [call.path for call in calls] == [{"vector_name": "v"}] * 2
    assert [call.body for call in calls] == [
        {"dense": {"size": 3, "distance": "Cosine", "datatype": "uint8"}},
        {"sparse": {"modifier": "idf"}},
    ]


def test_the_ten_kinds_of_a_batch_become_the_eight_of_the_rest_api(read: Any) -> None:
    o = q.PointsUpdateOperation
    point = q.PointStruct(id=q.PointId(num=1), vectors=q.Vectors(vector=q.Vector(data=[0.5])))
    vectors = q.PointVectors(id=q.PointId(num=1), vectors=q.Vectors(vector=q.Vector(data=[0.5])))
    payload = {"a": q.Value(bool_value=True)}
    message = q.UpdateBatchPoints(
        operations=[
            o(upsert=o.PointStructList(points=[point], update_mode=q.UpdateMode.InsertOnly)),
            o(delete_deprecated=ONE),
            o(delete_points=o.DeletePoints(points=SOME)),
            o(set_payload=o.SetPayload(payload=payload, points_selector=ONE, key="k")),
            o(overwrite_payload=o.OverwritePayload(payload=payload, points_selector=ONE)),
            o(delete_payload=o.DeletePayload(keys=["a"], points_selector=ONE)),
            o(clear_payload_deprecated=ONE),
            o(clear_payload=o.ClearPayload(points=ONE)),
            o(update_vectors=o.UpdateVectors(points=[vectors])),
            o(delete_vectors=o.DeleteVectors(points_selector=ONE, vectors=q.VectorsSelector(names=["v"]))),
        ]
    )

    _, call = read("Points/UpdateBatch", message)

    batch = [[1], {"": [[0.5]]}, [b"{}"]]
    assert listed(call.body)["operations"] == [
        {"upsert": {"points": batch, "update_mode": "insert_only"}},
        {"delete": {"points": [1]}},
        {"delete": SOME_JSON},
        {"set_payload": {"payload": {"a": True}, "points": [1], "key": "k"}},
        {"overwrite_payload": {"payload": {"a": True}, "points": [1]}},
        {"delete_payload": {"keys": ["a"], "points": [1]}},
        {"clear_payload": {"points": [1]}},
        {"clear_payload": {"points": [1]}},
        {"update_vectors": {"points": batch}},
        {"delete_vectors": {"vector": ["v"], "points": [1]}},
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("Points/Delete", q.DeletePoints()),
        ("Points/UpdateBatch", q.UpdateBatchPoints(operations=[q.PointsUpdateOperation()])),
        ("Points/CreateVectorName", q.CreateVectorNameRequest()),
        ("Points/Query", q.QueryPoints(query=q.Query())),
        ("Points/Get", q.GetPoints(ids=[q.PointId()])),
        ("Collections/UpdateCollectionClusterSetup", q.UpdateCollectionClusterSetupRequest()),
        (
            "Points/CreateFieldIndex",
            q.CreateFieldIndexCollection(
                field_type=q.FieldType.FieldTypeKeyword,
                field_index_params=q.PayloadIndexParams(integer_index_params=q.IntegerIndexParams()),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_without_its_choice_is_refused(read: Any, path: str, message: Any) -> None:
    with pytest.raises(FormatError):
        read(path, message)
