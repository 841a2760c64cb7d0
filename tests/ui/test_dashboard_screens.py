"""Every screen in the dashboard's page, used as a person would: clicked, typed into, seen in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

import workbench as wb
from tests.ui.contrast import too_faint
from tests.ui.dashboards import DashboardProcess, Visit, zoo

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    """One process over a collection with a graph."""
    folder = tmp_path_factory.mktemp("screens") / "db"
    rows, vectors = zoo(1500)
    with wb.open(folder) as db:
        made = db.create("zoo", rows, vectors=vectors, m=8, indexing_threshold=1, progress=False)
        made.optimize(progress=False)
    with DashboardProcess(folder) as process:
        yield process


def look(visit: Visit, name: str) -> None:
    """Leave a picture in each theme and in high contrast; no text may be too faint for WCAG's AA."""
    page = visit.page
    assert too_faint(page) == []
    visit.screenshot(name)
    page.get_by_role("button", name="Use dark colors").click()
    assert too_faint(page) == []
    visit.screenshot(f"{name}-dark")
    page.emulate_media(forced_colors="active")
    assert too_faint(page) == []
    visit.screenshot(f"{name}-contrast")
    page.emulate_media(forced_colors="none")


def test_a_point_is_searched_with(visit: Visit) -> None:
    visit.go("?collection=zoo&screen=search_box")
    page = visit.page
    page.get_by_role("group", name="Ask with").get_by_role("button", name="Point").click()
    box = page.get_by_label("Id of a point")
    box.fill("300")
    box.press("Enter")
    expect(page.get_by_label("Exact hits").locator("li")).to_have_count(10, timeout=30_000)
    expect(page.locator(".recall .badge")).to_contain_text("/10")
    page.set_viewport_size({"width": 800, "height": 500})  # the opened hit stands under the others
    page.get_by_label("Approximate hits").locator(".hit").first.click()
    expect(page.get_by_label("The opened hit")).to_contain_text("Cosine")
    expect(page.get_by_label("The opened hit")).to_be_in_viewport()
    page.set_viewport_size({"width": 1400, "height": 950})
    look(visit, "dashboard-search")


def test_a_walk_is_played(visit: Visit) -> None:
    visit.go("?collection=zoo&screen=trace")
    page = visit.page
    expect(page.get_by_text("Nothing is traced yet.")).to_be_visible(timeout=30_000)
    box = page.get_by_label("Query", exact=True)
    box.fill("#300")
    box.press("Enter")
    expect(page.locator(".told")).to_contain_text("The walk ends", timeout=200_000)
    page.get_by_role("button", name="First hop (Home)").click()
    expect(page.locator(".told")).to_contain_text("The walk enters on layer")
    page.get_by_role("button", name="One hop on").click()
    expect(page.locator("output").first).to_contain_text("hop 1 of")
    page.get_by_label("Hop", exact=True).press("End")
    expect(page.locator(".told")).to_contain_text("The walk ends")
    look(visit, "dashboard-trace")


def test_a_curve_is_measured_and_ef_moves_along_it(visit: Visit) -> None:
    visit.go("?collection=zoo&screen=tune")
    page = visit.page
    curve = page.locator(".wb-tune .chart svg[aria-label]").first
    expect(curve.locator(".dot").first).to_be_visible(timeout=120_000)
    slider = page.get_by_role("slider", name="ef", exact=True)
    before = slider.get_attribute("aria-valuetext") or slider.input_value()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(page.get_by_label("The Python that does the same").first).to_contain_text("ef=")
    assert (slider.get_attribute("aria-valuetext") or slider.input_value()) != before
    look(visit, "dashboard-tune")


def test_a_missed_point_is_explained(visit: Visit) -> None:
    visit.go("?collection=zoo&screen=diagnose")
    page = visit.page
    box = page.get_by_label("Query", exact=True)
    box.fill("#300")
    box.press("Enter")
    expect(page.locator(".told")).to_contain_text("10 of 10 hits in", timeout=60_000)
    visit.screenshot("dashboard-diagnose")
    page.get_by_role("tab", name="Why missed").click()
    point = page.get_by_label("Id of the missed point")
    point.fill("7")
    point.press("Enter")
    expect(page.get_by_role("status", name="Verdict")).to_contain_text("Point 7")
    look(visit, "dashboard-missed")
    page.get_by_role("tab", name="Health").click()
    expect(page.get_by_role("img", name="nodes by their links")).to_be_visible()
    visit.screenshot("dashboard-health-dark")


def test_points_are_browsed_and_mapped(visit: Visit) -> None:
    page = visit.page
    visit.go("?collection=zoo&screen=browse")
    expect(page.get_by_text("number 0 is a cat")).to_be_visible(timeout=30_000)
    page.set_viewport_size({"width": 640, "height": 900})
    first = page.get_by_text("number 0 is a cat").bounding_box()
    assert first is not None
    assert first["y"] < 600  # the facets above the table leave it in sight
    page.set_viewport_size({"width": 1400, "height": 950})
    look(visit, "dashboard-browse")
    page.get_by_role("button", name="Use light colors").click()
    visit.go("?collection=zoo&screen=map")
    expect(page.locator(".map-banner").first).to_contain_text("of the 10 nearest", timeout=120_000)
    look(visit, "dashboard-map")


def test_the_overview_is_looked_at(visit: Visit) -> None:
    visit.go("")
    expect(visit.page.locator(".wb-overview table.wide tbody tr")).not_to_have_count(0, timeout=30_000)
    look(visit, "dashboard-overview")
    cell = visit.page.locator(".wb-overview table.wide td").first
    cell.evaluate(
        "node => { node.textContent = 'gray on gray'; node.style.cssText = 'color:#777;background:#888' }"
    )
    assert too_faint(visit.page) == ["td 1.26: gray on gray"]


def test_a_collection_is_created(visit: Visit) -> None:
    visit.go("?screen=create")
    page = visit.page
    page.get_by_role("tab", name="Built-in set").click()
    page.get_by_role("tabpanel", name="Built-in set").get_by_role("button", name="emoji").click()
    name = page.get_by_label("Name of the collection")
    name.fill("signs")
    name.press("Enter")
    expect(page.locator(".wb-create .tile").first).to_be_visible(timeout=60_000)
    look(visit, "dashboard-create")
    page.get_by_role("button", name="Create the collection").click()
    expect(page.locator(".cr-made")).to_contain_text("✓ signs holds", timeout=120_000)
    expect(page.get_by_label("Collection", exact=True).locator("option", has_text="signs")).to_have_count(1)
