"""The map as a person uses it: look, hover, click, draw around points, label them, ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import numpy as np
import workbench as wb
draw = np.random.default_rng(0)
kinds = ["cat", "ship", "tree", "song"]
middles = draw.normal(size=(4, 16)) * 4
says = ["a cat purrs softly", "a ship sails far", "a tree grows tall", "a song sounds sweet"]
rows = [{"says": f"{says[i % 4]} today", "kind": kinds[i % 4], "size": i} for i in range(1200)]
vectors = middles[np.arange(1200) % 4] + draw.normal(size=(1200, 16))
zoo = wb.open().create("zoo", rows, vectors=vectors, progress=False)
"""


def middle_of(page: Page, notebook: Notebook, kind: str) -> tuple[float, float]:
    """Where the middle of a kind is drawn."""
    u, v = notebook.kernel_eval(
        "(lambda low, span: ((np.median(zoo_map.state.layout["
        f"[k['kind'] == {kind!r} for k in rows]], axis=0) - low) / span).tolist())(*zoo_map._frames[0])"
    )
    box = page.locator(".wb-map canvas").bounding_box()
    assert box is not None
    side = min(box["width"], box["height"]) * 0.92
    return box["x"] + box["width"] / 2 + (u - 0.5) * side, box["y"] + box["height"] / 2 - (v - 0.5) * side


@pytest.mark.timeout(300)  # in a fresh checkout kernels are compiled
def test_points_are_hovered_clicked_lassoed_labeled_and_the_label_undone(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = open_notebook(lab.write_notebook("map.ipynb", SETUP, "zoo_map = zoo.map()\nzoo_map"))
    notebook.run_all()
    notebook.kernel_run("_ = zoo_map.wait()")
    page = notebook.page
    legend = page.locator(".wb-map .map-legend button")
    expect(legend.first).to_be_visible()
    expect(page.locator(".wb-map .map-banner").first).to_contain_text("of the 10 nearest")
    page.wait_for_timeout(800)  # the flight of the points
    notebook.screenshot("map")

    page.get_by_label("Color", exact=True).select_option("kind")
    expect(legend).to_have_text(["cat300", "ship300", "song300", "tree300"])

    x, y = middle_of(page, notebook, "ship")
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    expect(page.locator(".map-chosen li").first).to_contain_text("a ship sails far")
    notebook.wait_for("zoo_map.state.anchor", lambda row: isinstance(row, int) and row % 4 == 1)
    notebook.wait_for("len(zoo_map.selection)", 11)
    notebook.screenshot("map-neighbors")

    page.keyboard.down("Shift")
    box = page.locator(".wb-map canvas").bounding_box()
    assert box is not None
    left, top = max(x - 150, box["x"] + 5), max(y - 150, box["y"] + 5)
    right, bottom = min(x + 150, box["x"] + box["width"] - 60), min(y + 150, box["y"] + box["height"] - 5)
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(*corner, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    chosen = notebook.wait_for("len(zoo_map.selection)", lambda n: isinstance(n, int) and n > 100)
    page.get_by_label("Value of the label").fill("by hand")
    page.get_by_role("button", name="Save as label").click()
    expect(page.get_by_text(f"{chosen:,} points now have label = 'by hand'.")).to_be_visible()
    notebook.wait_for("zoo.count({'label': 'by hand'})", chosen)
    expect(legend.first).to_contain_text("by hand")
    page.get_by_role("button", name="Take the last label back").click()
    expect(page.get_by_text("label is as it was before.")).to_be_visible()
    notebook.wait_for("zoo.count({'label': 'by hand'})", 0)


def test_the_map_is_used_by_keyboard_and_follows_the_kernel(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        lab.write_notebook("keys.ipynb", SETUP, "zoo_map = zoo.map(method='pca')\nzoo_map")
    )
    notebook.run_all()
    notebook.kernel_run("_ = zoo_map.wait()")
    page = notebook.page
    canvas = page.get_by_role("application")
    canvas.focus()
    canvas.press("a")
    notebook.wait_for("len(zoo_map.selection)", 1200)
    canvas.press("Escape")
    notebook.wait_for("len(zoo_map.selection)", 0)
    canvas.press("l")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    notebook.kernel_run("zoo_map.selection = [1, 5, 9]")
    expect(page.locator(".map-chosen li")).to_have_count(3)
    notebook.kernel_run("zoo_map.color = 'no such key'")
    expect(page.get_by_role("alert")).to_contain_text("expected one of says, kind, size")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_timeout(2000)  # JupyterLab's own curtain
    notebook.screenshot("map-dark")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
