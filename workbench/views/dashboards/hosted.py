"""A widget's canvas in a Panel page.

A canvas is one flat module that talks to a model of traits. In a notebook ipywidgets carries that model; here
a Panel component does, with the same traits and messages, so both show one and the same screen. (Panel's own
bridge for ipywidgets loads the code of anywidget from the network, and its shim for modules has no messages.)
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import anywidget
import panel as pn

from workbench.views.widgets import assets


class HostedCanvas(pn.custom.JSComponent):
    """The canvas of a screen as a Panel component; :func:`hosted` makes one."""

    __abstract = True

    def __init__(self, widget: anywidget.AnyWidget, **params: Any) -> None:
        super().__init__(**{"sizing_mode": "stretch_width", **params})
        self._widget = widget
        self._names = [n for n in widget.traits(sync=True) if n not in _NOT_STATE]
        widget.observe(self._changed, self._names)
        self._send_to_widget = widget.send
        widget.send = self._send_message

    def release(self) -> None:
        """Let go of the widget: what it does is told here no more."""
        self._widget.unobserve(self._changed, self._names)
        self._widget.send = self._send_to_widget

    def _handle_msg(self, data: dict[str, Any]) -> None:
        if "ready" in data:
            self._send_msg({"state": {name: getattr(self._widget, name) for name in self._names}})
        elif "set" in data:
            with self._widget.hold_trait_notifications():
                for name, value in data["set"].items():
                    self._widget.set_trait(name, value)
        elif "message" in data:
            self._widget._handle_custom_msg(data["message"], [])

    def _changed(self, change: Any) -> None:
        self._send_msg({"changes": {change["name"]: change["new"]}})

    def _send_message(self, content: Any, buffers: Any = None) -> None:
        self._send_to_widget(content, buffers)
        self._send_msg({"message": content})


_NOT_STATE = frozenset({"_esm", "_css", "_anywidget_id", "layout", "tabbable", "tooltip", "comm"})


@cache
def _component(name: str, module: str, css: str) -> type[HostedCanvas]:
    page = f"const page = (() => {{\n{module.replace('export default', 'return')}\n}})();\n"
    parts: dict[str, Any] = {"_esm": page + assets.panel(), "_stylesheets": [css]}
    return cast("type[HostedCanvas]", type(f"Hosted{name}", (HostedCanvas,), parts))


def hosted(widget: anywidget.AnyWidget, **params: Any) -> HostedCanvas:
    """Return a canvas as a Panel component that shares its traits and messages.

    Parameters
    ----------
    widget : anywidget.AnyWidget
        Its module must be flat, and end with ``export default``.
    **params
        Of the Panel component, such as ``sizing_mode``.
    """
    made: HostedCanvas = _component(type(widget).__name__, str(widget._esm), str(widget._css))(
        widget, **params
    )
    return made
