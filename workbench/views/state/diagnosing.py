"""Diagnosis without a face: how a query is answered, why a point is missed, and how the graphs are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Enum, Int, Unicode

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.compared import compare
from workbench.tasks import Progress, Task
from workbench.views.state.query_inputs import plain_id, read_point
from workbench.views.state.querying import Querying
from workbench.views.state.question import read_filter, written
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

TABS = ("explain", "why_missed", "health")
SETTINGS = ("text", "k", "ef", "where", "filter_text", "missed", "tab")


class Diagnosing(Querying):
    """One query of a collection, explained anew whenever it changes, and the health of its graphs.

    Parameters
    ----------
    collection, query, vector, embedder
        As in :class:`workbench.views.state.querying.Querying`.
    **settings
        Traits to begin with.

    Attributes
    ----------
    filter_text : str
        `where` as a person types it.
    missed : str
        The id of a point that is not found; empty to ask for none.
    tab : {"explain", "why_missed", "health"}
    explained : Explained or None
    compared : Compared or None
        The hits beside those of an exact search.
    verdict : WhyMissed or None
    report : HealthReport or None
    """

    k = Int(10, min=1, max=10_000)
    ef = Int(0, min=0, max=10_000)
    filter_text = Unicode("")
    missed = Unicode("")
    tab = Enum(TABS, "explain")
    explained = Anything(None, allow_none=True)
    compared = Anything(None, allow_none=True)
    verdict = Anything(None, allow_none=True)
    report = Anything(None, allow_none=True)

    cancelled_text = "Cancelled: nothing was found out."

    def __init__(
        self,
        collection: Collection,
        query: Any = "",
        *,
        vector: str | None = None,
        embedder: Any = None,
        **settings: Any,
    ) -> None:
        super().__init__(collection, query, vector, embedder)
        given = {name: value for name, value in settings.items() if value is not None}
        if "missed" in given:
            given["missed"] = str(given["missed"])
        if "where" in given:
            given["filter_text"] = written(given["where"])
        elif "filter_text" in given:
            given["where"] = read_filter(given["filter_text"], "")
        text = query if isinstance(query, str) else ""
        apply_settings(self, "diagnose", SETTINGS, {"text": text, **given})
        self.observe(self._typed, ["filter_text", "where"])
        self.observe(lambda _: self.ask(), ["text", "k", "ef", "where", "missed"])
        self.look()

    @property
    def code(self) -> str:
        """The Python that does the same."""
        if self.tab == "health":
            return "collection.health()"
        if self.tab == "explain":
            return self._call("explain")
        return self._call("why_missed", repr(plain_id(self.missed)) if self.missed.strip() else "id")

    def ask(self) -> None:
        """Ask the query again, in the background."""
        if self.asked:
            self._start("asking the query", self._answer)

    def look(self) -> None:
        """Look at the graphs again, and ask the query again, in the background."""
        self._start("looking at the graphs", self._look)

    # -- inside ----------------------------------------------------------------------------------------

    def _typed(self, change: Any) -> None:
        """Let `where` and `filter_text` say the same; a text that cannot be read changes nothing else."""
        if change["name"] == "where":
            if _read(self.filter_text) != self.where:
                self.filter_text = written(self.where)
            return
        try:
            self.where = read_filter(self.filter_text, "")
            self.problem = "" if not self.working else self.problem
        except InvalidRequest as error:
            self.problem = str(error)

    def _look(self, task: Task, progress: Progress) -> None:
        progress(0, 4, "walking through the graphs")
        self._newest(task, report=self.collection.health())
        if self.asked:
            self._answer(task, progress)

    def _answer(self, task: Task, progress: Progress) -> None:
        query, asked = self._query(), self._parameters()
        progress(1, 4, "explaining the search")
        explained = self.collection.explain(query, **asked)
        progress(2, 4, "comparing with every vector")
        compared = compare(lambda exact: self.collection.search(query, exact=exact, **asked))
        progress(3, 4, "looking for the missed point")
        self._newest(task, explained=explained, compared=compared, verdict=None)
        if self.missed.strip():
            verdict = self.collection.why_missed(query, read_point(self.missed), **asked)
            self._newest(task, verdict=verdict)


def _read(text: str) -> Any:
    """Return the filter that a text says, or the text itself where it says none."""
    try:
        return read_filter(text, "")
    except InvalidRequest:
        return text
