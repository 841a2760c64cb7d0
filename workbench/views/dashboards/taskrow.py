"""Progress of background work with Cancel, as one canvas: what a notebook's screen has under it."""

from __future__ import annotations

from typing import Any

import anywidget
from traitlets import Bool, Float, Unicode

from workbench.views.widgets import assets

_SHOWN = ("working", "done", "status", "problem")


class TaskRow(anywidget.AnyWidget):
    """What `state` does in the background, and a button that calls its ``cancel``.

    A `view` with a place for problems shows them there, and they are not repeated here.
    """

    _esm = assets.script("taskrow")
    _css = assets.style()

    working = Bool(False).tag(sync=True)
    done = Float(0.0).tag(sync=True)
    status = Unicode("").tag(sync=True)
    problem = Unicode("").tag(sync=True)

    def __init__(self, state: Any, view: anywidget.AnyWidget) -> None:
        super().__init__()
        self._state = state
        self._names = [name for name in _SHOWN if name != "problem" or not view.has_trait("problem")]
        state.observe(self._follow, _SHOWN)
        self._follow(None)
        self.on_msg(self._heard)

    def _follow(self, _change: Any) -> None:
        # What the state holds now, not what the change says: it may have moved on since.
        for name in self._names:
            self.set_trait(name, getattr(self._state, name))

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        if "cancel" in message:
            self._state.cancel()
