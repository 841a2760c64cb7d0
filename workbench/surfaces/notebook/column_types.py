"""What the columns of a frame hold, guessed from a sample: which to embed, which to index, and as what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.models.ids import parse_uuid
from workbench.surfaces import html

if TYPE_CHECKING:
    import pandas as pd

# Rows that are looked at: 10,000 articles of ten columns take 60 ms.
_SAMPLE = 2_000
# Texts that are longer on average are for reading, and rarely for filtering by equality.
_KEYWORD_LENGTH = 48
_ID_NAMES = ("id", "_id", "point_id", "uuid", "key")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Column:
    """What one column holds.

    Attributes
    ----------
    name : str
    kind : str
        ``vector``, ``text``, ``keyword``, ``integer``, ``float``, ``bool``, ``datetime``, ``uuid``, ``geo``
        or ``json``; all but ``vector`` and ``json`` are types of payload indexes.
    size : int
        Numbers of a vector; else 0.
    filled : float
        Share of the sampled rows that have a value.
    distinct, sampled : int
        Different values in the sample, and its rows.
    unique : bool
        No value occurs twice in the sample, and none is missing.
    example : str
        One value.
    """

    name: str
    kind: str
    size: int = 0
    filled: float = 1.0
    distinct: int = 0
    sampled: int = 0
    unique: bool = False
    example: str = ""

    @property
    def words(self) -> str:
        """The kind, as a person reads it."""
        return f"vector of {self.size:,}" if self.kind == "vector" else self.kind

    @property
    def worth_indexing(self) -> bool:
        """Whether filters on it are likely: few values, or an order."""
        if self.kind == "keyword":
            return 2 * self.distinct <= self.filled * self.sampled or self.example.startswith("[")
        return self.kind in ("integer", "float", "bool", "datetime", "geo")


def columns_of(frame: pd.DataFrame) -> list[Column]:
    """Return what each column holds."""
    sample = (
        frame if len(frame) <= _SAMPLE else frame.iloc[np.linspace(0, len(frame) - 1, _SAMPLE).astype(int)]
    )
    return [_column(str(name), sample.iloc[:, at]) for at, name in enumerate(frame.columns)]


def _column(name: str, values: pd.Series) -> Column:
    gaps = values.isna().to_numpy()
    given = values[~gaps].tolist()
    if not given:
        return Column(name, "json", filled=0.0)
    kind, size = _kind(values, given)
    distinct = 0 if kind in ("vector", "json", "geo") else len(set(map(_hashable, given)))
    return Column(
        name,
        kind,
        size,
        filled=len(given) / len(values),
        distinct=distinct,
        sampled=len(values),
        unique=distinct == len(values) and kind in ("integer", "keyword", "text", "uuid"),
        example=html.short(given[0] if kind != "vector" else "", 80),
    )


def _hashable(value: Any) -> Any:
    return tuple(map(str, value)) if isinstance(value, list | tuple | np.ndarray) else value


def _kind(values: pd.Series, given: Sequence[Any]) -> tuple[str, int]:
    letter = getattr(values.dtype, "kind", "O")
    named = {"b": "bool", "i": "integer", "u": "integer", "f": "float", "M": "datetime"}.get(letter)
    if named == "float" and all(float(v).is_integer() for v in given) and values.isna().any():
        named = "integer"
    if named is not None:
        return named, 0
    first = given[0]
    if isinstance(first, np.ndarray | list | tuple):
        return _of_lists(given)
    if all(isinstance(v, Mapping) and {"lat", "lon"} <= set(v) for v in given):
        return "geo", 0
    for kind, types in (("bool", bool), ("integer", int), ("float", int | float)):
        if all(isinstance(v, types) and (kind == "bool" or not isinstance(v, bool)) for v in given):
            return kind, 0
    if all(isinstance(v, str) for v in given):
        return _of_texts(given), 0
    return ("datetime" if all(hasattr(v, "isoformat") for v in given) else "json"), 0


def _of_lists(given: Sequence[Any]) -> tuple[str, int]:
    numbers = all(
        (isinstance(v, np.ndarray) and v.dtype.kind in "fiu")
        or (not isinstance(v, np.ndarray) and len(v) > 0 and all(isinstance(x, int | float) for x in v))
        for v in given[:50]
    )
    # Lists of numbers, one or two long, are more likely tags, or places.
    lengths = {len(v) for v in given}
    if numbers and max(lengths) > 2:
        return "vector", max(lengths)
    parts = [x for v in given for x in v]
    if not all(isinstance(x, str) for x in parts):
        return "json", 0
    return _of_texts(parts) if parts else "keyword", 0


def _of_texts(given: Sequence[str]) -> str:
    if all(_MOMENT.fullmatch(v) for v in given):
        return "datetime"
    if all(map(parse_uuid, given)):
        return "uuid"
    return "keyword" if sum(map(len, given)) / len(given) <= _KEYWORD_LENGTH else "text"


def id_column(columns: Sequence[Column]) -> str:
    """Return the column that holds ids by its name and values, or an empty string."""
    able = [c for c in columns if c.unique and c.kind in ("integer", "uuid")]
    by_name = [c.name for c in able if c.name.lower() in _ID_NAMES]
    return by_name[0] if by_name else next((c.name for c in able if c.kind == "uuid"), "")


def text_column(columns: Sequence[Column]) -> str:
    """Return the column of texts most worth embedding, the longest kind first, or an empty string."""
    for kind in ("text", "keyword"):
        found = [
            c for c in columns if c.kind == kind and not c.example.startswith(("http://", "https://", "["))
        ]
        named = [
            c.name for c in found if c.name.lower() in ("text", "content", "body", "description", "document")
        ]
        if found:
            return (named or [c.name for c in found])[0]
    return ""


def number_columns(columns: Sequence[Column], id: str = "") -> list[str]:
    """Return the columns of one number a row, which together can be a vector."""
    return [c.name for c in columns if c.kind in ("integer", "float") and c.filled == 1.0 and c.name != id]


def preview(frame: pd.DataFrame, rows: int = 6, length: int = 90) -> list[list[str]]:
    """Return the first rows as short texts; of a vector its first numbers."""
    return [[_shown(value, length) for value in row] for row in frame.head(rows).itertuples(index=False)]


def _shown(value: Any, length: int) -> str:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return ", ".join(f"{x:.3f}" for x in value[:4]) + (f", … ({len(value)})" if len(value) > 4 else "")
    if isinstance(value, list | tuple) and len(value) > 4 and isinstance(value[0], float):
        return ", ".join(f"{x:.3f}" for x in value[:4]) + f", … ({len(value)})"
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return "–"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value)) if abs(value) >= 1e6 else f"{value:.1f}"
    return html.short(value, length)
