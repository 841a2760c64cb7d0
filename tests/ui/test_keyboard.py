"""Whoever has no mouse gets everywhere: Tab reaches all there is on a screen, and all of it has a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.ui.gallery import cells
from tests.ui.lab import Lab, Notebook
from workbench.surfaces.notebook.screens import SCREENS

# A screen of forty fields has some hundred controls.
MOST_STOPS = 300

# Numbers what can be used and is seen, and puts the focus just before the screen.
BEGIN = """
(screen) => {
  const used = "button, input, select, textarea, a[href], summary, [tabindex], [role=button], " +
    "[role=slider], [role=tab], [role=checkbox], [role=switch], [role=link], [contenteditable=true]";
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  const all = [...screen.querySelectorAll(used)].filter((node) => !node.disabled && seen(node));
  window.controls = all;
  window.reached = new Set();
  window.door?.remove();
  window.door = document.createElement("span");
  window.door.tabIndex = 0;
  screen.before(window.door);
  window.door.focus();
}
"""
# Where the focus is: the control's words if it is on the screen, null when it has left it.
HERE = """
(screen) => {
  const now = document.activeElement;
  if (!screen.contains(now)) return null;
  window.reached.add(now);
  return now.outerHTML.slice(0, 160);
}
"""
# What Tab did not reach, unless it is one of several that arrow keys walk, of which Tab reaches one: a radio
# button of a group, a tab of a bar, a row of a table, a hit of a list, a dot of a curve.
MISSED = """
() => {
  const lists = "[role=tablist], [role=toolbar], [role=listbox], ol, ul, tbody, svg";
  const group = (node) => node.type === "radio" ? node.closest("[role=radiogroup], fieldset, form, div")
    : node.tabIndex < 0 ? node.closest(lists) : null;
  const walked = (node) => [...window.reached].some((other) => group(node)?.contains(other));
  return window.controls.filter((node) => node.isConnected && !window.reached.has(node) && !walked(node))
    .map((node) => node.outerHTML.slice(0, 160));
}
"""


def name_of_focused(devtools: CDPSession) -> tuple[str, str]:
    """Return role and name of the focused element as a screen reader is told them."""
    found: Any = devtools.send("Runtime.evaluate", {"expression": "document.activeElement"})
    place = {"objectId": found["result"]["objectId"], "fetchRelatives": False}
    node: Any = devtools.send("Accessibility.getPartialAXTree", place)["nodes"][0]
    return node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")


def tab_through(page: Page, screen: Any, devtools: CDPSession) -> list[str]:
    """Press Tab until the focus leaves the screen; return what was not reached, and what has no name."""
    screen.evaluate(BEGIN)
    nameless = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        words = screen.evaluate(HERE)
        if words is None:
            break
        role, name = name_of_focused(devtools)
        if not name.strip():
            nameless.append(f"without a name: {role} {words}")
    else:
        nameless.append(f"Tab never left the screen in {MOST_STOPS} stops")
    return [*nameless, *(f"not reached: {words}" for words in page.evaluate(MISSED))]


@pytest.mark.timeout(400)  # some hundred stops, each asked for its name
def test_tab_reaches_every_control_of_every_screen_and_each_has_a_name(
    lab: Lab, open_notebook: Callable[[str], Notebook]
) -> None:
    notebook = open_notebook(lab.write_notebook("keyboard.ipynb", *cells()))
    page = notebook.page
    devtools = page.context.new_cdp_session(page)
    devtools.send("Accessibility.enable")
    notebook.run_cell(0)
    problems = []
    for index, name in enumerate(SCREENS, start=1):
        notebook.run_cell(index)
        if notebook.kernel_eval(f"hasattr(s_{name}, 'wait')"):
            notebook.kernel_run(f"_ = s_{name}.wait()")
        screen = page.locator(".wb-screen").last
        screen.wait_for()
        tabs = screen.locator("[role=tab]")
        problems += [f"{name}: {problem}" for problem in tab_through(page, screen, devtools)]
        for at in range(1, tabs.count()):
            if tabs.nth(at).is_visible():
                tabs.nth(at - 1).press("ArrowRight")
                problems += [f"{name}, tab {at}: {p}" for p in tab_through(page, screen, devtools)]
    assert problems == []
