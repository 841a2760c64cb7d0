"""Whole pages without a browser: what stands on them, and that their server comes and goes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from qdrant_client import models

import workbench as wb
from workbench.errors import StorageFailed
from workbench.surfaces.notebook import screens
from workbench.views.dashboards.hosted import HostedCanvas
from workbench.views.dashboards.page import Page
from workbench.views.widgets.browse import Browser
from workbench.views.widgets.overview import Overview


@pytest.fixture
def db() -> Iterator[wb.Database]:
    with wb.open() as made:
        made.create(
            "zoo", [{"kind": "cat"}, {"kind": "dog"}], vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False
        )
        yield made


def shown(page: Page) -> list[str]:
    """Names of the canvases under the head."""
    return [type(part._widget).__name__ for part in page.main.objects if isinstance(part, HostedCanvas)]


def test_a_page_begins_with_the_overview(db: wb.Database) -> None:
    page = Page(db)
    assert shown(page) == ["OverviewCanvas", "TaskRow"]
    assert isinstance(page.screens["", "overview", None], Overview)
    assert {"browse", "map", "tune"} <= set(page.shell._of_collection)
    page.close()


def test_screens_are_made_when_they_are_first_looked_at_and_kept(db: wb.Database) -> None:
    page = Page(db, "?collection=zoo&screen=browse")
    browser = page.screens["zoo", "browse", None]
    assert isinstance(browser, Browser)
    assert list(page.screens) == [("zoo", "browse", None)]
    page.navigation.go("overview")
    page.navigation.go("browse")
    assert page.screens["zoo", "browse", None] is browser
    page.close()


def test_the_overviews_buttons_go_to_the_screen(db: wb.Database) -> None:
    page = Page(db)
    page.screens["", "overview", None].view._handle_custom_msg({"open": ["browse", "zoo"]}, [])
    assert (page.navigation.screen, page.navigation.collection) == ("browse", "zoo")
    assert shown(page)[0] == "BrowseCanvas"
    assert page.shell._query == "?collection=zoo&screen=browse"
    page.close()


def test_the_head_asks_the_page_to_go(db: wb.Database) -> None:
    page = Page(db)
    page.shell._handle_custom_msg({"go": ["browse", "zoo"]}, [])
    assert page.shell.screen == "browse"
    page.shell._handle_custom_msg({"went": ""}, [])
    assert page.shell.screen == "overview"
    page.close()


def test_a_collection_that_is_deleted_takes_its_screens_along(db: wb.Database) -> None:
    page = Page(db, "?collection=zoo&screen=browse")
    db.delete("zoo")
    assert list(page.screens) == [("", "overview", None)]
    assert page.shell.problem == "The collection zoo is gone."
    page.close()
    db.create("after", size=2)
    assert page.navigation.collections == []


class Asking(Browser):
    """A screen that must be told a query."""

    def __init__(self, collection: wb.Collection, query: str) -> None:
        super().__init__(collection, search=query)


def test_a_screen_that_wants_more_says_how_it_is_opened(
    db: wb.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(screens.SCREENS, "ask", "ask")
    monkeypatch.setattr("workbench.views.dashboards.page.screen_class", lambda _: Asking)
    page = Page(db, "?collection=zoo&screen=ask")
    assert shown(page) == ["Notice"]
    assert page.main.objects[0]._widget.code == "collection.ask(query)"
    page.close()


def test_it_is_served_beside_the_process_and_stops(db: wb.Database) -> None:
    before = threading.active_count()
    page = db.dashboard(page=True)
    answer = httpx.get(page.url)
    assert answer.status_code == 200
    assert "<main>" in answer.text
    assert "//cdn" not in answer.text
    page.stop()
    page.stop()
    assert repr(page) == "<Dashboard stopped>"
    assert threading.active_count() <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.url)


def test_closing_the_database_stops_its_pages() -> None:
    with wb.open() as db:
        page = db.dashboard(page=True)
        assert page.running
    assert not page.running


def test_a_port_that_is_taken_is_one_sentence(db: wb.Database) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StorageFailed, match=f"cannot listen on 127.0.0.1:{port}"):
            db.dashboard(page=True, port=port)


@pytest.mark.parametrize("name", sorted(screens.SCREENS))
def test_every_screen_stands_on_a_page_or_says_why_not(name: str) -> None:
    with wb.open() as db:
        db.create("zoo", [{"kind": "cat"}] * 60, vectors=np.eye(60, 8) + 0.1, progress=False)
        page = Page(db, f"?collection=zoo&screen={name}")
        assert page.navigation.problem == ""
        asks_for_more = shown(page) == ["Notice"]
        assert asks_for_more or shown(page)[0].endswith("Canvas")
        assert asks_for_more == (not page.screens)
        for screen in page.screens.values():
            if screen.state.has_trait("working"):
                screen.state.wait()
        page.close()


def test_a_screen_that_could_not_be_opened_is_tried_again() -> None:
    with wb.open() as db:
        pets = db.create("pets", size=4)
        page = Page(db, "?collection=pets&screen=map")
        notice = page.main.objects[0]._widget
        assert (notice.title, notice.text[:30]) == ("Map of pets", "map: expected at least 1 point")
        pets.add(vectors=np.eye(4), progress=False)
        page.navigation.go("browse")
        page.navigation.go("map")
        assert shown(page)[0] == "MapCanvas"
        page.screens["pets", "map", None].state.wait()
        page.close()


def test_a_screen_is_of_the_vector_that_was_chosen() -> None:
    with wb.open() as db:
        db.create("both", vectors={"image": np.eye(4), "text": np.eye(4, 3)}, progress=False)
        page = Page(db, "?collection=both&screen=map")
        page.navigation.go("map", "both", "text")
        assert [key.vector for key in page.screens] == ["image", "text"]
        assert [screen.state.vector for screen in page.screens.values()] == ["image", "text"]
        for screen in page.screens.values():
            screen.state.wait()
        page.close()


def test_a_collection_of_sparse_vectors_says_which_it_has() -> None:
    with wb.open() as db:
        words = {"words": models.SparseVectorParams()}
        db.client().create_collection("notes", vectors_config={}, sparse_vectors_config=words)
        page = Page(db, "?collection=notes&screen=tune")
        assert page.main.objects[0]._widget.text == (
            "vector: expected dense vectors, and collection 'notes' has none; sparse ones: 'words'"
        )
        page.close()
