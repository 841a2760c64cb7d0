"""Sliders that follow a trait of a state, and move it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as w
from traitlets import HasTraits

_LAYOUT = {"width": "290px"}
_STYLE = {"description_width": "82px"}


def ladder(
    state: HasTraits, name: str, steps: Sequence[int], *, continuous: bool = False, tip: str = ""
) -> w.SelectionSlider:
    """Return a slider along `steps`; a value between them, set from Python, becomes a step of its own."""
    value = getattr(state, name)
    slider = w.SelectionSlider(
        options=sorted({*steps, value}),
        value=value,
        description=name,
        tooltip=tip,
        continuous_update=continuous,
        layout=_LAYOUT,
        style=_STYLE,
    )

    def moved(change: Any) -> None:
        setattr(state, name, change["new"])

    def followed(change: Any) -> None:
        if slider.value == change["new"]:
            return
        slider.unobserve(moved, "value")  # new options put the slider back to the first one
        with slider.hold_sync():
            slider.options = sorted({*steps, change["new"]})
            slider.value = change["new"]
        slider.observe(moved, "value")

    slider.observe(moved, "value")
    state.observe(followed, name)
    return slider


def whole_numbers(state: HasTraits, name: str, low: int, high: int, *, tip: str = "") -> w.IntSlider:
    """Return a slider along all whole numbers from `low` to `high`."""
    slider = w.IntSlider(
        value=getattr(state, name),
        min=low,
        max=high,
        description=name,
        tooltip=tip,
        layout=_LAYOUT,
        style=_STYLE,
    )
    slider.observe(lambda change: setattr(state, name, change["new"]), "value")
    state.observe(lambda change: setattr(slider, "value", change["new"]), name)
    return slider
