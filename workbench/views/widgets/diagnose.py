"""``collection.diagnose()``: a query explained, a missed point explained, and the health of the graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Dict, Enum, Int, List, Unicode

from workbench.surfaces import html
from workbench.surfaces.notebook.compared import Compared
from workbench.surfaces.notebook.diagnosis_facts import explained_facts, health_facts, verdict_facts
from workbench.views.state.diagnosing import TABS, Diagnosing
from workbench.views.state.hit_cards import headline
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# Characters of a hit's title.
_TITLE = 90
_TYPED = ("text", "k", "ef", "filter_text", "missed", "tab")


class DiagnoseCanvas(anywidget.AnyWidget):
    """What is drawn: the question, and three sheets of facts."""

    _esm = assets.script("charts", "diagnose")
    _css = assets.style("diagnose")

    text = Unicode("").tag(sync=True)
    k = Int(10).tag(sync=True)
    ef = Int(0).tag(sync=True)
    filter_text = Unicode("").tag(sync=True)
    missed = Unicode("").tag(sync=True)
    tab = Unicode("explain").tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _searchable = Bool(True).tag(sync=True)
    _explained: Dict[str, Any] = Dict().tag(sync=True)
    _hits: List[Any] = List().tag(sync=True)
    _verdict: Dict[str, Any] = Dict().tag(sync=True)
    _health: Dict[str, Any] = Dict().tag(sync=True)


class DiagnoseView(Screen):
    """How a query is answered and why, why a point is not among its hits, and how the graphs are.

    Parameters
    ----------
    collection : Collection
    query : str or array_like
        A text, ``#`` and the id of a point, or a vector; without one the screen asks for it.
    vector : str, optional
        Needed only when there are several.
    embedder : optional
        For a text, when the collection has none on record.
    **settings
        Traits to begin with.

    Attributes
    ----------
    text, k, ef, where, filter_text, missed, tab
        As in :class:`workbench.views.state.diagnosing.Diagnosing`; set them, and the screen follows.
    explained : Explained or None
        What ``collection.explain()`` returns; None until it is there: see :meth:`wait`.
    verdict : WhyMissed or None
        What ``collection.why_missed()`` returns of the point `missed`.
    report : HealthReport or None
        What ``collection.health()`` returned when it was last looked at.
    status, problem, code : str

    Raises
    ------
    InvalidRequest
        For an unknown setting.
    """

    text = Unicode("")
    k = Int(10)
    ef = Int(0)
    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    missed = Unicode("")
    tab = Enum(TABS, "explain")
    explained = Anything(None, allow_none=True)
    verdict = Anything(None, allow_none=True)
    report = Anything(None, allow_none=True)

    def __init__(self, collection: Collection, query: Any = "", **settings: Any) -> None:
        state = Diagnosing(collection, query, **settings)
        canvas = DiagnoseCanvas(_title=collection.name, _searchable=collection.searchable)
        super().__init__(state, canvas, f"Diagnosis of {collection.name}")
        for face in (canvas, self):
            bind(state, face, _TYPED)
        bind(state, self, ("where",))
        bind(state, canvas, ("problem",), both=False)
        bind(state, self, ("problem", "status", "explained", "verdict", "report"), both=False)
        self.follow(["explained"], self._show_explained)
        self.follow(["compared"], self._show_hits)
        self.follow(["verdict"], self._show_verdict)
        self.follow(["report"], self._show_health)
        self.follow(["text", "k", "ef", "where", "missed", "tab"], self._show_code)

    def wait(self, timeout: float | None = None) -> DiagnoseView:
        """Wait until everything asked for is found out."""
        self.state.wait(timeout)
        return self

    def cancel(self) -> None:
        """Stop what runs in the background."""
        self.state.cancel()

    def look(self) -> None:
        """Look at the graphs again, and ask the query again, in the background."""
        self.state.look()

    # -- following the state ---------------------------------------------------------------------------

    def _show_explained(self) -> None:
        found = self.state.explained
        self.view._explained = {} if found is None else explained_facts(found)

    def _show_hits(self) -> None:
        found = self.state.compared
        self.view._hits = [] if found is None else _exact_hits(found)

    def _show_verdict(self) -> None:
        found = self.state.verdict
        self.view._verdict = {} if found is None else verdict_facts(found)

    def _show_health(self) -> None:
        found = self.state.report
        self.view._health = {} if found is None else health_facts(found)

    def _show_code(self) -> None:
        self.code = self.view.code = self.state.code

    def _answer(self, said: dict[str, Any]) -> None:
        if "look" in said:
            self.look()

    # -- without a browser -----------------------------------------------------------------------------

    @property
    def _shown(self) -> Any:
        """What the open tab shows, if it is there."""
        sheets = {"explain": self.explained, "why_missed": self.verdict, "health": self.report}
        return sheets[self.tab]

    def _summary(self) -> str:
        if self._shown is None:
            return "being found out" if self.state.working else "nothing was asked yet"
        return repr(self._shown).splitlines()[0]

    def _body(self) -> str:
        return "" if self._shown is None else self._shown._repr_html_()


def _exact_hits(compared: Compared) -> list[list[Any]]:
    """Return id, title, score and mark of each hit of the exact search: whether the search found it."""
    return [
        [str(hit.id), _title(hit.payload or {}), f"{hit.score:.4f}", mark]
        for hit, mark in zip(compared.truth, compared.truth_marks, strict=True)
    ]


def _title(payload: dict[str, Any]) -> str:
    title, text = headline(payload, "", "")
    told = ["".join(piece for piece, _ in pieces) for pieces in (title, text) if pieces]
    return html.short(" · ".join(told), _TITLE)
