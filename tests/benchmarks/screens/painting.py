"""First paint of every screen in a fresh kernel, and what ten of them cost on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser

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
        f"words.diagnose({QUERY!r}, missed=words.page().iloc[0].id, tab='why_missed')",
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
    """Open each screen first of all in a fresh kernel, then all of them in one."""
    cells = [opening(folder), *(shown.code for shown in SCREENS.values())]
    book = TimedNotebook(browser, lab, "painting.ipynb", *cells)
    first: dict[str, Any] = {}
    for index, (name, shown) in enumerate(SCREENS.items(), start=1):
        if first:
            _restart(book)
        book.notebook.run_cell(0)
        first[name] = book.time_cell(index, PAINT, shown.content)
    _restart(book)
    book.notebook.run_cell(0)
    later: dict[str, Any] = {}
    for index, (name, shown) in enumerate(SCREENS.items(), start=1):
        book.count()
        later[name] = book.time_cell(index, PAINT, shown.content)
        _rest(book)
        later[name]["traffic"] = book.counted()
    problems = book.notebook.problems
    book.close()
    return {"first": first, "later": later, "problems": problems}


def _restart(book: TimedNotebook) -> None:
    """Begin with a new kernel and without outputs."""
    book.page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    book.page.evaluate(f"{KERNEL}.restart()")
    book.notebook.wait_until_idle()


def _rest(book: TimedNotebook) -> None:
    """Wait until no screen works in the background, so that all that it sends is counted."""
    book.page.wait_for_function("!document.querySelector('.wb-task.working')", timeout=180_000)
    book.page.wait_for_timeout(500)
