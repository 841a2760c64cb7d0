"""The browser of payloads: its traits, what a person may type, and what shows without a browser."""

from __future__ import annotations

from typing import Any

import pytest

import workbench as wb
from workbench.errors import InvalidRequest
from workbench.views.state.question import read_filter


@pytest.fixture(scope="module")
def books() -> wb.Collection:
    rows = [{"title": f"Book {i}", "year": 1900 + i, "tags": ["a", "b"][: i % 3]} for i in range(95)]
    rows[3]["title"] = "<script>alert(1)</script>"
    return wb.open().create("books", rows, vectors=[[1.0, float(i)] for i in range(95)], progress=False)


def ids(browser: Any) -> list[int]:
    found: list[int] = browser.rows["id"].tolist()
    return found


def test_pages_are_asked_of_the_collection(books: wb.Collection) -> None:
    browser = books.browse(page_size=20)
    assert (browser.total, ids(browser)) == (95, list(range(20)))
    browser.page = 5
    assert ids(browser) == list(range(80, 95))
    assert browser.code == "collection.page(offset=80, limit=20)"
    browser.page = 99
    assert browser.page == 5


def test_a_new_question_begins_at_the_first_page(books: wb.Collection) -> None:
    browser = books.browse(page=4)
    browser.where = {"year": {"gte": 1950}}
    assert (browser.page, browser.total, browser.filter_text) == (1, 45, "{'year': {'gte': 1950}}")
    browser.sort, browser.descending = "year", True
    assert ids(browser)[:2] == [94, 93]
    assert browser.code == (
        "collection.page({'year': {'gte': 1950}}, limit=10, sort='year', descending=True)"
    )


def test_the_code_shown_gives_the_rows_shown(books: wb.Collection) -> None:
    browser = books.browse(where={"tags": "b"}, sort="year", descending=True, page=2, page_size=7)
    same = eval(browser.code, {"collection": books})
    assert same["id"].tolist() == ids(browser)


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("", None),
        ("  robot dreams ", {"title": {"text": "robot dreams"}}),
        ("{'year': {'gte': 2000}}", {"year": {"gte": 2000}}),
        ('{"done": true, "by": null}', {"done": True, "by": None}),
    ],
)
def test_a_filter_is_words_or_a_mapping_in_python_or_json(typed: str, where: object) -> None:
    assert read_filter(typed, "title") == where


@pytest.mark.parametrize(
    "typed", ["{'year': ", "{1, 2}", "{**x}", "{'a': __import__('os').getcwd()}", "{'a': 1}.pop"]
)
def test_nothing_but_literals_is_read(typed: str) -> None:
    with pytest.raises(InvalidRequest, match="mapping"):
        read_filter(typed, "title")


def test_a_wrong_filter_says_so_and_leaves_the_rows(books: wb.Collection) -> None:
    browser = books.browse()
    browser.filter_text = "{'year': {'gte': "
    assert "expected plain words or a mapping" in browser.problem
    assert browser.total == 95
    browser.page = 2
    assert browser.problem  # the box still holds it
    browser.filter_text = "{'year': {'after': 2}}"
    assert "unknown operator 'after'" in browser.problem
    browser.filter_text = "{'year': {'gte': 1990}}"
    assert (browser.problem, browser.total) == ("", 5)


def test_selecting_a_row_shows_the_payload_whole(books: wb.Collection) -> None:
    browser = books.browse()
    browser.state.pick(2)
    assert browser.selection == 2
    assert browser.view._detail == [
        ["id", "2"],
        ["title", "Book 2"],
        ["year", "1902"],
        ["tags", '[\n "a",\n "b"\n]'],
    ]
    browser.page = 2
    assert browser.view._selected == -1
    assert browser.selection == 2


def test_meaning_is_searched_where_the_collection_was_made_from_texts() -> None:
    notes = wb.open().create(
        "notes", {"note": ["a kitten", "income tax", "a puppy"], "n": [1, 2, 3]}, text="note", progress=False
    )
    browser = notes.browse(search="cat", where={"n": {"lt": 3}})
    assert ids(browser) == [0, 1]
    assert browser.view._columns[1]["name"] == "score"
    assert browser.code == "collection.search('cat', where={'n': {'lt': 3}}, k=10).to_frame()"


def test_a_search_without_a_model_is_a_problem_and_not_an_exception(books: wb.Collection) -> None:
    browser = books.browse()
    browser.search = "cat"
    assert "made from vectors" in browser.problem
    assert len(browser.rows) == 10


def test_without_a_browser_the_page_is_a_table_and_data_stay_data(books: wb.Collection) -> None:
    shown = books.browse()._repr_mimebundle_()[0]
    assert shown["text/plain"] == "<Browser 'books': page 1 of 10, 95 points, page(limit=10)>"
    assert "&lt;script&gt;alert(1)" in shown["text/html"]
    assert "<script" not in shown["text/html"]


def test_an_empty_collection_can_be_browsed() -> None:
    browser = wb.open().create("empty", size=2).browse()
    assert (browser.total, len(browser.rows), browser.problem) == (0, 0, "")
    assert "No points yet" in browser._static()


def test_wrong_settings_are_refused_with_advice(books: wb.Collection) -> None:
    with pytest.raises(InvalidRequest, match=r"unknown setting 'pagesize'; did you mean page_size=\?"):
        books.browse(pagesize=5)
    with pytest.raises(InvalidRequest, match="'page' trait"):
        books.browse(page=0)
    with pytest.raises(InvalidRequest, match="unknown operator"):
        books.browse(where={"year": {"after": 1}})
