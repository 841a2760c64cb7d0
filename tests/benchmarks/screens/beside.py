"""Whether the kernel answers another cell while a screen has it tune or build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.screens.clock import TimedNotebook
from tests.benchmarks.screens.painting import PAINT, has, opening
from tests.ui.lab import Lab

BUILT = 50_000
ROWS = f"""\
import numpy as np
from workbench.datasets.large import load_large
rows = np.array(load_large("wordnet").vectors[:{BUILT}])
wizard = wb.open().create_wizard(rows, name="again")
wizard"""


def run(browser: Browser, lab: Lab, folder: Path) -> dict[str, Any]:
    """Ask beside a tuner that measures its curve and builds another graph, and beside the wizard's work."""
    book = TimedNotebook(browser, lab, "beside.ipynb", opening(folder), "tuner = words.tune()\ntuner", ROWS)
    book.notebook.run_cell(0)
    found: dict[str, Any] = {"tuning": {}, "trying another graph": {}, "making a collection": {}}
    with book.beside(found["tuning"], 1, PAINT, has(".wb-tune .tile b")):
        book.end_cell()
        _done(book, "tuner")
    with book.beside(found["trying another graph"]):
        book.notebook.kernel_run("tuner.m = 24")
        _done(book, "tuner")
    book.notebook.run_cell(2)
    _done(book, "wizard")
    with book.beside(found["making a collection"]):
        book.page.get_by_role("button", name="Create the collection").click()
        book.page.locator(".cr-made").get_by_text("✓").wait_for(timeout=300_000)
    found["problems"] = book.notebook.problems
    book.close()
    return found


def _done(book: TimedNotebook, screen: str) -> None:
    """Wait until a screen has nothing left to do in the background."""
    while book.notebook.kernel_eval(f"{screen}.state.working"):
        book.page.wait_for_timeout(250)
