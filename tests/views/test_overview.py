"""The overview without a browser: what it shows, and what can be done there."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import workbench as wb
from workbench.errors import InvalidRequest, NotFound
from workbench.views.widgets.browse import Browser


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as made:
        made.create(
            "zoo", [{"kind": "cat"}, {"kind": "dog"}], vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False
        )
        yield made


def test_it_shows_each_collection_in_a_line(db: wb.Database) -> None:
    shown = db.dashboard()
    (line,) = shown.view._data["collections"]
    assert (line["name"], line["points"], line["vectors"], line["status"]) == (
        "zoo", 2, "2 × float32 Cosine", "green",
    )  # fmt: skip
    assert repr(shown) == "<Overview 1 collection, 2 points>"
    assert "zoo" in shown._repr_mimebundle_()[0]["text/html"]


def test_memory_is_told_by_component(db: wb.Database) -> None:
    (known,) = db.dashboard().view._data["memory"]
    vectors = next(part for part in known["parts"] if part["name"] == "vectors")
    assert vectors["said"] == "16 B"
    assert known["size"] >= sum(part["size"] for part in known["parts"])


def test_it_looks_again_when_the_browser_asks(db: wb.Database) -> None:
    shown = db.dashboard()
    db.create("attic", size=4)
    shown.view._handle_custom_msg({"look": True}, [])
    assert [line["name"] for line in shown.view._data["collections"]] == ["attic", "zoo"]


def test_a_collection_is_deleted_by_who_types_its_name(db: wb.Database) -> None:
    shown = db.dashboard()
    shown.view._handle_custom_msg({"do": "delete", "with": ["zoo", "zo"]}, [])
    assert shown.problem == "Deleting 'zoo' needs its name: expected 'zoo', got 'zo'"
    assert "zoo" in db
    shown.view._handle_custom_msg({"do": "delete", "with": ["zoo", "zoo"]}, [])
    assert (shown.problem, shown.code) == ("", "db.delete('zoo')")
    assert "zoo" not in db
    assert shown.view._data["collections"] == []


def test_the_state_refuses_to_delete_without_the_name(db: wb.Database) -> None:
    with pytest.raises(InvalidRequest, match="needs its name"):
        db.dashboard().state.delete("zoo", "")


def test_a_snapshot_is_taken_in_the_background(db: wb.Database) -> None:
    shown = db.dashboard()
    shown.view._handle_custom_msg({"do": "snapshot", "with": ["zoo"]}, [])
    shown.wait()
    ((collection, name, _, _),) = shown.view._data["snapshots"]
    assert collection == "zoo"
    assert shown.view.told == f"Snapshot {name} was taken."


def test_a_snapshot_of_nothing_says_so(db: wb.Database) -> None:
    shown = db.dashboard()
    shown.state.snapshot("nobody")
    shown.wait()
    assert "nobody" in shown.problem


def test_a_server_is_started_and_stopped(db: wb.Database) -> None:
    shown = db.dashboard()
    shown.view._handle_custom_msg({"do": "serve", "with": [0, None, "secret"]}, [])
    (server,) = shown.view._data["servers"]
    assert server["key"]
    assert server["grpc"] is None
    assert httpx.get(f"{server['rest']}/collections", headers={"api-key": "secret"}).status_code == 200
    shown.view._handle_custom_msg({"do": "serve", "with": [None, None, ""]}, [])
    assert shown.problem == "expected an http_port or a grpc_port, got neither"
    shown.view._handle_custom_msg({"do": "stop_server", "with": [0]}, [])
    assert shown.view._data["servers"] == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server['rest']}/collections")


@pytest.mark.parametrize(
    "message",
    [
        {"do": "close", "with": []},
        {"do": "delete", "with": ["zoo"]},
        {"do": "delete", "with": [["zoo"], ["zoo"]]},
        {"open": ["no such screen", "zoo"]},
    ],
)
def test_what_no_button_sends_does_nothing(db: wb.Database, message: dict[str, object]) -> None:
    shown = db.dashboard()
    shown.view._handle_custom_msg(message, [])
    assert "zoo" in db
    assert shown.opened is None


def test_a_screen_is_opened_below_in_a_notebook(db: wb.Database) -> None:
    shown = db.dashboard()
    browser = shown.show("browse", "zoo")
    assert isinstance(browser, Browser)
    assert shown.children[-1] is browser
    assert shown.code == "db['zoo'].browse()"
    with pytest.raises(NotFound):
        shown.show("browse", "nobody")


def test_a_page_opens_screens_in_its_place(db: wb.Database) -> None:
    shown, gone = db.dashboard(), []
    shown.opens(lambda *place: gone.append(place))
    assert shown.show("map", "zoo") is None
    assert gone == [("map", "zoo")]


def test_after_the_database_was_closed_a_look_changes_nothing(db: wb.Database) -> None:
    shown = db.dashboard()
    db.close()
    shown.view._handle_custom_msg({"look": True}, [])
    assert shown.problem == ""
    assert len(shown.view._data["collections"]) == 1
