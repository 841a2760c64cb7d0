"""Counts of payload values, of all points and of those that filters accept."""

from __future__ import annotations

import pytest

import workbench as wb
from workbench.surfaces.notebook.facets import Facet, Facets, Field


@pytest.fixture(scope="module")
def films() -> wb.Collection:
    rows = [
        {
            "title": f"A film with a name of its own, number {i}",
            "genre": ["comedy", "drama", "drama"][i % 3],
            "tags": [["a"], ["a", "b", "a"], []][i % 3],
            "year": 1990 + i % 30,
            "stars": i / 10,
            "seen": f"2024-01-{1 + i % 28:02d}",
            "good": i % 2 == 0,
            "by": {"name": ["Ann", "Bob"][i % 2]},
        }
        for i in range(60)
    ]
    return wb.open().create("films", rows, vectors=[[1.0, float(i)] for i in range(60)], progress=False)


def counts(facet: Facet) -> dict[object, tuple[int, int]]:
    pairs = zip(facet.counts.tolist(), facet.parts.tolist(), strict=True)
    return dict(zip(facet.values, pairs, strict=True))


def test_fields_and_their_kinds_are_learned_from_payloads(films: wb.Collection) -> None:
    assert {f.key: f.kind for f in Facets(films).fields()} == {
        "title": "text",
        "genre": "keyword",
        "tags": "keyword",
        "year": "integer",
        "stars": "float",
        "seen": "datetime",
        "good": "bool",
        "by.name": "keyword",
    }


def test_a_point_counts_once_for_each_of_its_different_values(films: wb.Collection) -> None:
    (tags,) = Facets(films).count([Field("tags", "keyword")])
    assert counts(tags) == {"a": (40, 40), "b": (20, 20)}


def test_a_filter_on_a_field_narrows_the_other_fields_and_not_its_own(films: wb.Collection) -> None:
    genre, good = Facets(films).count(
        [Field("genre", "keyword"), Field("good", "bool")],
        where={"year": {"lt": 2005}},
        narrowed={"genre": ["comedy"]},
    )
    assert counts(genre) == {"drama": (40, 20), "comedy": (20, 10)}
    assert {k: v[1] for k, v in counts(good).items()} == {True: 6, False: 4}


def test_bins_of_whole_numbers_have_them_in_their_middles(films: wb.Collection) -> None:
    facets = Facets(films)
    (year,) = facets.count([Field("year", "integer")], narrowed={"genre": ["comedy"]})
    assert (year.edges[0], year.edges[1], len(year.counts)) == (1989.5, 1991.5, 15)
    assert year.ends == (1990.0, 2019.0)
    assert year.counts.tolist() == [4] * 15
    assert int(year.parts.sum()) == 20
    (seen,) = facets.count([Field("seen", "datetime")])
    assert int(seen.counts.sum()) == 60


def test_deleted_and_rewritten_points_are_counted_as_they_are_now() -> None:
    rows = [{"kind": "cat"}, {"kind": "cat"}, {"kind": "dog"}]
    pets = wb.open().create("pets", rows, vectors=[[1.0], [2.0], [3.0]], progress=False)
    facets, kind = Facets(pets), [Field("kind", "keyword")]
    assert counts(facets.count(kind)[0]) == {"cat": (2, 2), "dog": (1, 1)}
    pets.delete([0])
    pets.set_payload({"kind": "bird"}, [2])
    assert counts(facets.count(kind)[0]) == {"bird": (1, 1), "cat": (1, 1)}


def test_values_complete_what_is_typed(films: wb.Collection) -> None:
    assert Facets(films).values("genre", "D") == ["drama"]
    assert Facets(films).values("genre") == ["drama", "comedy"]
    assert Facets(films).values("nothing") == []


def test_the_rarest_chosen_value_is_among_those_shown() -> None:
    rows = [{"k": f"v{i:02d}"} for i in range(30) for _ in range(40 - i)]
    many = wb.open().create("many", rows, vectors=[[1.0]] * len(rows), progress=False)
    (facet,) = Facets(many).count([Field("k", "keyword")], narrowed={"k": ["v29"]}, limit=3)
    assert (facet.values, facet.distinct) == (["v00", "v01", "v02", "v29"], 30)


def test_an_empty_collection_has_no_fields() -> None:
    assert Facets(wb.open().create("empty", size=2)).fields() == []
