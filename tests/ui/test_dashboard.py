"""The dashboard as a person uses it: look, go to screens, choose on the map, snapshot, serve, delete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import workbench as wb
from tests.ui.dashboards import DashboardProcess, Visit, zoo

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    """One process over two collections."""
    folder = tmp_path_factory.mktemp("dashboard") / "db"
    rows, vectors = zoo(300)
    with wb.open(folder) as db:
        db.create("zoo", rows, vectors=vectors, progress=False)
        db.create("attic", vectors=np.random.default_rng(1).normal(size=(40, 8)), progress=False)
    with DashboardProcess(folder) as process:
        yield process


def test_the_overview_shows_collections_memory_and_load_in_both_themes(visit: Visit) -> None:
    page = visit.page
    zoo = page.locator(".wb-overview table.wide tr.line", has_text="zoo")
    expect(zoo).to_contain_text("300")
    expect(zoo).to_contain_text("16 × float32 Cosine")
    expect(zoo).to_contain_text("ready")
    expect(page).to_have_title("Overview · Workbench")
    page.get_by_label(re.compile(r"^zoo: ")).click()
    expect(page.locator("details[open]")).to_contain_text("links")
    page.wait_for_timeout(2600)  # it looks again, and what was opened stays open
    expect(page.locator("details[open]")).to_contain_text("links")
    visit.screenshot("overview")
    page.set_viewport_size({"width": 800, "height": 900})
    buttons = [page.get_by_role("button", name=name).bounding_box() for name in ("Browse zoo", "Delete zoo")]
    assert len({box["y"] for box in buttons if box}) == 1  # in one line, also where the page is narrow
    visit.screenshot("overview-narrow")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Use dark colors").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    visit.screenshot("overview-dark")
    page.reload()
    expect(page.get_by_role("button", name="Use light colors")).to_be_visible(timeout=30_000)


def test_a_map_is_opened_by_clicks_and_its_points_are_chosen(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Map zoo").click()
    expect(page).to_have_url(re.compile(r"\?collection=zoo&screen=map$"))
    expect(page.get_by_role("link", name="Map")).to_have_attribute("aria-current", "page")
    expect(page.locator(".map-banner").first).to_contain_text("of the 10 nearest", timeout=120_000)
    page.get_by_label("Color", exact=True).select_option("kind")
    expect(page.locator(".map-legend button")).to_have_count(3)
    canvas = page.get_by_role("application")
    canvas.focus()
    canvas.press("a")
    expect(page.get_by_text("300 of 300")).to_be_visible()
    box = page.locator(".wb-map canvas").first.bounding_box()
    assert box is not None
    x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 230
    page.keyboard.down("Shift")
    page.mouse.move(x - side, y - side)
    page.mouse.down()
    for dx, dy in ((0, -side), (0, side), (-side, side)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".map-chosen li").first).to_be_visible()
    page.get_by_label("Value of the label").fill("by hand")
    page.get_by_role("button", name="Save as label").click()
    expect(page.get_by_text("points now have label = 'by hand'.")).to_be_visible()
    visit.screenshot("dashboard-map")
    page.get_by_role("button", name="Use dark colors").click()
    visit.screenshot("dashboard-map-dark")

    # The payload was written: the browser of the same page shows it.
    page.get_by_role("link", name="Browse").click()
    expect(page.locator("th", has_text="label")).to_be_visible(timeout=30_000)
    page.go_back()
    expect(page.locator(".wb-map")).to_be_visible()
    expect(page.locator(".map-legend button").first).to_contain_text("by hand")


def test_an_address_is_a_bookmark(visit: Visit) -> None:
    page = visit.page
    visit.go("?collection=zoo&screen=browse")
    expect(page.get_by_role("link", name="Browse")).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("number 0 is a cat")).to_be_visible(timeout=30_000)
    visit.screenshot("dashboard-browse")
    page.get_by_label("Collection", exact=True).select_option("attic")
    expect(page).to_have_url(re.compile("collection=attic"))
    page.reload()
    expect(page.get_by_label("Collection", exact=True)).to_have_value("attic", timeout=30_000)
    visit.go("?collection=nobody&screen=map")
    expect(page.get_by_role("alert").first).to_contain_text("There is no collection 'nobody'")
    expect(page.locator(".wb-overview")).to_be_visible()


def test_snapshots_servers_and_deletion_are_done_from_the_page(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Take a snapshot of attic").click()
    expect(page.get_by_text(re.compile(r"^Snapshot attic-.* was taken\.$"))).to_be_visible(timeout=30_000)
    expect(page.locator("section[aria-label=Snapshots] td.file")).to_contain_text("attic-")

    page.get_by_label("Port of REST").fill("0")
    page.get_by_label("Port of gRPC").fill("")
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Start the server").click()
    card = page.locator(".server")
    expect(card).to_contain_text("asks for an API key", timeout=30_000)
    found = re.search(r"http://\S+", card.inner_text())
    assert found is not None
    assert httpx.get(f"{found[0]}/collections", headers={"api-key": "secret"}).status_code == 200
    assert httpx.get(f"{found[0]}/collections").status_code == 401
    page.get_by_role("button", name="Stop the server").click()
    expect(card).to_have_count(0)

    page.get_by_role("button", name="Delete attic").press("Enter")
    typed = page.get_by_label("Name of the collection to delete")
    expect(typed).to_be_focused()
    delete = page.get_by_role("button", name="Delete for good")
    typed.fill("zoo")
    expect(delete).to_be_disabled()
    visit.screenshot("overview-delete")
    typed.fill("attic")
    typed.press("Enter")
    expect(page.get_by_text("attic was deleted.")).to_be_visible()
    expect(page.locator(".wb-overview table.wide tr.line")).to_have_count(1)
    expect(page.get_by_label("Collection", exact=True).locator("option", has_text="attic")).to_have_count(0)


def test_an_empty_database_says_how_to_begin(browser: Browser, tmp_path: Path, pictures: Path) -> None:
    with DashboardProcess(tmp_path / "empty") as process:
        made = Visit(browser.new_page(), process.url, pictures)
        expect(made.page.get_by_text("There is no collection yet.")).to_be_visible(timeout=30_000)
        expect(made.page.get_by_label("Collection", exact=True)).to_be_disabled()
        made.screenshot("overview-empty")
        made.page.close()
        assert made.problems == []
