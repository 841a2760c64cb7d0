"""A real ``workbench dashboard`` and a real browser on its page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import ConsoleMessage, Page, Request, expect


def zoo(count: int) -> tuple[list[dict[str, Any]], Any]:
    """Rows of three kinds, and their vectors: float64 [count, 16], near one of three."""
    draw = np.random.default_rng(0)
    kinds = ["cat", "ship", "tree"]
    rows = [{"says": f"number {i} is a {kinds[i % 3]}", "kind": kinds[i % 3]} for i in range(count)]
    middles = draw.normal(size=(3, 16)) * 4
    return rows, middles[np.arange(count) % 3] + draw.normal(size=(count, 16))


class DashboardProcess:
    """The command over a folder, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench", "dashboard", str(folder), "--port", "0", "--no-browser"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        printed = ""
        while "Stop it with" not in printed:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            printed += line
        found = re.search(r"Dashboard: (\S+)", printed)
        assert found is not None
        self.url = found[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it; it must end cleanly, with nothing to complain about."""
        status, wrote = self.close()
        assert status == 0, wrote
        assert "Traceback" not in wrote, wrote

    def close(self) -> tuple[int, str]:
        """Stop it as a service manager would; return its exit status and what it wrote to stderr."""
        self.process.terminate()
        try:
            _, wrote = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, wrote = self.process.communicate()
        return self.process.returncode, wrote


class Visit:
    """A page of the dashboard in the browser.

    Attributes
    ----------
    page : playwright.sync_api.Page
    problems : list of str
        Errors of the console and of scripts, requests that failed, and any that went to another machine.
    """

    def __init__(self, page: Page, url: str, pictures: Path) -> None:
        self.page, self.url, self._pictures = page, url, pictures
        self.problems: list[str] = []
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("requestfailed", self._note_request)
        page.on("request", self._note_host)
        self.go("")

    def go(self, query: str) -> None:
        """Type an address, and wait for the head of its page."""
        self.page.goto(self.url + query)
        expect(self.page.locator(".wb-shell nav a").first).to_be_visible(timeout=60_000)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_request(self, request: Request) -> None:
        # The browser itself ends requests of a page that it leaves or replaces.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"request: {request.url}: {request.failure}")

    def _note_host(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in ("blob", "data") and place.hostname != "127.0.0.1":
            self.problems.append(f"network: {request.url}")

    def screenshot(self, name: str) -> None:
        """Save what the browser shows, the whole page, as ``name.png``."""
        self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)
