"""The payloads of a segment: read by version key, and as columns for filters."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from workbench.errors import Corrupted
from workbench.segments.ids import Rows
from workbench.storage.points import PointStore

if TYPE_CHECKING:
    from workbench.indexes.payload.table import PayloadTable


class PointsGone(Corrupted):
    """Versions that a view names are not stored: vacuumed since it was taken, so that a fresh view is to be
    asked, or lost from a damaged file. Taking them for empty would be a silent wrong answer.
    """

    def __init__(self, store: PointStore) -> None:
        super().__init__(
            str(store.path), "a payload that the segments name is missing", "Restore the file from a copy"
        )


def decode_payloads(store: PointStore, keys: npt.NDArray[np.int64]) -> list[Mapping[str, Any] | None]:
    """Return the payloads of ascending version keys; raise ``PointsGone`` when one is not stored."""
    if len(keys) == 0:
        return []
    wanted = keys.tolist()
    dense = wanted[-1] - wanted[0] < 2 * len(wanted)
    found = store.payload_range(wanted[0], wanted[-1]) if dense else store.payloads(wanted)
    try:
        return [orjson.loads(found[key]) for key in wanted]
    except KeyError:
        raise PointsGone(store) from None


class Filtered:
    """Payload columns, made when the first filter asks: a search without one needs none of their code."""

    _store: PointStore
    _table: PayloadTable | None = None

    def keys(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the version keys of `rows`."""
        raise NotImplementedError

    @property
    def table(self) -> PayloadTable:
        """The payload columns. Two threads that are first at once may each get one of their own."""
        if (known := self._table) is not None:
            return known
        from workbench.indexes.payload.table import PayloadTable

        # Both would be a cycle, and a replaced segment's files be kept until the garbage collector comes.
        itself = weakref.ref(self)

        def fetch(start: int, stop: int) -> list[Mapping[str, Any] | None]:
            segment = itself()
            assert segment is not None, "who asks the columns of a segment holds the segment"
            return decode_payloads(segment._store, segment.keys(np.arange(start, stop)))

        made = self._table = PayloadTable(fetch)
        return made

    def forget_columns(self) -> None:
        """Let payload columns be built anew from the stored payloads."""
        self._table = None
