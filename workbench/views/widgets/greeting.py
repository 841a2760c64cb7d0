"""Where a kernel takes a widget's messages: beside a running cell, or behind it.

A kernel of Jupyter takes them on the thread from which that widget sent last. JupyterLab has a thread for
widgets beside the one for cells, and marks its messages with it; but the first messages of a page may leave
before that thread is there. So a page greets until it is answered from there (``page/greeting.js``).
"""

from __future__ import annotations

from typing import Any

import anywidget


def answer_greetings(widget: anywidget.AnyWidget) -> None:
    """Answer each greeting by whether what `widget` is told from then on is heard beside a running cell."""

    def heard(_widget: Any, said: dict[str, Any], _buffers: Any) -> None:
        if "hello" in said:
            widget.send({"welcome": _is_heard_beside_cells(widget)})

    widget.on_msg(heard)


def _is_heard_beside_cells(widget: anywidget.AnyWidget) -> bool:
    kernel = getattr(widget.comm, "kernel", None)
    if kernel is None:
        return True  # No kernel of Jupyter, so no cells: a Panel server.
    return kernel.get_parent().get("header", {}).get("subshell_id") is not None
