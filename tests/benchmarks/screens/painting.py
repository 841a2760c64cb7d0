"""First paint of every screen in a fresh kernel, and what ten of them cost on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser

import workbench as wb
from tests.benchmarks.screens.clock import TimedNotebook
from tests.ui.lab import KERNEL, Lab


class Shown(NamedTuple):
    """A screen: the cell that opens it, and what is there once it holds data."""

    code: str
    content: str


PAINT = "bench.shown(cell.querySelector('.wb-screen, .jp-OutputArea-output.jp-RenderedHTMLCommon'))"


def has(selector: str) -> str:
    """Return JavaScript that is true when something that matches holds text."""
    return f"bench.shown(cell.querySelector({selector!r}))"


QUERY = "a small boat on a river"
SCREENS = {
    "browse": Shown("words.browse()", has(".wb-browse tbody")),
    "search": Shown(f"words.search_box({QUERY!r})", has(".wb-search .hits li")),
    "tune": Shown("words.tune()", has(".wb-tune .tile b")),
    "map": Shown("words.map()", "bench.inked(cell.querySelector('.wb-map canvas'))"),
    "trace": Shown(
        f"words.trace_view({QUERY!r})", "bench.inked(cell.querySelector('.wb-trace .trace-map canvas'))"
    ),
    "diagnose": Shown(f"words.diagnose({QUERY!r})", has(".wb-diagnose .told")),
    "why missed": Shown(
        f"words.diagnose({QUERY!r}, missed=missed, tab='why_missed')",
        has(".wb-diagnose .verdict"),
    ),
    "health": Shown("words.diagnose(tab='health')", has(".wb-diagnose .tile")),
    "overview": Shown("db.dashboard()", has(".wb-overview tbody")),
    "create": Shown("db.create_wizard('emoji')", has(".wb-create .cr-preview td")),
}


def opening(folder: Path) -> str:
    """Return the cell that opens the collections."""
    return f"import workbench as wb\ndb = wb.open({str(folder)!r})\nwords = db['words']"


def run(browser: Browser, lab: Lab, folder: Path) -> dict[str, Any]:
    """Open all screens in one kernel, then each first of all in a fresh one.

    In this order, since the first kernel compiles the sources of all that it imports, once for all.
    """
    with wb.open(folder) as database:
        missed = database["words"].page().iloc[0].id  # a DataFrame: pandas is not for the screen to load
    cells = [f"{opening(folder)}\nmissed = {missed}", *(shown.code for shown in SCREENS.values())]
    later, problems = _one_kernel(TimedNotebook(browser, lab, "later.ipynb", *cells))
    first, more = _fresh_kernels(TimedNotebook(browser, lab, "first.ipynb", *cells))
    return {"first": first, "later": later, "problems": problems + more}


def _one_kernel(book: TimedNotebook) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    book.notebook.run_cell(0)
    for index, (name, shown) in enumerate(SCREENS.items(), start=1):
        book.count()
        found[name] = book.time_cell(index, PAINT, shown.content)
        _rest(book)
        found[name]["traffic"] = book.counted()
    book.close()
    return found, book.notebook.problems


def _fresh_kernels(book: TimedNotebook) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    for index, (name, shown) in enumerate(SCREENS.items(), start=1):
        if found:
            _restart(book)
        book.notebook.run_cell(0)
        found[name] = book.time_cell(index, PAINT, shown.content)
    book.close()
    return found, book.notebook.problems


def _restart(book: TimedNotebook) -> None:
    """Begin with a new kernel and without outputs."""
    book.page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    book.page.evaluate(f"{KERNEL}.restart()")
    book.notebook.wait_until_idle()


def _rest(book: TimedNotebook) -> None:
    """Wait until no screen works in the background, so that all that it sends is counted."""
    book.page.wait_for_function("!document.querySelector('.wb-task.working')", timeout=180_000)
    book.page.wait_for_timeout(500)
