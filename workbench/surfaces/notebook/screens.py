"""The screens that a database and its collections can open, by name.

Views stand above surfaces and import them; so that ``collection.browse()`` can reach up without an import,
this table names the class, and it is looked up when the screen is opened.
"""

from __future__ import annotations

import importlib
from typing import Any

from workbench.tasks import in_front

SCREENS = {
    "overview": "workbench.views.widgets.overview:Overview",
    "browse": "workbench.views.widgets.browse:Browser",
    "create": "workbench.views.widgets.create:CreateWizard",
    "map": "workbench.views.widgets.map:MapView",
    "trace": "workbench.views.widgets.trace:TraceView",
    "search_box": "workbench.views.widgets.search:SearchBox",
    "tune": "workbench.views.widgets.tune:Tuner",
    "diagnose": "workbench.views.widgets.diagnose:DiagnoseView",
}

# These show a database; the others one collection.
OF_DATABASE = frozenset({"overview", "create"})
# These show one vector of a collection, and take its name as `vector`.
OF_VECTOR = frozenset({"map", "trace", "tune", "diagnose"})


def screen_class(name: str) -> Any:
    """Return the class of the screen `name`; raise ``KeyError`` when there is none."""
    module, _, class_name = SCREENS[name].partition(":")
    return getattr(importlib.import_module(module), class_name)


def open_screen(name: str, /, *arguments: Any, **settings: Any) -> Any:
    """Return the screen `name`, made with the given arguments; what it computes begins when it is made."""
    with in_front():
        return screen_class(name)(*arguments, **settings)


def open_page(*arguments: Any, **settings: Any) -> Any:
    """Return a running server of pages that show every screen."""
    serving = importlib.import_module("workbench.views.dashboards.serving")
    return serving.Dashboard(*arguments, **settings)


class Screens:
    """What a collection can show of itself: one method a screen.

    A screen is a plain object whose public traits can be read, set, linked and observed; keyword arguments
    are its traits to begin with.
    """

    def browse(self, **traits: Any) -> Any:
        """Open the browser of payloads: pages, sorting and a filter box."""
        return open_screen("browse", self, **traits)

    def tune(self, **traits: Any) -> Any:
        """Open the tuner: m, ef_construct, ef and k against recall, latency and memory."""
        return open_screen("tune", self, **traits)

    def map(self, **traits: Any) -> Any:
        """Open the map: points on the plane by UMAP, t-SNE or principal components, and what is near what."""
        return open_screen("map", self, **traits)

    def trace_view(self, query: Any = "", **traits: Any) -> Any:
        """Open the tracer: the path of a query through the graph, on a map, hop by hop."""
        return open_screen("trace", self, query, **traits)

    def search_box(self, query: Any = None, **traits: Any) -> Any:
        """Open the search box: approximate hits beside exact ones, by text, vector, point or image."""
        return open_screen("search_box", self, query, **traits)

    def diagnose(self, query: Any = "", **traits: Any) -> Any:
        """Open the diagnosis: how a query is answered, why a point is missed, and how the graphs are."""
        return open_screen("diagnose", self, query, **traits)
