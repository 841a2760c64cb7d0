"""The reference of the points API, line by line, over REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import workbench as wb

P = "/collections/X/points"
UUID = "936da01f-9abd-4d9d-80c7-02af85c822a8"


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """Have a collection X with two named vectors, and three points in it."""
    with (
        wb.open() as database,
        database.serve(http_port=0, grpc_port=None) as server,
        httpx.Client(base_url=str(server.url)) as client,
    ):
        vectors = {name: {"size": 2, "distance": "Dot"} for name in ("image", "text")}
        client.put("/collections/X", json={"vectors": vectors}).raise_for_status()
        points = [
            {"id": 1, "payload": {"color": "red"}, "vector": {"image": [1, 0], "text": [0, 1]}},
            {"id": 2, "payload": {"color": "blue"}, "vector": {"image": [0, 1]}},
            {"id": UUID, "payload": {"color": "red"}, "vector": {"text": [1, 1]}},
        ]
        client.put(f"{P}?wait=true", json={"points": points}).raise_for_status()
        yield client


def result(response: httpx.Response) -> Any:
    answer = response.json()
    assert response.status_code == 200, answer
    assert set(answer) >= {"result", "status", "time"}
    return answer["result"]


def point(http: httpx.Client, point_id: Any) -> dict[str, Any]:
    return result(http.get(f"{P}/{point_id}"))


def test_a_write_is_acknowledged_or_completed(http: httpx.Client) -> None:
    body = {"points": [{"id": 7, "vector": {}}]}
    first = result(http.put(P, json=body))
    assert first["status"] == "acknowledged"
    assert result(http.put(f"{P}?wait=false", json=body))["status"] == "acknowledged"
    last = result(http.put(f"{P}?wait=true", json=body))
    assert last["status"] == "completed"
    assert last["operation_id"] > first["operation_id"]


@pytest.mark.parametrize("spelling", [UUID, UUID.replace("-", ""), f"urn:uuid:{UUID}"])
def test_an_id_may_be_spelled_in_any_way_in_any_request(http: httpx.Client, spelling: str) -> None:
    assert point(http, spelling)["id"] == UUID
    assert result(http.post(P, json={"ids": [spelling]}))[0]["id"] == UUID
    http.post(f"{P}/delete?wait=true", json={"points": [spelling]})
    assert http.get(f"{P}/{UUID}").status_code == 404


def test_the_largest_id_is_a_u64(http: httpx.Client) -> None:
    http.put(f"{P}?wait=true", json={"points": [{"id": 2**64 - 1, "vector": {}}]})
    assert point(http, 2**64 - 1)["id"] == 18446744073709551615


def test_columns_are_as_good_as_rows(http: httpx.Client) -> None:
    batch = {
        "ids": [10, 11],
        "payloads": [{"color": "green"}, None],
        "vectors": {"image": [[1, 2], [3, 4]], "text": [[5, 6], [7, 8]]},
    }
    result(http.put(f"{P}?wait=true", json={"batch": batch}))
    assert point(http, 10)["payload"] == {"color": "green"}
    assert point(http, 11)["vector"] == {"image": [3.0, 4.0], "text": [7.0, 8.0]}


def test_the_same_call_twice_is_the_same_as_once(http: httpx.Client) -> None:
    body = {"points": [{"id": 1, "payload": {"a": 1}, "vector": {"image": [5, 5]}}]}
    for _ in range(2):
        result(http.put(f"{P}?wait=true", json=body))
        assert result(http.post(f"{P}/count", json={})) == {"count": 3}
        assert point(http, 1)["payload"] == {"a": 1}


def test_a_second_upsert_replaces_the_whole_point(http: httpx.Client) -> None:
    http.put(f"{P}?wait=true", json={"points": [{"id": 1, "vector": {"image": [9, 9]}}]})
    assert point(http, 1) == {"id": 1, "payload": {}, "vector": {"image": [9.0, 9.0]}}


def test_an_update_of_vectors_leaves_the_others(http: httpx.Client) -> None:
    http.put(f"{P}/vectors?wait=true", json={"points": [{"id": 1, "vector": {"image": [9, 9]}}]})
    assert point(http, 1)["vector"] == {"image": [9.0, 9.0], "text": [0.0, 1.0]}
    assert point(http, 1)["payload"] == {"color": "red"}


def test_an_update_of_vectors_needs_the_points_to_exist(http: httpx.Client) -> None:
    refused = http.put(f"{P}/vectors?wait=true", json={"points": [{"id": 99, "vector": {"image": [9, 9]}}]})
    assert refused.status_code == 404
    assert refused.json()["status"]["error"] == "Not found: No point with id 99 found"


def test_vectors_are_deleted_by_name(http: httpx.Client) -> None:
    http.post(f"{P}/vectors/delete?wait=true", json={"points": [1], "vector": ["text"]})
    assert point(http, 1)["vector"] == {"image": [1.0, 0.0]}


def test_payload_is_set_overwritten_deleted_and_cleared(http: httpx.Client) -> None:
    http.post(f"{P}/payload?wait=true", json={"payload": {"size": "L"}, "points": [1]})
    assert point(http, 1)["payload"] == {"color": "red", "size": "L"}
    red = {"must": [{"key": "color", "match": {"value": "red"}}]}
    http.post(f"{P}/payload?wait=true", json={"payload": {"warm": True}, "filter": red})
    assert point(http, UUID)["payload"] == {"color": "red", "warm": True}
    http.post(f"{P}/payload/delete?wait=true", json={"keys": ["warm"], "filter": red})
    assert point(http, UUID)["payload"] == {"color": "red"}
    http.put(f"{P}/payload?wait=true", json={"payload": {"new": 1}, "points": [1]})
    assert point(http, 1)["payload"] == {"new": 1}
    http.post(f"{P}/payload/clear?wait=true", json={"points": [1]})
    assert point(http, 1)["payload"] == {}


def test_points_are_deleted_by_id_or_filter(http: httpx.Client) -> None:
    http.post(f"{P}/delete?wait=true", json={"points": [2, 404]})
    http.post(
        f"{P}/delete?wait=true",
        json={"filter": {"must": [{"key": "color", "match": {"value": "red"}}]}},
    )
    assert result(http.post(f"{P}/count", json={})) == {"count": 0}


def test_points_are_read_with_what_is_asked_for(http: httpx.Client) -> None:
    body = {"ids": [2, 404], "with_payload": ["color"], "with_vector": ["image"]}
    found = result(http.post(P, json=body))
    assert found == [{"id": 2, "payload": {"color": "blue"}, "vector": {"image": [0.0, 1.0]}}]


def test_a_scroll_is_sorted_by_id_and_ends_with_null(http: httpx.Client) -> None:
    first = result(http.post(f"{P}/scroll", json={"limit": 2, "with_payload": False, "with_vector": False}))
    assert first == {"points": [{"id": 1}, {"id": 2}], "next_page_offset": UUID}
    last = result(http.post(f"{P}/scroll", json={"limit": 2, "offset": UUID}))
    assert [p["id"] for p in last["points"]] == [UUID]
    assert last["next_page_offset"] is None


def test_points_are_counted_by_filter(http: httpx.Client) -> None:
    red = {"must": [{"key": "color", "match": {"value": "red"}}]}
    assert result(http.post(f"{P}/count", json={"filter": red, "exact": True})) == {"count": 2}


def test_a_batch_is_done_in_order(http: httpx.Client) -> None:
    operations: list[dict[str, Any]] = [
        {"upsert": {"points": [{"id": 5, "payload": {"a": 1}, "vector": {"image": [1, 1], "text": [2, 2]}}]}},
        {"update_vectors": {"points": [{"id": 5, "vector": {"image": [3, 3]}}]}},
        {"delete_vectors": {"points": [5], "vector": ["text"]}},
        {"overwrite_payload": {"payload": {"b": 1, "c": 1}, "points": [5]}},
        {"set_payload": {"payload": {"d": 1}, "points": [5]}},
        {"delete_payload": {"keys": ["b"], "points": [5]}},
        {"clear_payload": {"points": [2]}},
        {"delete": {"points": [1]}},
        {"delete_points": {"points": [UUID]}},
    ]
    answers = result(http.post(f"{P}/batch?wait=true", json={"operations": operations}))
    assert [answer["status"] for answer in answers] == ["completed"] * 9
    assert point(http, 5) == {"id": 5, "payload": {"c": 1, "d": 1}, "vector": {"image": [3.0, 3.0]}}
    assert point(http, 2)["payload"] == {}
    assert result(http.post(f"{P}/count", json={})) == {"count": 2}
