"""The values of a payload field and how many points have each."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.errors import InvalidRequest
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import FieldIndex, SchemaType
from workbench.segments.view import SegmentView, View

FacetValue = str | int | bool

_KINDS = {
    SchemaType.KEYWORD: "keyword",
    SchemaType.INTEGER: "integer",
    SchemaType.BOOL: "bool",
    SchemaType.UUID: "uuid",
}


def facet(
    view: View, key: str, flt: Filter | None = None, limit: int = 10, exact: bool = False
) -> list[tuple[FacetValue, int]]:
    """Return the most frequent values of a field, and the number of points that have each.

    Parameters
    ----------
    view : View
    key : str
        A JSON path with a keyword, integer (with lookup), bool or uuid index. A point counts once for each
        distinct value of its array.
    flt : Filter or None
        Which points are counted.
    limit : int
        Values returned, the most frequent first, equal counts by value.
    exact : bool
        Counts are exact either way.

    Raises
    ------
    InvalidRequest
        If the field has no such index.
    """
    key = str(parse_path(key))
    kind = _kind(view.config.payload_indexes.get(key))
    if kind is None:
        raise InvalidRequest(
            f"No appropriate index for faceting: `{key}`. Please create one to facet on this field. Check "
            "https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas "
            "support Match conditions"
        )
    counts: dict[FacetValue, int] = {}
    for segment in view.segments:
        for value, count in _counts(segment, key, kind, flt):
            counts[value] = counts.get(value, 0) + count
    return sorted(counts.items(), key=lambda hit: (-hit[1], hit[0]))[:limit]


def _kind(index: FieldIndex | None) -> str | None:
    if index is None or (index.type is SchemaType.INTEGER and index.params.get("lookup") is False):
        return None
    return _KINDS.get(index.type)


def _counts(segment: SegmentView, key: str, kind: str, flt: Filter | None) -> list[tuple[Any, int]]:
    """Return the distinct values of a segment and the number of its points that have each."""
    rows, values = segment.values(key, kind)
    mask = segment.mask(flt)
    if mask is not None:
        counted = mask[rows]
        rows, values = rows[counted], values[counted]
    if len(rows) == 0:
        return []
    distinct, codes = _numbered(values)
    # A point with a value twice in its array counts once.
    pairs = np.unique(rows * np.int64(len(distinct)) + codes) % len(distinct)
    counts = np.bincount(pairs, minlength=len(distinct))
    return list(zip(distinct, counts.tolist(), strict=True))


def _numbered(values: np.ndarray[Any, Any]) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Return the distinct values, and the number of each value among them."""
    if values.dtype != object:
        distinct, codes = np.unique(values, return_inverse=True)
        return distinct.tolist(), codes
    numbers: dict[str, int] = {}  # sorting texts costs ten times as much as hashing them
    codes = np.fromiter(
        (numbers.setdefault(text, len(numbers)) for text in values.tolist()), np.int64, len(values)
    )
    return list(numbers), codes
