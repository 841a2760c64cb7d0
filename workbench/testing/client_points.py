"""Points through a client: written, read, paged, counted and removed."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

import uuid

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, FilmTests, genre, ids, refused

_UUID = "936da01f-9abd-4d9d-80c7-02af85c822a8"


class PointTests(FilmTests):
    """Everything about points and payloads."""

    def test_points_come_back_as_they_went_in(self, films: QdrantClient) -> None:
        (alien,) = films.retrieve(FILMS, [1], with_vectors=True)
        assert (alien.id, alien.vector) == (1, [1.0, 0.0])
        assert alien.payload == {"title": "Alien", "genre": "horror", "year": 1979, "tags": ["space", "ship"]}

    def test_what_is_not_there_is_passed_over(self, films: QdrantClient) -> None:
        assert sorted(ids(films.retrieve(FILMS, [3, 99, 1]))) == [1, 3]

    @pytest.mark.parametrize("spelling", [_UUID, _UUID.replace("-", ""), f"urn:uuid:{_UUID}"])
    def test_a_uuid_is_one_point_in_every_spelling(self, films: QdrantClient, spelling: str) -> None:
        films.upsert(FILMS, [models.PointStruct(id=spelling, vector=[0.0, 0.0], payload={})])
        assert ids(films.retrieve(FILMS, [_UUID])) == [_UUID]

    def test_an_upsert_replaces_the_whole_point(self, films: QdrantClient) -> None:
        receipt = films.upsert(FILMS, [models.PointStruct(id=1, vector=[9.0, 9.0], payload={"new": 1})])
        assert receipt.status == models.UpdateStatus.COMPLETED
        (point,) = films.retrieve(FILMS, [1], with_vectors=True)
        assert (point.payload, point.vector) == ({"new": 1}, [9.0, 9.0])
        assert films.count(FILMS).count == 4

    def test_columns_are_upserted_too(self, films: QdrantClient) -> None:
        batch = models.Batch(ids=[8, 9], vectors=[[1.0, 1.0], [2.0, 2.0]], payloads=[{"a": 1}, {"a": 2}])
        films.upsert(FILMS, batch)
        assert [p.payload for p in films.retrieve(FILMS, [8, 9])] == [{"a": 1}, {"a": 2}]

    def test_payloads_hold_what_json_holds(self, films: QdrantClient) -> None:
        payload = {"deep": {"list": [1, 2.5, None, True, "ü"], "empty": {}}, "big": 2**53 + 1}
        films.upsert(FILMS, [models.PointStruct(id=8, vector=[0.0, 0.0], payload=payload)])
        assert films.retrieve(FILMS, [8])[0].payload == payload

    def test_modes_insert_or_update_only(self, films: QdrantClient) -> None:
        points = [models.PointStruct(id=i, vector=[5.0, 5.0], payload={"n": i}) for i in (1, 9)]
        films.upsert(FILMS, points, update_mode=models.UpdateMode.INSERT_ONLY)
        assert [p.payload.get("n") for p in films.retrieve(FILMS, [1, 9])] == [None, 9]
        films.delete(FILMS, points_selector=[9])
        films.upsert(FILMS, points, update_mode=models.UpdateMode.UPDATE_ONLY)
        assert [p.payload.get("n") for p in films.retrieve(FILMS, [1, 9])] == [1]

    def test_an_update_filter_spares_other_points(self, films: QdrantClient) -> None:
        fresh = [models.PointStruct(id=i, vector=[0.0, 0.0], payload={}) for i in (1, 2, 9)]
        films.upsert(FILMS, fresh, update_filter=genre("horror"))
        titles = [p.payload.get("title") for p in films.retrieve(FILMS, [1, 2, 9])]
        assert titles == [None, "Brazil", None]

    def test_uploads_take_iterables_and_arrays(self, films: QdrantClient) -> None:
        films.upload_points(
            FILMS, (models.PointStruct(id=i, vector=[0.0, 1.0]) for i in range(10, 200)), wait=True
        )
        films.upload_collection(FILMS, np.ones((100, 2)), ids=range(1000, 1100), wait=True)
        assert films.count(FILMS).count == 4 + 190 + 100

    @pytest.mark.parametrize(
        ("with_payload", "payload"),
        [
            (["year"], {"year": 1979}),
            (models.PayloadSelectorInclude(include=["title", "year"]), {"title": "Alien", "year": 1979}),
            (models.PayloadSelectorExclude(exclude=["title", "year", "tags"]), {"genre": "horror"}),
        ],
    )
    def test_a_payload_is_cut_down_as_asked(
        self, films: QdrantClient, with_payload: object, payload: object
    ) -> None:
        assert films.retrieve(FILMS, [1], with_payload=with_payload)[0].payload == payload

    def test_scroll_goes_through_all_points_in_order_of_id(self, films: QdrantClient) -> None:
        films.upsert(FILMS, [models.PointStruct(id=_UUID, vector=[0.0, 0.0])])
        first, offset = films.scroll(FILMS, limit=3)
        assert (ids(first), offset) == ([1, 2, 3], 4)
        second, offset = films.scroll(FILMS, limit=1, offset=offset)
        assert (ids(second), str(offset)) == ([4], _UUID)
        last, offset = films.scroll(FILMS, limit=3, offset=offset)
        assert (ids(last), offset) == ([_UUID], None)

    def test_scroll_orders_by_an_indexed_field(self, films: QdrantClient) -> None:
        films.create_payload_index(FILMS, "year", field_schema=models.PayloadSchemaType.INTEGER)
        assert ids(films.scroll(FILMS, order_by="year", limit=3)[0]) == [3, 1, 2]
        latest = models.OrderBy(key="year", direction=models.Direction.DESC, start_from=1985)
        assert ids(films.scroll(FILMS, order_by=latest)[0]) == [2, 1, 3]

    def test_counts_are_exact_where_that_is_asked(self, films: QdrantClient) -> None:
        assert films.count(FILMS, count_filter=genre("horror"), exact=True).count == 2
        assert 0 <= films.count(FILMS, exact=False).count <= 4

    def test_facets_count_values(self, films: QdrantClient) -> None:
        films.create_payload_index(FILMS, "genre", field_schema=models.PayloadSchemaType.KEYWORD)
        found = films.facet(FILMS, "genre").hits
        assert [(hit.value, hit.count) for hit in found] == [("horror", 2), ("epic", 1), ("satire", 1)]

    def test_payloads_are_set_overwritten_cut_and_cleared(self, films: QdrantClient) -> None:
        films.set_payload(FILMS, {"seen": True}, points=[1])
        films.set_payload(FILMS, {"stars": 5}, points=[1], key="review")
        films.delete_payload(FILMS, ["year", "genre", "tags"], points=genre("horror"))
        films.overwrite_payload(FILMS, {"title": "Dune: Part One"}, points=[4])
        films.clear_payload(FILMS, points_selector=[2])
        assert [p.payload for p in films.retrieve(FILMS, [1, 2, 3, 4])] == [
            {"title": "Alien", "seen": True, "review": {"stars": 5}},
            {},
            {"title": "Carrie", "seen": True},
            {"title": "Dune: Part One"},
        ]

    @pytest.mark.parametrize(
        "selector",
        [
            [1, 3, 99],
            models.PointIdsList(points=[1, 3]),
            genre("horror"),
            models.FilterSelector(filter=genre("horror")),
        ],
    )
    def test_points_are_deleted_by_ids_or_filter(self, films: QdrantClient, selector: object) -> None:
        films.delete(FILMS, points_selector=selector)
        assert ids(films.scroll(FILMS)[0]) == [2, 4]

    def test_a_batch_makes_its_writes_in_order(self, films: QdrantClient) -> None:
        new = models.PointStruct(id=9, vector=[1.0, 1.0], payload={"a": 1, "b": 2})
        receipts = films.batch_update_points(
            FILMS,
            [
                models.UpsertOperation(upsert=models.PointsList(points=[new])),
                models.SetPayloadOperation(set_payload=models.SetPayload(payload={"c": 3}, points=[9])),
                models.DeletePayloadOperation(delete_payload=models.DeletePayload(keys=["a"], points=[9])),
                models.OverwritePayloadOperation(
                    overwrite_payload=models.SetPayload(payload={"d": 4}, points=[1])
                ),
                models.ClearPayloadOperation(clear_payload=models.PointIdsList(points=[2])),
                models.UpdateVectorsOperation(
                    update_vectors=models.UpdateVectors(points=[models.PointVectors(id=9, vector=[7.0, 7.0])])
                ),
                models.DeleteVectorsOperation(delete_vectors=models.DeleteVectors(points=[1], vector=[""])),
                models.DeleteOperation(delete=models.PointIdsList(points=[3, 4])),
            ],
        )
        assert [receipt.status for receipt in receipts] == [models.UpdateStatus.COMPLETED] * 8
        points = {p.id: (p.payload, p.vector or {}) for p in films.scroll(FILMS, with_vectors=True)[0]}
        assert points == {1: ({"d": 4}, {}), 2: ({}, [0.0, 1.0]), 9: ({"b": 2, "c": 3}, [7.0, 7.0])}

    def test_a_missing_point_is_named(self, films: QdrantClient) -> None:
        with refused(404, "No point with id 99"):
            films.set_payload(FILMS, {"seen": True}, points=[99])

    def test_random_ids_are_given_where_there_are_none(self, films: QdrantClient) -> None:
        films.upload_collection(FILMS, [[0.0, 1.0]], wait=True)
        (last,) = films.scroll(FILMS, offset=str(uuid.UUID(int=0)))[0]
        assert uuid.UUID(str(last.id)).version == 4
