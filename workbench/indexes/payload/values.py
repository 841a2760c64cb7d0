"""Every value of a field, as an index of one type reads it: for ordering, facets, formulas and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.filters import as_typed
from workbench.indexes.payload.building import ColumnBuilder, Payload
from workbench.indexes.payload.columns import Column, Tag
from workbench.indexes.payload.places import positions_of
from workbench.indexes.payload.strings import NO_MOMENT
from workbench.models.json_path import JsonPath
from workbench.models.payload_schema import SchemaType

Rows = NDArray[np.intp]
Values = tuple[Rows, NDArray[Any]]

_INT64_END = 2.0**63


def values_of(column: Column, kind: str) -> Values:
    """Return the values of a kind, and the row of each, rising.

    Parameters
    ----------
    column : Column
    kind : str
        ``keyword`` and ``uuid`` (objects: str), ``integer`` (int64, whole floats included), ``float``
        (float64, integers included), ``datetime`` (int64, microseconds since 1970) or ``bool``.

    Raises
    ------
    ValueError
        For any other kind.
    """
    match kind:
        case "keyword":
            return _strings(column, np.array(column.strings.texts, dtype=object))
        case "uuid":
            texts = [as_typed(text, SchemaType.UUID) for text in column.strings.texts]
            return _strings(column, np.array(texts, dtype=object))
        case "datetime":
            if column.code is None:
                return _pick(column, _nothing(column), np.empty(0, np.int64))
            moments = np.append(column.strings.moments(), NO_MOMENT)[column.code]
            return _pick(column, moments != NO_MOMENT, moments)
        case "bool":
            return _pick(
                column,
                (column.tag == np.uint8(Tag.TRUE)) | (column.tag == np.uint8(Tag.FALSE)),
                column.tag == np.uint8(Tag.TRUE),
            )
        case "float":
            if column.number is None:
                return _pick(column, _nothing(column), np.empty(0))
            return _pick(
                column,
                (column.tag == np.uint8(Tag.INTEGER)) | (column.tag == np.uint8(Tag.FLOAT)),
                column.number,
            )
        case "integer":
            return _integers(column)
        case _:
            raise ValueError(f"no kind of value: {kind!r}")


def values_in(path: JsonPath, payload: Payload, kind: str) -> list[Any]:
    """Return the values of a kind in one payload, like :func:`values_of`."""
    builder = ColumnBuilder(path)
    builder.append([payload])
    found: list[Any] = values_of(builder.snapshot(), kind)[1].tolist()
    return found


def with_changes(
    found: Values, path: JsonPath, kind: str, changed: Mapping[int, Mapping[str, Any] | None]
) -> Values:
    """Return values with those of the changed rows in place of the stored ones."""
    if not changed:
        return found
    rows, values = found
    kept = ~np.isin(rows, list(changed))
    fresh = [
        (row, value)
        for row, payload in changed.items()
        for value in (positions_of(path, payload) if kind == "geo" else values_in(path, payload, kind))
    ]
    added = np.empty((len(fresh), *values.shape[1:]), dtype=values.dtype)
    for place, (_, value) in enumerate(fresh):
        added[place] = value
    merged = np.concatenate([rows[kept], np.array([row for row, _ in fresh], dtype=np.intp)])
    order = np.argsort(merged, kind="stable")
    return merged[order], np.concatenate([values[kept], added])[order]


def whole(column: Column) -> NDArray[np.bool_]:
    """Which entries are integers, or floats without a fraction that 64 bits hold."""
    if column.number is None:
        return _nothing(column)
    return np.asarray(
        (column.tag == np.uint8(Tag.INTEGER))
        | ((column.tag == np.uint8(Tag.FLOAT)) & is_whole(column.number))
    )


def is_whole(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which floats are integers that 64 bits hold."""
    fits = (numbers >= -_INT64_END) & (numbers < _INT64_END)
    return np.asarray(fits & (numbers == np.floor(numbers)))


def _integers(column: Column) -> Values:
    taken = whole(column)
    if column.number is None:
        return _pick(column, taken, np.empty(0, np.int64))
    values = np.where(taken, column.number, 0).astype(np.int64)
    if column.integer is not None:
        values = np.where(column.tag == np.uint8(Tag.INTEGER), column.integer, values)
    return _pick(column, taken, values)


def _strings(column: Column, texts: NDArray[Any]) -> Values:
    if column.code is None:
        return _pick(column, _nothing(column), np.empty(0, dtype=object))
    values = np.append(texts, [None])[column.code]
    return _pick(column, values != None, values)  # noqa: E711  # element by element


def _pick(column: Column, taken: NDArray[np.bool_], values: NDArray[Any]) -> Values:
    entries = np.flatnonzero(taken)
    rows = entries if column.rows is None else column.rows[entries].astype(np.intp)
    return rows, values[entries]


def _nothing(column: Column) -> NDArray[np.bool_]:
    return np.zeros(len(column.tag), dtype=np.bool_)
