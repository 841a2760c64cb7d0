"""A sentence in the place of a screen that cannot be shown, and the Python that can."""

from __future__ import annotations

import anywidget
from traitlets import Unicode

from workbench.views.widgets import assets


class Notice(anywidget.AnyWidget):
    """Says why there is no screen here, and what to do.

    Parameters
    ----------
    title, text, code : str
    """

    _esm = assets.script("notice")
    _css = assets.style()

    title = Unicode("").tag(sync=True)
    text = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    def __init__(self, title: str, text: str, code: str = "") -> None:
        super().__init__(title=title, text=text, code=code)
