"""The browser of payloads without a face: what is asked for, and the page that answers it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Bool, HasTraits, Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.surfaces.notebook.texts import TextRecord
from workbench.views.state.question import read_filter, written
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

SETTINGS = ("where", "filter_text", "words_in", "search", "sort", "descending", "page", "page_size")


@dataclass(frozen=True, slots=True)
class Row:
    """One point on the page."""

    id: Any
    payload: dict[str, Any]
    score: float | None = None


class Browsing(HasTraits):
    """A question to one collection, and the page of points that answers it.

    Attributes
    ----------
    where : mapping, Filter or None
        Which points; `filter_text` is the same as a person types it.
    words_in : str
        The payload key in which a filter of plain words looks.
    search : str
        A text: points come in the order of their nearness to it.
    sort : str or None
        The payload key to sort by; None is the order of ids.
    descending : bool
    page, page_size : int
        Pages are numbered from 1.
    shown : list of Row
    rows : DataFrame
        The same.
    total, pages : int
        Of all points that the question matches.
    selection : int, UUID or None
        The id of the point that was chosen last.
    selected : list of int or UUID
        The ids of all chosen points, on this page and others.
    columns, text_columns : list of str
        Payload keys met so far, and those that hold texts.
    problem : str
        Why the newest question has no answer; the page before stays.
    """

    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    words_in = Unicode("")
    search = Unicode("")
    sort = Unicode(None, allow_none=True)
    descending = Bool(False)
    page = Int(1, min=1)
    page_size = Int(10, min=1, max=1000)
    shown: List[Any] = List()
    rows = Anything(None, allow_none=True)
    total = Int(0)
    selection = Anything(None, allow_none=True)
    selected: List[Any] = List()
    columns: List[Any] = List()
    text_columns: List[Any] = List()
    status = Unicode("")
    problem = Unicode("")
    code = Unicode("")

    def __init__(self, collection: Collection, **settings: Any) -> None:
        super().__init__()
        self.collection = collection
        self._record = TextRecord.of(collection.info.config.metadata)
        self._busy = False
        self._mistyped = ""
        self._anchor: Any = None
        self._learn([Row(i, p or {}) for i, p in self._points(collection.page(limit=20)["id"].tolist())])
        self.words_in = self._default_words_in()
        apply_settings(self, "browse", SETTINGS, settings)
        if self.where is not None and not self.filter_text:
            self.filter_text = written(self.where)
        elif self.filter_text:
            self.where = read_filter(self.filter_text, self.words_in)
        self.load()
        if self.problem:
            raise InvalidRequest(f"browse: {self.problem}")
        self.observe(self._asked, list(SETTINGS))
        self.observe(self._chosen, ["selection", "selected"])

    @property
    def searchable(self) -> bool:
        """Whether a text can be searched for, because the collection was made from texts."""
        return self._record is not None

    @property
    def pages(self) -> int:
        """How many pages there are; 1 when nothing matches."""
        return max(1, math.ceil(self.total / self.page_size))

    def payload(self) -> dict[str, Any] | None:
        """Return the whole payload of the point chosen last, if there is one and it still exists."""
        found = self._points([self.selection]) if self.selection is not None else []
        return (found[0][1] or {}) if found else None

    def pick(self, at: int, mode: str = "set") -> None:
        """Choose points of the page.

        Parameters
        ----------
        at : int
            A row of the page.
        mode : {"set", "toggle", "range", "all", "none"}
            Instead of those chosen before; with them, or no longer; all from the one chosen last to it; the
            whole page; nothing.
        """
        ids = [row.id for row in self.shown]
        if mode == "none" or not ids:
            self._choose([], None)
        elif mode == "all":
            self._choose(ids, self.selection if self.selection in ids else ids[0])
        elif 0 <= at < len(ids):
            self._choose(*self._picked(ids, at, mode))

    def _picked(self, ids: list[Any], at: int, mode: str) -> tuple[list[Any], Any]:
        point, chosen = ids[at], list(self.selected)
        if mode == "toggle" and point in chosen:
            chosen.remove(point)
            return chosen, chosen[-1] if chosen else None
        if mode == "toggle":
            return [*chosen, point], point
        if mode == "range" and self._anchor in ids:
            start = ids.index(self._anchor)
            return ids[min(start, at) : max(start, at) + 1], point
        return [point], point

    def _choose(self, chosen: list[Any], last: Any) -> None:
        if last is None or len(chosen) == 1 or self._anchor not in chosen:
            self._anchor = last
        with self._quietly(), self.hold_trait_notifications():
            self.selected, self.selection = chosen, last

    def load(self) -> None:
        """Ask the collection; on an error keep what is shown, and say why."""
        self.status = "searching …" if self.search else "loading …"
        try:
            shown, rows, total = self._ask()
        except WorkbenchError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
        else:
            self._learn(shown)
            with self.hold_trait_notifications():
                self.shown, self.rows, self.total, self.problem, self.code = (
                    shown,
                    rows,
                    total,
                    self._mistyped,
                    self._code(),
                )
        self.status = ""
        if self.problem in ("", self._mistyped) and self.page > self.pages:
            with self._quietly():
                self.page = self.pages
            self.load()

    # -- inside ----------------------------------------------------------------------------------------

    def _asked(self, change: Any) -> None:
        """Answer a changed question; a new question begins at page 1."""
        if self._busy:
            return
        name = change["name"]
        with self._quietly():
            if name in ("filter_text", "words_in"):
                if name == "words_in" and (not self.filter_text or self.filter_text.lstrip().startswith("{")):
                    return
                try:
                    self.where = read_filter(self.filter_text, self.words_in)
                except InvalidRequest as error:
                    self.problem = self._mistyped = str(error)
                    return
                self._mistyped = ""
            elif name == "where":
                self.filter_text, self._mistyped = written(self.where), ""
            if name != "page":
                self.page = 1
        self.load()

    def _chosen(self, change: Any) -> None:
        """Keep the point chosen last among the chosen ones, when one of the two is set from Python."""
        if self._busy:
            return
        if change["name"] == "selection":
            self._choose([] if self.selection is None else [self.selection], self.selection)
        elif self.selection not in self.selected:
            self._choose(list(self.selected), self.selected[-1] if self.selected else None)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _ask(self) -> tuple[list[Row], Any, int]:
        offset = (self.page - 1) * self.page_size
        if self.search:
            hits = self.collection.search(self.search, where=self.where, k=self.page_size, offset=offset)
            scored = zip(hits.ids, hits.payloads, hits.scores.tolist(), strict=True)
            rows = [Row(i, p or {}, s) for i, p, s in scored]
            return rows, hits.to_frame(), self.collection.count(self.where)
        frame = self.collection.page(
            self.where, offset=offset, limit=self.page_size, sort=self.sort, descending=self.descending
        )
        # Read again as records: a frame turns whole numbers with gaps into floats.
        rows = [Row(i, p or {}) for i, p in self._points(frame["id"].tolist())]
        return rows, frame, int(frame.attrs["total"])

    def _points(self, ids: list[Any]) -> list[tuple[Any, dict[str, Any] | None]]:
        return [(r.id, r.payload) for r in self.collection.get(ids)] if ids else []

    def _learn(self, rows: list[Row]) -> None:
        """Remember the payload keys, in the order in which they are met, so that columns do not jump."""
        keys = dict.fromkeys(key for row in rows for key in row.payload)
        texts = dict.fromkeys(k for row in rows for k, v in row.payload.items() if isinstance(v, str))
        self.columns = list(dict.fromkeys([*self.columns, *keys]))
        self.text_columns = list(dict.fromkeys([*self.text_columns, *texts]))

    def _default_words_in(self) -> str:
        if self._record is not None and self._record.column in self.text_columns:
            return self._record.column
        return self.text_columns[0] if self.text_columns else ""

    def _code(self) -> str:
        offset = (self.page - 1) * self.page_size
        if self.search:
            parts = [
                repr(self.search),
                f"where={self.where!r}" if self.where is not None else "",
                f"k={self.page_size}",
                f"offset={offset}" if offset else "",
            ]
            return f"collection.search({', '.join(filter(None, parts))}).to_frame()"
        parts = [
            repr(self.where) if self.where is not None else "",
            f"offset={offset}" if offset else "",
            f"limit={self.page_size}",
            f"sort={self.sort!r}" if self.sort else "",
            "descending=True" if self.descending else "",
        ]
        return f"collection.page({', '.join(filter(None, parts))})"
