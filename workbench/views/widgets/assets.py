"""The scripts and styles of screens, put together from the files of ``page``.

A widget of anywidget is one flat module that imports nothing, so that the same text runs in JupyterLab,
Notebook 7, VS Code, Panel and a saved page. What several screens share stands before what is a screen's own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PAGE = Path(__file__).parent / "page"


@cache
def module(*names: str) -> str:
    """Return one module: the files `names`, the last of which exports ``render``."""
    return "\n".join((_PAGE / f"{name}.js").read_text(encoding="utf-8") for name in names)


def script(*names: str) -> str:
    """Return the module of a screen: what all screens share, then the files `names`."""
    return module("parts", "greeting", *names)


@cache
def style(*names: str) -> str:
    """Return ``theme.css``, then the style sheets `names`."""
    return "\n".join((_PAGE / f"{name}.css").read_text(encoding="utf-8") for name in ("theme", *names))


@cache
def panel() -> str:
    """Return what carries a module in a Panel component."""
    return (_PAGE / "panel.js").read_text(encoding="utf-8")
