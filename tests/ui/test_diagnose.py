"""The diagnosis as a person uses it: ask, filter, see what was missed and why, look at the graphs."""

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
# So many dead rows are left behind by the optimizer, in the background.
VACUUMED = """\
import time
_ = wiki.delete(list(range(0, 10_000, 3)))
end = time.monotonic() + 60
while not any(job.state == "done" for job in wiki.health().health.jobs) and time.monotonic() < end:
    time.sleep(0.1)
"""


@pytest.mark.timeout(400)
def test_a_query_is_explained_and_a_missed_point_gets_a_verdict(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = open_notebook(lab.write_notebook("diagnose.ipynb", SETUP, "d = wiki.diagnose(ef=8)\nd"))
    notebook.run_all(timeout_s=250)
    page = notebook.page
    screen = page.locator(".wb-diagnose")
    expect(screen.get_by_text("Nothing was asked yet.")).to_be_visible()
    query = screen.get_by_label("Query", exact=True)
    query.fill("a disease spread by mosquitoes")
    query.press("Enter")
    expect(screen.locator(".told")).to_contain_text("10 of 10 hits in")
    expect(screen.get_by_role("table", name="Segments")).to_contain_text("graph")
    screen.scroll_into_view_if_needed()
    notebook.screenshot("diagnose-explain")

    tab = screen.get_by_role("tab", name="Explain")
    tab.focus()
    tab.press("ArrowRight")
    notebook.wait_for("d.tab", "why_missed")
    hits = screen.get_by_role("list", name="Hits of an exact search").locator("button")
    expect(hits).to_have_count(10)
    missed = hits.filter(has_text="missed")
    if missed.count() == 0:  # which points a narrow beam misses is the graph's affair
        pytest.fail("expected the beam of 8 to miss something")
    missed.first.click()
    verdict = screen.get_by_role("status", name="Verdict")
    expect(verdict).to_contain_text("exact rank")
    expect(verdict.get_by_role("list", name="Widths that were tried")).to_contain_text("missed")
    reason = notebook.kernel_eval("d.wait().verdict.reason")
    expect(verdict.locator(".badge")).to_have_text(reason)
    notebook.screenshot("diagnose-missed")

    filter_box = screen.get_by_label("Filter", exact=True)
    filter_box.fill('{"topic": "Arts"')
    filter_box.press("Enter")
    expect(screen.get_by_role("alert")).to_contain_text("expected")
    filter_box.fill('{"topic": "Arts"}')
    filter_box.press("Enter")
    expect(screen.get_by_role("alert")).to_be_hidden()
    expect(verdict.locator(".badge")).to_have_text("filtered out")
    notebook.wait_for("d.where", {"topic": "Arts"})


@pytest.mark.timeout(400)
def test_the_health_of_the_graphs_is_looked_at_again(lab: Lab, open_notebook: OpenNotebook) -> None:
    cell = "d = wiki.diagnose(tab='health').wait()\nd"
    notebook = open_notebook(lab.write_notebook("health.ipynb", SETUP, VACUUMED, cell))
    notebook.run_all(timeout_s=250)
    screen = notebook.page.locator(".wb-diagnose")
    expect(screen.get_by_text("✓ Nothing is wrong.")).to_be_visible()
    expect(screen.get_by_role("img", name="nodes by their links")).to_be_visible()
    expect(screen.get_by_role("table", name="What the optimizer did")).to_be_visible()
    screen.scroll_into_view_if_needed()
    notebook.screenshot("diagnose-health")
    before = screen.locator(".tile").first.inner_text()
    notebook.kernel_run("wiki.delete(list(range(100)))")
    screen.get_by_role("button", name="Look again").click()
    expect(screen.locator(".tile").first).not_to_have_text(before)
    notebook.wait_for("d.wait().report.health.points == len(wiki)", True)
