"""What the browser of points draws."""

from __future__ import annotations

from typing import Any

import anywidget
from traitlets import Bool, Dict, Int, List, Unicode

from workbench.views.state.building import OPERATORS
from workbench.views.widgets import assets


class BrowseCanvas(anywidget.AnyWidget):
    """What is drawn: the question, the rows of a page as texts, and one point whole."""

    _esm = assets.script(
        "charts", "browse_rows", "browse_cards", "browse_facets", "browse_builder", "browse_point", "browse"
    )
    _css = assets.style("browse")

    filter_text = Unicode("").tag(sync=True)
    words = Unicode("").tag(sync=True)
    words_in = Unicode("").tag(sync=True)
    search = Unicode("").tag(sync=True)
    sort = Unicode(None, allow_none=True).tag(sync=True)
    descending = Bool(False).tag(sync=True)
    page = Int(1, min=1).tag(sync=True)
    page_size = Int(10, min=1, max=1000).tag(sync=True)
    columns: List[Any] = List().tag(sync=True)
    show = Unicode("table").tag(sync=True)
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
    _payload = Unicode("").tag(sync=True)
    _count = Int(0).tag(sync=True)
    _cards: List[Any] = List().tag(sync=True)
    _keys: List[Any] = List().tag(sync=True)
    _facets: List[Any] = List().tag(sync=True)
    _counting = Bool(False).tag(sync=True)
    _chips: List[Any] = List().tag(sync=True)
    _examples: List[Any] = List().tag(sync=True)
    _can_recommend = Bool(False).tag(sync=True)
    _fields: List[Any] = List().tag(sync=True)
    _operators = Dict(OPERATORS).tag(sync=True)
    _json = Unicode("").tag(sync=True)
    _where = Unicode("").tag(sync=True)
    _told = Unicode("").tag(sync=True)
    _undo = Int(0).tag(sync=True)
