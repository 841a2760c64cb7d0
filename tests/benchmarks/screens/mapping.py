"""A map of 60,000 points from an indexed collection, in a kernel that never laid out anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.screens.clock import TimedNotebook
from tests.benchmarks.screens.painting import PAINT, opening
from tests.ui.lab import Lab

DONE = "document.querySelector('.wb-map .map-banner')?.textContent.includes('10 nearest')"


def run(browser: Browser, lab: Lab, folder: Path) -> dict[str, Any]:
    """Return when the first layout was seen, when the map was done, and how the kernel answered meanwhile."""
    cells = (opening(folder), "pictures = db['pictures'].map()\npictures")
    book = TimedNotebook(browser, lab, "mapping.ipynb", *cells)
    book.notebook.run_cell(0)
    book.count()
    before = book.cpu()
    found: dict[str, Any] = {"beside": {}}
    drawn = "bench.inked(cell.querySelector('.wb-map canvas'))"
    with book.beside(found["beside"], 1, PAINT, drawn):
        found["shown"] = book.end_cell()
        rest = book.seconds_until(DONE, 600)
    found["done"] = round(found["shown"]["content"] + rest, 1)
    found["cpu"] = round(book.cpu() - before, 1)
    found["traffic"] = book.counted()
    found["kept"] = book.notebook.kernel_eval("pictures.state.kept")
    found["problems"] = book.notebook.problems
    book.close()
    return found
