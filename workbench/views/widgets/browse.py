"""``collection.browse()``: pages of points, with their payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Int, List, Unicode

from workbench.surfaces import html
from workbench.views.state.browsing import SETTINGS, Browsing, Row
from workbench.views.widgets.binding import bind

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

_HERE = Path(__file__).parent
# More columns than this do not fit a notebook's width; the selected point shows all of them.
_COLUMNS = 6
_CELL = 180
# A payload may hold a book: what is shown of one value is cut here.
_VALUE = 20_000


class Browser(anywidget.AnyWidget):
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
        The id of the selected point.
    status, problem, code : str
        What is going on; what is wrong with the question; the Python that does the same.

    Raises
    ------
    InvalidRequest
        For an unknown setting, or one that the collection refuses.
    """

    _esm = _HERE / "browse.js"
    _css = _HERE / "browse.css"

    where = Anything(None, allow_none=True)
    filter_text = Unicode("").tag(sync=True)
    words_in = Unicode("").tag(sync=True)
    search = Unicode("").tag(sync=True)
    sort = Unicode(None, allow_none=True).tag(sync=True)
    descending = Bool(False).tag(sync=True)
    page = Int(1, min=1).tag(sync=True)
    page_size = Int(10, min=1, max=1000).tag(sync=True)
    rows = Anything(None, allow_none=True)
    total = Int(0).tag(sync=True)
    selection = Anything(None, allow_none=True)
    status = Unicode("").tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _searchable = Bool(False).tag(sync=True)
    _pages = Int(1).tag(sync=True)
    _text_columns: List[Any] = List().tag(sync=True)
    _columns: List[Any] = List().tag(sync=True)
    _numeric: List[Any] = List().tag(sync=True)
    _cells: List[Any] = List().tag(sync=True)
    _selected = Int(-1).tag(sync=True)
    _detail: List[Any] = List().tag(sync=True)

    def __init__(self, collection: Collection, **settings: Any) -> None:
        self.state = Browsing(collection, **settings)
        super().__init__()
        state = self.state
        self._title, self._searchable = collection.name, state.searchable
        bind(state, self, (*SETTINGS, "selection"))
        bind(state, self, ("rows", "total", "status", "problem", "code"), both=False)
        state.observe(lambda _: self._fill(), ["shown", "total", "page_size"])
        state.observe(lambda _: self._show_selected(), ["selection", "shown"])
        self.observe(self._row_chosen, "_selected")
        self._fill()
        self._show_selected()

    def reload(self) -> None:
        """Ask the collection again, for what was written meanwhile."""
        self.state.load()

    # -- following the state ---------------------------------------------------------------------------

    def _fill(self) -> None:
        state, rows = self.state, self.state.shown
        keys = state.columns[:_COLUMNS]
        scored = any(row.score is not None for row in rows)
        columns = ["id", *(["score"] if scored else []), *keys]
        values = [
            [row.id, *([row.score] if scored else []), *(row.payload.get(k) for k in keys)] for row in rows
        ]
        with self.hold_sync():
            self._pages, self._text_columns = state.pages, state.text_columns
            self._columns = [{"name": c, "sortable": c not in ("id", "score") or c in keys} for c in columns]
            self._numeric = [_is_numeric([v[i] for v in values]) for i in range(len(columns))]
            self._cells = [[_cell(value) for value in line] for line in values]

    def _show_selected(self) -> None:
        chosen = self.state.selection
        at = (
            next((i for i, row in enumerate(self.state.shown) if row.id == chosen), -1)
            if chosen is not None
            else -1
        )
        payload = self.state.selected()
        with self.hold_sync():
            self._selected = at
            self._detail = (
                []
                if payload is None
                else [["id", str(chosen)], *([k, _whole(v)] for k, v in payload.items())]
            )

    def _row_chosen(self, change: Any) -> None:
        rows: list[Row] = self.state.shown
        if 0 <= change["new"] < len(rows):
            self.state.selection = rows[change["new"]].id

    # -- without a browser -----------------------------------------------------------------------------

    def __repr__(self) -> str:
        state = self.state
        asked = state.code.removeprefix("collection.")
        place = f"page {state.page} of {state.pages}, {state.total:,} points"
        return f"<Browser {state.collection.name!r}: {place}, {asked}>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found, {})
        data = dict(data or {})
        data["text/plain"], data["text/html"] = repr(self), self._static()
        return data, metadata

    def _static(self) -> str:
        """Return the page as HTML without scripts, for a notebook that is read without a kernel."""
        state = self.state
        columns = [c["name"] for c in self._columns]
        about = f"page {state.page} of {state.pages} · {state.total:,} points · {state.code}"
        nothing = (
            "No points yet: collection.add(frame)" if state.where is None else "No point matches this filter."
        )
        return html.listing(state.collection.name, about, columns, self._cells, nothing)


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
