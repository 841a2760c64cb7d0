"""The head of a whole page: the database, the way to every screen, dark and light."""

from __future__ import annotations

from typing import Any

import anywidget
from traitlets import List, Unicode

from workbench.surfaces.notebook.screens import OF_DATABASE, OF_VECTOR, SCREENS
from workbench.views.state.navigating import Navigation
from workbench.views.widgets import assets

# Of the navigation; what there is to choose comes before what is chosen.
_SHOWN = ("collections", "collection", "vectors", "vector", "screen", "problem")


class Shell(anywidget.AnyWidget):
    """A bar of links; it follows a navigation, and asks it to go.

    Parameters
    ----------
    navigation : Navigation
    where : str
        The database's name.
    """

    _esm = assets.script("shell")
    _css = assets.style("shell")

    screen = Unicode("").tag(sync=True)
    collection = Unicode("").tag(sync=True)
    collections: List[Any] = List().tag(sync=True)
    vector = Unicode("").tag(sync=True)
    vectors: List[Any] = List().tag(sync=True)
    problem = Unicode("").tag(sync=True)
    _query = Unicode("").tag(sync=True)
    _where = Unicode("").tag(sync=True)
    _of_database: List[Any] = List(sorted(OF_DATABASE & SCREENS.keys(), key=list(SCREENS).index)).tag(
        sync=True
    )
    _of_vector: List[Any] = List(sorted(OF_VECTOR)).tag(sync=True)
    _of_collection: List[Any] = List([name for name in SCREENS if name not in OF_DATABASE]).tag(sync=True)

    def __init__(self, navigation: Navigation, where: str) -> None:
        super().__init__(_where=where)
        self.navigation = navigation
        navigation.observe(self._follow, list(_SHOWN))
        self._follow(None)
        self.on_msg(self._heard)

    def _follow(self, _change: Any) -> None:
        for name in _SHOWN:
            self.set_trait(name, getattr(self.navigation, name))
        self._query = self.navigation.query

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        if "go" in message:
            self.navigation.go(*message["go"])
        elif "went" in message:
            self.navigation.read(message["went"])
