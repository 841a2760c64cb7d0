"""Fixtures of the tests that drive JupyterLab in a real browser: `lab`, `browser`, `open_notebook`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.ui.dashboards import DashboardProcess, Visit
from tests.ui.lab import Lab, Notebook

# Playwright's five seconds are few for two cores that run a kernel, a server, a browser and other programs.
expect.set_options(timeout=20_000)

CHROMIUM = Path("/usr/bin/chromium")
# No sandbox, because a container runs as root; nothing that calls home; /dev/shm is small in containers.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.ui)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One JupyterLab for all tests of a run."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


# By module: while Playwright runs it owns the thread's event loop, and other tests need theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Without it the tests are skipped, in CI they fail: there it must be installed."""
    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: the folder that WORKBENCH_SCREENSHOTS names, else a temporary one."""
    folder = Path(os.environ.get("WORKBENCH_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def open_notebook(browser: Browser, lab: Lab, pictures: Path) -> Iterator[Callable[[str], Notebook]]:
    """Open a notebook of the server's folder; when the test ends no page may have had a problem."""
    opened: list[Notebook] = []

    def open_(name: str) -> Notebook:
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        opened.append(Notebook(page, lab, name, pictures))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.page.close()
    assert [problem for notebook in opened for problem in notebook.problems] == []


@pytest.fixture
def visit(browser: Browser, dashboard: DashboardProcess, pictures: Path) -> Iterator[Visit]:
    """A page of the module's ``dashboard``; nothing on it may go wrong."""
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    made = Visit(context.new_page(), dashboard.url, pictures)
    yield made
    context.close()
    assert made.problems == []
