"""The browser of payloads without a face: what is asked for, and the page that answers it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Bool, Enum, Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.models.where import where as parse_where
from workbench.surfaces.notebook.frames import to_frame
from workbench.surfaces.notebook.listing import listed
from workbench.surfaces.notebook.texts import TextRecord
from workbench.views.state.building import built
from workbench.views.state.editing import Editing
from workbench.views.state.narrowing import Narrowing
from workbench.views.state.picking import Picking, Row
from workbench.views.state.question import combined, page_code, read_filter, written
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    import pandas as pd

    from workbench.models.points import Record
    from workbench.surfaces.notebook.collection import Collection

# What a question is made of; a change of one asks again.
QUESTION = (
    "where", "filter_text", "words", "words_in", "search", "narrowed", "like", "unlike", "vector", "sort",
    "descending", "page", "page_size",
)  # fmt: skip
SETTINGS = (*QUESTION, "columns", "show")
# More columns than this do not fit a notebook's width; the point chosen last shows all of them.
COLUMNS = 6


class Browsing(Picking, Narrowing):
    """A question to one collection, and the page of points that answers it.

    Attributes
    ----------
    where : mapping, Filter or None
        Which points; `filter_text` is the same as a person types it.
    words : str
        Words that must all be in the text of the field `words_in`.
    words_in : str
        The payload key in which `words`, and a filter of plain words, look.
    search : str
        A text: points come in the order of their nearness to it.
    narrowed : dict
        Further conditions, one a field, picked beside the table.
    like, unlike : list of id
        Points come in the order of their likeness to these examples.
    vector : str or None
        The name of the vectors that `search` and examples compare; needed only when there are several.
    sort : str or None
        The payload key to sort by; None is the order of ids.
    descending : bool
    page, page_size : int
        Pages are numbered from 1.
    columns : list of str
        The payload keys shown; empty for the first six.
    show : {"table", "cards"}
    shown : list of Row
    total, pages : int
        Of all points that the question matches.
    keys, text_columns : list of str
        Payload keys met so far, and those that hold texts.
    problem : str
        Why the newest question has no answer; the page before stays.
    told : str
        What was last changed; `undoable` counts the changes that can be taken back.
    """

    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    words = Unicode("")
    words_in = Unicode("")
    search = Unicode("")
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
    keys: List[Any] = List()
    text_columns: List[Any] = List()
    status = Unicode("")
    problem = Unicode("")
    code = Unicode("")
    told = Unicode("")
    undoable = Int(0)

    def __init__(self, collection: Collection, **settings: Any) -> None:
        super().__init__(collection)
        self.edits = Editing(collection)
        self._lock = threading.RLock()
        self._record = TextRecord.of(collection.info.config.metadata)
        self._mistyped = ""
        self._learn(_rows(listed(collection._inner)[0]))
        self.words_in = self._default_words_in()
        apply_settings(self, "browse", SETTINGS, settings)
        if self.where is not None and not self.filter_text:
            self.filter_text = written(self.where)
        elif self.filter_text:
            self.where = read_filter(self.filter_text, self.words_in)
        self.load()
        if self.problem:
            raise InvalidRequest(f"browse: {self.problem}")
        self.observe(self._asked, list(QUESTION))

    @property
    def searchable(self) -> bool:
        """Whether a text can be searched for, because the collection was made from texts."""
        return self._record is not None

    @property
    def rows(self) -> pd.DataFrame:
        """The points shown, as a DataFrame: made when somebody asks, since pandas takes 0.3 s to load."""
        scores = {"score": [row.score for row in self.shown]} if self.ranked else {}
        return to_frame([row.id for row in self.shown], [row.payload for row in self.shown], **scores)

    @property
    def pages(self) -> int:
        """How many pages there are; 1 when nothing matches."""
        return max(1, math.ceil(self.total / self.page_size))

    def payload(self) -> dict[str, Any] | None:
        """Return the whole payload of the point chosen last, if there is one and it still exists."""
        found = self.collection.get([self.selection]) if self.selection is not None else []
        return (found[0].payload or {}) if found else None

    @property
    def asked(self) -> Any:
        """All conditions as one `where`: typed, picked and words."""
        return combined(self.where, self.narrowed, self.words, self.words_in)

    @property
    def ranked(self) -> bool:
        """Whether points come by nearness and not sorted."""
        return bool(self.search or self.like or self.unlike)

    @property
    def columns_shown(self) -> list[str]:
        """The payload keys that the table shows."""
        return [key for key in self.columns if key in self.keys] or list(self.keys[:COLUMNS])

    # -- what a person can do --------------------------------------------------------------------------

    def build(self, lines: list[list[str]], *, any_of: bool = False) -> None:
        """Make `where` of lines of key, operator and value; see :func:`.building.built`."""
        self.where = built(lines, self.kinds, any_of=any_of)

    def examples(self, ids: list[Any], sign: int) -> None:
        """Take points as examples: to be like (1), not to be like (−1), or no longer (0)."""
        like = [i for i in self.like if i not in ids]
        unlike = [i for i in self.unlike if i not in ids]
        with self._quietly():
            self.like, self.unlike = (
                [*like, *ids] if sign > 0 else like,
                [*unlike, *ids] if sign < 0 else unlike,
            )
            self.page = 1
        self.load()

    def edit(self, text: str) -> None:
        """Replace the payload of the point chosen last by a JSON object."""
        self._change(lambda: self.edits.replace(self.selection, text))

    def delete(self) -> None:
        """Delete the chosen points."""
        gone = list(self.selected)
        self._change(lambda: self.edits.delete(gone))
        self.choose([], None)
        if set(gone) & {*self.like, *self.unlike}:
            self.examples(gone, 0)

    def label(self, key: str, value: Any) -> None:
        """Write ``{key: value}`` into the payloads of the chosen points."""
        self._change(lambda: self.edits.label(self.selected, key, value))

    def undo(self) -> None:
        """Take the newest change back."""
        self._change(self.edits.undo)

    def _change(self, change: Callable[[], str]) -> None:
        with self._lock:
            told = change()
            self.undoable, self.told = len(self.edits), told
        self.fields = []  # a key may be new, or gone
        self.load()

    def load(self) -> None:
        """Ask the collection; on an error keep what is shown, and say why."""
        with self._lock:
            self._load()

    def _load(self) -> None:
        self.status = "searching …" if self.ranked else "loading …"
        try:
            shown, total = self._ask()
            self.count(combined(self.where, {}, self.words, self.words_in))
        except WorkbenchError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
        else:
            self._learn(shown)
            with self.hold_trait_notifications():
                self.shown, self.total = shown, total
                self.problem, self.code = self._mistyped, self._code()
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
                if (
                    name == "words_in"
                    and not self.words
                    and (not self.filter_text or self.filter_text.lstrip().startswith("{"))
                ):
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

    def _ask(self) -> tuple[list[Row], int]:
        offset = (self.page - 1) * self.page_size
        where = self.asked
        if self.ranked:
            hits = self._hits(where, offset)
            scored = zip(hits.ids, hits.payloads, hits.scores.tolist(), strict=True)
            return [Row(i, p or {}, s) for i, p, s in scored], self._ranked_total(where)
        records, total = listed(
            self.collection._inner,
            None if where is None else parse_where(where),
            offset=offset,
            limit=self.page_size,
            sort=self.sort,
            descending=self.descending,
        )
        return _rows(records), total

    def _hits(self, where: Any, offset: int) -> Any:
        if not self.like and not self.unlike:
            return self.collection.search(
                self.search, where=where, k=self.page_size, offset=offset, vector=self.vector
            )
        return self.collection.recommend(
            self.like, self.unlike, text=self.search, where=where, k=self.page_size, offset=offset,
            vector=self.vector,
        )  # fmt: skip

    def _ranked_total(self, where: Any) -> int:
        """Return how many points can be hits: an example never is."""
        examples = [*self.like, *self.unlike]
        if not examples:
            return self.collection.count(where)
        apart = {"$not": {"$id": examples}}
        return self.collection.count(apart if where is None else {"$and": [where, apart]})

    def _learn(self, rows: list[Row]) -> None:
        """Remember the payload keys, in the order in which they are met, so that columns do not jump."""
        keys = dict.fromkeys(key for row in rows for key in row.payload)
        texts = dict.fromkeys(k for row in rows for k, v in row.payload.items() if isinstance(v, str))
        self.keys = list(dict.fromkeys([*self.keys, *keys]))
        self.text_columns = list(dict.fromkeys([*self.text_columns, *texts]))

    def _default_words_in(self) -> str:
        if self._record is not None and self._record.column in self.text_columns:
            return self._record.column
        return self.text_columns[0] if self.text_columns else ""

    def _code(self) -> str:
        return page_code(self, self.asked)

    def as_json(self) -> dict[str, Any] | None:
        """Return all conditions as Qdrant's JSON."""
        return None if self.asked is None else parse_where(self.asked).to_json()


def _rows(records: list[Record]) -> list[Row]:
    return [Row(record.id, record.payload or {}) for record in records]
