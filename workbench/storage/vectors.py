"""The growing vectors of the tail: appended, synced, and kept in memory for the scan.

Bytes go out with ``write`` and ``fsync`` and are never changed through a mapping, so that what an fsync
covered is what a reader finds after a power cut. Both may still be going on when ``append`` returns: ``sync``
comes before the commit of what names the rows. The tail is small (it is sealed from ``indexing_threshold``
kilobytes on), so a second copy in memory costs little and lets scans run at memory speed.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted, StorageFailed
from workbench.storage.beside import Beside
from workbench.storage.files import explained, make_folder, sync_folder

AnyArray = npt.NDArray[Any]

# From so many bytes on a thread writes and syncs them: of 10,000 x 384, 15 MB, 8 ms of copying and 10 to 30
# ms of waiting, beside 10 ms of copying to memory and checksums and 25 ms of SQLite. A thread costs 0.1 ms.
_BESIDE = 1 << 20

_REMEDY = "Restore the folder from a copy; other collections are not affected"


class GrowingVectors(Protocol):
    """The vectors of one name in a tail; :class:`VectorFile` and the files of ``storage.ragged``."""

    @property
    def count(self) -> int:
        """How many vectors were appended, committed or not."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of all vectors."""
        ...

    def append(self, rows: Any) -> Any:
        """Keep vectors and begin to write them; return what :meth:`load` checks them by, as JSON."""
        ...

    def sync(self) -> None:
        """Return when all that was appended is durable: before anything is committed that names it.

        Raises
        ------
        StorageFailed
            When it could not be written; :meth:`truncate` then drops it.
        """
        ...

    def truncate(self, count: int) -> None:
        """Drop the vectors from `count` on."""
        ...

    def view(self, count: int) -> Any:
        """Return the first `count` vectors, not copied."""
        ...

    def load(self, appends: list[tuple[int, Any]]) -> None:
        """Read what was committed, a list of (vectors, receipt), and cut off the rest."""
        ...

    def close(self) -> None:
        """Close the files."""
        ...


class GrowingArray:
    """Rows that are only ever appended; a view of the first n stays valid while others append."""

    def __init__(self, width: int, dtype: Any) -> None:
        self._rows: AnyArray = np.empty((0, width), dtype)
        self.count = 0

    def append(self, rows: AnyArray) -> None:
        """Copy `rows` behind the last; capacity doubles, and views of the old buffer stay valid."""
        end = self.count + len(rows)
        if end > len(self._rows):
            self._resize(max(end, 2 * len(self._rows), 64))
        self._rows[self.count : end] = rows
        self.count = end

    def reserve(self, count: int) -> None:
        """Make room for `count` more rows at once.

        Doubling copies all rows once more and touches three times their memory: 0.3 s of 117,659 x 384.
        """
        if self.count + count > len(self._rows):
            self._resize(max(self.count + count, 2 * len(self._rows)))

    def _resize(self, capacity: int) -> None:
        grown = np.empty((capacity, self._rows.shape[1]), self._rows.dtype)
        grown[: self.count] = self._rows[: self.count]
        self._rows = grown

    def truncate(self, count: int) -> None:
        """Forget the rows from `count` on; only rows that no reader has seen may go."""
        self.count = count

    def view(self, count: int) -> AnyArray:
        """Return the first `count` rows, not copied."""
        return self._rows[:count]


class VectorFile:
    """A raw file of rows behind a :class:`GrowingArray`.

    The file holds nothing but the rows, ``dtype.itemsize * width`` bytes each. How many of them count, and
    the CRC-32 of each append, stand in the transaction that made them visible.
    """

    def __init__(self, path: Path | None, width: int, dtype: Any) -> None:
        self.rows = GrowingArray(width, dtype)
        self.path = path
        self._row_bytes = int(np.dtype(dtype).itemsize) * width
        self._handle: int | None = None
        self._pending: Callable[[], None] | None = None

    @property
    def count(self) -> int:
        """How many rows were appended, committed or not."""
        return self.rows.count

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.rows.count * self._row_bytes

    def view(self, count: int) -> AnyArray:
        """Return the first `count` rows, not copied."""
        return self.rows.view(count)

    def append(self, rows: AnyArray) -> int:
        """Keep `rows` and begin to write them; return their CRC-32. They are durable after :meth:`sync`."""
        data = np.ascontiguousarray(rows).data.cast("B") if rows.size else memoryview(b"")
        if self.path is not None and len(data):
            self.sync()
            with explained(self.path, "writing"):
                self._begin(data)
        self.rows.append(rows)
        return zlib.crc32(data)

    def sync(self) -> None:
        """Return when all rows are durable; raise ``StorageFailed`` if some could not be written."""
        pending, self._pending = self._pending, None
        if pending is not None:
            with explained(str(self.path), "writing"):
                pending()

    def truncate(self, count: int) -> None:
        """Drop the rows from `count` on, in memory and in the file.

        A file that cannot be cut is no fault: what no transaction names is never read, and overwritten next.
        """
        with suppress(StorageFailed):  # whoever appended was told, or goes on to fail with something else
            self.sync()
        self.rows.truncate(count)
        if self._handle is not None:
            with suppress(OSError):
                os.ftruncate(self._handle, count * self._row_bytes)

    def load(self, appends: list[tuple[int, int]]) -> None:
        """Read the rows of the committed `appends`, a list of (rows, CRC-32), and cut off what follows.

        Raises
        ------
        Corrupted
            When the file is shorter than what was committed, or a checksum differs.
        """
        total = sum(count for count, _ in appends)
        if total == 0 or self.path is None:
            return  # whatever the file holds was never committed, and is overwritten next
        found = self.path.stat().st_size if self.path.exists() else 0
        if found < total * self._row_bytes:
            raise Corrupted(
                str(self.path), f"expected {total * self._row_bytes} bytes, found {found}", _REMEDY
            )
        data = np.fromfile(self.path, self.rows.view(0).dtype, total * self.rows.view(0).shape[1])
        rows, start = data.reshape(total, -1), 0
        for count, expected in appends:
            if count and zlib.crc32(rows[start : start + count].data.cast("B")) != expected:
                offset = start * self._row_bytes
                raise Corrupted(
                    str(self.path), f"checksum differs in the rows from byte {offset} on", _REMEDY
                )
            start += count
        self.rows.append(rows)
        self._open()
        self.truncate(total)

    def close(self) -> None:
        """Close the file; the rows in memory stay readable."""
        with suppress(StorageFailed):  # nothing names rows that nobody waited for
            self.sync()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            assert self.path is not None
            make_folder(self.path.parent)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            sync_folder(self.path.parent)
        return self._handle

    def _begin(self, data: memoryview) -> None:
        """Write behind the rows, or let a thread do it; syncing is left to that thread or to :meth:`sync`."""
        handle, offset = self._open(), self.rows.count * self._row_bytes

        def write_and_sync() -> None:
            _write(handle, data, offset)
            os.fsync(handle)

        if len(data) >= _BESIDE:
            self._pending = Beside(write_and_sync).wait
        else:
            _write(handle, data, offset)
            self._pending = partial(os.fsync, handle)


def _write(handle: int, data: memoryview, offset: int) -> None:
    while len(data):
        written = os.pwrite(handle, data, offset)
        data, offset = data[written:], offset + written
