"""Filters through a client: each kind of condition, and how they are joined."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, FilmTests, ids

PLACES = "suite-places"

_POINT = models.GeoPoint


def _field(key: str, **conditions: Any) -> models.FieldCondition:
    return models.FieldCondition(key=key, **conditions)


def _corners(*corners: tuple[float, float]) -> models.GeoLineString:
    return models.GeoLineString(points=[_POINT(lon=lon, lat=lat) for lon, lat in corners])


class FilterTests(FilmTests):
    """Every condition, by the points that it accepts."""

    @pytest.mark.parametrize(
        ("condition", "accepted"),
        [
            (_field("genre", match=models.MatchValue(value="horror")), [1, 3]),
            (_field("genre", match=models.MatchAny(any=["epic", "satire"])), [2, 4]),
            (_field("genre", match=models.MatchExcept(**{"except": ["horror"]})), [2, 4]),
            (_field("year", match=models.MatchValue(value=1985)), [2]),
            (_field("seen", match=models.MatchValue(value=True)), [3]),
            (_field("tags", match=models.MatchValue(value="space")), [1, 4]),
            (_field("year", range=models.Range(gte=1979, lt=2000)), [1, 2]),
            (_field("genre", match=models.MatchPrefix(prefix="ho")), [1, 3]),
            (_field("tags", values_count=models.ValuesCount(gt=1)), [1]),
            (models.IsEmptyCondition(is_empty=models.PayloadField(key="tags")), [2, 3]),
            (models.IsNullCondition(is_null=models.PayloadField(key="seen")), [4]),
            (models.HasIdCondition(has_id=[1, 4, 99]), [1, 4]),
            (models.Filter(must_not=[_field("genre", match=models.MatchValue(value="horror"))]), [2, 4]),
        ],
    )
    def test_a_condition_accepts_its_points(
        self, films: QdrantClient, condition: Any, accepted: list[int]
    ) -> None:
        page, _ = films.scroll(FILMS, scroll_filter=models.Filter(must=[condition]))
        assert ids(page) == accepted

    def test_slices_divide_the_points(self, films: QdrantClient) -> None:
        def slice_of(index: int) -> list[int]:
            flt = models.Filter(must=[models.SliceCondition(slice=models.Slice(total=3, index=index))])
            return ids(films.scroll(FILMS, scroll_filter=flt)[0])

        assert sorted(slice_of(0) + slice_of(1) + slice_of(2)) == [1, 2, 3, 4]

    def test_clauses_are_joined(self, films: QdrantClient) -> None:
        horror = _field("genre", match=models.MatchValue(value="horror"))
        old, space = (
            _field("year", range=models.Range(lt=1980)),
            _field("tags", match=models.MatchValue(value="space")),
        )
        asked = {
            "should": (models.Filter(should=[horror, space]), [1, 3, 4]),
            "must": (models.Filter(must=[horror, space]), [1]),
            "must_not": (models.Filter(must=[old], must_not=[space]), [3]),
            "min_should": (
                models.Filter(min_should=models.MinShould(conditions=[horror, old, space], min_count=2)),
                [1, 3],
            ),
            "empty": (models.Filter(), [1, 2, 3, 4]),
        }
        found = {name: ids(films.scroll(FILMS, scroll_filter=flt)[0]) for name, (flt, _) in asked.items()}
        assert found == {name: accepted for name, (_, accepted) in asked.items()}

    @pytest.fixture
    def places(self, client: QdrantClient) -> Iterator[QdrantClient]:
        """Return the client, with three cities that have no vector in its database."""
        client.delete_collection(PLACES)
        client.create_collection(PLACES, {})
        cities = [
            {"name": "Berlin Mitte", "at": {"lon": 13.4, "lat": 52.5}, "founded": "1237-10-28T00:00:00Z"},
            {"name": "Paris", "at": {"lon": 2.35, "lat": 48.86}, "rivers": [{"name": "Seine", "km": 777}]},
            {"name": "Roma", "at": {"lon": 12.5, "lat": 41.9}, "rivers": [{"name": "Tiber", "km": 405}]},
        ]
        client.upsert(
            PLACES, [models.PointStruct(id=i, vector={}, payload=c) for i, c in enumerate(cities)], wait=True
        )
        yield client
        client.delete_collection(PLACES)

    @pytest.mark.parametrize(
        ("condition", "accepted"),
        [
            (_field("at", geo_radius=models.GeoRadius(center=_POINT(lon=2.3, lat=48.8), radius=10_000)), [1]),
            (
                _field(
                    "at",
                    geo_bounding_box=models.GeoBoundingBox(
                        top_left=_POINT(lon=10.0, lat=53.0), bottom_right=_POINT(lon=14.0, lat=41.0)
                    ),
                ),
                [0, 2],
            ),
            (
                _field(
                    "at",
                    geo_polygon=models.GeoPolygon(
                        exterior=_corners((0, 40), (20, 40), (20, 60), (0, 60), (0, 40)),
                        interiors=[_corners((1, 47), (4, 47), (4, 50), (1, 50), (1, 47))],
                    ),
                ),
                [0, 2],
            ),
            (_field("founded", range=models.DatetimeRange(lt="1300-01-01T00:00:00Z")), [0]),
            (
                models.NestedCondition(
                    nested=models.Nested(
                        key="rivers",
                        filter=models.Filter(
                            must=[
                                _field("name", match=models.MatchValue(value="Seine")),
                                _field("km", range=models.Range(gt=500)),
                            ]
                        ),
                    )
                ),
                [1],
            ),
            (_field("rivers[].km", range=models.Range(lt=500)), [2]),
        ],
    )
    def test_places_dates_and_objects_in_arrays(
        self, places: QdrantClient, condition: Any, accepted: list[int]
    ) -> None:
        page, _ = places.scroll(PLACES, scroll_filter=models.Filter(must=[condition]))
        assert ids(page) == accepted

    def test_a_text_index_matches_words_and_phrases(self, places: QdrantClient) -> None:
        index = models.TextIndexParams(
            type=models.TextIndexType.TEXT,
            tokenizer=models.TokenizerType.WORD,
            lowercase=True,
            phrase_matching=True,
        )
        places.create_payload_index(PLACES, "name", field_schema=index)
        for match in (models.MatchText(text="mitte"), models.MatchPhrase(phrase="berlin mitte")):
            flt = models.Filter(must=[_field("name", match=match)])
            assert ids(places.scroll(PLACES, scroll_filter=flt)[0]) == [0]
        flt = models.Filter(must=[_field("name", match=models.MatchPhrase(phrase="mitte berlin"))])
        assert places.count(PLACES, count_filter=flt).count == 0
