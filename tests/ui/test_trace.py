"""The tracer as a person uses it: play, step, scrub, jump, ask anew; by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import numpy as np
import workbench as wb
from workbench import kernels
kernels.warm(block=True)
draw = np.random.default_rng(0)
middles = draw.normal(size=(6, 24)) * 2.2
says = ["a cat purrs softly", "a ship sails far", "a tree grows tall", "a song", "bread", "a star"]
rows = [{"says": f"{says[i % 6]} today, {i}", "size": i} for i in range(3000)]
vectors = middles[np.arange(3000) % 6] + draw.normal(size=(3000, 24))
zoo = wb.open().create("zoo", rows, vectors=vectors, m=8, indexing_threshold=1, progress=False)
_ = zoo.optimize(progress=False)
"""


@pytest.mark.timeout(400)
def test_a_walk_is_played_stepped_scrubbed_and_asked_anew(lab: Lab, open_notebook: OpenNotebook) -> None:
    cell = "walk = zoo.trace(vectors[30] + .3, k=5, ef=32).view()\nwalk"
    notebook = open_notebook(lab.write_notebook("trace.ipynb", SETUP, cell))
    notebook.run_all(timeout_s=250)
    page = notebook.page
    screen = page.locator(".wb-trace")
    hops = notebook.kernel_eval("walk.wait().state.scene.replay.hops")
    expect(screen.locator("output")).to_have_text(f"hop {hops} of {hops}")
    expect(screen.locator(".told")).to_contain_text("The walk ends")
    expect(screen.get_by_role("list", name="Results").locator("li").first).to_contain_text(
        "a cat purrs softly"
    )
    screen.scroll_into_view_if_needed()
    notebook.screenshot("trace")

    # by keyboard
    slider = screen.get_by_label("Hop", exact=True)
    slider.focus()
    slider.press("Home")
    expect(screen.locator(".told")).to_contain_text("The walk enters on layer")
    notebook.wait_for("walk.step", 0)
    slider.press("ArrowRight")
    notebook.wait_for("walk.step", 1)
    slider.press("PageDown")
    layer = notebook.kernel_eval("int(walk.state.scene.replay.layer[0])")
    expect(screen.locator(".told")).to_contain_text(f"Layer {layer - 1}:")
    before = notebook.kernel_eval("walk.step")
    slider.press(" ")
    expect(screen.get_by_role("button", name="Pause")).to_be_visible()
    notebook.wait_for("walk.step", lambda step: isinstance(step, int) and step > before)
    slider.press(" ")
    expect(screen.get_by_role("button", name="Play")).to_be_visible()
    notebook.wait_for("walk.playing", False)

    # by mouse
    screen.get_by_role("button", name="Layer 0:").click()
    first = notebook.kernel_eval("walk.state.scene.replay.layer.tolist().index(0)")
    notebook.wait_for("walk.step", first)
    screen.get_by_role("button", name="One hop on").click()
    notebook.wait_for("walk.step", first + 1)
    chart = screen.locator(".chart svg[aria-label]").bounding_box()
    assert chart is not None
    page.mouse.click(chart["x"] + 52 + (chart["width"] - 68) / 2, chart["y"] + 90)
    notebook.wait_for("walk.step", lambda step: isinstance(step, int) and abs(step - hops / 2) <= 2)
    screen.get_by_role("button", name="Show layer 0 of the walk").click()
    notebook.screenshot("trace-half-way")


@pytest.mark.timeout(400)
def test_a_query_is_asked_anew_by_the_page_and_by_the_kernel(lab: Lab, open_notebook: OpenNotebook) -> None:
    cell = "walk = zoo.trace(vectors[30] + .3, k=5, ef=32).view()\nwalk"
    notebook = open_notebook(lab.write_notebook("anew.ipynb", SETUP, cell))
    notebook.run_all(timeout_s=250)
    page = notebook.page
    screen = page.locator(".wb-trace")
    hops = notebook.kernel_eval("walk.wait().state.scene.replay.hops")
    screen.scroll_into_view_if_needed()
    screen.get_by_label("ef", exact=True).fill("8")
    screen.get_by_label("ef", exact=True).press("Enter")
    notebook.wait_for("walk.wait().trace.ef", 8)
    assert notebook.kernel_eval("walk.state.scene.replay.hops") < hops
    query = screen.get_by_label("Query", exact=True)
    query.fill("#7")
    query.press("Enter")
    expect(screen.get_by_role("list", name="Results").locator("li").first).to_contain_text(
        "7 · a ship sails far"
    )
    query.fill("#77777")
    query.press("Enter")
    expect(screen.get_by_role("alert")).to_contain_text("expected # and the id of a point")
    expect(screen.get_by_role("list", name="Results").locator("li").first).to_contain_text(
        "7 · a ship sails far"
    )

    # the kernel leads too; a scan has hits and no path
    notebook.kernel_run("walk.where = {'size': {'lt': 90}}; walk.text = '#7'")
    expect(screen.locator(".told")).to_contain_text("compared one by one")
    expect(screen.get_by_role("list", name="Hits").locator("li")).to_have_count(5)
    notebook.screenshot("trace-scan")
    # so few points would be scanned
    notebook.kernel_run(
        "from workbench.indexes.costs import SearchCosts as C; C.scan = lambda self, *_: np.inf"
    )
    notebook.kernel_run("walk.where = {'size': {'lt': 1500}}; walk.ef = 64; walk.wait(); walk.step = 40")
    expect(screen.locator("output")).to_contain_text("hop 40 of")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    notebook.screenshot("trace-dark")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
