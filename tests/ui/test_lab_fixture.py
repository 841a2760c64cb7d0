"""The harness itself: what a person does in the browser reaches the kernel, and the other way round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ui.lab import Lab, Notebook

OpenNotebook = Callable[[str], Notebook]


def test_a_slider_in_the_browser_and_its_value_in_the_kernel_follow_each_other(
    lab: Lab, open_notebook: OpenNotebook
) -> None:
    name = lab.write_notebook(
        "slider.ipynb",
        "from ipywidgets import IntSlider\nef = IntSlider(description='ef', min=8, max=64, value=16)",
        "display(ef)\n6 * 7",
    )
    notebook = open_notebook(name)
    notebook.run_all()
    assert notebook.outputs(1)[-1]["data"]["text/plain"] == "42"

    notebook.slider("ef").press("ArrowRight")
    notebook.wait_until_idle()
    notebook.wait_for("ef.value", 17)

    notebook.kernel_run("ef.value = 40")
    notebook.page.wait_for_function("document.querySelector('.noUi-handle').ariaValueNow === '40.0'")
    assert notebook.screenshot("slider").stat().st_size > 10_000


def test_a_cell_that_raises_fails_the_run(lab: Lab, open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(lab.write_notebook("raises.ipynb", "x = 1", "1 / 0", "x = 2"))
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        notebook.run_all()
    notebook.wait_for("x", 1)
