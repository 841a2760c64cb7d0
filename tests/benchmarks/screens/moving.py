"""What moves under the hand: the slider of the tuner, and a map of a million points."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.screens.clock import TimedNotebook, load
from tests.benchmarks.screens.painting import PAINT, has, opening
from tests.ui.lab import Lab

# Steps of the slider that are taken, and seconds of panning and of zooming.
STEPS, SECONDS = 8, 5.0

# From the key to the frame with the new value in it: the words beside the curve change with its mark.
WATCH = """
() => { window.step = new Promise((resolve) => {
  const tiles = document.querySelector(".wb-tune .tiles");
  let begin = 0;
  document.addEventListener("keydown", () => (begin = performance.now()), { capture: true, once: true });
  new MutationObserver((_, watcher) => {
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
  }).observe(tiles, { childList: true });
}) }
"""

# Every drawing of the map begins with an empty canvas; the card is told how many points to draw.
COUNT = """
() => {
  const frames = (window.frames_drawn = { count: 0, points: 0 });
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  const arrays = WebGL2RenderingContext.prototype.drawArrays;
  CanvasRenderingContext2D.prototype.clearRect = function (...all) {
    if (this.canvas.closest(".wb-map")) frames.count++;
    return clear.apply(this, all);
  };
  WebGL2RenderingContext.prototype.drawArrays = function (...all) {
    frames.points += all[2];
    return arrays.apply(this, all);
  };
}
"""


def slider(browser: Browser, lab: Lab, folder: Path) -> dict[str, Any]:
    """Step along ``ef`` of the tuner; what was measured before is forgotten, so that each step searches."""
    book = TimedNotebook(browser, lab, "slider.ipynb", opening(folder), "tuner = words.tune(ef=8)\ntuner")
    book.notebook.run_cell(0)
    book.time_cell(1, PAINT, has(".wb-tune .tile b"))
    book.notebook.kernel_run("_ = tuner.wait(300)")
    book.page.wait_for_timeout(500)
    knob = book.page.get_by_role("slider", name="ef", exact=True)
    steps = []
    for _ in range(STEPS):
        book.notebook.kernel_run("tuner.state.now._runs.clear()")
        book.page.evaluate(WATCH)
        before = book.cpu()
        knob.press("ArrowRight")
        took = float(book.page.evaluate("window.step"))
        ef, p50 = book.notebook.kernel_eval("[tuner.ef, tuner.latency_ms]")
        cpu = round((book.cpu() - before) * 1e3)
        steps.append({"ef": ef, "ms": round(took), "cpu_ms": cpu, "search_ms": round(p50, 3)})
    queries = book.notebook.kernel_eval("len(tuner.state.now.queries)")
    problems = book.notebook.problems
    book.close()
    middle = round(median(step["ms"] for step in steps))
    return {"steps": steps, "median_ms": middle, "queries": queries, "load": load(), "problems": problems}


def million(browser: Browser, lab: Lab, folder: Path) -> dict[str, Any]:
    """Draw a million points, pan them by the mouse, and zoom by its wheel."""
    cells = (opening(folder), "world = db['million'].map(method='pca', color='kind')\nworld")
    book = TimedNotebook(browser, lab, "million.ipynb", *cells)
    book.notebook.run_cell(0)
    book.count()
    shown = book.time_cell(1, PAINT, "bench.inked(cell.querySelector('.wb-map canvas'))")
    book.notebook.kernel_run("_ = world.wait(300)")
    book.page.wait_for_timeout(1500)
    traffic = book.counted()
    book.page.locator(".wb-map canvas").scroll_into_view_if_needed()
    box = book.page.locator(".wb-map canvas").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    book.page.evaluate(COUNT)
    panned = _moved(book, middle, wheel=False)
    zoomed = _moved(book, middle, wheel=True)
    problems = book.notebook.problems
    book.close()
    return {"shown": shown, "traffic": traffic, "pan": panned, "zoom": zoomed, "problems": problems}


def _moved(book: TimedNotebook, middle: tuple[float, float], *, wheel: bool) -> dict[str, Any]:
    """Move the map for some seconds; return frames a second, and how many points one held."""
    x, y = middle
    mouse, page = book.page.mouse, book.page
    mouse.move(x, y)
    if not wheel:
        mouse.down()
    mouse.move(x + 8, y)
    page.evaluate("Object.assign(window.frames_drawn, { count: 0, points: 0, began: performance.now() })")
    turn = 0
    while page.evaluate("performance.now() - window.frames_drawn.began") < SECONDS * 1000:
        turn += 1
        if wheel:
            mouse.wheel(0, -40 if turn // 30 % 2 == 0 else 40)
        else:
            mouse.move(x + 120 * (turn % 40 - 20) / 20, y + 60 * (turn % 24 - 12) / 12)
    frames, points, took = page.evaluate(
        "[frames_drawn.count, frames_drawn.points, performance.now() - frames_drawn.began]"
    )
    if not wheel:
        mouse.up()
    return {
        "frames_per_second": round(frames / took * 1e3, 1),
        "points_per_frame": round(points / max(1, frames)),
        "load": load(),
    }
