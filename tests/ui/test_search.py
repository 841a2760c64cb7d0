"""The search box as a person uses it: ask, filter, slide, open hits, choose, return; mouse or keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import workbench as wb
from workbench import kernels
kernels.warm(block=True)
articles = wb.datasets.load("wikipedia")
wiki = wb.open().create("wikipedia", articles, m=4, indexing_threshold=1, progress=False)
"""


@pytest.mark.timeout(300)
def test_a_person_asks_compares_and_adds_words(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(lab.write_notebook("search.ipynb", SETUP, "box = wiki.search_box(ef=8)\nbox"))
    notebook.run_all()
    page = notebook.page
    expect(page.get_by_text("Type what you are looking for")).to_be_visible()
    notebook.screenshot("search-empty")
    query = page.get_by_label("Search by meaning")
    query.fill("a disease spread by mosquitoes")
    query.press("Enter")
    right = page.get_by_label("Exact hits").locator("li")
    expect(right).to_have_count(10)
    expect(page.locator(".recall .badge")).to_contain_text("/10")
    notebook.wait_for("box.query", "a disease spread by mosquitoes")
    expect(page.locator(".wb-search mark").first).to_be_visible()
    notebook.screenshot("search")

    missed = page.get_by_label("Exact hits").locator("li.missed .hit")
    if missed.count() == 0:  # which points a narrow beam misses is the graph's affair
        pytest.fail("expected the beam of 8 to miss something")
    missed.first.click()
    detail = page.get_by_label("The opened hit")
    expect(detail).to_contain_text("Cosine distance")
    expect(detail).to_contain_text("extract")
    detail.get_by_role("button", name="Why was it missed?").click()
    expect(detail.get_by_role("status")).to_contain_text("ef")
    notebook.screenshot("search-detail")

    page.get_by_label("ef", exact=True).press("End")
    expect(page.locator(".recall .badge")).to_contain_text("/10")
    page.get_by_label("Filter", exact=True).fill('{"topic": "Arts", "yeer": 3')
    page.get_by_label("Filter", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("expected plain words or a mapping")
    page.get_by_label("Filter", exact=True).fill('{"topic": "Arts"}')
    page.get_by_label("Filter", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_be_hidden()
    notebook.wait_for("box.where", {"topic": "Arts"})
    expect(
        page.get_by_role("button", name="Return to “a disease spread by mosquitoes”").first
    ).to_be_visible()

    page.get_by_label("Payload key whose words are added").select_option("description")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_label("Hybrid: words too")).to_be_checked(timeout=60_000)
    expect(page.locator(".hit-foot").first).to_contain_text("bm25")
    page.get_by_role("tab", name="QdrantClient").click()
    expect(page.get_by_text("models.RrfQuery(rrf=models.Rrf(k=2))")).to_be_visible()
    notebook.screenshot("search-hybrid")


@pytest.mark.timeout(300)
def test_hits_are_walked_opened_chosen_and_asked_by_keyboard(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        lab.write_notebook("keys.ipynb", SETUP, "box = wiki.search_box('a river in Africa', k=5)\nbox")
    )
    notebook.run_all()
    page = notebook.page
    left, right = (page.get_by_label(f"{side} hits") for side in ("Approximate", "Exact"))
    expect(left.locator("li")).to_have_count(5)
    left.locator(".hit").first.focus()
    page.keyboard.press("ArrowDown")
    expect(left.locator(".hit").nth(1)).to_be_focused()
    page.keyboard.press("x")
    ids = notebook.wait_for("box.selection", lambda ids: bool(ids))
    assert ids == [notebook.kernel_eval("box.hits.ids[1]")]
    expect(right.get_by_role("checkbox", checked=True)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(right.locator(".hit").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("The opened hit")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("The opened hit")).to_be_hidden()
    page.keyboard.press("m")
    notebook.wait_for("[box.kind, box.point]", ["point", str(ids[0])])
    expect(page.get_by_label("Id of a point")).to_have_value(str(ids[0]))
    notebook.screenshot("search-like")

    page.get_by_role("button", name="Vector", exact=True).press("Enter")
    box = page.get_by_role("textbox", name="Vector")
    box.fill("[0.1, 0.2]")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("expected dim: 384, got 2")
    page.get_by_role("button", name="Image", exact=True).press("Enter")
    expect(page.get_by_text("takes no pictures")).to_be_visible()
    notebook.kernel_run("box.ask('the deepest ocean').wait()")
    expect(page.get_by_label("Search by meaning")).to_have_value("the deepest ocean")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    left.locator(".hit").first.click()
    expect(page.get_by_label("The opened hit")).to_be_visible()
    notebook.screenshot("search-dark")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
