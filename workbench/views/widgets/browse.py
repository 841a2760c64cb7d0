"""``collection.browse()``: pages of points, with their payloads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Int, List, Unicode

from workbench.errors import WorkbenchError
from workbench.surfaces import html
from workbench.views.state.browsing import SETTINGS, Browsing
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# More columns than this do not fit a notebook's width; the selected point shows all of them.
_COLUMNS = 6
_CELL = 180
# A payload may hold a book: what is shown of one value is cut here.
_VALUE = 20_000
_TYPED = ("filter_text", "words_in", "search", "sort", "descending", "page", "page_size")


class BrowseCanvas(anywidget.AnyWidget):
    """What is drawn: the question, the rows of a page as texts, and one point whole."""

    _esm = assets.script("charts", "browse_rows", "browse")
    _css = assets.style("browse")

    filter_text = Unicode("").tag(sync=True)
    words_in = Unicode("").tag(sync=True)
    search = Unicode("").tag(sync=True)
    sort = Unicode(None, allow_none=True).tag(sync=True)
    descending = Bool(False).tag(sync=True)
    page = Int(1, min=1).tag(sync=True)
    page_size = Int(10, min=1, max=1000).tag(sync=True)
    total = Int(0).tag(sync=True)
    status = Unicode("").tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _searchable = Bool(False).tag(sync=True)
    _asked = Bool(False).tag(sync=True)
    _ranked = Bool(False).tag(sync=True)
    _pages = Int(1).tag(sync=True)
    _text_columns: List[Any] = List().tag(sync=True)
    _columns: List[Any] = List().tag(sync=True)
    _numeric: List[Any] = List().tag(sync=True)
    _cells: List[Any] = List().tag(sync=True)
    _selected = Int(-1).tag(sync=True)
    _marked: List[Any] = List().tag(sync=True)
    _detail: List[Any] = List().tag(sync=True)


class Browser(Screen):
    """A table of points: page, sort, filter, search by meaning, and look at one of them whole.

    Parameters
    ----------
    collection : Collection
    **settings
        ``where``, ``filter_text``, ``words_in``, ``search``, ``sort``, ``descending``, ``page`` and
        ``page_size`` to begin with.

    Attributes
    ----------
    where : mapping, Filter or None
        Which points are shown; `filter_text` is the same as it stands in the box.
    words_in : str
        The payload key in which a filter of plain words looks.
    search : str
        A text: points come in the order of their nearness to it.
    sort : str or None
        A payload key; None is the order of ids.
    descending : bool
    page, page_size : int
    rows : DataFrame
        The points shown.
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
    words_in = Unicode("")
    search = Unicode("")
    sort = Unicode(None, allow_none=True)
    descending = Bool(False)
    page = Int(1, min=1)
    page_size = Int(10, min=1, max=1000)
    rows = Anything(None, allow_none=True)
    total = Int(0)
    selection = Anything(None, allow_none=True)
    selected: List[Any] = List()

    def __init__(self, collection: Collection, **settings: Any) -> None:
        state = Browsing(collection, **settings)
        canvas = BrowseCanvas(_title=collection.name, _searchable=state.searchable)
        super().__init__(state, canvas, f"Points of {collection.name}")
        bind(state, canvas, _TYPED)
        bind(state, self, (*SETTINGS, "selection", "selected"))
        bind(state, self, ("rows",), both=False)
        for face in (canvas, self):
            bind(state, face, ("total", "status", "problem", "code"), both=False)
        self.follow(["shown", "total", "page_size"], self._show_rows)
        self.follow(["selection", "selected", "shown"], self._show_chosen)
        canvas.on_msg(self._heard)

    def reload(self) -> None:
        """Ask the collection again, for what was written meanwhile."""
        self.state.load()

    # -- following the state ---------------------------------------------------------------------------

    def _show_rows(self) -> None:
        state, view = self.state, self.view
        rows, keys = state.shown, state.columns[:_COLUMNS]
        scored = any(row.score is not None for row in rows)
        columns = ["id", *(["score"] if scored else []), *keys]
        values = [
            [row.id, *([row.score] if scored else []), *(row.payload.get(k) for k in keys)] for row in rows
        ]
        with view.hold_sync():
            view._pages, view._text_columns = state.pages, [[key, key] for key in state.text_columns]
            view._asked, view._ranked = state.where is not None, bool(state.search)
            view._columns = [{"name": c, "sortable": c not in ("id", "score") or c in keys} for c in columns]
            view._numeric = [_is_numeric([v[i] for v in values]) for i in range(len(columns))]
            view._cells = [[_cell(value) for value in line] for line in values]

    def _show_chosen(self) -> None:
        state, view = self.state, self.view
        chosen, payload = set(state.selected), state.payload()
        places = {row.id: at for at, row in enumerate(state.shown)}
        with view.hold_sync():
            view._selected = places.get(state.selection, -1)
            view._marked = [at for point, at in places.items() if point in chosen]
            view._detail = (
                []
                if payload is None
                else [["id", str(state.selection)], *([k, _whole(v)] for k, v in payload.items())]
            )

    # -- what the browser says -------------------------------------------------------------------------

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        try:
            self._answer(message)
        except WorkbenchError as error:
            self.state.problem = str(error)

    def _answer(self, said: dict[str, Any]) -> None:
        if "hello" in said:
            self.view.send({"welcome": True})
        elif "pick" in said:
            self.state.pick(int(said["pick"]), said["mode"])

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
            "No points yet: collection.add(frame)" if state.where is None else "No point matches this filter."
        )
        return html.listing(state.collection.name, about, columns, view._cells, nothing)


def _is_numeric(values: list[Any]) -> bool:
    present = [v for v in values if v is not None]
    return bool(present) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in present)


def _cell(value: Any) -> str:
    return html.short(
        str(value) if not isinstance(value, str | int | float | list | dict | None) else value, _CELL
    )


def _whole(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= _VALUE else f"{text[:_VALUE]} … ({len(text):,} characters)"
