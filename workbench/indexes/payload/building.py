"""How a column grows: payloads in, entries of flat arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from workbench.indexes.payload.columns import Column, Tag
from workbench.indexes.payload.strings import Strings
from workbench.models.filters import as_float
from workbench.models.json_path import JsonPath

T = TypeVar("T", bound=np.generic)
Payload = Mapping[str, Any] | None


class Growing(Generic[T]):
    """An array that grows at its end; views taken earlier stay valid and unchanged."""

    def __init__(self, dtype: DTypeLike, start: NDArray[T] | None = None) -> None:
        self._array: NDArray[T] = np.empty(0, dtype=dtype) if start is None else start
        self._size = len(self._array)

    def append(self, items: NDArray[T]) -> None:
        """Add items at the end."""
        needed = self._size + len(items)
        if needed > len(self._array):
            # Doubling keeps growth linear in all; readers keep their views of the old array.
            larger = np.empty(max(needed, 2 * len(self._array)), dtype=self._array.dtype)
            larger[: self._size] = self._array[: self._size]
            self._array = larger
        self._array[self._size : needed] = items
        self._size = needed

    def view(self) -> NDArray[T]:
        """The items so far."""
        return self._array[: self._size]


class _Absent:
    """What stands for "the path selects nothing"."""


class _NullItem:
    """What stands for a null inside an array."""


class _Empty:
    """What stands for ``[]``."""


class _Inner:
    """What stands for an array inside an array."""


_ABSENT, _NULL_ITEM, _EMPTY, _INNER = _Absent(), _NullItem(), _Empty(), _Inner()
_LIST = 255


class _Tags(dict[type, int]):
    def __missing__(self, kind: type) -> int:
        return Tag.OTHER


_TAGS = _Tags(
    {
        _Absent: Tag.MISSING,
        type(None): Tag.NULL,
        _NullItem: Tag.NULL_ITEM,
        _Empty: Tag.EMPTY,
        bool: Tag.FALSE,
        int: Tag.INTEGER,
        float: Tag.FLOAT,
        str: Tag.STRING,
        list: _LIST,
    }
)


def _tags(entries: list[Any]) -> NDArray[np.uint8]:
    tag = np.fromiter(map(_TAGS.__getitem__, map(type, entries)), dtype=np.uint8, count=len(entries))
    booleans = np.flatnonzero(tag == np.uint8(Tag.FALSE))
    tag[booleans] += np.array([entries[index] for index in booleans.tolist()], dtype=np.uint8)
    return tag


def _unfold(
    selected: Sequence[Sequence[Any]],
) -> tuple[list[Any], NDArray[np.int32], NDArray[np.int64]]:
    """Entries of the values that each row has, the row of each entry, and the first entry of each value."""
    entries: list[Any] = []
    rows: list[int] = []
    starts: list[int] = []
    for row, values in enumerate(selected):
        for value in values or (_ABSENT,):
            starts.append(len(entries))
            if not isinstance(value, list):
                entries.append(value)
            elif not value:
                entries.append(_EMPTY)
            else:
                entries.extend(_item(item) for item in value)
        rows.extend([row] * (len(entries) - len(rows)))
    return entries, np.array(rows, dtype=np.int32), np.array(starts, dtype=np.int64)


def _item(item: Any) -> Any:
    if item is None:
        return _NULL_ITEM
    return _INNER if isinstance(item, list) else item


def _int64(integers: list[int]) -> NDArray[np.int64] | None:
    try:
        return np.array(integers, dtype=np.int64)
    except OverflowError:
        return None


def _beyond_float(integers: NDArray[np.int64]) -> bool:
    """Whether float64 may not hold one of these integers exactly."""
    return bool(len(integers)) and (int(integers.max()) > 2**53 or int(integers.min()) < -(2**53))


class ColumnBuilder:
    """Grows a column by appending payloads. One thread at a time; snapshots may be read by any."""

    def __init__(self, path: JsonPath) -> None:
        self._path = path
        self.n = 0
        self._tag: Growing[np.uint8] = Growing(np.uint8)
        self._number: Growing[np.float64] | None = None
        self._integer: Growing[np.int64] | None = None
        self._code: Growing[np.int32] | None = None
        self._rows: Growing[np.int32] | None = None
        self._value_starts: Growing[np.int64] | None = None
        self._strings = Strings()

    def snapshot(self) -> Column:
        """The column as it is now."""
        return Column(
            n=self.n,
            tag=self._tag.view(),
            number=self._number.view() if self._number else None,
            integer=self._integer.view() if self._integer else None,
            code=self._code.view() if self._code else None,
            rows=self._rows.view() if self._rows else None,
            value_starts=self._value_starts.view() if self._value_starts else None,
            strings=self._strings,
        )

    def append(self, payloads: Sequence[Payload]) -> None:
        """Add the next rows."""
        key = self._path.parts[0]
        if len(self._path.parts) == 1 and isinstance(key, str):
            entries = [payload.get(key, _ABSENT) if payload else _ABSENT for payload in payloads]
            tag = _tags(entries)
            if _LIST not in tag:
                self._append(entries, tag, len(payloads), None, None)
                return
            selected = [[] if entry is _ABSENT else [entry] for entry in entries]
        else:
            selected = [self._path.select(payload) if payload else [] for payload in payloads]
        entries, rows, starts = _unfold(selected)
        tag = _tags(entries)
        if len(entries) == len(payloads):  # every row has one entry: flat, though some came out of an array
            self._append(entries, tag, len(payloads), None, None)
        else:
            self._append(entries, tag, len(payloads), rows, starts)

    def _append(
        self,
        entries: list[Any],
        tag: NDArray[np.uint8],
        count: int,
        rows: NDArray[np.int32] | None,
        starts: NDArray[np.int64] | None,
    ) -> None:
        size = len(self._tag.view())
        if rows is not None and self._rows is None:  # the column was flat until now
            self._rows = Growing(np.int32, np.arange(self.n, dtype=np.int32))
            self._value_starts = Growing(np.int64, np.arange(size, dtype=np.int64))
        if self._rows is not None and self._value_starts is not None:
            flat = np.arange(count)
            self._rows.append((flat.astype(np.int32) if rows is None else rows) + np.int32(self.n))
            self._value_starts.append((flat if starts is None else starts) + size)
        self._append_numbers(entries, tag, size)
        self._append_codes(entries, tag, size)
        self._tag.append(tag)
        self.n += count

    def _append_numbers(self, entries: list[Any], tag: NDArray[np.uint8], size: int) -> None:
        integers = np.flatnonzero(tag == np.uint8(Tag.INTEGER))
        exact = _int64([entries[index] for index in integers.tolist()])
        if exact is None:  # an integer beyond int64: to a match it is no integer, to a range a float
            fits = np.array([-(2**63) <= entries[index] < 2**63 for index in integers.tolist()])
            tag[integers[~fits]] = Tag.FLOAT
            integers = integers[fits]
            exact = np.array([entries[index] for index in integers.tolist()], dtype=np.int64)
        floats = np.flatnonzero(tag == np.uint8(Tag.FLOAT))
        if self._number is None and (len(floats) or len(integers)):
            self._number = Growing(np.float64, np.full(size, np.nan))
        if self._number is not None and self._integer is None and _beyond_float(exact):
            # So far all integers were small, and float64 holds those exactly.
            small = np.where(self._tag.view() == np.uint8(Tag.INTEGER), self._number.view(), 0)
            self._integer = Growing(np.int64, small.astype(np.int64))
        if self._number is not None:
            number = np.full(len(entries), np.nan)
            number[integers] = exact
            number[floats] = [as_float(entries[index]) for index in floats.tolist()]
            self._number.append(number)
        if self._integer is not None:
            integer = np.zeros(len(entries), dtype=np.int64)
            integer[integers] = exact
            self._integer.append(integer)

    def _append_codes(self, entries: list[Any], tag: NDArray[np.uint8], size: int) -> None:
        strings = np.flatnonzero(tag == np.uint8(Tag.STRING))
        if self._code is None and len(strings):
            self._code = Growing(np.int32, np.full(size, -1, dtype=np.int32))
        if self._code is not None:
            code = np.full(len(entries), -1, dtype=np.int32)
            texts = (
                entries if len(strings) == len(entries) else [entries[index] for index in strings.tolist()]
            )
            code[strings] = self._strings.encode(texts)
            self._code.append(code)
