"""Where somebody is in a whole page of screens: which screen, of which collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from traitlets import HasTraits, List, Unicode

from workbench.surfaces.notebook.screens import OF_DATABASE, SCREENS

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

HOME = "overview"
# What a collection opens with when no screen of it was asked for.
_FIRST = "browse"


class Navigation(HasTraits):
    """A place in a page, as an address says it: ``?collection=zoo&screen=map``.

    Parameters
    ----------
    database : Database
    query : str
        The part of an address from ``?`` on.

    Attributes
    ----------
    screen, collection : str
        Where it is; a screen of the database needs no collection, but remembers the last.
    collections : list of str
        The names that can be gone to.
    problem : str
        Why it is not where the address says.
    """

    screen = Unicode(HOME)
    collection = Unicode("")
    collections: List[Any] = List()
    problem = Unicode("")

    def __init__(self, database: Database, query: str = "") -> None:
        super().__init__()
        self.database = database
        self.refresh()
        self.read(query)

    def refresh(self) -> None:
        """Look again which collections there are; leave one that is gone."""
        self.collections = list(self.database)
        if self.collection and self.collection not in self.collections:
            gone = self.collection
            self.go(self.screen if self.screen in OF_DATABASE else HOME, "")
            self.problem = f"The collection {gone} is gone."

    def go(self, screen: str, collection: str | None = None) -> None:
        """Go to a screen, of the collection `collection` or of the one before."""
        wanted = self.collection if collection is None else collection
        self.problem = ""
        if screen not in SCREENS:
            self.problem = f"There is no screen {screen!r:.60}; there are {', '.join(SCREENS)}."
            screen = HOME
        if wanted and wanted not in self.database:
            names = ", ".join(self.collections) or "none yet"
            self.problem = f"There is no collection {wanted!r:.80}; there are: {names}."
            wanted, screen = "", HOME
        if screen not in OF_DATABASE and not wanted:
            if not self.collections:
                self.problem = f"The screen {screen} shows a collection, and there is none yet."
                screen = HOME
            else:
                wanted = self.collections[0]
        with self.hold_trait_notifications():
            self.screen, self.collection = screen, wanted

    def read(self, query: str) -> None:
        """Go where an address says: ``""`` is the overview, a collection alone its browser."""
        given = {name: values[-1] for name, values in parse_qs(query.removeprefix("?")).items()}
        collection = given.get("collection", "")
        self.go(given.get("screen", _FIRST if collection else HOME), collection)

    @property
    def query(self) -> str:
        """The part of an address that leads here; ``""`` at home."""
        parts = {"collection": self.collection} if self.collection else {}
        if self.screen != HOME or self.collection:
            parts["screen"] = self.screen
        return f"?{urlencode(parts)}" if parts else ""
