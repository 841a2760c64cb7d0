"""Addresses of a page: where they lead, and what is said when they lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import workbench as wb
from workbench.views.state.navigating import Navigation


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as made:
        made.create("a & b", size=2)
        made.create("zoo", size=2)
        yield made


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("", ("overview", "")),
        ("?collection=zoo", ("browse", "zoo")),
        ("?collection=zoo&screen=map", ("map", "zoo")),
        ("?collection=a+%26+b&screen=tune", ("tune", "a & b")),
        ("?screen=map", ("map", "a & b")),
        ("?screen=overview&collection=zoo", ("overview", "zoo")),
    ],
)
def test_an_address_leads_to_a_screen(db: wb.Database, query: str, place: tuple[str, str]) -> None:
    navigation = Navigation(db, query)
    assert (navigation.screen, navigation.collection) == place
    assert navigation.problem == ""
    again = Navigation(db, navigation.query)
    assert (again.screen, again.collection) == place


def test_an_unknown_collection_leads_home_and_names_the_known(db: wb.Database) -> None:
    navigation = Navigation(db, "?collection=zo&screen=map")
    assert (navigation.screen, navigation.collection) == ("overview", "")
    assert navigation.problem == "There is no collection 'zo'; there are: a & b, zoo."


def test_an_unknown_screen_leads_home_and_names_the_known(db: wb.Database) -> None:
    navigation = Navigation(db, "?collection=zoo&screen=mop")
    assert navigation.screen == "overview"
    assert navigation.problem.startswith("There is no screen 'mop'; there are overview, browse")


def test_a_collection_that_is_gone_is_left(db: wb.Database) -> None:
    navigation = Navigation(db, "?collection=zoo&screen=map")
    db.delete("zoo")
    navigation.refresh()
    assert (navigation.screen, navigation.collection) == ("overview", "")
    assert navigation.collections == ["a & b"]
    assert navigation.problem == "The collection zoo is gone."


def test_a_screen_of_a_collection_needs_one() -> None:
    with wb.open() as db:
        navigation = Navigation(db, "?screen=map")
        assert navigation.screen == "overview"
        assert navigation.problem == "The screen map shows a collection, and there is none yet."


@pytest.mark.parametrize(
    ("query", "vector", "leads_here"),
    [
        ("?collection=both&screen=map", "image", "?collection=both&screen=map"),
        ("?collection=both&screen=map&vector=text", "text", "?collection=both&screen=map&vector=text"),
        ("?collection=both&screen=browse&vector=text", "text", "?collection=both&screen=browse"),
    ],
)
def test_an_address_names_the_vector_where_a_collection_has_several(
    db: wb.Database, query: str, vector: str, leads_here: str
) -> None:
    db.create("both", size={"image": 2, "text": 3})
    place = Navigation(db, query)
    assert (place.vectors, place.vector, place.query) == (["image", "text"], vector, leads_here)


def test_a_vector_is_kept_from_screen_to_screen_and_not_from_collection_to_collection(
    db: wb.Database,
) -> None:
    db.create("both", size={"image": 2, "text": 3})
    place = Navigation(db, "?collection=both&screen=map&vector=text")
    place.go("tune")
    assert (place.vector, place.problem) == ("text", "")
    place.go("tune", "zoo")
    assert (place.vector, place.vectors, place.problem) == ("", [], "")
    place.go("tune", "both", "smell")
    assert place.vector == "image"
    assert place.problem == "The collection both has no choice of a vector 'smell'."
