"""A notebook in a real browser with clocks: what is drawn when, what was sent, how the kernel answers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, WebSocket

from tests.benchmarks.screens.asking import Asking
from tests.ui.lab import KERNEL, Lab, Notebook

# The browser's own clock. `seen` looks before every frame whether something is there, and tells when that
# frame was drawn; `ping` asks the kernel as a cell would, one question after the other.
SCRIPT = """
window.bench = {
  seen: (text, limit, cell = null) => new Promise((resolve, reject) => {
    const holds = new Function("cell", `return ${text}`);
    const begin = performance.now();
    const since = () => performance.now() - begin;
    const look = () => {
      if (holds(cell)) return requestAnimationFrame(() => setTimeout(() => resolve(since())));
      if (since() > limit) return reject(new Error(`not seen in ${limit} ms: ${text}`));
      requestAnimationFrame(look);
    };
    look();
  }),
  shown: (node) => Boolean(node && node.getClientRects().length && node.textContent.trim()),
  inked: (canvas) => {
    if (!canvas || !canvas.width) return false;
    const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let at = 3; at < bytes.length; at += 4) if (bytes[at]) return true;
    return false;
  },
  begin: (index, paint, content, limit) => {
    const book = jupyterapp.shell.currentWidget.content;
    book.deselectAll();
    book.activeCellIndex = index;
    const cell = book.widgets[index].node;
    const begin = performance.now();
    const since = () => performance.now() - begin;
    const ran = jupyterapp.commands.execute("notebook:run-cell").then(since);
    const [painted, filled] = [paint, content].map((text) => window.bench.seen(text, limit, cell));
    window.bench.timed = Promise.all([painted, filled, ran]);
    return ran;
  },
  ping: async (kernel) => {
    window.bench.pings = [];
    window.bench.pinging = true;
    while (window.bench.pinging) {
      const begin = performance.now();
      await kernel.requestExecute({ code: "None", silent: true, store_history: false }).done;
      window.bench.pings.push(performance.now() - begin);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    window.bench.pinging = null;
  },
};
"""

# A thread that ticks tells how long threads of the kernel were held up, and how much of that time the process
# was computing: a long gap with little of that is the machine's doing.
TICKS = """
import threading as _threading, time as _time
class _Ticks(_threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.on, self.gaps = True, []
    def run(self):
        last, used = _time.perf_counter(), _time.process_time()
        while self.on:
            _time.sleep(0.001)
            now, cpu = _time.perf_counter(), _time.process_time()
            self.gaps.append((round((now - last) * 1e3, 1), round((cpu - used) * 1e3, 1)))
            last, used = now, cpu
_ticks = _Ticks(); _ticks.start()
"""


class TimedNotebook:
    """A notebook that is open in a browser, and what it cost.

    Attributes
    ----------
    notebook : Notebook
    sent, received : int
        Bytes of all messages between page and server since :meth:`count`.
    """

    def __init__(self, browser: Browser, lab: Lab, name: str, *cells: str) -> None:
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.sent = self.received = 0
        self._before = 0.0
        self.page.on("websocket", self._listen)
        self.notebook = Notebook(self.page, lab, lab.write_notebook(name, *cells), Path())
        self.page.evaluate(SCRIPT)

    def _listen(self, socket: WebSocket) -> None:
        def add(way: str, payload: str | bytes) -> None:
            setattr(self, way, getattr(self, way) + len(payload))

        socket.on("framesent", lambda payload: add("sent", payload))
        socket.on("framereceived", lambda payload: add("received", payload))

    def close(self) -> None:
        """Close the page and end its kernel."""
        self.page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
        self.page.close()

    # -- clocks ----------------------------------------------------------------------------------------

    def time_cell(self, index: int, paint: str, content: str, limit_s: float = 120) -> dict[str, float]:
        """Run a cell; return the seconds until it paints, until its content is there, and of the cell.

        Parameters
        ----------
        index : int
        paint, content : str
            JavaScript that is true of the cell's node ``cell`` when that is so.
        """
        self.begin_cell(index, paint, content, limit_s)
        return self.end_cell()

    def begin_cell(self, index: int, paint: str, content: str, limit_s: float = 120) -> None:
        """Begin what :meth:`time_cell` does, and return when the cell itself has ended."""
        self._before = self.cpu()
        self.page.evaluate(
            "([...all]) => window.bench.begin(...all)", [index, paint, content, limit_s * 1000]
        )

    def end_cell(self) -> dict[str, float]:
        """Wait for what :meth:`begin_cell` was told to see, and return the seconds."""
        found = self.page.evaluate("window.bench.timed")
        seconds = {
            name: round(value / 1000, 3)
            for name, value in zip(("paint", "content", "cell"), found, strict=True)
        }
        return {**seconds, "cpu": round(self.cpu() - self._before, 3), "load": load()}

    def seconds_until(self, holds: str, limit_s: float) -> float:
        """Return in how many seconds JavaScript is true."""
        took = self.page.evaluate("([...all]) => window.bench.seen(...all)", [holds, limit_s * 1000])
        return float(took) / 1000

    def cpu(self) -> float:
        """Return the seconds of processor time that the kernel has used."""
        return float(self.notebook.kernel_run("import time; print(time.process_time())"))

    @contextmanager
    def beside(self, found: dict[str, Any], *cell: Any) -> Iterator[None]:
        """Ask the kernel over and over while the block runs; write into `found` how it answered.

        From the browser, which paints on the same cores, and from a process that does nothing else.

        Parameters
        ----------
        found : dict
        *cell
            What :meth:`begin_cell` takes: a cell that is run first. While it runs no other could be.
        """
        place = self.notebook.kernel_run(TICKS + "import ipykernel; print(ipykernel.get_connection_file())")
        with Asking(place.strip()) as asking:
            if cell:
                self.begin_cell(*cell)
            asking.begin()
            self.notebook.kernel_run("_ticks.gaps.clear()")
            before, began = self.cpu(), time.monotonic()
            self.page.evaluate(f"() => {{ window.bench.ping({KERNEL}) }}")
            yield
            pings = self.page.evaluate("() => { window.bench.pinging = false; return window.bench.pings }")
            self.page.wait_for_function("window.bench.pinging === null")
        gaps = self.notebook.kernel_run(
            "_ticks.on = False; import json; print(json.dumps(sorted(_ticks.gaps, reverse=True)[:3]))"
        )
        found.update(
            seconds=round(time.monotonic() - began, 1),
            cpu=round(self.cpu() - before, 1),
            browser=spread(pings),
            client=spread(asking.answers),
            gaps=json.loads(gaps),
            load=load(),
        )

    # -- traffic ---------------------------------------------------------------------------------------

    def count(self) -> None:
        """Begin to count bytes."""
        self.sent = self.received = 0
        self.page.evaluate(
            "performance.setResourceTimingBufferSize(10000); performance.clearResourceTimings()"
        )

    def counted(self) -> dict[str, float]:
        """Return megabytes since :meth:`count`: messages in both directions, and files that were fetched."""
        files = self.page.evaluate(
            "performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0)"
        )
        return {name: round(size / 1e6, 3) for name, size in
                (("sent", self.sent), ("received", self.received), ("files", files))}  # fmt: skip


def spread(answers: list[float]) -> dict[str, float]:
    """Return how many answers there were, and their median, 99th percentile and longest."""
    ordered = sorted(answers)
    places = {"median_ms": len(ordered) // 2, "p99_ms": int(len(ordered) * 0.99), "longest_ms": -1}
    return {"answers": len(ordered), **{name: round(ordered[at], 1) for name, at in places.items()}}


def load() -> float:
    """Return how many threads of the machine wanted to run, the mean of the last minute."""
    return round(os.getloadavg()[0], 1)
