"""Collections by the API: what is set is echoed, what is wrong is refused in Qdrant's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.schema import check
from workbench.api.service import service_of
from workbench.engine import open_engine

SMALL = {"vectors": {"size": 4, "distance": "Dot"}}


def test_a_new_collection_shows_every_default(api: Api) -> None:
    assert api("create_collection", "cities", SMALL) is True
    assert check(api("get_collection", "cities"), "CollectionInfo") == {
        "status": "green",
        "optimizer_status": "ok",
        "indexed_vectors_count": 0,
        "points_count": 0,
        "segments_count": 1,
        "config": {
            "params": {
                "vectors": {"size": 4, "distance": "Dot"},
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
                "max_segment_size": None,
                "memmap_threshold": None,
                "indexing_threshold": 10000,
                "flush_interval_sec": 5,
                "max_optimization_threads": None,
                "prevent_unoptimized": None,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1},
            "quantization_config": None,
        },
        "payload_schema": {},
        "update_queue": {"length": 0},
    }


FULL: dict[str, Any] = {
    "vectors": {
        "image": {
            "size": 3,
            "distance": "Cosine",
            "hnsw_config": {"m": 8, "payload_m": 4},
            "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}},
            "on_disk": True,
            "memory": "cold",
            "datatype": "float16",
        },
        "words": {"size": 2, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}},
    },
    "sparse_vectors": {
        "text": {
            "modifier": "idf",
            "index": {"full_scan_threshold": 5, "on_disk": True, "datatype": "uint8", "memory": "cached"},
        }
    },
    "shard_number": 2,
    "sharding_method": "custom",
    "replication_factor": 3,
    "write_consistency_factor": 2,
    "on_disk_payload": False,
    "payload": {"memory": "cached"},
    "hnsw_config": {
        "m": 24,
        "ef_construct": 64,
        "full_scan_threshold": 77,
        "max_indexing_threads": 2,
        "on_disk": True,
        "memory": "pinned",
        "payload_m": 6,
        "inline_storage": True,
    },
    "wal_config": {"wal_capacity_mb": 8, "wal_segments_ahead": 1, "wal_retain_closed": 3},
    "optimizers_config": {
        "deleted_threshold": 0.4,
        "vacuum_min_vector_number": 200,
        "default_segment_number": 3,
        "max_segment_size": 5000,
        "memmap_threshold": 4000,
        "indexing_threshold": 0,
        "flush_interval_sec": 9,
        "max_optimization_threads": 2,
        "prevent_unoptimized": True,
    },
    "quantization_config": {"product": {"compression": "x16", "always_ram": True, "memory": "cached"}},
    "strict_mode_config": {
        "enabled": True,
        "max_query_limit": 50,
        "max_timeout": 9,
        "unindexed_filtering_retrieve": False,
        "unindexed_filtering_update": False,
        "search_max_hnsw_ef": 64,
        "search_allow_exact": False,
        "search_max_oversampling": 2.5,
        "upsert_max_batchsize": 10,
        "search_max_batchsize": 4,
        "max_collection_vector_size_bytes": 1000000,
        "read_rate_limit": 100,
        "write_rate_limit": 100,
        "max_collection_payload_size_bytes": 1000000,
        "max_points_count": 99,
        "filter_max_conditions": 3,
        "condition_max_size": 5,
        "multivector_config": {"words": {"max_vectors": 4}},
        "sparse_config": {"text": {"max_length": 6}},
        "max_payload_index_count": 2,
        "max_resident_memory_percent": 90,
    },
    "metadata": {"owner": "Ada", "nested": {"n": 1.5}},
}


def test_everything_that_is_set_is_echoed(api: Api) -> None:
    check(FULL, "CreateCollection")
    api("create_collection", "full", FULL)
    config = check(api("get_collection", "full"), "CollectionInfo")["config"]
    cluster = ("shard_number", "sharding_method", "replication_factor", "write_consistency_factor")
    for name in ("vectors", "sparse_vectors", "on_disk_payload", "payload", *cluster):
        assert config["params"][name] == FULL[name]
    assert config["optimizer_config"] == FULL["optimizers_config"]
    for name in ("hnsw_config", "wal_config", "quantization_config", "strict_mode_config", "metadata"):
        assert config[name] == FULL[name]


@pytest.mark.parametrize(
    "quantization",
    [
        {"scalar": {"type": "int8"}},
        {"product": {"compression": "x64"}},
        {"binary": {}},
        {"binary": {"encoding": "one_and_half_bits", "query_encoding": "scalar4bits", "memory": "cold"}},
        {"turbo": {"bits": "bits1_5", "always_ram": False}},
    ],
)
def test_each_quantization_is_echoed(api: Api, quantization: dict[str, Any]) -> None:
    api("create_collection", "q", {**SMALL, "quantization_config": quantization})
    info = check(api("get_collection", "q"), "CollectionInfo")
    assert info["config"]["quantization_config"] == quantization


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with open_engine(tmp_path) as engine:
        api = Api(service_of(engine))
        api("create_collection", "full", FULL)
        api("update_collection", "full", {"metadata": {"more": [1]}, "params": {"read_fan_out_factor": 1}})
        before = api("get_collection", "full")
    with open_engine(tmp_path) as engine:
        assert Api(service_of(engine))("get_collection", "full") == before


def test_vectors_may_be_missing(api: Api) -> None:
    api("create_collection", "payloads", {})
    info = check(api("get_collection", "payloads"), "CollectionInfo")
    assert info["config"]["params"]["vectors"] == {}


def test_a_vector_may_be_called_size(api: Api) -> None:
    vectors = {"size": {"size": 4, "distance": "Dot"}}
    api("create_collection", "odd", {"vectors": vectors})
    assert api("get_collection", "odd")["config"]["params"]["vectors"] == vectors


BODY = "Validation error in JSON body: "


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"vectors": {"size": 0, "distance": "Dot"}},
            "[vectors.size: value 0 invalid, must be from 1 to 65536]",
        ),
        (
            {"vectors": {"a": {"size": 65537, "distance": "Dot"}}},
            "[vectors.a.size: value 65537 invalid, must be from 1 to 65536]",
        ),
        (
            {"hnsw_config": {"ef_construct": 3}},
            "[hnsw_config.ef_construct: value 3 invalid, must be 4 or larger]",
        ),
        (
            {"hnsw_config": {"full_scan_threshold": 9}},
            "[hnsw_config.full_scan_threshold: value 9 invalid, must be 10 or larger]",
        ),
        (
            {"optimizers_config": {"vacuum_min_vector_number": 99}},
            "[optimizers_config.vacuum_min_vector_number: value 99 invalid, must be 100 or larger]",
        ),
        (
            {"optimizers_config": {"deleted_threshold": 1.5}},
            "[optimizers_config.deleted_threshold: value 1.5 invalid, must be from 0 to 1]",
        ),
        ({"replication_factor": 0}, "[replication_factor: value 0 invalid, must be from 1 to 4294967295]"),
        (
            {"wal_config": {"wal_capacity_mb": 0}},
            "[wal_config.wal_capacity_mb: value 0 invalid, must be 1 or larger]",
        ),
        (
            {"quantization_config": {"scalar": {"type": "int8", "quantile": 0.3}}},
            "[quantization_config.scalar.quantile: value 0.3 invalid, must be from 0.5 to 1.0]",
        ),
        (
            {"strict_mode_config": {"max_query_limit": 0}},
            "[strict_mode_config.max_query_limit: value 0 invalid, must be 1 or larger]",
        ),
    ],
)  # fmt: skip
def test_values_outside_their_range_are_refused(api: Api, body: dict[str, Any], text: str) -> None:
    assert api.fails("create_collection", "c", {**SMALL, **body}) == (422, BODY + text)
    assert api("get_collections") == {"collections": []}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"vectors": {"size": "4", "distance": "Dot"}},
            'vectors.size: invalid type: string "4", expected u64',
        ),
        ({"vectors": {"distance": "Dot"}}, "missing field `vectors.size`"),
        (
            {"vectors": {"size": 4, "distance": "Hamming"}},
            "vectors.distance: unknown variant `Hamming`, expected one of "
            "`Cosine`, `Euclid`, `Dot`, `Manhattan`",
        ),
        ({"on_disk_payload": 1}, "on_disk_payload: invalid type: integer `1`, expected a boolean"),
        (
            {"quantization_config": {"scalar": {}}},
            "missing field `quantization_config.scalar.type`",
        ),
    ],
)
def test_values_of_another_type_are_refused(api: Api, body: dict[str, Any], text: str) -> None:
    assert api.fails("create_collection", "c", body) == (400, f"Format error in JSON body: {text}")


def test_a_name_is_given_once(api: Api) -> None:
    api("create_collection", "cities", SMALL)
    assert api.fails("create_collection", "cities", SMALL) == (
        409,
        "Wrong input: Collection `cities` already exists!",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a/b", "[collection_name: collection name cannot contain \"/\" char]"),
        ("", "[collection_name: value \"\" invalid, must be from 1 to 255 characters]"),
    ],
)  # fmt: skip
def test_names_that_no_path_can_hold_are_refused(api: Api, name: str, text: str) -> None:
    assert api.fails("create_collection", name, SMALL) == (
        422,
        f"Validation error in path parameters: {text}",
    )


def test_a_name_has_at_most_255_bytes(api: Api) -> None:
    assert api("create_collection", "n" * 255, SMALL) is True
    status, text = api.fails("create_collection", "n" * 256, SMALL)
    assert status == 422
    assert text.endswith("must be from 1 to 255 characters]")


def test_collections_are_listed_found_and_removed(api: Api) -> None:
    api("create_collection", "b", SMALL)
    api("create_collection", "a", SMALL)
    assert check(api("get_collections"), "CollectionsResponse") == {
        "collections": [{"name": "a"}, {"name": "b"}]
    }
    assert check(api("collection_exists", "a"), "CollectionExistence") == {"exists": True}
    assert api("delete_collection", "a") is True
    assert api("delete_collection", "a") is False
    assert api("collection_exists", "a") == {"exists": False}
    assert api.fails("get_collection", "a") == (404, "Not found: Collection `a` doesn't exist!")


def config_of(api: Api, name: str = "c") -> dict[str, Any]:
    config: dict[str, Any] = check(api("get_collection", name), "CollectionInfo")["config"]
    return config


def test_a_change_leaves_what_it_does_not_name(api: Api) -> None:
    api("create_collection", "c", {**FULL})
    before = config_of(api)
    assert (
        api("update_collection", "c", {"hnsw_config": {"m": 32}, "params": {"read_fan_out_factor": 2}})
        is True
    )
    after = config_of(api)
    assert after["hnsw_config"] == {**before["hnsw_config"], "m": 32}
    assert after["params"] == {**before["params"], "read_fan_out_factor": 2}
    assert {**after, "hnsw_config": 0, "params": 0} == {**before, "hnsw_config": 0, "params": 0}


def test_the_settings_of_one_vector_are_changed_and_taken_back(api: Api) -> None:
    api("create_collection", "c", SMALL)
    change = {"hnsw_config": {"m": 4}, "quantization_config": {"binary": {}}, "on_disk": True}
    api("update_collection", "c", {"vectors": {"": change}})
    assert config_of(api)["params"]["vectors"] == {"size": 4, "distance": "Dot", **change}
    api("update_collection", "c", {"vectors": {"": {"hnsw_config": {}, "quantization_config": "Disabled"}}})
    assert config_of(api)["params"]["vectors"] == {"size": 4, "distance": "Dot", "on_disk": True}


def test_quantization_is_disabled_by_that_word(api: Api) -> None:
    api("create_collection", "c", {**SMALL, "quantization_config": {"binary": {}}})
    api("update_collection", "c", {"quantization_config": "Disabled"})
    assert config_of(api)["quantization_config"] is None


def test_metadata_is_merged_and_null_removes_a_key(api: Api) -> None:
    api("create_collection", "c", {**SMALL, "metadata": {"a": 1, "b": 2}})
    api("update_collection", "c", {"metadata": {"b": None, "c": [3]}})
    assert config_of(api)["metadata"] == {"a": 1, "c": [3]}


def test_threads_of_the_optimizer_may_be_automatic_again(api: Api) -> None:
    api("create_collection", "c", {**SMALL, "optimizers_config": {"max_optimization_threads": 4}})
    assert config_of(api)["optimizer_config"]["max_optimization_threads"] == 4
    api("update_collection", "c", {"optimizers_config": {"max_optimization_threads": "auto"}})
    assert config_of(api)["optimizer_config"]["max_optimization_threads"] is None


def test_a_vector_that_is_not_there_cannot_be_changed(api: Api) -> None:
    api("create_collection", "c", SMALL)
    for kind in ("vectors", "sparse_vectors"):
        assert api.fails("update_collection", "c", {kind: {"x": {}}}) == (
            400,
            "Wrong input: Not existing vector name error: x",
        )


def test_a_datatype_that_is_the_default_is_echoed_when_it_was_given(api: Api) -> None:
    vectors = {"size": 4, "distance": "Dot", "datatype": "float32"}
    api("create_collection", "c", {"vectors": vectors})
    assert config_of(api)["params"]["vectors"] == vectors


def test_settings_that_are_not_heeded_are_warned_of(api: Api) -> None:
    api("create_collection", "c", {**SMALL, "hnsw_config": {"inline_storage": True}})
    warned = [
        {
            "message": "The `hnsw_config.inline_storage` option for vector '' requires quantization to be "
            "enabled. This option will be ignored."
        }
    ]
    assert check(api("get_collection", "c"), "CollectionInfo")["warnings"] == warned
    api("update_collection", "c", {"quantization_config": {"binary": {}}})
    assert "warnings" not in api("get_collection", "c")


def test_a_collection_is_grey_while_work_waits_for_leave(api: Api) -> None:
    settings = {"indexing_threshold": 1, "max_optimization_threads": 0}
    api("create_collection", "c", {**SMALL, "optimizers_config": settings})
    points = [{"id": i, "vector": [i, 1.0, 0.0, 0.0]} for i in range(200)]
    api("upsert_points", "c", {"points": points}, wait=True)
    assert check(api("get_collection", "c"), "CollectionInfo")["status"] == "grey"
    api("update_collection", "c", {"optimizers_config": {"max_optimization_threads": "auto"}})
    api.service.engine.collection("c").upkeep.wait(30)
    info = api("get_collection", "c")
    assert (info["status"], info["indexed_vectors_count"], info["points_count"]) == ("green", 200, 200)


def test_sparse_vectors_count_as_indexed_at_once_and_those_without_a_graph_when_sealed(api: Api) -> None:
    body = {**SMALL, "sparse_vectors": {"words": {}}, "hnsw_config": {"m": 0}}
    api("create_collection", "c", body)
    words = {"indices": [7], "values": [1.0]}
    points = [{"id": 1, "vector": {"": [1.0, 2.0, 3.0, 4.0], "words": words}}, {"id": 2, "vector": [1.0] * 4}]
    api("upsert_points", "c", {"points": points}, wait=True)
    assert api("get_collection", "c")["indexed_vectors_count"] == 1
    api.service.engine.collection("c").upkeep.optimize()
    assert api("get_collection", "c")["indexed_vectors_count"] == 3


def test_dense_vectors_are_not_pinned(api: Api) -> None:
    vectors = {"size": 4, "distance": "Dot", "memory": "pinned"}
    assert api.fails("create_collection", "c", {"vectors": vectors}) == (
        422,
        "Validation error in JSON body: [vectors.memory: `pinned` is not supported for dense vector storage]",
    )
