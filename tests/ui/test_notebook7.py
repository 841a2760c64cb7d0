"""Jupyter Notebook 7: every screen is drawn there, and what is typed reaches the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.ui.gallery import cells
from tests.ui.lab import Lab, Notebook
from workbench.surfaces.notebook.screens import SCREENS


@pytest.mark.timeout(400)
def test_every_screen_is_drawn_in_notebook_7_and_hears_keys(
    browser: Browser, lab: Lab, pictures: Path
) -> None:
    pytest.importorskip("notebook", reason="pip install notebook")
    name = lab.write_notebook("seven.ipynb", *cells())
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    notebook = Notebook(page, lab, name, pictures, where="notebooks/{name}")
    page.wait_for_timeout(1000)
    its_own = list(notebook.problems)  # Notebook 7.6 reports a setting without a schema while it opens
    notebook.run_all()
    for kind in SCREENS:
        if notebook.kernel_eval(f"hasattr(s_{kind}, 'wait')"):
            notebook.kernel_run(f"_ = s_{kind}.wait()")
    expect(page.locator(".wb-screen")).to_have_count(len(SCREENS))

    words = page.locator(".wb-browse").get_by_label("Full text")
    words.fill("dog")
    words.press("Enter")
    notebook.wait_for("s_browse.words", "dog")
    notebook.wait_for("s_tune.ef", 100)
    page.locator(".wb-tune").get_by_role("slider", name="ef", exact=True).press("ArrowLeft")
    notebook.wait_for("s_tune.ef", lambda ef: ef < 100)
    page.locator(".wb-map").get_by_role("application").press("a")
    notebook.wait_for("len(s_map.selection)", 300)
    notebook.screenshot("notebook7")
    page.close()
    assert notebook.problems == its_own
