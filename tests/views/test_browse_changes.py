"""What the browser narrows, builds, changes and takes back, without a browser."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.views.images import as_picture, picture_in
from workbench.views.state.building import built
from workbench.views.state.question import combined

PIXEL = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def books() -> wb.Collection:
    rows = [
        {"title": f"Book {i}", "topic": ["Arts", "History"][i % 2], "year": 1900 + i, "good": i < 30}
        for i in range(90)
    ]
    vectors = np.array([[float(i), 0.0] for i in range(90)])
    return wb.open().create("books", rows, vectors=vectors, distance="Euclid", progress=False)


def ids(browser: Any) -> list[int]:
    found: list[int] = browser.rows["id"].tolist()
    return found


def say(browser: Any, **message: object) -> None:
    """Say what the page says when a person does something."""
    browser._heard(None, message, [])


def test_a_value_picked_beside_the_table_narrows_it_and_the_other_fields(books: wb.Collection) -> None:
    browser = books.browse()
    say(browser, value=["topic", 1])
    assert (browser.narrowed, browser.total) == ({"topic": ["History"]}, 45)
    topic, year, good = browser.view._facets
    assert (topic["texts"], topic["parts"], topic["chosen"]) == (["Arts", "History"], [45, 45], [False, True])
    assert sum(year["parts"]) == 45
    assert dict(zip(good["texts"], good["parts"], strict=True)) == {"false": 30, "true": 15}
    assert browser.code == "collection.page({'topic': ['History']}, limit=10)"
    say(browser, value=["topic", 1])
    assert (browser.narrowed, browser.total) == ({}, 90)


def test_a_range_is_whole_numbers_where_the_field_is(books: wb.Collection) -> None:
    browser = books.browse()
    say(browser, range=["year", 1949.6, 1910.2])
    assert (browser.narrowed, browser.total) == ({"year": {"gte": 1910, "lte": 1950}}, 41)
    assert browser.view._chips == [{"key": "year", "text": "year: 1910 to 1950"}]
    say(browser, widen="year")
    assert browser.total == 90


def test_what_is_picked_joins_what_was_typed(books: wb.Collection) -> None:
    browser = books.browse(where={"year": {"gte": 1950}}, narrowed={"good": [False]})
    browser.words_in = "title"
    browser.words = "71"
    assert ids(browser) == [71]
    assert browser.view._where == ("where={'year': {'gte': 1950}, 'good': [False], 'title': {'text': '71'}}")
    assert [(c["key"], *c) for c in json.loads(browser.view._json)["must"]] == [
        ("year", "key", "range"),
        ("good", "key", "match"),
        ("title", "key", "match"),
    ]


def test_conditions_on_the_same_field_are_joined_and_not_replaced() -> None:
    assert combined({"topic": "Arts"}, {"topic": ["Arts"]}, "", "") == {
        "$and": [{"topic": "Arts"}, {"topic": ["Arts"]}]
    }
    assert combined({"must": []}, {"a": [1]}, "", "") == {"$and": [{"must": []}, {"a": [1]}]}
    assert combined(None, {}, "  ", "title") is None


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([], None),
        ([("year", "between", "1990, 1999")], {"year": {"gte": 1990, "lte": 1999}}),
        ([("topic", "in", "Arts, War"), ("good", "is", "True")], {"topic": ["Arts", "War"], "good": True}),
        (
            [("year", "gte", "1990"), ("year", "not", "1995")],
            {"$and": [{"year": {"gte": 1990}}, {"year": {"not": 1995}}]},
        ),
        ([("seen", "empty", ""), ("topic", "there", "")], {"seen": None, "topic": {"not": None}}),
        ([("by", "prefix", "A"), ("stars", "lt", "4.5")], {"by": {"prefix": "A"}, "stars": {"lt": 4.5}}),
    ],
)  # fmt: skip
def test_lines_become_a_filter(lines: list[tuple[str, str, str]], where: object) -> None:
    kinds = {"year": "integer", "stars": "float", "good": "bool", "seen": "datetime", "title": "text"}
    assert built(lines, kinds) == where


def test_one_of_several_lines_may_hold() -> None:
    assert built([("a", "is", "1"), ("b", "is", "2")], {"a": "integer"}, any_of=True) == {
        "$or": [{"a": 1}, {"b": "2"}]
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("year", "is", "soon"), "year: expected a number, got 'soon'"),
        (("year", "between", "1990"), "year: expected two values such as 1990, 1999"),
        (("good", "is", "yes"), "good: expected true or false"),
        (("seen", "gte", "tomorrow"), "seen: expected a moment such as 2024-01-31"),
        (("topic", "is", " "), "topic: expected a value"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_was_expected(line: tuple[str, str, str], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        built([line], {"year": "integer", "good": "bool", "seen": "datetime"})


def test_values_complete_what_is_typed_into_a_line(books: wb.Collection) -> None:
    assert books.browse().state.complete("topic") == ["Arts", "History"]


def test_several_points_are_chosen_across_pages(books: wb.Collection) -> None:
    browser = books.browse()
    say(browser, pick=2, mode="set")
    say(browser, pick=4, mode="range")
    assert (browser.selected, browser.selection) == ([2, 3, 4], 4)
    browser.page = 2
    say(browser, pick=0, mode="toggle")
    assert browser.selected == [2, 3, 4, 10]
    say(browser, pick=0, mode="toggle")
    assert (browser.selected, browser.selection) == ([2, 3, 4], 4)
    browser.selection = 11
    assert (browser.selected, browser.view._marked) == ([11], [1])
    browser.selected = []
    assert browser.selection is None


def test_deleted_points_come_back_as_they_were(books: wb.Collection) -> None:
    browser = books.browse()
    browser.selected = [3, 5]
    browser.delete()
    assert (len(books), ids(browser)[:5], browser.selected) == (88, [0, 1, 2, 4, 6], [])
    assert browser.view._told == "2 points were deleted."
    browser.undo()
    assert (len(books), browser.view._undo) == (90, 0)
    found = books.get([3], vectors=True)[0]
    assert (found.payload or {})["title"] == "Book 3"
    assert (found.vectors or {})[""].tolist() == [3.0, 0.0]
    assert books.search([3.0, 0.0], k=1).ids == [3]


def test_an_edited_payload_can_be_taken_back_and_a_mistake_changes_nothing(books: wb.Collection) -> None:
    browser = books.browse()
    browser.selection = 1
    for typed, why in [
        ('{"a": }', "a mistake in line 1, column 7"),
        ("[1]", "expected an object"),
        ('{"a": NaN}', "got NaN; write null instead"),
    ]:
        with pytest.raises(InvalidRequest, match=why):
            browser.state.edit(typed)
    assert (books.get([1])[0].payload or {})["title"] == "Book 1"
    browser.edit({"title": "Mine", "by": "me"})
    assert books.get([1])[0].payload == {"title": "Mine", "by": "me"}
    assert "by" in browser.state.keys
    browser.undo()
    assert (books.get([1])[0].payload or {})["title"] == "Book 1"
    browser.undo()
    assert browser.view._told == "There is nothing to undo."


def test_a_label_is_written_counted_and_taken_back(books: wb.Collection) -> None:
    browser = books.browse()
    browser.selected = [0, 1, 2]
    browser.label("mark", "x")
    assert books.count({"mark": "x"}) == 3
    browser.undo()
    assert books.count({"mark": "x"}) == 0
    say(browser, pick=-1, mode="none")
    say(browser, label=["mark", "x"])
    assert "expected chosen points" in browser.problem


def test_examples_order_points_and_are_none_of_them(books: wb.Collection) -> None:
    browser = books.browse(like=[40], page_size=4)
    assert sorted(ids(browser)) == [38, 39, 41, 42]
    assert browser.total == 89
    browser.unlike = [30]
    assert browser.code == "collection.recommend([40], [30], k=4).to_frame()"
    assert eval(browser.code, {"collection": books})["id"].tolist() == ids(browser)
    assert [e["text"] for e in browser.view._examples] == ["40 · Book 40", "30 · Book 30"]
    say(browser, forget=1)
    assert (browser.like, browser.unlike) == ([40], [])
    browser.selected = [40]
    browser.delete()
    assert (browser.like, browser.problem) == ([], "")


def test_columns_can_be_chosen(books: wb.Collection) -> None:
    browser = books.browse(columns=["year"])
    assert [c["name"] for c in browser.view._columns] == ["id", "year"]
    assert [k["key"] for k in browser.view._keys if k["shown"]] == ["year"]


def test_cards_show_a_picture_the_longest_text_and_facts() -> None:
    rows = [{"name": "Ann", "face": PIXEL, "story": "long " * 200, "age": 7}]
    people = wb.open().create("people", rows, vectors=[[1.0]], progress=False)
    (card,) = people.browse(show="cards").view._cards
    assert (card["title"], card["picture"], card["facts"]) == ("Ann", PIXEL, [["age", "7"]])
    assert len(card["text"]) == 280


def test_pictures_are_found_in_addresses_base64_and_arrays() -> None:
    assert picture_in({"a": 1, "b": PIXEL}) == ("b", PIXEL)
    assert as_picture("iVBORw0KGgo" + "A" * 60).startswith("data:image/png;base64,iVBORw0KGgo")
    assert as_picture([list(range(28))] * 28).startswith("data:image/png;base64,")
    assert as_picture([0.0, 0.5, 1.0, 0.25] * 196).startswith("data:image/png;base64,")
    for none in (
        "data:image/svg+xml;base64,AAAA",
        "javascript:alert(1)",
        [1, 2, 3],
        [-1] * 64,
        ["a"] * 64,
        5,
        None,
    ):
        assert as_picture(none) == ""


def test_values_of_a_large_collection_are_counted_in_the_background(
    books: wb.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.views.state.narrowing._AT_ONCE", 10)
    browser = books.browse().wait()
    assert [f["key"] for f in browser.view._facets] == ["topic", "year", "good"]


def test_the_state_of_a_page_is_plain_json(books: wb.Collection) -> None:
    view = books.browse(narrowed={"topic": ["Arts"]}, show="cards").view
    for name in view.traits(sync=True):
        if name.startswith("_") and name not in ("_esm", "_css"):
            json.dumps(getattr(view, name))
