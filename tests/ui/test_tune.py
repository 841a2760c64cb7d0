"""The tuner as a person uses it: a tab for each question, by mouse and by keyboard."""

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
middles = draw.normal(size=(60, 48))
vectors = middles[draw.integers(0, 60, 3000)] + draw.normal(size=(3000, 48))
kinds = ["rare"] * 30 + ["some"] * 470 + ["common"] * 2500
rows = {"kind": kinds, "n": range(3000)}
shop = wb.open().create("shop", rows, vectors=vectors.astype("f4"), indexing_threshold=1, progress=False)
"""


def sheet(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def opened(lab: Lab, open_notebook: OpenNotebook, name: str) -> Notebook:
    notebook = open_notebook(lab.write_notebook(name, SETUP, "tuner = shop.tune(queries=60)\ntuner"))
    notebook.run_all()
    notebook.kernel_run("_ = tuner.wait()")
    notebook.page.locator(".wb-tune").scroll_into_view_if_needed()
    return notebook


@pytest.mark.timeout(300)
def test_a_goal_is_found_and_gone_to_and_labs_are_measured_and_used(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = opened(lab, open_notebook, "labs.ipynb")
    page = notebook.page
    sheet(page, "Goal")
    page.get_by_label("recall at least").fill("0.9")
    page.get_by_label("95 of 100 searches within").fill("400")
    page.get_by_role("button", name="Find settings").click()
    marked = page.get_by_role("table", name="Settings").locator("tr.best")
    expect(marked).to_contain_text("cheapest", timeout=60_000)
    notebook.wait_for("tuner.state.working", False)
    expect(page.get_by_text("that each one explains alone")).to_be_visible()
    notebook.wait_for("tuner.state.found.goal.recall", 0.9)
    notebook.screenshot("tune-goal")

    sheet(page, "Filters")
    page.get_by_label("Filter by", exact=True).last.select_option("kind")
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_text("The planner chose")).to_be_visible(timeout=60_000)
    notebook.wait_for("tuner.state.working", False)
    page.get_by_text("Every filter and what was done").click()
    expect(page.get_by_role("table", name="Filters")).to_contain_text("kind = 'rare'")
    notebook.wait_for("len(tuner.frame('filters'))", 12)
    notebook.kernel_run("_ = tuner.measure_filters().wait()")
    notebook.screenshot("tune-filters")

    sheet(page, "Quantization")
    page.get_by_role("button", name="Measure").click()
    kinds = page.get_by_role("table", name="Quantization").locator("tbody tr")
    expect(kinds).to_have_count(7, timeout=60_000)
    page.get_by_label("Ranks of").select_option("binary")
    notebook.screenshot("tune-quantization")
    page.get_by_role("img", name="Ranks by binary codes").scroll_into_view_if_needed()
    expect(page.get_by_role("table", name="Ranks").locator("tbody tr")).to_have_count(10)
    notebook.screenshot("tune-ranks")
    page.get_by_role("button", name="Use scalar int8").click()
    notebook.wait_for(
        "shop.info.config.quantization",
        lambda q: q == {"scalar": {"type": "int8", "quantile": 0.99}},
    )

    sheet(page, "Build")
    notebook.kernel_run("_ = tuner.wait()")
    page.get_by_role("button", name="Race").click()
    expect(page.get_by_role("table", name="Builders").locator("tbody tr")).to_have_count(2, timeout=60_000)
    expect(page.get_by_text("No GPU is used")).to_be_visible()  # on a machine with one, its builders race too
    notebook.screenshot("tune-build")


@pytest.mark.timeout(300)
def test_the_tuner_is_used_by_keyboard_and_a_point_of_the_curve_is_a_button(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    notebook = opened(lab, open_notebook, "keys.ipynb")
    page = notebook.page
    curve = page.get_by_role("tab", name="Curve")
    curve.focus()
    curve.press("ArrowRight")
    goal = page.get_by_role("tab", name="Goal")
    expect(goal).to_be_focused()
    expect(goal).to_have_attribute("aria-selected", "true")
    box = page.get_by_label("recall at least")
    box.fill("1.5")
    box.press("Enter")
    expect(page.locator(".wb-task")).to_contain_text("recall: expected more than 0 and at most 1, got 1.5")
    goal.press("ArrowLeft")
    expect(curve).to_be_focused()

    first = page.locator(".wb-tune .dot[role=button]").first
    first.focus()
    first.press("ArrowRight")
    page.keyboard.press("Enter")
    notebook.wait_for("tuner.ef", 12)
    focused = page.locator(".wb-tune .dot:focus")
    expect(focused).to_have_count(1)
    slider = page.get_by_role("slider", name="k", exact=True)
    slider.press("ArrowLeft")
    notebook.wait_for("tuner.k", 9)
    expect(page.locator(".wb-tune .tile").first).to_contain_text("recall@9")
    page.get_by_role("button", name="Back").press("Enter")
    notebook.wait_for("tuner.ef", 100)

    track = page.get_by_role("slider", name="m", exact=True)
    track.click(position={"x": 4, "y": 10})
    notebook.wait_for("tuner.m", 4)
    expect(track).to_have_attribute("aria-valuetext", "4")
    box_of = track.bounding_box()
    assert box_of is not None
    page.mouse.move(box_of["x"] + 8, box_of["y"] + 12)
    page.mouse.down()
    page.mouse.move(box_of["x"] + box_of["width"] * 0.135, box_of["y"] + 12, steps=5)
    page.mouse.up()
    notebook.wait_for("tuner.m", 6)
    notebook.kernel_run("_ = tuner.wait()")
    page.get_by_role("button", name="recall by time").press("Enter")
    expect(page.locator(".wb-tune .legend").first).to_contain_text("Pareto front")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_timeout(1500)  # the splash that hides the change
    notebook.screenshot("tune-dark")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
