"""A Cancel button that is heard while a cell runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget

from workbench.views.widgets import assets
from workbench.views.widgets.greeting import answer_greetings


class CancelButton(anywidget.AnyWidget):
    """Calls `cancel` at once, not when the running cell has ended.

    The answer to its greeting is all that this widget ever sends, so that the kernel goes on taking its
    messages beside a running cell (``greeting``): it has no traits to synchronize, and the task bar before it
    says by its class when it is to be seen.
    """

    _esm = assets.module("greeting", "cancel")
    _css = """
    .wb-cancel { display: none; }
    .wb-task.working + .wb-cancel { display: block; }
    .wb-cancel button { font: inherit; font-size: 12.5px; padding: 2px 10px; border-radius: 3px;
      cursor: pointer;
      color: var(--jp-content-font-color1, #222); background: var(--jp-layout-color2, #eee);
      border: 1px solid var(--jp-border-color1, #aaa); }
    .wb-cancel button:focus-visible { outline: 2px solid #56b4e9; outline-offset: 1px; }
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        super().__init__()
        self._cancel = cancel
        answer_greetings(self)
        self.on_msg(self._received)

    def _received(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if "cancel" in message:
            self._cancel()
