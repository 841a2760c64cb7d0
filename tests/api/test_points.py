"""Points by the operations of the API; what these mean is in ``workbench.testing.client_points``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.api.calls import Api
from workbench import kernels
from workbench.collection import upkeep
from workbench.models.answers import UpdateResult

FORMAT = "Format error in JSON body: "


@pytest.fixture
def films(api: Api) -> Api:
    api("create_collection", "films", {"vectors": {"size": 2, "distance": "Dot"}})
    points = [{"id": i, "vector": [float(i), 1.0], "payload": {"n": i}} for i in range(1, 5)]
    api("upsert_points", "films", {"points": points}, wait=True)
    return api


def payloads(films: Api) -> dict[Any, Any]:
    page, _ = films("scroll_points", "films", {})
    return {record.id: record.payload for record in page}


def test_a_receipt_says_whether_the_caller_waited(films: Api) -> None:
    body = {"payload": {"a": 1}, "points": [1]}
    assert films("set_payload", "films", body) == UpdateResult(1, "acknowledged")
    assert films("set_payload", "films", body, wait="true") == UpdateResult(2, "completed")
    assert films("set_payload", "films", body, wait=True, ordering="strong", timeout="5").operation_id == 3


@pytest.fixture
def unoptimized_prevented(api: Api) -> Api:
    optimizers = {"indexing_threshold": 1, "prevent_unoptimized": True}
    params = {"vectors": {"size": 2, "distance": "Dot"}, "optimizers_config": optimizers}
    api("create_collection", "many", params)
    return api


def upserted(api: Api, **params: Any) -> tuple[str, int]:
    """Upsert 500 points; return the status of the receipt and how many are indexed then."""
    points = [{"id": i, "vector": [float(i), 1.0]} for i in range(500)]
    result = api("upsert_points", "many", {"points": points}, **params)
    return result.status, api("get_collection", "many")["indexed_vectors_count"]


def test_who_waits_where_unoptimized_is_prevented_waits_for_the_index(unoptimized_prevented: Api) -> None:
    kernels.warm(block=True)
    assert upserted(unoptimized_prevented, wait=True) == ("completed", 500)


def test_a_wait_for_the_index_ends_with_the_timeout_and_the_points_are_in(unoptimized_prevented: Api) -> None:
    with upkeep._one_build:  # as if another collection were being built
        assert upserted(unoptimized_prevented, wait=False) == ("acknowledged", 0)
        assert upserted(unoptimized_prevented, wait=True, timeout=1) == ("wait_timeout", 0)
        assert unoptimized_prevented("count_points", "many", {}) == 500


def test_records_are_plain_values_and_arrays(films: Api) -> None:
    (record,) = films("get_points", "films", {"ids": [2], "with_vector": True})
    assert (record.id, record.payload) == (2, {"n": 2})
    np.testing.assert_array_equal(record.vectors[""], [2.0, 1.0])
    (bare,) = films("get_points", "films", {"ids": [2], "with_payload": False})
    assert (bare.payload, bare.vectors) == (None, None)


def test_one_point_is_whole(films: Api) -> None:
    record = films("get_point", "films", path={"id": "3"})
    assert (record.id, record.payload, record.vectors[""].tolist()) == (3, {"n": 3}, [3.0, 1.0])


@pytest.mark.parametrize(
    ("point", "status", "text"),
    [
        ("99", 404, "Not found: Point with id 99 does not exists!"),
        ("abc", 400, 'Wrong input: Can not recognize "abc" as point id'),
        ("-1", 400, 'Wrong input: Can not recognize "-1" as point id'),
        (str(2**64), 400, f'Wrong input: Can not recognize "{2**64}" as point id'),
    ],
)
def test_a_point_that_is_not_there(films: Api, point: str, status: int, text: str) -> None:
    assert films.fails("get_point", "films", path={"id": point}) == (status, text)


def test_a_scroll_tells_where_the_next_page_begins(films: Api) -> None:
    page, following = films("scroll_points", "films", {"limit": 3})
    assert ([r.id for r in page], following) == ([1, 2, 3], 4)
    page, following = films("scroll_points", "films", {"limit": 3, "offset": following})
    assert ([r.id for r in page], following) == ([4], None)


def test_counts(films: Api) -> None:
    old = {"must": [{"key": "n", "range": {"lt": 3}}]}
    assert films("count_points", "films", {}) == 4
    assert films("count_points", "films", {"filter": old, "exact": False}) == 2


def test_a_batch_takes_the_older_name_of_a_deletion(films: Api) -> None:
    results = films("batch_update", "films", {"operations": [{"delete_points": {"points": [1, 2]}}]})
    assert results == [UpdateResult(1, "acknowledged")]
    assert list(payloads(films)) == [3, 4]


def test_a_batch_stops_at_the_first_write_that_fails(films: Api) -> None:
    operations = [
        {"clear_payload": {"points": [1]}},
        {"clear_payload": {"points": [99]}},
        {"delete": {"points": [2]}},
    ]
    failed = films.fails("batch_update", "films", {"operations": operations})
    assert failed == (404, "Not found: No point with id 99 found")
    assert payloads(films) == {1: {}, 2: {"n": 2}, 3: {"n": 3}, 4: {"n": 4}}


def test_a_collection_that_is_deleted_meanwhile_is_not_found(
    films: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = films.service.engine
    found, held = engine.collection, [engine.collection("films")]
    films("delete_collection", "films")
    monkeypatch.setattr(engine, "collection", lambda name: held.pop() if held else found(name))
    failed = films.fails("upsert_points", "films", {"points": [{"id": 1, "vector": [1.0, 2.0]}]})
    assert failed == (404, "Not found: Collection `films` doesn't exist!")


def test_points_come_in_the_order_asked_for_each_once(films: Api) -> None:
    found = films("get_points", "films", {"ids": [3, 99, 1, 3]})
    assert [record.id for record in found] == [3, 1]


@pytest.mark.parametrize("vectors", [[[0.5, True]], [[1, 2], [0, False]], [[0.5, 2], [True, False]]])
def test_true_and_false_are_no_numbers_of_a_vector(films: Api, vectors: list[list[Any]]) -> None:
    points = [{"id": 8 + i, "vector": vector} for i, vector in enumerate(vectors)]
    status, text = films.fails("upsert_points", "films", {"points": points})
    assert (status, "data did not match any variant of untagged enum Vector" in text) == (400, True)
    assert list(payloads(films)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "body", "params", "status", "text"),
    [
        ("upsert_points", [], {}, 400, f"{FORMAT}invalid type: sequence, expected an object"),
        ("upsert_points", {"points": []}, {}, 400, "Bad request: Empty update request"),
        (
            "upsert_points",
            {"points": [], "update_mode": "maybe"},
            {},
            400,
            f"{FORMAT}update_mode: unknown variant",
        ),
        ("delete_points", {"points": []}, {}, 400, "Bad request: Empty update request"),
        ("delete_points", {}, {}, 400, f"{FORMAT}Either list of points or filter must be provided"),
        ("delete_points", {"points": ["x"]}, {}, 400, f"{FORMAT}value x is not a valid point ID"),
        ("delete_points", {"points": [1], "shard_key": "a"}, {}, 400, "Bad request: Shard key a not found"),
        (
            "delete_points",
            {"points": [1]},
            {"ordering": "odd"},
            400,
            f"{FORMAT}ordering: unknown variant `odd`",
        ),
        ("delete_points", {"points": [1]}, {"timeout": 0}, 422, "Validation error in JSON body: [timeout: "),
        ("set_payload", {"points": [1]}, {}, 400, f"{FORMAT}missing field `payload`"),
        (
            "set_payload",
            {"points": [1], "payload": 3},
            {},
            400,
            f"{FORMAT}payload: invalid type: integer `3`",
        ),
        ("set_payload", {"payload": {}, "points": [1], "key": "a..b"}, {}, 400, ""),
        ("delete_payload", {"points": [1]}, {}, 400, f"{FORMAT}missing field `keys`"),
        ("delete_payload", {"points": [1], "keys": [1]}, {}, 400, f"{FORMAT}keys: invalid type"),
        ("update_vectors", {"points": []}, {}, 422, "Validation error in JSON body: [points: "),
        (
            "update_vectors",
            {"points": [{"id": 99, "vector": [1.0, 2.0]}]},
            {},
            404,
            "Not found: No point with id 99",
        ),
        (
            "delete_vectors",
            {"points": [1], "vector": []},
            {},
            422,
            "Validation error in JSON body: [vector: must specify vector names to delete]",
        ),
        (
            "update_vectors",
            {"points": []},
            {},
            422,
            "Validation error in JSON body: [points: must specify points to update]",
        ),
        (
            "update_vectors",
            {"points": [{"id": 1, "vector": [1.0, 2.0]}, {"id": 2, "vector": {}}]},
            {},
            422,
            "Validation error in JSON body: [points[1].vector: must specify vectors to update for point]",
        ),
        *(
            (
                "update_vectors",
                {"points": [{"id": 1, "vector": vector}]},
                {},
                422,
                "Validation error in JSON body: [points[0].vector: must specify vectors to update for point]",
            )
            for vector in ([], {"": []}, {"": [], "words": {"indices": [], "values": []}})
        ),
        (
            "set_payload",
            {"points": [1], "payload": {"b": 1}, "key": "a["},
            {},
            400,
            f"{FORMAT}invalid JSON path 'a['",
        ),
        (
            "delete_vectors",
            {"points": [1], "vector": ["x"]},
            {},
            400,
            "Wrong input: Not existing vector name error: x",
        ),
        (
            "batch_update",
            {"operations": [{"jump": {}}]},
            {},
            400,
            f"{FORMAT}operations[0]: data did not match",
        ),
        ("get_points", {}, {}, 400, f"{FORMAT}missing field `ids`"),
        ("get_points", {"ids": [1]}, {"consistency": "most"}, 400, f"{FORMAT}consistency: failed to parse"),
        ("scroll_points", {"limit": 0}, {}, 422, "Validation error in JSON body: [limit: value 0 invalid"),
        ("scroll_points", {"limit": "9"}, {}, 400, f'{FORMAT}limit: invalid type: string "9", expected u64'),
        (
            "count_points",
            {"exact": 1},
            {},
            400,
            f"{FORMAT}exact: invalid type: integer `1`, expected a boolean",
        ),
        ("count_points", {"filter": 1}, {}, 400, ""),
    ],
)
def test_what_is_refused_changes_nothing(
    films: Api, name: str, body: Any, params: dict[str, Any], status: int, text: str
) -> None:
    before = payloads(films)
    got, message = films.fails(name, "films", body, **params)
    assert (got, message[: len(text)]) == (status, text)
    assert payloads(films) == before
    assert films("get_point", "films", path={"id": "1"}).vectors[""].tolist() == [1.0, 1.0]
