"""Points in the order of a payload value, for tables that a person sorts and pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.indexes.payload.columns import Column, Tag
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.query.nearest import Found
from workbench.query.scroll import matching
from workbench.segments.view import SegmentView, View

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
    column = segment.segment.table.values(key, segment.count)
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
