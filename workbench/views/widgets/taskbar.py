"""Progress of background work in one line."""

from __future__ import annotations

from pathlib import Path

import anywidget
from traitlets import Bool, Float, Unicode

_HERE = Path(__file__).parent


class TaskBar(anywidget.AnyWidget):
    """A bar, and what is going on; a ``CancelButton`` behind it shows while it works.

    Attributes
    ----------
    working : bool
    done : float
        From 0 to 1; 0 shows a bar without an end.
    status, problem : str
        What is going on; what went wrong.
    """

    _esm = _HERE / "taskbar.js"
    _css = _HERE / "taskbar.css"

    working = Bool(False).tag(sync=True)
    done = Float(0.0).tag(sync=True)
    status = Unicode("").tag(sync=True)
    problem = Unicode("").tag(sync=True)
