from __future__ import annotations

import uuid

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench.errors import FormatError, InvalidRequest, NotFound
from workbench.surfaces.client import uploads

SPELLINGS = (
    "936da01f-9abd-4d9d-80c7-02af85c822a8",
    "936DA01F9ABD4D9D80C702AF85C822A8",
    "urn:uuid:936da01f-9abd-4d9d-80c7-02af85c822a8",
)


def test_points_come_back_as_they_went_in(films: QdrantClient) -> None:
    (alien,) = films.retrieve("films", [1], with_vectors=True)
    assert alien.id == 1
    assert alien.vector == [1.0, 0.0]
    assert alien.payload == {"title": "Alien", "genre": "horror", "year": 1979}


def test_retrieve_keeps_the_order_and_passes_over_what_is_not_there(films: QdrantClient) -> None:
    assert [p.id for p in films.retrieve("films", [3, 99, 1])] == [3, 1]


def test_three_spellings_of_a_uuid_are_one_point(films: QdrantClient) -> None:
    for year, spelling in enumerate(SPELLINGS):
        films.upsert("films", [models.PointStruct(id=spelling, vector=[0.0, 0.0], payload={"year": year})])
    assert films.count("films").count == 5
    for spelling in (*SPELLINGS, uuid.UUID(SPELLINGS[0])):
        (point,) = films.retrieve("films", [spelling])
        assert (point.id, point.payload) == (SPELLINGS[0], {"year": 2})


def test_an_upsert_replaces_the_whole_point(films: QdrantClient) -> None:
    films.upsert("films", [models.PointStruct(id=1, vector=[0.1, 0.2], payload={"title": "Aliens"})])
    (point,) = films.retrieve("films", [1], with_vectors=True)
    assert point.payload == {"title": "Aliens"}
    assert point.vector == pytest.approx([0.1, 0.2])


def test_of_equal_ids_in_a_batch_the_last_wins(films: QdrantClient) -> None:
    films.upsert(
        "films", [models.PointStruct(id=7, vector=[n, n], payload={"n": n}) for n in (1.0, 2.0, 3.0)]
    )
    assert films.retrieve("films", [7])[0].payload == {"n": 3.0}
    assert films.count("films").count == 5


def test_a_batch_of_columns_is_the_same_as_points(films: QdrantClient) -> None:
    films.upsert("films", models.Batch(ids=[8, 9], vectors=[[1.0, 1.0], [2.0, 2.0]], payloads=[{"a": 1}, {}]))
    assert films.retrieve("films", [9, 8], with_vectors=True) == [
        models.Record(id=9, payload={}, vector=[2.0, 2.0]),
        models.Record(id=8, payload={"a": 1}, vector=[1.0, 1.0]),
    ]


def test_points_may_be_mappings_and_vectors_arrays(films: QdrantClient) -> None:
    films.upsert("films", [{"id": 8, "vector": np.array([1.0, 2.0])}, {"id": 9, "vector": [3, 4]}])
    assert [p.vector for p in films.retrieve("films", [8, 9], with_vectors=True)] == [[1.0, 2.0], [3.0, 4.0]]


def test_the_receipt_says_acknowledged_to_a_caller_who_does_not_wait(films: QdrantClient) -> None:
    point = models.PointStruct(id=8, vector=[0.0, 1.0])
    assert films.upsert("films", [point], wait=False).status == models.UpdateStatus.ACKNOWLEDGED
    first = films.upsert("films", [point], wait=True)
    second = films.upsert("films", [point], wait=True)
    assert first.status == models.UpdateStatus.COMPLETED
    assert second.operation_id == first.operation_id + 1


def test_named_vectors_may_be_left_out_and_then_are_gone(client: QdrantClient) -> None:
    plane = models.VectorParams(size=2, distance=models.Distance.DOT)
    client.create_collection("films", {"plot": plane, "poster": plane})
    both = models.PointStruct(id=1, vector={"plot": [1.0, 0.0], "poster": [0.0, 1.0]})
    plot = models.PointStruct(id=2, vector={"plot": [2.0, 0.0]})
    client.upsert("films", [both, plot, models.PointStruct(id=3, vector={})])
    vectors = [p.vector for p in client.retrieve("films", [1, 2, 3], with_vectors=True)]
    assert vectors == [{"plot": [1.0, 0.0], "poster": [0.0, 1.0]}, {"plot": [2.0, 0.0]}, {}]
    assert client.retrieve("films", [1], with_vectors=["poster"])[0].vector == {"poster": [0.0, 1.0]}
    assert [h.id for h in client.query_points("films", [0.0, 1.0], using="poster").points] == [1]
    client.upsert("films", [models.PointStruct(id=1, vector={"poster": [0.0, 3.0]})])
    assert client.retrieve("films", [1], with_vectors=True)[0].vector == {"poster": [0.0, 3.0]}


def test_upload_points_takes_any_iterable_and_records(
    films: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_BATCH", 1000)
    films.upload_points("films", (models.PointStruct(id=i, vector=[0.0, float(i)]) for i in range(10, 2500)))
    records, _ = films.scroll("films", limit=2, with_vectors=True)
    films.create_collection("copy", models.VectorParams(size=2, distance=models.Distance.DOT))
    films.upload_points("copy", records)
    assert films.count("films").count == 2494
    assert [p.id for p in films.scroll("copy")[0]] == [1, 2]


def test_upload_collection_takes_arrays_payloads_and_ids(
    films: QdrantClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_BATCH", 1000)
    vectors = np.arange(6000, dtype=np.float32).reshape(3000, 2)
    films.upload_collection(
        "films", vectors, payload=({"n": n} for n in range(3000)), ids=np.arange(10, 3010)
    )
    assert films.count("films").count == 3004
    (last,) = films.retrieve("films", [3009], with_vectors=True)
    assert (last.payload, last.vector) == ({"n": 2999}, [5998.0, 5999.0])


def test_upload_collection_gives_ids_where_there_are_none(films: QdrantClient) -> None:
    films.upload_collection("films", vectors={"": np.ones((2, 2))})
    assert films.count("films").count == 6


def test_payloads_hold_what_json_holds(films: QdrantClient) -> None:
    payload = {"deep": {"list": [1, 2.5, None, True, "ü"]}, "number": np.int64(3), "array": np.array([1, 2])}
    films.upsert("films", [{"id": 8, "vector": [0.0, 0.0], "payload": payload}])
    expected = {"deep": {"list": [1, 2.5, None, True, "ü"]}, "number": 3, "array": [1, 2]}
    assert films.retrieve("films", [8])[0].payload == expected


@pytest.mark.parametrize(
    ("with_payload", "payload"),
    [
        (True, {"title": "Alien", "genre": "horror", "year": 1979}),
        (False, None),
        (["year"], {"year": 1979}),
        (models.PayloadSelectorInclude(include=["title", "year"]), {"title": "Alien", "year": 1979}),
        (models.PayloadSelectorExclude(exclude=["title", "year"]), {"genre": "horror"}),
    ],
)
def test_a_payload_is_cut_down_as_asked(films: QdrantClient, with_payload: object, payload: object) -> None:
    assert films.retrieve("films", [1], with_payload=with_payload)[0].payload == payload


def genre(name: str) -> models.Filter:
    return models.Filter(must=[models.FieldCondition(key="genre", match=models.MatchValue(value=name))])


@pytest.mark.parametrize(
    "selector",
    [
        [1, 3, 99],
        models.PointIdsList(points=[1, 3]),
        genre("horror"),
        models.FilterSelector(filter=genre("horror")),
        models.Filter(must=[models.HasIdCondition(has_id=[1, 3])]),
    ],
)
def test_points_are_deleted_by_ids_or_filter(films: QdrantClient, selector: object) -> None:
    films.delete("films", points_selector=selector)
    assert [p.id for p in films.scroll("films")[0]] == [2, 4]


def test_scroll_goes_through_all_points_in_order_of_id(films: QdrantClient) -> None:
    films.upsert("films", [models.PointStruct(id=SPELLINGS[0], vector=[0.0, 0.0])])
    first, offset = films.scroll("films", limit=3)
    assert ([p.id for p in first], offset) == ([1, 2, 3], 4)
    second, offset = films.scroll("films", limit=1, offset=offset)
    assert ([p.id for p in second], offset) == ([4], SPELLINGS[0])
    last, offset = films.scroll("films", limit=3, offset=offset)
    assert ([p.id for p in last], offset) == ([SPELLINGS[0]], None)


def test_scroll_and_count_take_filters(films: QdrantClient) -> None:
    new = models.Filter(must=[models.FieldCondition(key="year", range=models.Range(gte=1980))])
    assert [p.id for p in films.scroll("films", scroll_filter=new)[0]] == [2, 4]
    assert films.count("films", count_filter=new).count == 2
    missing = models.Filter(must=[models.FieldCondition(key="nope", match=models.MatchValue(value=1))])
    assert films.count("films", count_filter=missing).count == 0
    assert films.count("films", count_filter=models.Filter(should=[])).count == 4


def test_payload_calls_change_what_they_say(films: QdrantClient) -> None:
    films.set_payload("films", {"seen": True}, points=[1])
    films.set_payload("films", {"stars": 5}, points=[1], key="review")
    films.delete_payload("films", ["year", "genre"], points=genre("horror"))
    films.overwrite_payload("films", {"title": "Dune: Part One"}, points=models.PointIdsList(points=[4]))
    films.clear_payload("films", points_selector=[2])
    assert [p.payload for p in films.retrieve("films", [1, 2, 3, 4])] == [
        {"title": "Alien", "seen": True, "review": {"stars": 5}},
        {},
        {"title": "Carrie"},
        {"title": "Dune: Part One"},
    ]


def test_a_payload_index_is_told_and_changes_no_answer(films: QdrantClient) -> None:
    receipt = films.create_payload_index("films", "genre", field_schema=models.PayloadSchemaType.KEYWORD)
    assert receipt.status == models.UpdateStatus.COMPLETED
    index = films.get_collection("films").payload_schema["genre"]
    assert (index.data_type, index.points) == (models.PayloadSchemaType.KEYWORD, 4)
    assert films.count("films", count_filter=genre("horror")).count == 2
    films.delete_payload_index("films", "genre")
    assert films.get_collection("films").payload_schema == {}


def test_scroll_orders_by_an_indexed_field(films: QdrantClient) -> None:
    films.create_payload_index("films", "year", field_schema="integer")
    page, following = films.scroll("films", order_by="year", limit=3)
    assert ([(p.id, p.order_value) for p in page], following) == ([(3, 1976), (1, 1979), (2, 1985)], None)
    latest = models.OrderBy(key="year", direction=models.Direction.DESC, start_from=1985)
    assert [p.id for p in films.scroll("films", order_by=latest)[0]] == [2, 1, 3]
    with pytest.raises(InvalidRequest, match="Cannot use an `offset` when using `order_by`"):
        films.scroll("films", order_by="year", offset=2)


def test_upsert_modes_insert_or_update_only(films: QdrantClient) -> None:
    one_and_nine = [models.PointStruct(id=i, vector=[5.0, 5.0], payload={"n": i}) for i in (1, 9)]
    films.upsert("films", one_and_nine, update_mode=models.UpdateMode.INSERT_ONLY)
    assert [p.payload for p in films.retrieve("films", [1, 9], with_payload=["n"])] == [{}, {"n": 9}]
    films.delete("films", points_selector=[9])
    films.upsert("films", one_and_nine, update_mode=models.UpdateMode.UPDATE_ONLY)
    assert [p.payload for p in films.retrieve("films", [1, 9])] == [{"n": 1}]


def test_an_update_filter_decides_which_points_are_replaced(films: QdrantClient) -> None:
    fresh = [models.PointStruct(id=i, vector=[0.0, 0.0], payload={}) for i in (1, 2, 9)]
    films.upsert("films", fresh, update_filter=genre("horror"))
    assert [p.payload.get("title") for p in films.retrieve("films", [1, 2, 9])] == [None, "Brazil", None]


def test_vectors_are_changed_and_removed_and_payloads_stay(films: QdrantClient) -> None:
    films.update_vectors("films", [models.PointVectors(id=1, vector=[3.0, 3.0])])
    (point,) = films.retrieve("films", [1], with_vectors=True)
    assert (point.vector, point.payload["title"]) == ([3.0, 3.0], "Alien")
    films.delete_vectors("films", vectors=[""], points=genre("horror"))
    assert [p.vector for p in films.retrieve("films", [1, 2], with_vectors=True)] == [{}, [0.0, 1.0]]
    with pytest.raises(NotFound, match="No point with id 99 found"):
        films.update_vectors("films", [models.PointVectors(id=99, vector=[3.0, 3.0])])


def test_a_batch_of_the_wrong_shape_changes_nothing(films: QdrantClient) -> None:
    clear = models.ClearPayloadOperation(clear_payload=models.PointIdsList(points=[2]))
    with pytest.raises(FormatError, match=r"operations\[1\]: .* untagged enum UpdateOperation"):
        films.batch_update_points("films", [clear, {"explode": {}}])
    assert films.retrieve("films", [2])[0].payload["title"] == "Brazil"


def test_a_caller_who_does_not_wait_is_told_that_it_is_acknowledged(films: QdrantClient) -> None:
    receipt = films.set_payload("films", {"seen": True}, points=[1], wait=False)
    assert receipt.status == models.UpdateStatus.ACKNOWLEDGED
    assert films.retrieve("films", [1])[0].payload["seen"] is True


def test_a_collection_moves_to_qdrants_local_mode_and_back(films: QdrantClient) -> None:
    local = QdrantClient(":memory:")
    films.migrate(local)
    films.delete_collection("films")
    local.migrate(films)
    assert [p.payload["title"] for p in films.scroll("films")[0]] == ["Alien", "Brazil", "Carrie", "Dune"]
