"""The screens a collection can open, by name.

Views stand above surfaces and import them; so that ``collection.browse()`` can reach up without an import,
this table names the class, and it is looked up when the screen is opened.
"""

from __future__ import annotations

import importlib
from typing import Any

SCREENS = {
    "browse": "workbench.views.widgets.browse:Browser",
    "tune": "workbench.views.widgets.tune:Tuner",
}


def open_screen(name: str, *arguments: Any, **settings: Any) -> Any:
    """Return the screen `name`, made with the given arguments."""
    module, _, class_name = SCREENS[name].partition(":")
    return getattr(importlib.import_module(module), class_name)(*arguments, **settings)
