"""From point ids to rows: sorted columns for a sealed segment, a dictionary for the tail."""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.models.points import IdArray, PointId
from workbench.storage.vectors import GrowingArray

Rows = npt.NDArray[np.intp]

# Bytes of a Python integer, and of a UUID with the integer that it holds.
_INTEGER, _UUID = 32, 104


class IdIndex:
    """Finds the newest row of an id by binary search; sorting waits for the first look-up.

    100,000 ids sort in 8 ms, so nothing is stored for it, and a collection that is only searched never pays.
    """

    def __init__(self, ids: IdArray) -> None:
        self.ids = ids

    @cached_property
    def order(self) -> Rows:
        """Rows in ascending order of id, integers before UUIDs; among equal ids the oldest first."""
        return self.ids.order()

    @cached_property
    def _numbers(self) -> int:
        """How many entries of ``order`` are integers."""
        return len(self.ids) if self.ids.is_uuid is None else int((~self.ids.is_uuid).sum())

    @cached_property
    def _low(self) -> npt.NDArray[np.uint64]:
        return self.ids.low[self.order]

    @cached_property
    def _high(self) -> npt.NDArray[np.uint64]:
        assert self.ids.high is not None
        return self.ids.high[self.order[self._numbers :]]

    def built(self) -> list[npt.NDArray[Any]]:
        """Return the arrays that look-ups have made so far."""
        return [own[name] for name in ("order", "_low", "_high") if name in (own := vars(self))]

    def locate(self, wanted: IdArray) -> Rows:
        """Return the newest row of each id, -1 where there is none."""
        found = np.full(len(wanted), -1, np.intp)
        if len(self.ids) == 0 or len(wanted) == 0:
            return found
        mark = wanted.is_uuid
        numeric = np.arange(len(wanted)) if mark is None else np.flatnonzero(~mark)
        if len(numeric) and self._numbers:
            keys = wanted.low[numeric]
            # The rightmost of equal ids is the newest version: rows are appended in order of time.
            at = np.searchsorted(self._low[: self._numbers], keys, side="right") - 1
            hit = (at >= 0) & (self._low[np.maximum(at, 0)] == keys)
            found[numeric[hit]] = self.order[at[hit]]
        if mark is not None and self.ids.high is not None:
            for i in np.flatnonzero(mark).tolist():
                found[i] = self._locate_uuid(wanted, i)
        return found

    def position(self, point_id: PointId) -> int:
        """Return how many entries of ``order`` are smaller than `point_id`."""
        one = IdArray.of([point_id])
        if one.high is None or one.is_uuid is None:
            return int(np.searchsorted(self._low[: self._numbers], one.low[0], side="left"))
        if self.ids.high is None:
            return len(self.ids)
        start = int(np.searchsorted(self._high, one.high[0], side="left"))
        stop = int(np.searchsorted(self._high, one.high[0], side="right"))
        low = self._low[self._numbers + start : self._numbers + stop]
        return self._numbers + start + int(np.searchsorted(low, one.low[0], side="left"))

    def _locate_uuid(self, wanted: IdArray, i: int) -> int:
        assert wanted.high is not None
        start = int(np.searchsorted(self._high, wanted.high[i], side="left"))
        stop = int(np.searchsorted(self._high, wanted.high[i], side="right"))
        if start == stop:
            return -1
        low = self._low[self._numbers + start : self._numbers + stop]
        at = int(np.searchsorted(low, wanted.low[i], side="right")) - 1
        if at < 0 or low[at] != wanted.low[i]:
            return -1
        return int(self.order[self._numbers + start + at])


class IdDictionary:
    """The tail's ids: appended in order, looked up in a dictionary of their newest rows."""

    def __init__(self) -> None:
        self._newest: dict[PointId, int] = {}
        self._columns = GrowingArray(3, np.uint64)  # low, high, is_uuid
        self._uuids, self._greatest = False, -1  # the greatest integer, UUIDs' halves included
        self._sorted: IdIndex | None = None

    def append(self, ids: IdArray) -> None:
        """Add ids as the next rows."""
        columns = np.zeros((len(ids), 3), np.uint64)
        columns[:, 0] = ids.low
        if len(ids):
            self._greatest = max(self._greatest, int(ids.low.max()))
        if ids.high is not None and ids.is_uuid is not None:
            columns[:, 1], columns[:, 2] = ids.high, ids.is_uuid
            self._uuids = True
        start = self._columns.count
        self._columns.append(columns)
        self._newest.update(zip(ids.tolist(), range(start, start + len(ids)), strict=True))

    def locate(self, wanted: IdArray) -> Rows:
        """Return the newest row of each id, -1 where there is none."""
        if wanted.is_uuid is None and len(wanted) and int(wanted.low.min()) > self._greatest:
            return np.full(len(wanted), -1, np.intp)  # rows that are numbered on, as in a bulk load
        get = self._newest.get
        return np.array([get(i, -1) for i in wanted.tolist()], dtype=np.intp)

    def first(self, count: int) -> IdArray:
        """Return the ids of the first `count` rows."""
        columns = self._columns.view(count)
        if not self._uuids:
            return IdArray(columns[:, 0])
        return IdArray(columns[:, 0], columns[:, 1], columns[:, 2] == 1)

    def index(self, count: int) -> IdIndex:
        """Return a sorted index of the first `count` rows, kept until the tail grows."""
        kept = self._sorted
        if kept is None or len(kept.ids) != count:
            kept = self._sorted = IdIndex(self.first(count))
        return kept

    def built(self) -> list[npt.NDArray[Any]]:
        """Return the arrays that look-ups in order have made so far."""
        return [] if self._sorted is None else self._sorted.built()

    def dictionary_bytes(self) -> int:
        """Return the bytes of the dictionary with its keys and rows, roughly."""
        each = _INTEGER + (_UUID if self._uuids else _INTEGER)
        return sys.getsizeof(self._newest) + each * len(self._newest)
