"""``collection.browse()``: pages of points, with their payloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Bool, Dict, Enum, Int, List, Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces import html
from workbench.views.state.browsing import SETTINGS, Browsing
from workbench.views.state.narrowing import said
from workbench.views.widgets.binding import bind
from workbench.views.widgets.browse_canvas import BrowseCanvas
from workbench.views.widgets.browse_shown import card, cell, facet_shown, is_numeric, whole
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    import pandas as pd

    from workbench.surfaces.notebook.collection import Collection

_TYPED = (
    "filter_text", "words", "words_in", "search", "sort", "descending", "page", "page_size", "columns",
    "show",
)  # fmt: skip


class Browser(Screen):
    """Points and their payloads: filter, search, look at them whole, change them and take changes back.

    Parameters
    ----------
    collection : Collection
    **settings
        Any of the attributes up to ``show``, to begin with.

    Attributes
    ----------
    where : mapping, Filter or None
        Which points are shown; `filter_text` is the same as it stands in the box.
    words : str
        Words that must all be in the text of the field `words_in`.
    words_in : str
        The payload key in which `words`, and a filter of plain words, look.
    search : str
        A text: points come in the order of their nearness to it.
    narrowed : dict
        What is picked beside the table: field to a list of values, or to bounds ``gte`` and ``lte``.
    like, unlike : list of id
        Examples: points come in the order of their likeness to these, and unlikeness to those.
    vector : str or None
        The name of the vectors compared; needed only when there are several.
    sort : str or None
        A payload key; None is the order of ids.
    descending : bool
    page, page_size : int
    columns : list of str
        The payload keys shown; empty for the first six.
    show : {"table", "cards"}
    total : int
        Points that match.
    selection : int, UUID or None
        The id of the point that was chosen last.
    selected : list of int or UUID
        The ids of all chosen points.
    status, problem, code : str
        What is going on; what is wrong with the question; the Python that does the same.

    Raises
    ------
    InvalidRequest
        For an unknown setting, or one that the collection refuses.
    """

    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    words = Unicode("")
    words_in = Unicode("")
    search = Unicode("")
    narrowed: Dict[str, Any] = Dict()
    like: List[Any] = List()
    unlike: List[Any] = List()
    vector = Unicode(None, allow_none=True)
    sort = Unicode(None, allow_none=True)
    descending = Bool(False)
    page = Int(1, min=1)
    page_size = Int(10, min=1, max=1000)
    columns: List[Any] = List()
    show = Enum(("table", "cards"), "table")
    total = Int(0)
    selection = Anything(None, allow_none=True)
    selected: List[Any] = List()

    def __init__(self, collection: Collection, **settings: Any) -> None:
        state = Browsing(collection, **settings)
        canvas = BrowseCanvas(_title=collection.name, _searchable=state.searchable)
        super().__init__(state, canvas, f"Points of {collection.name}")
        bind(state, canvas, _TYPED)
        bind(state, self, (*SETTINGS, "selection", "selected"))
        for face in (canvas, self):
            bind(state, face, ("total", "status", "problem", "code"), both=False)
        self.follow(["shown", "total", "page_size", "columns"], self._show_rows)
        self.follow(["shown", "show"], self._show_cards)
        self.follow(["selection", "selected", "shown"], self._show_chosen)
        self.follow(["facets", "narrowed", "counting"], self._show_facets)
        self.follow(["where", "narrowed", "words", "words_in", "shown"], self._show_question)
        self.follow(["told", "undoable"], self._show_told)

    @property
    def rows(self) -> pd.DataFrame:
        """The points shown, as a DataFrame."""
        return self.state.rows

    # -- what a person can do --------------------------------------------------------------------------

    def reload(self) -> None:
        """Ask the collection again, for what was written meanwhile."""
        self.state.fields = []
        self.state.load()

    def wait(self, timeout: float | None = None) -> Browser:
        """Wait until the values of the fields are counted, which large collections do in the background."""
        self.state.wait_for_counts(timeout)
        return self

    def edit(self, payload: dict[str, Any]) -> None:
        """Replace the whole payload of the point chosen last; :meth:`undo` takes it back."""
        self.state.edit(json.dumps(payload))

    def delete(self) -> None:
        """Delete the chosen points; :meth:`undo` restores them with vectors and payload."""
        self.state.delete()

    def label(self, key: str, value: Any) -> None:
        """Write ``{key: value}`` into the payloads of the chosen points; :meth:`undo` takes it back."""
        self.state.label(key, value)

    def undo(self) -> None:
        """Take the newest change back."""
        self.state.undo()

    # -- following the state ---------------------------------------------------------------------------

    def _show_rows(self) -> None:
        state, view = self.state, self.view
        rows, keys = state.shown, state.columns_shown
        scored = any(row.score is not None for row in rows)
        columns = ["id", *(["score"] if scored else []), *keys]
        values = [
            [row.id, *([row.score] if scored else []), *(row.payload.get(k) for k in keys)] for row in rows
        ]
        with view.hold_sync():
            view._pages, view._text_columns = state.pages, [[key, key] for key in state.text_columns]
            view._asked, view._ranked = state.asked is not None, state.ranked
            view._keys = [{"key": key, "shown": key in keys} for key in state.keys]
            view._columns = [{"name": c, "sortable": c not in ("id", "score") or c in keys} for c in columns]
            view._numeric = [is_numeric([v[i] for v in values]) for i in range(len(columns))]
            view._cells = [[cell(value) for value in line] for line in values]

    def _show_cards(self) -> None:
        self.view._cards = [card(row) for row in self.state.shown] if self.state.show == "cards" else []

    def _show_chosen(self) -> None:
        state, view = self.state, self.view
        chosen, payload = set(state.selected), state.payload()
        places = {row.id: at for at, row in enumerate(state.shown)}
        with view.hold_sync():
            view._selected = places.get(state.selection, -1)
            view._marked = [at for point, at in places.items() if point in chosen]
            view._count = len(chosen)
            view._payload = "" if payload is None else json.dumps(payload, ensure_ascii=False, indent=2)
            view._detail = (
                []
                if payload is None
                else [["id", str(state.selection)], *([k, whole(v)] for k, v in payload.items())]
            )

    def _show_facets(self) -> None:
        state, view = self.state, self.view
        with view.hold_sync():
            view._counting = state.counting
            view._facets = [facet_shown(facet, state.narrowed.get(facet.field.key)) for facet in state.facets]
            view._chips = [{"key": key, "text": said(key, c)} for key, c in state.narrowed.items()]
            view._fields = [[f.key, f.kind] for f in state.fields]

    def _show_question(self) -> None:
        state, view = self.state, self.view
        try:
            asked = state.as_json()
        except WorkbenchError:  # the problem is shown where the question was asked
            return
        with view.hold_sync():
            view._json = "" if asked is None else json.dumps(asked, ensure_ascii=False, default=str)
            view._where = "" if asked is None else f"where={state.asked!r}"
            view._can_recommend = bool(state.collection.info.config.vectors)
            examples = [*((i, 1) for i in state.like), *((i, -1) for i in state.unlike)]
            view._examples = [
                {"text": self._name(point), "sign": sign, "at": at}
                for at, (point, sign) in enumerate(examples)
            ]

    def _name(self, point: Any) -> str:
        found = self.state.collection.get([point])
        payload = (found[0].payload or {}) if found else {}
        text = payload.get(self.state.words_in)
        return html.short(f"{point} · {text}" if text else str(point), 48)

    def _show_told(self) -> None:
        with self.view.hold_sync():
            self.view._told, self.view._undo = self.state.told, self.state.undoable

    # -- what the browser says -------------------------------------------------------------------------

    def _edit(self, text: str) -> None:
        try:
            self.state.edit(text)
        except WorkbenchError as error:
            self.view.send({"edited": str(error)})
        else:
            self.view.send({"edited": ""})

    def _answer(self, said: dict[str, Any]) -> None:
        state = self.state
        match next(iter(said)):
            case "edit":
                self._edit(said["edit"])
            case "pick":
                state.pick(int(said["pick"]), said["mode"])
            case "value":
                key, at = said["value"]
                facet = next(f for f in state.facets if f.field.key == key)
                state.pick_value(key, facet.values[int(at)])
            case "range":
                state.pick_range(*said["range"])
            case "widen":
                state.widen(said["widen"])
            case "complete":
                key = said["complete"]
                self.view.send({"values": [str(v) for v in state.complete(key)], "key": key})
            case "build":
                state.build(said["build"], any_of=bool(said["any"]))
            case "example":
                at, sign = said["example"]
                state.examples([state.shown[int(at)].id] if at is not None else state.selected, int(sign))
            case "forget":
                gone = [*state.like, *state.unlike]
                state.examples(gone if said["forget"] is None else [gone[int(said["forget"])]], 0)
            case "label":
                state.label(*said["label"])
            case "delete":
                state.delete()
            case "undo":
                state.undo()

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        state = self.state
        asked = state.code.removeprefix("collection.")
        return (
            f"{state.collection.name!r}: page {state.page} of {state.pages}, {state.total:,} points, {asked}"
        )

    def _static(self) -> str:
        """Return the page as HTML without scripts, for a notebook that is read without a kernel."""
        state, view = self.state, self.view
        columns = [c["name"] for c in view._columns]
        about = f"page {state.page} of {state.pages} · {state.total:,} points · {state.code}"
        nothing = (
            "No points yet: collection.add(frame)" if state.asked is None else "No point matches this filter."
        )
        return html.listing(state.collection.name, about, columns, view._cells, nothing)
