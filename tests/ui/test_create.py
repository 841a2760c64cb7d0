"""The page that makes a collection, as a person uses it: pick rows, read what it takes, make it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]

SETUP = """\
import numpy as np, pandas as pd
import workbench as wb
db = wb.open()
draw = np.random.default_rng(0)
animals = pd.DataFrame({"id": range(900), "kind": ["cat", "dog", "owl"] * 300})
animals["age"] = draw.integers(0, 20, 900)
animals["vector"] = list(draw.normal(size=(900, 16)).astype(np.float32))
"""


@pytest.mark.timeout(300)  # in a fresh checkout the kernels of the graph are compiled: 60 s on a free core
def test_a_variable_becomes_a_collection_step_by_step(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(lab.write_notebook("create.ipynb", SETUP, "wizard = db.create_wizard()\nwizard"))
    notebook.run_all()
    page = notebook.page
    screen = page.locator(".wb-create")
    expect(screen.get_by_role("button", name="Create the collection")).to_be_disabled()
    notebook.screenshot("create-empty")
    screen.get_by_role("tab", name="Variable").click()
    screen.get_by_role("button", name="animals", exact=True).click()
    expect(screen.get_by_role("region", name="First rows")).to_contain_text("vector of 16")
    expect(screen.get_by_label("What becomes the vector")).to_have_value("v:vector")
    expect(screen.get_by_label("Ids", exact=True)).to_have_value("id")
    notebook.kernel_run("_ = wizard.wait()")
    expect(screen.get_by_text("The vectors alone: 900 × 16 float32 ≈ 57.6 kB.")).to_be_visible()
    notebook.screenshot("create")

    screen.get_by_label("Distance", exact=True).select_option("Euclid")
    screen.get_by_label("Quantization", exact=True).select_option("scalar int8")
    screen.get_by_label("keep age").uncheck()
    notebook.wait_for(
        "[wizard.distance, wizard.quantization, wizard.state.dropped]",
        ["Euclid", "scalar int8", ["age"]],
    )
    expect(screen.locator(".cr-parts")).to_contain_text("quantized codes")
    box = screen.get_by_label("Points to estimate for")
    box.fill("50000000")
    box.press("Enter")
    expect(screen.get_by_text("50,000,000 × 16 float32 ≈ 3.2 GB")).to_be_visible()
    price = screen.get_by_label("Price a month of CPU, 32 cores")
    price.fill("5")
    price.press("Enter")
    expect(screen.locator(".cr-cost tr.best input").first).to_have_value("CPU, 32 cores")
    expect(screen.locator(".tile").nth(3)).to_contain_text("5 / month")

    name = screen.get_by_label("Name of the collection")
    name.fill("zoo")
    name.press("Enter")
    expect(screen.get_by_label("The Python that does the same").first).to_contain_text("distance='Euclid'")
    screen.get_by_role("button", name="Create the collection").click()
    expect(screen.locator(".cr-made")).to_contain_text("✓ zoo holds 900 points.", timeout=60_000)
    assert notebook.kernel_eval(
        "[wizard.collection.name, len(db['zoo']), db['zoo'].get([3])[0].payload]"
    ) == [
        "zoo",
        900,
        {"kind": "cat"},
    ]
    expect(screen.get_by_role("button", name="Create the collection")).to_be_disabled()
    screen.locator(".cr-made").scroll_into_view_if_needed()
    notebook.screenshot("create-made")


@pytest.mark.timeout(300)
def test_the_page_is_used_by_keyboard_and_says_what_is_wrong(lab: Lab, open_notebook: OpenNotebook) -> None:
    (lab.root / "broken.csv").write_text('a,b\n1,2\n"3\n')
    (lab.root / "lists.csv").write_text("says,vector\n" + 'hello there,"[0.1, 0.2, 0.9]"\n' * 20)
    notebook = open_notebook(
        lab.write_notebook("keys.ipynb", SETUP, "wizard = db.create_wizard(animals, name='zoo')\nwizard")
    )
    notebook.run_all()
    notebook.kernel_run("_ = wizard.wait(200)")
    page = notebook.page
    screen = page.locator(".wb-create")
    first = screen.get_by_role("tab", name="Built-in set")
    first.focus()
    first.press("End")
    expect(screen.get_by_role("tab", name="File")).to_be_focused()
    path = screen.get_by_label("Path of the file")
    path.fill("nothing.csv")
    path.press("Enter")
    expect(screen.get_by_role("alert")).to_contain_text("no file nothing.csv")
    path.fill("broken.csv")
    path.press("Enter")
    expect(screen.get_by_role("alert")).to_contain_text("broken.csv cannot be read as csv")
    notebook.wait_for("wizard.state.rows.title", "animals")  # nothing was lost
    path.fill("lists.csv")
    path.press("Enter")
    expect(screen.get_by_role("region", name="First rows")).to_contain_text("vector of 3")
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    notebook.kernel_run("_ = wizard.wait(200)")
    name = screen.get_by_label("Name of the collection")
    name.fill("zoo")
    name.press("Enter")
    keep = screen.get_by_label("keep says")
    keep.focus()
    keep.press("Space")
    notebook.wait_for("wizard.state.dropped", ["says"])
    expect(keep).to_be_focused()
    notebook.screenshot("create-dark")
    button = screen.get_by_role("button", name="Create the collection")
    button.focus()
    button.press("Enter")
    notebook.wait_for("wizard.collection is not None and len(wizard.collection)", 20)
    notebook.kernel_run("wizard.name = ''")
    expect(screen.get_by_text("name: expected a name for the collection, got none.")).to_be_visible()
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
