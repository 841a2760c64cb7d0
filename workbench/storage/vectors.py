"""The growing vectors of the tail: appended, synced, and read where they were written.

Bytes go out with ``pwrite`` and ``fsync`` and are never changed through a mapping, so that what an fsync
covered is what a reader finds after a power cut. All of it may still be going on when ``append`` returns:
``sync`` comes before the commit of what names the rows.
"""

from __future__ import annotations

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
from workbench.storage.file_rows import FileRows
from workbench.storage.files import explained

AnyArray = npt.NDArray[Any]

# From so many bytes on a thread writes and syncs them: of 10,000 x 384, 15 MB, 4 ms of copying, 4 of
# checksums and 10 to 30 of waiting, beside 25 ms of SQLite. A thread costs 0.1 ms.
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

    def append(self, rows: Any) -> None:
        """Begin to keep and to write vectors; whoever reads them waits for :meth:`sync`."""
        ...

    def sync(self) -> Any:
        """Return when all that was appended is durable: before anything is committed that names it.

        Returns
        -------
        object
            What :meth:`load` checks the last append by, as JSON.

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
        self.room(len(rows))[:] = rows
        self.count += len(rows)

    def room(self, count: int) -> AnyArray:
        """Return the place of the next `count` rows, to be written; they count when ``count`` is raised."""
        end = self.count + count
        if end > len(self._rows):
            self._resize(max(end, 2 * len(self._rows), 64))
        return self._rows[self.count : end]

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
    """A raw file of rows, or rows in memory, and what tells later whether they are those that were appended.

    The file holds nothing but the rows, ``dtype.itemsize * width`` bytes each. How many of them count, and
    the CRC-32 of each append, stand in the transaction that made them visible.
    """

    def __init__(self, path: Path | None, width: int, dtype: Any) -> None:
        self.path = path
        self._file = None if path is None else FileRows(path, width, dtype)
        self.rows = GrowingArray(width, dtype) if self._file is None else self._file
        self._row_bytes = int(np.dtype(dtype).itemsize) * width
        self._pending: Callable[[], None] | None = None
        self._crc = 0

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

    def reserve(self, count: int) -> None:
        """Make room in memory for `count` more rows; a file needs none."""
        if isinstance(self.rows, GrowingArray):
            self.rows.reserve(count)

    def append(self, rows: AnyArray) -> None:
        """Begin to write `rows`; they are there, and durable, after :meth:`sync`."""
        self.sync()
        if self._file is None:
            self._keep(rows)
        elif rows.nbytes >= _BESIDE:
            self._pending = Beside(partial(self._keep, rows), self._file.sync).wait
        else:
            with explained(self._file.path, "writing"):
                self._keep(rows)
            self._pending = self._file.sync

    def sync(self) -> int:
        """Return the CRC-32 of the rows of the last append, when all are durable.

        Raises
        ------
        StorageFailed
            When some could not be written.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            with explained(str(self.path), "writing"):
                pending()
        return self._crc

    def truncate(self, count: int) -> None:
        """Drop the rows from `count` on."""
        with suppress(StorageFailed):  # whoever appended was told, or goes on to fail with something else
            self.sync()
        self.rows.truncate(count)

    def load(self, appends: list[tuple[int, int]]) -> None:
        """Read the rows of the committed `appends`, a list of (rows, CRC-32), and cut off what follows.

        Raises
        ------
        Corrupted
            When the file is shorter than what was committed, or a checksum differs.
        """
        total = sum(count for count, _ in appends)
        if total == 0 or self._file is None:
            return  # whatever the file holds was never committed, and is overwritten next
        path = self._file.path
        found = path.stat().st_size if path.exists() else 0
        if found < total * self._row_bytes:
            raise Corrupted(str(path), f"expected {total * self._row_bytes} bytes, found {found}", _REMEDY)
        try:
            self._file.adopt(total)
            self._check(appends)
        except BaseException:
            self._file.close()
            raise
        self._file.cut()

    def close(self) -> None:
        """Close the file; its rows stay readable."""
        with suppress(StorageFailed):  # nothing names rows that nobody waited for
            self.sync()
        if self._file is not None:
            self._file.close()

    def _keep(self, rows: AnyArray) -> None:
        self.rows.append(rows)
        self._crc = zlib.crc32(np.ascontiguousarray(rows).data)

    def _check(self, appends: list[tuple[int, int]]) -> None:
        rows, start = self.rows.view(self.rows.count), 0
        for count, expected in appends:
            if count and zlib.crc32(rows[start : start + count].data) != expected:
                raise Corrupted(
                    str(self.path),
                    f"checksum differs in the rows from byte {start * self._row_bytes} on",
                    _REMEDY,
                )
            start += count
