"""Points in the order of a payload value: of any field for tables, of an indexed one for ``order_by``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.indexes.payload.columns import Column, Tag
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.payload_schema import SchemaType
from workbench.query.nearest import Found, ids_of
from workbench.query.scored import Scored
from workbench.query.scroll import matching
from workbench.segments.view import SegmentView, View

if TYPE_CHECKING:
    from workbench.models.requests import OrderBy

AnyArray = npt.NDArray[Any]

# Order of unlike values: numbers (booleans count as 0 and 1), then texts, then points without a value.
_NUMBER, _TEXT, _NONE = 0, 1, 2


def ordered(view: View, flt: Filter | None, key: str, *, descending: bool = False) -> Found:
    """Return every live point that `flt` accepts, sorted by the first value at the path `key`.

    Points without a value come last in both directions. Equal values keep the order of segments and rows.
    """
    found = matching(view, flt)
    kinds = np.full(len(found), _NONE, np.uint8)
    numbers = np.zeros(len(found))
    texts: list[str] = []
    codes = np.zeros(len(found), np.int64)
    for number, mine in found.parts():
        kind, value, code, own = _values(view.segments[number], key)
        rows = found.rows[mine]
        kinds[mine], numbers[mine], codes[mine] = (
            kind[rows],
            value[rows],
            np.where(kind == _TEXT, code + len(texts), 0)[rows],
        )
        texts += own
    ranks = _ranks(texts)[codes] if texts else np.zeros(len(found))
    sign = -1.0 if descending else 1.0
    kind_key = np.where(kinds == _NONE, 3, (2 - kinds) if descending else kinds)
    order = np.lexsort((sign * np.where(kinds == _TEXT, ranks, 0.0), sign * numbers, kind_key))
    return Found(found.segments[order], found.rows[order], found.distances[order])


def _values(segment: SegmentView, key: str) -> tuple[AnyArray, AnyArray, AnyArray, list[str]]:
    """Return kind, number and text code of each row of a segment, and its texts."""
    column = segment.segment.table.column(key, segment.count)
    kind = np.full(segment.count, _NONE, np.uint8)
    number, code = np.zeros(segment.count), np.zeros(segment.count, np.int64)
    texts = list(column.strings.texts)
    _fill(column, kind, number, code)
    path = parse_path(key)
    for row, payload in segment.changed.items():
        if row >= segment.count:
            continue
        found = [v[0] if isinstance(v, list) and v else v for v in path.select(payload or {})]
        value = found[0] if found else None
        kind[row] = _NONE
        if isinstance(value, str):
            kind[row], code[row] = _TEXT, len(texts)
            texts.append(value)
        elif isinstance(value, bool | int | float):
            kind[row], number[row] = _NUMBER, float(value)
    return kind, number, code, texts


def _fill(column: Column, kind: AnyArray, number: AnyArray, code: AnyArray) -> None:
    entries = np.arange(len(column.tag))
    rows = entries if column.rows is None else column.rows
    if column.rows is not None:  # the first entry of each row decides
        first = np.ones(len(rows), np.bool_)
        first[1:] = rows[1:] != rows[:-1]
        entries, rows = entries[first], rows[first]
    tag = column.tag[entries]
    numeric = (tag == Tag.INTEGER) | (tag == Tag.FLOAT)
    if column.number is not None:
        number[rows[numeric]] = column.number[entries[numeric]]
    number[rows[tag == Tag.TRUE]] = 1.0
    kind[rows[numeric | (tag == Tag.TRUE) | (tag == Tag.FALSE)]] = _NUMBER
    text = tag == Tag.STRING
    kind[rows[text]] = _TEXT
    if column.code is not None:
        code[rows[text]] = column.code[entries[text]]


def _ranks(texts: list[str]) -> AnyArray:
    order = sorted(set(texts))
    rank = {text: at for at, text in enumerate(order)}
    return np.array([rank[t] for t in texts], dtype=np.float64)


# The types of index that know ranges, and how their values are read.
_ORDERED = {SchemaType.INTEGER: "integer", SchemaType.FLOAT: "float", SchemaType.DATETIME: "datetime"}


def order_by(view: View, order: OrderBy, flt: Filter | None, k: int) -> Scored:
    """Return the first `k` live points that `flt` accepts in the order of an indexed field, with its values.

    A point is listed once for each of its different values; one without a value is not listed. Points of
    equal values come by id, in the same direction.

    Raises
    ------
    InvalidRequest
        When the field has no index that knows ranges: of type integer (unless ``range`` is off), float or
        datetime.
    """
    kind = _range_kind(view, order.key)
    segments, rows, values = [np.empty(0, np.intp)], [np.empty(0, np.intp)], []
    for number, segment in enumerate(view.segments):
        if segment.count == 0:
            continue
        own, given = segment.values(order.key, kind)
        keep = _first_values(segment, order, flt, own, given, k)
        segments.append(np.full(len(keep), number, np.intp))
        rows.append(own[keep])
        values.append(given[keep])
    where, row = np.concatenate(segments), np.concatenate(rows)
    value = np.concatenate(values) if values else np.empty(0)
    best = _sorted(view, Found(where, row, np.zeros(len(row), np.float32)), value, order.descending)[:k]
    sign = -1.0 if order.descending else 1.0
    found = Found(where[best], row[best], (sign * value[best]).astype(np.float32))
    return Scored(found, np.ones(len(best), np.float32), value[best].tolist())


def _range_kind(view: View, key: str) -> str:
    index = view.config.payload_indexes.get(key)
    if index is None or index.type not in _ORDERED or index.params.get("range") is False:
        raise InvalidRequest(
            f"No range index for `order_by` key: `{key}`. Please create one to use `order_by`. Check "
            "https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas "
            "support Range conditions"
        )
    return _ORDERED[index.type]


def _first_values(
    segment: SegmentView, order: OrderBy, flt: Filter | None, rows: AnyArray, values: AnyArray, k: int
) -> AnyArray:
    """Return which entries can be among the first `k`, each value of a row once."""
    mask = segment.mask(flt)
    keep = np.arange(len(rows)) if mask is None else np.flatnonzero(mask[rows])
    start = order.start_from
    if start is not None:
        keep = keep[values[keep] <= start if order.descending else values[keep] >= start]
    own, value = rows[keep], values[keep]
    sort = np.lexsort((value, own))
    own, value = own[sort], value[sort]
    again = np.zeros(len(own), np.bool_)
    again[1:] = (own[1:] == own[:-1]) & (value[1:] == value[:-1])
    keep = keep[sort[~again]]
    if k >= len(keep):
        return keep
    # Everything as good as the k-th stays, so that the ids decide among equal values.
    value = values[keep]
    at = len(value) - k if order.descending else k - 1
    bound = np.partition(value, at)[at]
    near: AnyArray = keep[value >= bound if order.descending else value <= bound]
    return near


def _sorted(view: View, found: Found, values: AnyArray, descending: bool) -> AnyArray:
    by_id = np.empty(len(found), np.intp)
    by_id[ids_of(view, found).order()] = np.arange(len(found))
    order = np.lexsort((by_id, values))
    return order[::-1] if descending else order
