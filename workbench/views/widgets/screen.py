"""What all screens share: following a state, progress with Cancel, and something to see without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as w
from traitlets import Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces import html
from workbench.views.widgets.cancel import CancelButton
from workbench.views.widgets.greeting import answer_greetings
from workbench.views.widgets.standalone import page_of
from workbench.views.widgets.taskbar import TaskBar


class Screen(w.VBox):
    """A screen: a flat module that draws a state, and under it what runs in the background.

    A screen is a plain object. Its public traits can be read, set, linked and observed; it shows itself as
    the last expression of a cell, and as text or a still picture where there is no kernel.

    Parameters
    ----------
    state : HasTraits
        What is shown. It has ``status``, ``problem``, ``working`` and ``done`` if anything takes long, and
        then a method ``cancel``.
    view : AnyWidget
        What draws it.
    title : str
        Of the saved page and of the still picture.

    Attributes
    ----------
    status, problem, code : str
        What is going on; what is wrong, and what to do; the Python that does the same.
    """

    status = Unicode("")
    problem = Unicode("")
    code = Unicode("")

    def __init__(self, state: Any, view: anywidget.AnyWidget, title: str) -> None:
        self.state = state
        self.view, self.title = view, title
        super().__init__()
        answer_greetings(view)
        view.on_msg(self._heard)
        parts: list[w.Widget] = [view]
        if state.has_trait("working"):
            bar = TaskBar()
            parts.append(w.HBox([bar, CancelButton(self.state.cancel)], layout={"align_items": "center"}))
            self.follow(["working", "done", "status", "problem"], lambda: self._show_work(bar))
        self.children = parts

    def _show_work(self, bar: TaskBar) -> None:
        told = self.view.has_trait("problem")  # where it happened, so not here again
        with bar.hold_sync():
            for name in ("working", "done", "status"):
                bar.set_trait(name, getattr(self.state, name))
            bar.problem = "" if told else self.state.problem

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        try:
            self._answer(message)
        except WorkbenchError as error:
            self.state.problem = str(error)

    def _answer(self, said: dict[str, Any]) -> None:
        """Do what the page asks for; an error becomes the state's problem."""

    def follow(self, names: Sequence[str], show: Callable[[], None]) -> None:
        """Call `show` whenever one of the state's traits `names` changes, and now.

        It is called on the thread that changed the trait, so two calls may overlap, and the one that read
        first may write last. Whoever wrote looks again, so what stays is what the state holds.
        """

        def held() -> list[Any]:
            return [getattr(self.state, name) for name in names]

        def changed(_: Any) -> None:
            while True:
                seen = held()
                show()
                if all(was is now for was, now in zip(seen, held(), strict=True)):
                    return

        self.state.observe(changed, list(names))
        changed(None)

    def save(self, path: str | Path) -> Path:
        """Write the screen as one HTML file that needs neither a kernel nor a network; return where.

        What is drawn from the data it holds works on; what would ask the kernel does nothing.
        """
        target = Path(path)
        target.write_text(page_of(self.title, self.view, self._static()), encoding="utf-8")
        return target

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        """Return what is shown, in a few words."""
        return self.title

    def _body(self) -> str:
        """Return what is shown as HTML without scripts, escaped."""
        return ""

    def _static(self) -> str:
        return html.framed(self.title, self._summary(), self._body())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._summary()}>"

    def _repr_keys(self) -> list[str]:
        return []

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found, {})
        return {**(data or {}), "text/plain": repr(self), "text/html": self._static()}, metadata
