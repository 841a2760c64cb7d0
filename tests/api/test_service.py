"""What the server tells of itself, and the answers of a cluster where there is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.calls import Api
from tests.api.schema import check, check_result
from workbench.api import resources
from workbench.api.request_statistics import Recorder
from workbench.api.service import service_of
from workbench.engine import open_engine

SMALL = {"vectors": {"size": 2, "distance": "Dot"}}
NAMED = {
    "vectors": {"a": {"size": 2, "distance": "Dot", "hnsw_config": {"m": 8}}},
    "sparse_vectors": {"s": {"modifier": "idf"}},
    "metadata": {"owner": "Ada"},
}
POINTS = {"points": [{"id": i, "vector": [i, 1.0]} for i in range(5)]}


@pytest.fixture
def filled(api: Api) -> Api:
    """A collection ``a`` of five points, and ``named`` of none."""
    api("create_collection", "a", SMALL)
    api("upsert_points", "a", POINTS, wait=True)
    api("create_collection", "named", NAMED)
    return api


def test_the_root_tells_the_version_that_is_spoken(api: Api) -> None:
    assert check(api("root"), "VersionInfo")["version"] == "1.19.0"


def test_probes_answer_in_qdrants_words(api: Api) -> None:
    assert [api(name) for name in ("healthz", "livez", "readyz")] == [
        "healthz check passed",
        "healthz check passed",
        "all shards are ready",
    ]


# -- telemetry -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", range(11))
@pytest.mark.parametrize("anonymize", [False, True])
def test_telemetry_has_the_shape_of_the_schema(filled: Api, level: int, anonymize: bool) -> None:
    filled.service.requests.observe("rest", "GET /collections", 200, 0.002)
    told = filled("telemetry", details_level=level, anonymize=anonymize, per_collection=True)
    check(json.loads(json.dumps(told)), "TelemetryData")
    assert told["collections"]["number_of_collections"] == 2
    assert ("collections" in told["collections"]) == (level >= 1)


def test_the_deepest_telemetry_names_every_segment(filled: Api) -> None:
    (first, second) = filled("telemetry", details_level=4)["collections"]["collections"]
    local = first["shards"][0]["local"]
    assert (first["id"], local["num_points"], local["num_vectors_by_name"]) == ("a", 5, {"": 5})
    assert [segment["info"]["num_points"] for segment in local["segments"]] == [5]
    assert second["config"]["metadata"] == {"owner": "Ada"}


def test_anonymous_telemetry_names_nothing(filled: Api) -> None:
    told = json.dumps(filled("telemetry", details_level=10, anonymize=True))
    assert "Ada" not in told
    assert '"named"' not in told


def test_telemetry_counts_what_surfaces_report(api: Api) -> None:
    api("create_collection", "a", SMALL)
    seen = api.service.requests
    seen.observe("rest", "GET /collections/{collection_name}", 200, 0.002, "a")
    seen.observe("rest", "GET /collections/{collection_name}", 200, 0.004, "b")
    seen.observe("grpc", "/qdrant.Points/Upsert", 0, 0.001, "a")
    rest = api("telemetry", per_collection=True)["requests"]["rest"]
    one = rest["responses"]["GET /collections/{collection_name}"]["200"]
    assert (one["count"], one["min_duration_micros"], one["total_duration_micros"]) == (2, 2000, 6000)
    assert rest["per_collection_responses"]["a"]["GET /collections/{collection_name}"]["200"]["count"] == 1


def test_a_recorder_spreads_times_over_buckets() -> None:
    seen = Recorder()
    for seconds in (0.00005, 0.0005, 99.0):
        seen.observe("rest", "GET /", 200, seconds)
    (one,) = seen.seen("rest").values()
    assert (one.buckets[0], one.buckets[1], one.buckets[-1]) == (1, 1, 1)


# -- metrics ---------------------------------------------------------------------------------------------


def lines(text: str) -> dict[str, str]:
    """Return the samples by name and labels."""
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")


def test_vectors_of_deleted_and_replaced_points_are_not_counted(filled: Api) -> None:
    filled("upsert_points", "a", {"points": [{"id": 0, "vector": {}}]})
    filled("delete_points", "a", {"points": [1]})
    told = lines(filled("metrics"))
    assert told['collection_vectors{collection="a",vector=""}'] == "3.0"
    (own,) = (
        c for c in filled("telemetry", details_level=10)["collections"]["collections"] if c["id"] == "a"
    )
    (segment,) = own["shards"][0]["local"]["segments"]
    assert segment["info"]["num_vectors"] == 3
    assert segment["info"]["num_deleted_vectors"] == 2


def test_metrics_have_qdrants_names(filled: Api) -> None:
    filled.service.requests.observe("rest", "GET /collections", 200, 0.002)
    filled.service.requests.observe("rest", "GET /collections", 500, 0.002)
    filled.service.requests.observe("grpc", "/qdrant.Points/Upsert", 0, 0.001)
    told = lines(filled("metrics"))
    where = 'endpoint="/collections",method="GET"'
    assert {
        name: told[name] for name in told if name.startswith(("app_info", "coll", "rest_responses_total"))
    } == {
        'app_info{name="workbench",version="1.19.0"}': "1.0",
        "collections_total": "2.0",
        "collections_vector_total": "5.0",
        'collection_points{id="a"}': "5.0",
        'collection_points{id="named"}': "0.0",
        'collection_vectors{collection="a",vector=""}': "5.0",
        'collection_vectors{collection="named",vector="a"}': "0.0",
        'collection_vectors{collection="named",vector="s"}': "0.0",
        'collection_running_optimizations{id="a"}': "0.0",
        'collection_running_optimizations{id="named"}': "0.0",
        'collection_indexed_only_excluded_points{id="a",vector=""}': "0.0",
        'collection_indexed_only_excluded_points{id="named",vector="a"}': "0.0",
        'collection_indexed_only_excluded_points{id="named",vector="s"}': "0.0",
        "collection_active_replicas_min": "1.0",
        "collection_active_replicas_max": "1.0",
        "collection_dead_replicas": "0.0",
        'collection_update_queue_length{id="a"}': "0.0",
        'collection_update_queue_length{id="named"}': "0.0",
        f'rest_responses_total{{{where},status="200"}}': "1.0",
        f'rest_responses_total{{{where},status="500"}}': "1.0",
    }
    assert told[f'rest_responses_fail_total{{{where},status="500"}}'] == "1.0"
    bucket = 'endpoint="/collections",le="0.005",method="GET",status="200"'
    assert told[f"rest_responses_duration_seconds_bucket{{{bucket}}}"] == "1.0"
    assert told['grpc_responses_total{endpoint="/qdrant.Points/Upsert",status="0"}'] == "1.0"
    assert float(told["memory_resident_bytes"]) > 1e6


def test_metrics_count_snapshots_since_the_start(filled: Api) -> None:
    assert lines(filled("metrics"))['snapshot_created_total{id="a"}'] == "0.0"
    filled("create_snapshot", "a", wait=True)
    told = lines(filled("metrics"))
    assert told['snapshot_created_total{id="a"}'] == "1.0"
    assert told['snapshot_created_total{id="named"}'] == "0.0"
    assert told['snapshot_creation_running{id="a"}'] == told['snapshot_recovery_running{id="a"}'] == "0.0"


def test_metrics_tell_of_quotas_that_are_set(filled: Api) -> None:
    assert not any(name.startswith("quota_exceeded") for name in lines(filled("metrics")))
    filled("update_quotas", "", {"enabled": True, "max_resident_memory_percent": 100})
    quotas = {name: told for name, told in lines(filled("metrics")).items() if name.startswith("quota_")}
    assert quotas == {'quota_exceeded{resource="memory"}': "0.0"}
    assert filled("telemetry")["quota"]["exceeded"] == {"resident_memory": False}


def test_metrics_can_hide_names_and_tell_collections_apart(filled: Api) -> None:
    filled.service.requests.observe("rest", "GET /collections/{collection_name}", 200, 0.002, "named")
    assert 'collection="named"' in filled("metrics", per_collection=True)
    assert "named" not in filled("metrics", per_collection=True, anonymize=True)


# -- quotas ----------------------------------------------------------------------------------------------


def test_a_quota_that_is_reached_refuses_more_but_lets_go(
    filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = check({"enabled": True, "max_resident_memory_percent": 50}, "QuotaConfig")
    assert filled("update_quotas", "", body) is True
    used = {"percent": 50}
    monkeypatch.setattr("workbench.api.quotas.resident_percent", lambda: used["percent"])
    text = (
        "Insufficient storage: Resident memory usage is at 50% of total memory, exceeding the configured "
        "limit of 50%. Help: Reduce memory usage (e.g. delete points or drop collections), or raise "
        "`max_resident_memory_percent` in the global quota config."
    )
    assert filled.fails("upsert_points", "a", POINTS) == (507, text)
    batch = {"operations": [{"delete": {"points": [1]}}, {"upsert": POINTS}]}
    assert filled.fails("batch_update", "a", batch)[0] == 507
    assert filled("get_quotas") == check_result(
        {"config": body, "usage": filled("get_quotas")["usage"]}, "/quotas", "get"
    )
    filled("delete_points", "a", {"points": [1]}, wait=True)
    used["percent"] = 46  # not yet below the limit by the margin
    assert filled.fails("upsert_points", "a", POINTS)[0] == 507
    used["percent"] = 44
    filled("upsert_points", "a", POINTS, wait=True)


def test_quotas_survive_a_restart(tmp_path: Path) -> None:
    body = {"enabled": True, "max_disk_usage_percent": 99, "release_margin_percent": 0}
    with open_engine(tmp_path) as engine:
        Api(service_of(engine))("update_quotas", "", body)
    with open_engine(tmp_path) as engine:
        told = Api(service_of(engine))("get_quotas")
        assert told["config"] == body
        assert 0 <= told["usage"]["disk_usage_percent"] <= 100


def test_quotas_outside_their_range_are_refused(api: Api) -> None:
    assert api.fails("update_quotas", "", {"max_disk_usage_percent": 101}) == (
        422,
        "Validation error in JSON body: [max_disk_usage_percent: value 101 invalid, must be from 1 to 100]",
    )


def test_the_system_tells_what_is_used() -> None:
    assert 0 <= (resources.resident_percent() or 0) <= 100
    assert (resources.total_memory() or 0) > (resources.resident_bytes() or 0) > 0


# -- issues ----------------------------------------------------------------------------------------------


def test_a_slow_query_on_a_field_without_index_is_an_issue(
    filled: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filled("get_issues") == {"issues": []}
    monkeypatch.setattr("workbench.api.service.SLOW_S", -1.0)
    body = {"filter": {"must": [{"key": "city", "match": {"value": "Oslo"}}, {"has_id": [1]}]}}
    filled("count_points", "a", body)
    (issue,) = filled("get_issues")["issues"]
    assert (issue["id"], issue["related_collection"]) == ("UNINDEXED_FIELD/a/city", "a")
    assert issue["solution"]["immediate"]["action"]["body"] == {
        "field_name": "city",
        "field_schema": "keyword",
    }
    assert filled("clear_issues") is True
    assert filled("get_issues") == {"issues": []}


# -- optimizations ---------------------------------------------------------------------------------------


def test_optimizations_tell_what_was_done(api: Api) -> None:
    api("create_collection", "c", {**SMALL, "optimizers_config": {"indexing_threshold": 1}})
    points = [{"id": i, "vector": [i, 1.0]} for i in range(400)]
    api("upsert_points", "c", {"points": points}, wait=True)
    api.service.engine.collection("c").upkeep.wait(30)
    told = check(
        api("get_optimizations", "c", **{"with": "queued,completed,idle_segments"}), "OptimizationsResponse"
    )
    (done,) = told["completed"]
    assert (done["optimizer"], done["status"], done["segments"][0]["points_count"]) == (
        "indexing",
        "done",
        400,
    )
    assert (told["running"], told["queued"]) == ([], [])
    assert sorted(segment["points_count"] for segment in told["idle_segments"]) == [0, 400]
    assert told["summary"]["idle_segments"] == 2
    assert api("get_optimizations", "c", **{"with": "completed", "completed_limit": 0})["completed"] == []
    assert set(api("get_optimizations", "c")) == {"summary", "running"}
    check(api("telemetry", details_level=10), "TelemetryData")


def test_optimizations_know_three_parts(filled: Api) -> None:
    status, text = filled.fails("get_optimizations", "a", **{"with": "everything"})
    assert (status, text[:51]) == (400, "Format error in JSON body: with: unknown variant `e")


# -- cluster ---------------------------------------------------------------------------------------------


def test_there_is_no_cluster(filled: Api) -> None:
    assert check(filled("cluster_status"), "ClusterStatus") == {"status": "disabled"}
    info = check(filled("collection_cluster_info", "a"), "CollectionClusterInfo")
    assert info["local_shards"] == [{"shard_id": 0, "points_count": 5, "state": "Active"}]
    check_result(filled("cluster_telemetry"), "/cluster/telemetry", "get")
    check(filled("list_shard_keys", "a"), "ShardKeysResponse")


@pytest.mark.parametrize(
    ("name", "collection", "body", "failure"),
    [
        ("recover_current_peer", "", None, (405, "Qdrant is running in standalone mode")),
        ("remove_peer", "", None, (405, "Qdrant is running in standalone mode")),
        ("update_collection_cluster", "a", {}, (405, "Qdrant is running in standalone mode")),
        ("create_shard_key", "a", {"shard_key": "x"}, (400, "Bad request: Distributed mode disabled")),
        ("delete_shard_key", "a", {"shard_key": 1}, (400, "Bad request: Distributed mode disabled")),
    ],
)
def test_calls_for_a_cluster_are_refused(
    filled: Api, name: str, collection: str, body: Any, failure: tuple[int, str]
) -> None:
    assert filled.fails(name, collection, body, path={"peer_id": "1"}) == failure
