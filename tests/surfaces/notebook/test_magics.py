"""``%workbench`` and ``%%search`` in a real shell of IPython."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import workbench as wb
from workbench.errors import InvalidRequest, NotFound

NOTES = [
    {"note": "tea with milk", "year": 1990},
    {"note": "coffee without sugar", "year": 2001},
    {"note": "tea with lemon", "year": 2010},
]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.run_line_magic("load_ext", "workbench")
    yield made
    for held in list(made.user_ns.values()):
        if isinstance(held, wb.Database):
            held.close()
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def noted(shell: InteractiveShell) -> InteractiveShell:
    db = shell.run_line_magic("workbench", "open")
    db.create("notes", NOTES, text="note", embedder="hashing", progress=False)
    return shell


def test_opening_puts_the_database_into_db(shell: InteractiveShell, tmp_path: Path) -> None:
    opened = shell.run_line_magic("workbench", f"open '{tmp_path / 'my notes'}'")
    assert shell.user_ns["db"] is opened
    assert (tmp_path / "my notes").is_dir()


def test_collections_are_the_database_itself(noted: InteractiveShell) -> None:
    assert list(noted.run_line_magic("workbench", "collections")) == ["notes"]


def test_a_cell_is_searched_for_and_its_hits_returned(noted: InteractiveShell) -> None:
    hits = noted.run_cell_magic("search", "-c notes -k 2", "tea with milk\n")
    assert [hit["note"] for hit in hits] == ["tea with milk", "tea with lemon"]


def test_a_search_takes_a_filter_as_json(noted: InteractiveShell) -> None:
    line = """-k 3 --exact --where '{"year": {"gte": 2000}}'"""
    hits = noted.run_cell_magic("search", line, "tea with milk")
    assert [hit["note"] for hit in hits] == ["tea with lemon", "coffee without sugar"]


def test_the_variable_db_goes_before_what_was_opened(noted: InteractiveShell) -> None:
    first = noted.user_ns["db"]
    with wb.open() as other:
        noted.user_ns["db"] = other
        assert noted.run_line_magic("workbench", "collections") is other
        del noted.user_ns["db"]
        assert noted.run_line_magic("workbench", "collections") is first
    first.close()


def test_the_dashboard_is_the_overview(noted: InteractiveShell) -> None:
    assert repr(noted.run_line_magic("workbench", "dashboard")) == "<Overview 1 collection, 3 points>"


@pytest.mark.parametrize(
    ("line", "cell", "says"),
    [
        ("-c notes", "  \n", "expected the text to search for"),
        ("-c notes -k many", "tea", "invalid int value: 'many'"),
        ("-c 'notes", "tea", "No closing quotation"),
        ("--wher 3 --more", "tea", "unrecognized arguments: --more"),
    ],
)
def test_a_wrong_line_is_one_sentence(noted: InteractiveShell, line: str, cell: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        noted.run_cell_magic("search", line, cell)


def test_a_filter_that_is_no_json_is_shown_with_an_example(noted: InteractiveShell) -> None:
    with pytest.raises(InvalidRequest, match="expected JSON in single quotes such as"):
        noted.run_cell_magic("search", "--where {year:1990}", "tea")


def test_an_unknown_collection_names_the_known_ones(noted: InteractiveShell) -> None:
    with pytest.raises(NotFound, match="Collections: notes"):
        noted.run_cell_magic("search", "-c nots", "tea")


def test_without_a_database_it_says_how_to_open_one(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="%workbench open PATH"):
        shell.run_line_magic("workbench", "collections")


def test_an_unknown_word_lists_the_known_ones(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match=r"collections.*dashboard.*open.*explain"):
        shell.run_line_magic("workbench", "opne x")


def test_two_collections_must_be_told_apart(noted: InteractiveShell) -> None:
    noted.user_ns["db"].create("other", size=2)
    with pytest.raises(UsageError, match="expected -c COLLECTION, one of: notes, other"):
        noted.run_cell_magic("search", "", "tea")
