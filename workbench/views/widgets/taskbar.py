"""Progress of background work, with a Cancel that is heard while a cell runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Bool, Float, Unicode

_HERE = Path(__file__).parent


class TaskBar(anywidget.AnyWidget):
    """One line: a bar, what is going on, and Cancel.

    Attributes
    ----------
    working : bool
    done : float
        From 0 to 1; 0 shows a bar without an end.
    status, problem, idle : str
        What is going on; what went wrong; what to say when nothing is.
    """

    _esm = _HERE / "taskbar.js"
    _css = _HERE / "taskbar.css"

    working = Bool(False).tag(sync=True)
    done = Float(0.0).tag(sync=True)
    status = Unicode("").tag(sync=True)
    problem = Unicode("").tag(sync=True)
    idle = Unicode("").tag(sync=True)

    def __init__(self, cancel: Callable[[], None], **traits: Any) -> None:
        super().__init__(**traits)
        self._cancel = cancel
        self.on_msg(self._received)

    def _received(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if "hello" in message:
            self.send({"welcome": True})  # the kernel routes later messages to the thread that sent this
        if "cancel" in message:
            self._cancel()
