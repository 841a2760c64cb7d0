"""What a collection says of itself over gRPC: every setting arrives, and the official client reads it."""

from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as q
from qdrant_client.conversions.conversion import GrpcToRest

from workbench.surfaces.grpc.handlers import rpcs

INFO: dict[str, Any] = {
    "status": "green",
    "optimizer_status": "ok",
    "indexed_vectors_count": 0,
    "points_count": 3,
    "segments_count": 1,
    "config": {
        "params": {
            "vectors": {"size": 4, "distance": "Cosine"},
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": True,
        },
        "hnsw_config": {
            "m": 16,
            "ef_construct": 100,
            "full_scan_threshold": 10000,
            "max_indexing_threads": 0,
            "on_disk": False,
        },
        "optimizer_config": {
            "deleted_threshold": 0.2,
            "vacuum_min_vector_number": 1000,
            "default_segment_number": 0,
            "indexing_threshold": 10000,
            "flush_interval_sec": 5,
        },
        "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1},
    },
    "payload_schema": {},
    "update_queue": {"length": 2, "deferred_points": 1},
}


def with_part(path: str, value: Any) -> dict[str, Any]:
    """Return the description with one part replaced."""
    first, *rest = path.split("/")
    info = {**INFO}
    inner = info
    for name in [first, *rest][:-1]:
        inner[name] = {**inner[name]}
        inner = inner[name]
    inner[path.split("/")[-1]] = value
    return info


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("points_count", 3),
        ("status", "yellow"),
        ("optimizer_status", {"error": "disk full"}),
        ("warnings", [{"message": "careful"}]),
        ("config/metadata", {"a": [1, None, {"b": 0.5}]}),
        ("config/optimizer_config/max_optimization_threads", 2),
        ("config/optimizer_config/prevent_unoptimized", True),
        ("config/hnsw_config/payload_m", 8),
        ("config/quantization_config", {"scalar": {"type": "int8", "quantile": 0.5, "always_ram": True}}),
        ("config/quantization_config", {"product": {"compression": "x32"}}),
        ("config/quantization_config", {"binary": {"encoding": "two_bits", "query_encoding": "binary"}}),
        ("config/quantization_config", {"turbo": {"bits": "bits2"}}),
        ("config/strict_mode_config", {"enabled": True, "max_query_limit": 5}),
        ("config/params/sparse_vectors", {"s": {"modifier": "idf", "index": {"on_disk": True}}}),
        (
            "config/params/vectors",
            {
                "a": {"size": 2, "distance": "Dot", "datatype": "uint8", "on_disk": True},
                "b": {
                    "size": 3,
                    "distance": "Manhattan",
                    "hnsw_config": {"m": 0},
                    "multivector_config": {"comparator": "max_sim"},
                },
            },
        ),
        *(
            ("payload_schema", {"key": {"data_type": kind, "points": 3, "params": {"type": kind, **params}}})
            for kind, params in (
                ("keyword", {"is_tenant": True, "prefix": True}),
                ("integer", {"lookup": True, "range": False}),
                ("float", {"on_disk": True}),
                ("geo", {"memory": "cold"}),
                ("bool", {}),
                ("datetime", {"is_principal": True}),
                ("uuid", {"is_tenant": False}),
                (
                    "text",
                    {
                        "tokenizer": "word",
                        "min_token_len": 2,
                        "stopwords": {"languages": ["english"], "custom": ["foo"]},
                        "stemmer": {"type": "snowball", "language": "english"},
                        "phrase_matching": True,
                    },
                ),
                ("text", {"tokenizer": "prefix", "stemmer": {"type": "none"}}),
            )
        ),
        ("payload_schema", {"key": {"data_type": "keyword", "points": 0}}),
    ],
    ids=str,
)
def test_a_description_arrives_whole(path: str, value: Any) -> None:
    info, answer = with_part(path, value), q.GetCollectionInfoResponse()
    rpcs()["/qdrant.Collections/Get"].write(answer, info)
    wire = q.GetCollectionInfoResponse.FromString(answer.SerializeToString())

    read = GrpcToRest.convert_collection_info(wire.result).model_dump(mode="json", exclude_none=True)
    assert read == info


def test_settings_can_be_made_changed_and_read_back(client: QdrantClient) -> None:
    client.create_collection(
        "films",
        {"text": models.VectorParams(size=4, distance=models.Distance.COSINE)},
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        hnsw_config=models.HnswConfigDiff(m=8),
        metadata={"made": "by hand"},
    )
    client.update_collection(
        "films",
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
        vectors_config={"text": models.VectorParamsDiff(on_disk=True)},
        quantization_config=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8)
        ),
    )
    config = client.get_collection("films").config

    assert config.params.vectors["text"].on_disk is True
    assert config.params.sparse_vectors["words"].modifier is models.Modifier.IDF
    assert (config.hnsw_config.m, config.optimizer_config.indexing_threshold) == (8, 0)
    assert config.quantization_config.scalar.type is models.ScalarType.INT8
    assert config.metadata == {"made": "by hand"}

    client.update_collection("films", quantization_config=models.Disabled.DISABLED)
    assert client.get_collection("films").config.quantization_config is None


def test_deleting_what_is_not_there_is_false(client: QdrantClient) -> None:
    assert client.delete_collection("films") is False


def test_aliases_come_and_go(client: QdrantClient) -> None:
    client.create_collection("films", models.VectorParams(size=2, distance=models.Distance.DOT))
    made = models.CreateAliasOperation(
        create_alias=models.CreateAlias(collection_name="films", alias_name="movies")
    )
    renamed = models.RenameAliasOperation(
        rename_alias=models.RenameAlias(old_alias_name="movies", new_alias_name="cinema")
    )
    gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name="cinema"))

    client.update_collection_aliases([made, renamed])
    assert [(a.alias_name, a.collection_name) for a in client.get_aliases().aliases] == [("cinema", "films")]
    assert client.get_collection_aliases("films").aliases == client.get_aliases().aliases

    client.update_collection_aliases([gone])
    assert client.get_aliases().aliases == []


def test_snapshots_are_taken_listed_and_removed(client: QdrantClient) -> None:
    client.create_collection("films", models.VectorParams(size=2, distance=models.Distance.DOT))
    taken, whole = client.create_snapshot("films"), client.create_full_snapshot()
    assert taken is not None
    assert whole is not None

    assert taken.size > 0
    assert client.list_snapshots("films") == [taken]
    assert whole in client.list_full_snapshots()

    client.delete_snapshot("films", taken.name)
    client.delete_full_snapshot(whole.name)
    assert client.list_snapshots("films") == []
    assert whole not in client.list_full_snapshots()
