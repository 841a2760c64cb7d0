"""The rows that a new collection will be made of: read, previewed, and what becomes of each column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Any as Anything
from traitlets import Dict, Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.surfaces.notebook.column_types import (
    Column,
    columns_of,
    id_column,
    number_columns,
    preview,
    text_column,
)
from workbench.surfaces.notebook.frames import as_float32, read_vectors
from workbench.surfaces.notebook.rows import Rows, offered, open_rows, rows_of, where_from
from workbench.tasks import Progress, Task
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

NUMBERS, ARRAY = "(numbers)", "(array)"
EMBEDDERS = ("minilm", "hashing")
# Both make 384 numbers; what another model makes is known once it was asked.
_KNOWN_SIZE = dict.fromkeys(EMBEDDERS, 384)
_CHECKED = 20_000


class CreateSource(Working):
    """Rows, and which of their columns is the vector, the text, the id and the payload.

    Attributes
    ----------
    rows : Rows or None
        What was read last.
    offered : dict
        Names of sets, files and variables that can be picked.
    columns : list of Column
    preview : list of list of str
        The first rows.
    text, vector : str
        The column to embed, or the column that holds vectors; one of them is empty. ``(array)`` is the array
        beside the frame, ``(array NAME)`` one of several, ``(numbers)`` all columns of numbers together.
    id : str
        The column of ids; rows are numbered without one.
    fields : list of dict
        Of each payload column: ``name``, ``kind``, ``keep``, ``index`` and ``type`` of the index.
    embedder : str
        By which model texts become vectors.
    size : int
        Dimensions, 0 while unknown.
    flaw : str
        What is wrong with the vectors or the choice, and what to do; empty when nothing is.
    """

    rows = Anything(None, allow_none=True)
    offered: Dict[str, Any] = Dict()
    columns: List[Any] = List()
    preview: List[Any] = List()
    text = Unicode("")
    vector = Unicode("")
    id = Unicode("")
    fields: List[Any] = List()
    embedder = Unicode("minilm")
    size = Int(0)
    flaw = Unicode("")

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.db = db
        self.offered = offered()
        self.observe(self._chosen, ["text", "vector"])
        self.observe(lambda _: self._roles_changed(), ["id", "embedder"])

    # -- reading ---------------------------------------------------------------------------------------

    def look_again(self) -> None:
        """See anew which files and variables there are."""
        self.offered = offered()

    def open(self, kind: str, name: str) -> None:
        """Read what was picked, in the background: a ``dataset``, a ``file`` or a ``variable``.

        What was read before stays until that succeeds.
        """
        self.look_again()
        self.cancelled_text = "Reading was cancelled."
        self._start(f"reading {name}", lambda task, progress: self._read(task, kind, name))

    def take(self, source: Any) -> None:
        """Take rows from a Python object, or by the name of a set, variable or file."""
        if isinstance(source, str) or hasattr(source, "__fspath__"):
            self.open(*where_from(source))
        else:
            self._took(rows_of(source))

    def _read(self, task: Task, kind: str, name: str) -> None:
        rows = open_rows(kind, name)
        task.progress(0, 0, f"looking at {name}")
        with self._lock:
            if task is self._task:
                self._took(rows)

    def _took(self, rows: Rows) -> None:
        """Show other rows, and guess what their columns are for."""
        if len(rows) == 0:
            raise InvalidRequest(f"{rows.title}: expected at least one row, got none")
        columns = columns_of(rows.frame)
        with self.hold_trait_notifications():
            self.rows, self.columns, self.preview = rows, columns, preview(rows.frame)
            self.id = id_column(columns)
            self.vector, self.text = self._guessed(rows, columns)
            self.fields = self._all_fields()
        self._roles_changed()

    def _guessed(self, rows: Rows, columns: list[Column]) -> tuple[str, str]:
        vectors = [value for value, _ in self.vector_choices()]
        if vectors and vectors[0] != NUMBERS:
            return vectors[0], ""
        text = text_column(columns)
        return ("", text) if text or not vectors else (NUMBERS, "")

    # -- roles -----------------------------------------------------------------------------------------

    def vector_choices(self) -> list[tuple[str, str]]:
        """Return what can be the vector, as values of `vector` and words."""
        if self.rows is None:
            return []
        arrays = [
            (f"(array {key})" if key else ARRAY, f"{key or 'the array'}, {array.shape[1]:,} numbers")
            for key, array in self.rows.arrays.items()
        ]
        held = [(c.name, f"{c.name}, {c.size:,} numbers") for c in self.columns if c.kind == "vector"]
        numbers = number_columns(self.columns, self.id)
        together = [(NUMBERS, f"{len(numbers):,} columns of numbers together")] if len(numbers) > 1 else []
        return [*arrays, *held, *together]

    def text_choices(self) -> list[str]:
        """Return the columns that can be embedded."""
        return [c.name for c in self.columns if c.kind in ("text", "keyword")]

    def set_field(self, name: str, **changes: Any) -> None:
        """Change ``keep``, ``index`` or ``type`` of a payload column."""
        if name not in [f["name"] for f in self.fields]:
            known = ", ".join(f["name"] for f in self.fields) or "none"
            raise InvalidRequest(f"no payload column {name!r}; there are: {known}")
        self.fields = [{**f, **changes} if f["name"] == name else f for f in self.fields]

    @property
    def indexes(self) -> dict[str, str]:
        """The payload indexes that are wanted, by field."""
        return {f["name"]: f["type"] for f in self.fields if f["keep"] and f["index"]}

    @property
    def dropped(self) -> list[str]:
        """Columns that are left out of the payload, except ids and vectors."""
        return [f["name"] for f in self.fields if not f["keep"]]

    @property
    def brought(self) -> bool:
        """Whether the vectors are those that a set of ``workbench.datasets`` brings, with their model."""
        return self.vector == "vector" and "embedder" in self.rows.frame.attrs

    def _chosen(self, change: Mapping[str, Any]) -> None:
        other = "vector" if change["name"] == "text" else "text"
        if change["new"] and getattr(self, other):
            self.set_trait(other, "")
            return
        self._roles_changed()

    def _roles_changed(self) -> None:
        if self.rows is None:
            return
        kept = {f["name"]: f for f in self.fields}
        fields = [kept.get(f["name"], f) for f in self._all_fields()]
        self.set_trait("fields", fields)
        self.size, self.flaw = self._sized()

    def _all_fields(self) -> list[dict[str, Any]]:
        out = {self.id, self.vector}
        together = set(number_columns(self.columns, self.id)) if self.vector == NUMBERS else set()
        return [
            {
                "name": c.name,
                "kind": c.kind,
                "keep": c.kind != "vector" and c.name not in together,
                "index": c.worth_indexing,
                "type": c.kind if c.kind not in ("json", "vector") else "keyword",
                "note": _note(c),
            }
            for c in self.columns
            if c.name not in out
        ]

    def _sized(self) -> tuple[int, str]:
        """Return the dimensions, and what is wrong with the choice."""
        if self.text:
            size = _KNOWN_SIZE.get(self.embedder, self.size)
            known = self.text_choices()
            wrong = f"text: no column {self.text!r} of texts; there are: {', '.join(known) or 'none'}"
            return size, "" if self.text in known else wrong
        able = [value for value, _ in self.vector_choices()]
        if self.vector in able:
            try:
                return len(np.ravel(self.vectors(1)[0])), ""
            except WorkbenchError as error:
                return 0, str(error)
        if self.vector:
            return 0, f"vector: expected one of {', '.join(able) or 'none'}, got {self.vector!r}"
        if able or self.text_choices():
            return 0, "Pick a column of texts to embed, or one of vectors."
        names = ", ".join(c.name for c in self.columns) or "none"
        return 0, (
            "expected a column of texts to embed, a column of vectors, or at least two columns of numbers, "
            f"got the columns {names}. Give the vectors as a .npy file or an array, or pick other rows"
        )

    # -- vectors ---------------------------------------------------------------------------------------

    def vectors(self, limit: int | None = None, start: int = 0) -> Any:
        """Return the chosen vectors of rows `start` to `start + limit`, float32 [n, d]."""
        stop = None if limit is None else start + limit
        if self.vector.startswith("(array"):
            key = self.vector.removeprefix("(array").strip(" )")
            return as_float32(self.rows.arrays[key][start:stop])
        part = self.rows.frame.iloc[start:stop]
        if self.vector == NUMBERS:
            return as_float32(part[number_columns(self.columns, self.id)].to_numpy())
        return read_vectors(self.vector, part)

    def check_vectors(self, progress: Progress) -> str:
        """Return what is wrong with the vectors and what to do; empty when nothing is."""
        bad, first, total = 0, -1, len(self.rows)
        for start in range(0, total if self.vector else 0, _CHECKED):
            progress(start, total, "checking vectors")
            try:
                found = np.flatnonzero(~np.isfinite(self.vectors(_CHECKED, start)).all(axis=1))
            except WorkbenchError as error:
                return str(error) + (f" (counted from row {start})" if start else "")
            first = start + int(found[0]) if bad == 0 and len(found) else first
            bad += len(found)
        if not bad:
            return ""
        return (
            f"vectors: expected finite numbers, {bad:,} of {total:,} rows hold NaN or infinity, the first is "
            f"row {first}. Drop those rows, or make their vectors anew, and read them again"
        )


def _note(column: Column) -> str:
    parts = [] if column.filled == 1 else [f"{column.filled:.0%} filled"]
    if column.kind in ("keyword", "integer", "datetime") and column.distinct:
        more = "at least " if column.unique and column.distinct >= column.sampled else ""
        parts.append(f"{more}{column.distinct:,} values")
    return ", ".join(parts)


def name_for(title: str, taken: Any) -> str:
    """Return a collection's name from a title, with a number behind it when that is taken."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "_", title).strip("_") or "points"
    names = (base, *(f"{base}-{i}" for i in range(2, 1000)))
    return next((name for name in names if name not in taken), base)
