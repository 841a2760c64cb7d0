"""The overview in JupyterLab: it looks again by itself, also beside a running cell, and opens screens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import workbench as wb
%load_ext workbench
db = wb.open()
zoo = db.create("zoo", [{"kind": "cat"}, {"kind": "dog"}], vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
"""


@pytest.mark.timeout(300)
def test_it_follows_the_kernel_and_opens_screens_below(lab: Lab, open_notebook: OpenNotebook) -> None:
    cells = [
        SETUP,
        "overview = db.dashboard()\noverview",
        "import time; time.sleep(8)",
        "%workbench collections",
    ]
    notebook = open_notebook(lab.write_notebook("overview.ipynb", *cells))
    notebook.run_cell(0)
    notebook.run_cell(1)
    page = notebook.page
    rows = page.locator(".wb-overview table.wide tr.line")
    expect(rows).to_have_count(1)

    notebook.kernel_run("_ = db.create('attic', size=4)")
    expect(rows).to_have_count(2, timeout=10_000)

    looks = notebook.kernel_eval("overview.state.looks")
    notebook.run_cell(2)
    assert notebook.kernel_eval("overview.state.looks") > looks

    page.get_by_role("button", name="Browse zoo").press("Enter")
    expect(page.locator(".wb-browse")).to_contain_text("dog", timeout=20_000)
    notebook.wait_for("type(overview.opened).__name__", "Browser")
    notebook.run_cell(3)
    notebook.screenshot("overview-lab")
