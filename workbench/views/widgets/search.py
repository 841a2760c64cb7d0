"""``collection.search_box()``: approximate hits beside exact ones, and why each was found."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Enum, Float, Int, List, Unicode

from workbench.surfaces import html
from workbench.views.state.hit_cards import headline
from workbench.views.state.hit_facts import cards_of, detail_of, kinds_of, nothing_found, times_of
from workbench.views.state.query_inputs import KINDS
from workbench.views.state.searching import SETTINGS, Searching
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# An answer this quick is waited for when the screen is shown, so that a saved notebook holds it: 100,000
# points are compared in 20 ms. One that has to load a model first comes after the screen.
_SHOWN_ANSWER_S = 0.1
_OWN = tuple(name for name in SETTINGS if name != "where")


class SearchCanvas(anywidget.AnyWidget):
    """What is drawn: the question, two columns of cards, and one hit whole."""

    _esm = assets.script("search")
    _css = assets.style("search")

    kind = Unicode("text").tag(sync=True)
    query = Unicode("").tag(sync=True)
    numbers = Unicode("").tag(sync=True)
    point = Unicode("").tag(sync=True)
    image = Unicode("").tag(sync=True)
    vector = Unicode("").tag(sync=True)
    filter_text = Unicode("").tag(sync=True)
    words_in = Unicode("").tag(sync=True)
    k = Int(10).tag(sync=True)
    ef = Int(100).tag(sync=True)
    hybrid = Bool(False).tag(sync=True)
    words = Unicode("").tag(sync=True)
    sparse = Unicode("").tag(sync=True)
    dense_weight = Float(1.0).tag(sync=True)
    sparse_weight = Float(1.0).tag(sync=True)
    rrf_k = Int(2).tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)
    client_code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _about = Unicode("").tag(sync=True)
    _kinds: List[Any] = List().tag(sync=True)
    _vectors: List[Any] = List().tag(sync=True)
    _text_keys: List[Any] = List().tag(sync=True)
    _sparse: List[Any] = List().tag(sync=True)
    _busy = Bool(False).tag(sync=True)
    _left: List[Any] = List().tag(sync=True)
    _right: List[Any] = List().tag(sync=True)
    _recall: List[Any] = List().tag(sync=True)
    _times: List[Any] = List().tag(sync=True)
    _nothing = Unicode("").tag(sync=True)
    _chosen: List[Any] = List().tag(sync=True)
    _detail = Anything(None, allow_none=True).tag(sync=True)
    _why = Unicode("").tag(sync=True)
    _history: List[Any] = List().tag(sync=True)


class SearchBox(Screen):
    """A question to a collection: the hits of the graph beside those of an exact search.

    Parameters
    ----------
    collection : Collection
    query : str or array_like, optional
        A text or a vector to begin with.
    **settings
        Traits to begin with.

    Attributes
    ----------
    kind : {"text", "vector", "point", "image"}
        What is asked with; what is typed for it is in `query`, `numbers`, `point` and `image`.
    vector, where, filter_text, words_in, k, ef, hybrid, words, sparse, dense_weight, sparse_weight, rrf_k
        As in :class:`workbench.views.state.searching.Searching`.
    hits : Hits or None
        The approximate hits.
    result : Compared or None
        Both answers, with marks and times.
    recall : float or None
        Share of the exact hits that were found.
    selection : list
        Ids of the chosen hits.
    status, problem, code, client_code : str

    Raises
    ------
    InvalidRequest
        For an unknown setting, or a collection without dense vectors.
    """

    kind = Enum(KINDS, "text")
    query = Unicode("")
    numbers = Unicode("")
    point = Unicode("")
    image = Unicode("")
    vector = Unicode("")
    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    words_in = Unicode("")
    k = Int(10, min=1, max=100)
    ef = Int(100, min=1, max=4096)
    hybrid = Bool(False)
    words = Unicode("")
    sparse = Unicode("")
    dense_weight = Float(1.0)
    sparse_weight = Float(1.0)
    rrf_k = Int(2)
    hits = Anything(None, allow_none=True)
    result = Anything(None, allow_none=True)
    selection: List[Any] = List()
    client_code = Unicode("")

    def __init__(self, collection: Collection, query: Any = None, **settings: Any) -> None:
        state = Searching(collection, query, **settings)
        canvas = SearchCanvas(_title=collection.name, _kinds=kinds_of(state))
        super().__init__(state, canvas, f"Search in {collection.name}")
        bind(state, canvas, _OWN)
        bind(state, self, (*SETTINGS, "selection"))
        bind(state, canvas, ("problem", "code", "client_code"), both=False)
        bind(state, self, ("problem", "status", "code", "client_code", "hits", "result"), both=False)
        self.follow(["result"], self._show_result)
        self.follow(["result", "problem"], self._show_nothing)
        self.follow(["selection"], self._show_chosen)
        self.follow(["history"], self._show_history)
        self.follow(["working", "hybrid"], self._show_about)

    @property
    def recall(self) -> float | None:
        """Share of the exact hits that were found; None while there are none."""
        result = self.state.result
        return None if result is None or not len(result.truth) else result.kept / len(result.truth)

    # -- what a person can do --------------------------------------------------------------------------

    def ask(self, query: Any) -> SearchBox:
        """Ask for a text, or for a vector as a list or array."""
        self.state.ask(query)
        return self

    def like(self, point: Any) -> SearchBox:
        """Ask for the points nearest to a stored one."""
        self.state.like(point)
        return self

    def back(self, at: int = 1) -> SearchBox:
        """Return to a question of the history; 0 is the newest."""
        self.state.back(at)
        return self

    def cancel(self) -> None:
        """Stop what runs in the background."""
        self.state.cancel()

    def wait(self, timeout: float | None = None) -> SearchBox:
        """Wait until the answer is there."""
        self.state.wait(timeout)
        return self

    # -- following the state ---------------------------------------------------------------------------

    def _show_result(self) -> None:
        state, view, result = self.state, self.view, self.state.result
        left, right = ([], []) if result is None else cards_of(state, result)
        with view.hold_sync():
            view._left, view._right, view._detail, view._why = left, right, None, ""
            view._recall = [] if result is None else [result.kept, len(result.truth)]
            view._times = [] if result is None else times_of(result)

    def _show_nothing(self) -> None:
        state, result = self.state, self.state.result
        said = ""
        if result is None and not state.problem:
            said = _INVITATIONS[state.kind]
        elif result is not None and not len(result.truth):
            said = nothing_found(state, result)
        self.view._nothing = said

    def _show_chosen(self) -> None:
        self.view._chosen = [str(i) for i in self.state.selection]

    def _show_history(self) -> None:
        self.view._history = [asked.label for asked in self.state.history]

    def _show_about(self) -> None:
        state, view = self.state, self.view
        name = "vectors" if not state.vector else state.vector
        with view.hold_sync():
            view._busy = state.working
            view._about = f"{len(state.collection):,} points · {name} · {state.distance.value}"
            view._vectors = [[v, v or "(unnamed)"] for v in state.vectors]
            view._sparse = [[v, v] for v in state.sparse_vectors]
            view._text_keys = [[key, key] for key in state.text_keys]

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        state = self.state
        if "search" in said:
            state.search()
        elif "open" in said:
            self._open(str(said["open"]), int(said["at"]))
        elif "close" in said:
            self.view._detail, self.view._why = None, ""
        elif "choose" in said:
            point = self._hit(str(said["choose"]), int(said["at"]))
            if point is not None:
                state.choose(point.id, bool(said["chosen"]))
        elif "like" in said:
            point = self._hit(str(said["like"]), int(said["at"]))
            if point is not None:
                state.like(point.id)
        elif "back" in said:
            state.back(int(said["back"]))
        elif "why" in said:
            point = self._hit("exact", int(said["why"]))
            if point is not None:
                self.view._why = state.why_missed(point.id)
        elif "add_words" in said:
            state.add_words(str(said["add_words"]))

    def _hit(self, side: str, at: int) -> Any:
        result = self.state.result
        hits = None if result is None else result.truth if side == "exact" else result.hits
        return hits[at] if hits is not None and 0 <= at < len(hits) else None

    def _open(self, side: str, at: int) -> None:
        if self._hit(side, at) is not None:
            with self.view.hold_sync():
                self.view._why, self.view._detail = "", detail_of(self.state, self.state.result, side, at)

    # -- without a browser -----------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        with suppress(TimeoutError):
            self.state.wait(_SHOWN_ANSWER_S)
        return super()._repr_mimebundle_(**options)

    def _summary(self) -> str:
        state, result = self.state, self.state.result
        if result is None:
            return f"{state.collection.name!r}: nothing asked yet"
        asked = state.history[0].label if state.history else ""
        return f"{state.collection.name!r}: {asked}, {result.took_ms:.2f} ms, exact {result.exact_ms:.2f} ms"

    def _body(self) -> str:
        result = self.state.result
        if result is None:
            return "<p>Nothing asked yet.</p>"
        rows = []
        for rank, (hit, mark) in enumerate(zip(result.hits, result.marks, strict=True), 1):
            rows.append([rank, hit.id, hit.score, _SAID[mark], self._text(hit)])
        for rank, (hit, mark) in enumerate(zip(result.truth, result.truth_marks, strict=True), 1):
            if mark == "missed":
                rows.append([f"exact {rank}", hit.id, hit.score, _SAID[mark], self._text(hit)])
        columns = ["rank", "id", "score", "", "what"]
        return html.listing(f"Recall {result.kept}/{len(result.truth)}", "", columns, rows, "No hits.")

    def _text(self, hit: Any) -> str:
        title, text = headline(hit.payload or {}, self.state.words_in, "")
        return " · ".join("".join(piece for piece, _ in part) for part in (title, text) if part)


_SAID = {"found": "", "tie": "= as good", "extra": "○ not in the exact answer", "missed": "✕ missed"}
_INVITATIONS = {
    "text": "Type what you are looking for, in your own words, and press Enter.",
    "vector": "Paste a vector: JSON such as [0.1, 0.2, …], or what NumPy prints.",
    "point": "Type the id of a point, or press “More like this” on a hit.",
    "image": "Choose a picture, or drop one here.",
}
