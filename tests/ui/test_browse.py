"""The browser as a person uses it: narrow, build a filter, choose points, change and restore them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import base64, io
import numpy as np
import workbench as wb
from PIL import Image
draw = np.random.default_rng(0)
topics = ["Arts", "History", "Science", "Geography"]
colors = [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167)]
def dot(i):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colors[i % 4]).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
pictures = [dot(i) for i in range(4)]
rows = [{"title": f"Article {i}", "topic": topics[i % 4], "year": 1000 + i // 3,
         "stars": round(i % 50 / 10, 1), "seen": f"2024-{1 + i % 12:02d}-15", "good": i % 3 == 0,
         "picture": pictures[i % 4],
         "about": "A long story of what it is about, told with many words. " * 3 + str(i)}
        for i in range(3000)]
vectors = draw.normal(size=(4, 16))[np.arange(3000) % 4] * 3 + draw.normal(size=(3000, 16))
wiki = wb.open().create("wiki", rows, vectors=vectors, progress=False)
"""


def theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme; all tests share one server, which remembers it."""
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {name}'}})")
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)


def opened(lab: Lab, open_notebook: OpenNotebook, name: str) -> Notebook:
    notebook = open_notebook(lab.write_notebook(name, SETUP, "browser = wiki.browse()\nbrowser"))
    notebook.run_all()
    expect(notebook.page.locator(".wb-browse tbody tr")).to_have_count(10)
    # Only the output, wide and in view.
    notebook.page.locator(".wb-browse").scroll_into_view_if_needed()
    return notebook


@pytest.mark.timeout(300)
def test_values_ranges_and_a_built_filter_narrow_the_table_and_one_another(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = opened(lab, open_notebook, "narrow.ipynb")
    page = notebook.page
    total = page.locator(".wb-browse .range.dim")
    page.get_by_role("button", name="Science").click()
    expect(total).to_have_text("1 to 10 of 750")
    notebook.wait_for("browser.narrowed", {"topic": ["Science"]})

    chart = page.locator(".histogram[data-name=year] svg")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 30, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Drop year")).to_be_visible()
    low, high = notebook.kernel_eval("[browser.narrowed['year'][end] for end in ('gte', 'lte')]")
    assert 1200 < low < 1300 < 1700 < high < 1800
    expect(page.get_by_role("button", name="Arts")).to_contain_text("of 750")
    page.locator(".facet", has=chart).get_by_text("As a table").click()
    expect(page.locator(".facet .as-table tbody tr").first).to_be_visible()
    page.locator(".facet", has=chart).get_by_text("As a table").click()
    notebook.screenshot("browse-facets")
    theme(page, "Dark")
    notebook.screenshot("browse-facets-dark")
    theme(page, "Light")

    start = page.get_by_label("Start of the range of year")
    start.fill("1900")
    start.press("Enter")
    notebook.wait_for("browser.narrowed['year']['lte']", 1900)
    page.get_by_role("button", name="Clear all").click()
    expect(total).to_have_text("1 to 10 of 3,000")

    build_a_filter(notebook)
    page.get_by_role("button", name="Clear the filter").click()
    page.get_by_label("Words are looked for in").select_option("about")
    words = page.get_by_label("Full text")
    words.fill("story 2999")
    words.press("Enter")
    expect(total).to_have_text("1 to 1 of 1")


def build_a_filter(notebook: Notebook) -> None:
    """Put two lines together; the second is wrong at first."""
    page = notebook.page
    page.get_by_role("button", name="Build a filter").click()
    page.get_by_label("Field", exact=True).fill("topic")
    expect(page.locator(".builder-line datalist option").first).to_have_attribute("value", "Arts")
    page.get_by_label("Value", exact=True).fill("Arts")
    page.get_by_role("button", name="Add a line").click()
    page.keyboard.type("year")
    page.get_by_label("Operator").nth(1).select_option("between")
    page.get_by_label("Value", exact=True).nth(1).fill("1900, oops")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("year: expected a number, got 'oops'")
    page.get_by_label("Value", exact=True).nth(1).fill("1900, 1999")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-browse .range.dim")).to_have_text("1 to 10 of 75")
    expect(page.get_by_label("The filter as Qdrant's JSON")).to_contain_text('"must"')
    expect(page.get_by_label("The filter as Python")).to_have_text(
        "where={'topic': 'Arts', 'year': {'gte': 1900, 'lte': 1999}}"
    )
    notebook.screenshot("browse-builder")


@pytest.mark.timeout(300)
def test_points_are_chosen_edited_labeled_deleted_and_restored_by_keyboard(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = opened(lab, open_notebook, "change.ipynb")
    page = notebook.page
    rows = page.locator(".wb-browse tbody tr")
    rows.nth(1).click()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    notebook.wait_for("browser.selected", [1, 2, 3])
    rows.nth(7).click(modifiers=["Control"])
    notebook.wait_for("[browser.selected, browser.selection]", [[1, 2, 3, 7], 7])
    expect(page.get_by_text("4 points chosen")).to_be_visible()
    page.get_by_label("Value of the label").fill("by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 points have label = 'by hand'.")).to_be_visible()
    notebook.wait_for("wiki.count({'label': 'by hand'})", 4)

    rows.nth(7).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("4 points were deleted.")).to_be_visible()
    notebook.wait_for("len(wiki)", 2996)
    notebook.screenshot("browse-deleted")
    page.get_by_role("button", name="Take the last change back").click()
    expect(page.get_by_text("4 points were restored, with vectors and payload.")).to_be_visible()
    notebook.wait_for("wiki.get([7])[0].payload['label']", "by hand")
    rows.nth(0).focus()
    page.keyboard.press("Control+z")
    notebook.wait_for("wiki.count({'label': 'by hand'})", 0)

    rows.nth(2).click()
    page.get_by_role("button", name="Edit payload").click()
    editor = page.get_by_label("Payload as JSON")
    editor.fill('{"title": "Changed", ')
    page.get_by_role("button", name="Save the payload").click()
    expect(page.get_by_role("alert")).to_contain_text("Expected JSON")
    notebook.screenshot("browse-edit-error")
    editor.fill('{"title": "Changed", "year": 1}')
    editor.press("Control+Enter")
    expect(rows.nth(2)).to_contain_text("Changed")
    notebook.wait_for("wiki.get([2])[0].payload", {"title": "Changed", "year": 1})


@pytest.mark.timeout(300)
def test_examples_order_the_points_and_cards_show_pictures(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = opened(lab, open_notebook, "like.ipynb")
    page = notebook.page
    rows = page.locator(".wb-browse tbody tr")
    rows.nth(0).focus()
    page.keyboard.press("+")
    notebook.wait_for("browser.like", [0])
    expect(page.locator(".wb-browse thead")).to_contain_text("score")
    notebook.wait_for("set(browser.rows['topic']) == {'Arts'}", True)
    rows.nth(3).focus()
    page.keyboard.press("-")
    notebook.wait_for("len(browser.unlike)", 1)
    expect(page.locator(".wb-browse .code pre")).to_contain_text("collection.recommend([0], [")

    page.get_by_text("Columns").click()
    page.get_by_role("checkbox", name="stars").uncheck()
    expect(page.locator(".wb-browse thead")).not_to_contain_text("stars")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Cards").click()
    cards = page.get_by_role("option").filter(has=page.locator("img"))
    expect(cards).to_have_count(10)
    cards.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(cards.nth(1)).to_have_attribute("aria-selected", "true")
    notebook.screenshot("browse-cards")
    theme(page, "Dark")
    notebook.screenshot("browse-cards-dark")
    theme(page, "Light")
    page.get_by_role("button", name="Forget all examples").click()
    notebook.wait_for("[browser.like, browser.unlike]", [[], []])
