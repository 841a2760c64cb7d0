"""Where somebody is in a whole page of screens: which screen, of which collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from traitlets import HasTraits, List, Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces.notebook.screens import OF_DATABASE, OF_VECTOR, SCREENS

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

HOME = "overview"
# What a collection opens with when no screen of it was asked for.
_FIRST = "browse"


class Navigation(HasTraits):
    """A place in a page, as an address says it: ``?collection=zoo&screen=map&vector=image``.

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
    vector : str
        What the screen is about, where the collection has several dense vectors.
    vectors : list of str
        Their names; empty where there is no choice.
    problem : str
        Why it is not where the address says.
    """

    screen = Unicode(HOME)
    collection = Unicode("")
    collections: List[Any] = List()
    vector = Unicode("")
    vectors: List[Any] = List()
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

    def go(self, screen: str, collection: str | None = None, vector: str | None = None) -> None:
        """Go to a screen, of the collection `collection` or of the one before, and of its vector `vector`."""
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
        vectors = self._vectors_of(wanted)
        known = self.vector if vector is None and wanted == self.collection else vector
        if vector and vector not in vectors:
            self.problem = f"The collection {wanted} has no choice of a vector {vector!r:.80}."
        with self.hold_trait_notifications():
            self.screen, self.collection, self.vectors = screen, wanted, vectors
            self.vector = known if known in vectors else next(iter(vectors), "")

    def _vectors_of(self, collection: str) -> list[str]:
        """Return the names of the dense vectors of a collection that has several."""
        if not collection:
            return []
        try:
            dense = self.database[collection].info.config.vectors
        except WorkbenchError:  # damaged; the screen says how
            return []
        names = [name for name, params in dense.items() if not params.multivector]
        return names if len(names) > 1 else []

    def read(self, query: str) -> None:
        """Go where an address says: ``""`` is the overview, a collection alone its browser."""
        given = {name: values[-1] for name, values in parse_qs(query.removeprefix("?")).items()}
        collection = given.get("collection", "")
        self.go(given.get("screen", _FIRST if collection else HOME), collection, given.get("vector"))

    @property
    def query(self) -> str:
        """The part of an address that leads here; ``""`` at home."""
        parts = {"collection": self.collection} if self.collection else {}
        if self.screen != HOME or self.collection:
            parts["screen"] = self.screen
        if self.screen in OF_VECTOR and self.vectors and self.vector != self.vectors[0]:
            parts["vector"] = self.vector
        return f"?{urlencode(parts)}" if parts else ""
