"""The whole page: a head with the way to every screen, and under it the screen itself.

Each browser tab has a page of its own, whose screens are made when they are first looked at and kept until
the tab is closed.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anywidget
import panel as pn

from workbench.errors import WorkbenchError
from workbench.surfaces.notebook.overview import watch
from workbench.surfaces.notebook.screens import OF_DATABASE, OF_VECTOR, screen_class
from workbench.views.dashboards.hosted import hosted
from workbench.views.dashboards.notice import Notice
from workbench.views.dashboards.shell import Shell
from workbench.views.dashboards.taskrow import TaskRow
from workbench.views.state.navigating import Navigation

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

_TEMPLATE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


class Place(NamedTuple):
    """Where a screen stands: of which collection ("" for the database), its name, and of which vector."""

    collection: str
    screen: str
    vector: str | None = None


class Page:
    """One tab's page over a database.

    Parameters
    ----------
    database : Database
    query : str
        The part of the tab's address from ``?`` on.

    Attributes
    ----------
    navigation : Navigation
        Where it is.
    screens : dict
        The screens that were opened, by collection, name, and vector where there are several.
    """

    def __init__(self, database: Database, query: str = "") -> None:
        self.database = database
        self.navigation = Navigation(database, query)
        self.shell = Shell(self.navigation, str(database.engine.root or "in memory"))
        self.screens: dict[Place, Any] = {}
        self._hosted: dict[Place, list[Any]] = {}
        self.main = pn.Column(sizing_mode="stretch_width")
        self._stop_watching = watch(database, self.navigation.refresh)
        self.navigation.observe(lambda _: self._show(), ["screen", "collection", "collections", "vector"])
        self._show()

    def template(self) -> pn.Template:
        """Return what Panel serves: it asks this server for everything, and nobody else."""
        page = pn.Template(_TEMPLATE)
        page.add_panel("shell", hosted(self.shell))
        page.add_panel("main", self.main)
        return page

    def close(self) -> None:
        """Stop what its screens do in the background, and forget them."""
        self._stop_watching()
        for key in list(self.screens):
            self._forget(key)
        self.shell.close()

    def _show(self) -> None:
        place = self.navigation
        vector = place.vector if place.screen in OF_VECTOR and place.vectors else None
        key = Place("" if place.screen in OF_DATABASE else place.collection, place.screen, vector)
        gone = [
            known for known in self._hosted if known.collection and known.collection not in place.collections
        ]
        for known in gone:
            self._forget(known)
        before = self._hosted.get(key)
        if before is None or (key not in self.screens and list(self.main.objects) != before):
            self._forget(key)  # what could not be opened may be able to by now
            self._hosted[key] = self._opened(key)
        if list(self.main.objects) != self._hosted[key]:
            self.main.objects = self._hosted[key]

    def _opened(self, place: Place) -> list[Any]:
        """Make a screen, and what hosts it; a sentence in its place where that cannot be."""
        collection, name, vector = place
        kind, title = (
            screen_class(name),
            f"{name.capitalize().replace('_', ' ')} of {collection or 'the database'}",
        )
        needed = _needed(kind)
        call = f"collection.{name}({', '.join(needed)})"
        if needed:
            return [hosted(Notice(title, f"{name} wants to know more than the collection.", call))]
        try:
            target = self.database[collection] if collection else self.database
            screen = kind(target) if vector is None else kind(target, vector=vector)
        except WorkbenchError as error:
            return [hosted(Notice(title, str(error)))]
        self.screens[place] = screen
        view = screen if isinstance(screen, anywidget.AnyWidget) else getattr(screen, "view", None)
        if view is None:
            return [hosted(Notice(title, f"{name} is made for notebooks: open it there.", call))]
        parts = [hosted(view)]
        if screen.has_trait("state") or hasattr(screen, "state"):
            state = screen.state
            if state.has_trait("working"):
                parts.append(hosted(TaskRow(state, view)))
        opening = getattr(screen, "opens", None)
        if callable(opening):
            opening(self.navigation.go)
        return parts

    def _forget(self, key: Place) -> None:
        screen = self.screens.pop(key, None)
        for part in self._hosted.pop(key, []):
            part.release()
        cancel = getattr(screen, "cancel", None)
        if callable(cancel):
            cancel()
        if screen is not None:
            screen.close()


def _needed(kind: Any) -> list[str]:
    """Return what a screen must be told besides what it shows."""
    return [
        p.name
        for p in list(inspect.signature(kind).parameters.values())[1:]
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
