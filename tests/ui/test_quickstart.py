"""The quickstart as a newcomer does it: run all of it, move a slider, browse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.notebooks import paths
from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import numpy as np
import workbench as wb
draw = np.random.default_rng(0)
topics = ["Arts", "History", "Science"]
rows = [{"title": f"Article {i}", "topic": topics[i % 3], "year": 1000 + i} for i in range(3000)]
rows[7]["title"] = "A <b>bold</b> title <script>document.title = 'taken'</script>"
wiki = wb.open().create("wiki", rows, vectors=draw.normal(size=(3000, 32)), progress=False)
"""


def theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme; all tests share one server, which remembers it."""
    page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {name}'}})")
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'")


def slider(page: Page, name: str) -> Locator:
    """A slider of the tuner, to be moved by its keys."""
    return page.locator(".wb-tune").get_by_role("slider", name=name, exact=True)


def recall_shown(page: Page) -> str:
    return page.locator(".wb-tune .tile b").first.inner_text()


@pytest.mark.timeout(300)
def test_the_quickstart_runs_to_its_end_and_its_ef_slider_changes_the_recall(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    path = next(p for p in paths() if p.stem == "01_quickstart")
    notebook = open_notebook(lab.copy_notebook(path))
    notebook.run_all(240)
    notebook.kernel_run("tuner.wait()")
    page = notebook.page
    page.locator(".wb-tune").scroll_into_view_if_needed()
    expect(page.locator(".wb-tune .tile b").first).to_have_text(f"{notebook.kernel_eval('tuner.recall'):.3f}")
    before = recall_shown(page)
    notebook.wait_for("tuner.ef", 32)
    notebook.screenshot("quickstart-tune")

    for _ in range(4):
        slider(page, "ef").press("ArrowLeft")
    notebook.wait_for("tuner.ef", 8)
    moved = notebook.kernel_eval("tuner.recall")
    expect(page.locator(".wb-tune .tile b").first).to_have_text(f"{moved:.3f}")
    assert moved < float(before)
    theme(page, "Dark")
    notebook.screenshot("quickstart-tune-dark")
    theme(page, "Light")


def test_moving_m_builds_another_graph_beside_and_cancel_gives_it_up(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = open_notebook(
        lab.write_notebook(
            "tune.ipynb", SETUP, "tuner = wiki.tune(ef=16)\ntuner", "import time; time.sleep(60)"
        )
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.kernel_run("tuner.wait()")
    page = notebook.page
    legend = page.locator(".wb-tune .chart").first.locator(".legend > span")
    expect(legend).to_have_text(["m 16, ef_construct 100 · now"])
    slider(page, "m").press("ArrowLeft")
    expect(legend).to_have_text(["m 16, ef_construct 100 · now", "m 12, ef_construct 100"], timeout=30_000)
    notebook.wait_for("tuner.m", 12)
    expect(page.locator(".wb-tune pre")).to_contain_text('"m": 12')

    # While a cell runs, Cancel is heard at once and not when the cell has ended.
    notebook.kernel_run(
        "import time, workbench.surfaces.notebook.tuning as tuning\n"
        "def slow(vectors, metric, *, progress, **settings):\n"
        "    for i in range(1200):\n        progress(i, 1200)\n        time.sleep(.05)\n"
        "tuning.hnsw_build.build = slow"
    )
    slider(page, "m").press("ArrowLeft")
    expect(page.locator(".wb-task")).to_contain_text("building m=8")
    notebook.screenshot("tune-building")
    page.evaluate(
        """() => { const book = jupyterapp.shell.currentWidget.content; book.activeCellIndex = 2;
        void jupyterapp.commands.execute('notebook:run-cell') }"""
    )
    page.wait_for_function("document.querySelector('.jp-Notebook').textContent.includes('[*]')")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".wb-task")).to_contain_text("Cancelled")
    assert "[*]" in (page.locator(".jp-Notebook").text_content() or "")
    notebook.interrupt()
    notebook.wait_for("tuner.m", 12)


def test_the_browser_filters_turns_pages_sorts_and_shows_a_point_whole(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = open_notebook(lab.write_notebook("browse.ipynb", SETUP, "browser = wiki.browse()\nbrowser"))
    notebook.run_all()
    page = notebook.page
    rows = page.locator(".wb-browse tbody tr")
    expect(rows).to_have_count(10)
    assert page.title() != "taken"
    expect(rows.nth(7)).to_contain_text("<script>")

    box = page.get_by_role("searchbox", name="Filter")
    box.fill("{'topic': 'Arts', 'year': {'gte': 3000}}")
    box.press("Enter")
    expect(page.locator(".wb-browse .range")).to_have_text("1 to 10 of 333")
    notebook.wait_for("browser.where", {"topic": "Arts", "year": {"gte": 3000}})

    page.get_by_label("Next page").click()
    expect(page.locator(".wb-browse .range")).to_have_text("11 to 20 of 333")
    notebook.wait_for("browser.page", 2)

    page.get_by_title("Sort by year").click()
    page.get_by_title("Sort by year").click()
    expect(rows.first).to_contain_text("3997")
    expect(page.locator(".wb-browse th[aria-sort=descending]")).to_have_text("year ▼")
    notebook.wait_for("browser.rows['year'].tolist()[:2]", [3997, 3994])
    expect(page.locator(".wb-browse .code pre")).to_contain_text("sort='year', descending=True")

    rows.nth(0).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".wb-browse .detail")).to_contain_text("Article 2994")
    notebook.wait_for("browser.selection", 2994)
    notebook.screenshot("browse")

    box.fill("{'year': {'gte': 'soon'}}")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not a date and time")
    expect(rows.first).to_contain_text("3997")
    notebook.screenshot("browse-error")
    box.fill("no such words")
    box.press("Enter")
    expect(page.locator(".wb-browse .empty")).to_have_text(
        "No point matches this filter. Loosen it, or empty the box."
    )
    theme(page, "Dark")
    notebook.screenshot("browse-empty-dark")
    theme(page, "Light")
