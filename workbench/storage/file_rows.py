"""Rows of a file that grows: written with ``pwrite``, and read through a mapping of what was written."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.storage.files import make_folder, sync_folder

AnyArray = npt.NDArray[Any]

# A mapping may reach beyond the end of its file, which costs addresses and nothing else, and is made anew,
# twice as long, when the file outgrows it.
_LEAST_MAPPED = 1 << 20


class FileRows:
    """The rows of a file, with the face of a ``GrowingArray``; a view of the first n stays valid.

    Nothing is copied: what was written is in the system's file cache, and is read there. Copying 180 MB to
    memory that was never touched takes 0.04 to 0.4 s, finding them mapped 0.01. The mapping is read-only.

    Parameters
    ----------
    path : Path
        The file; it is made, with its folder, by the first append.
    width : int
        Numbers a row.
    dtype : dtype
        Of the numbers.
    """

    def __init__(self, path: Path, width: int, dtype: Any) -> None:
        self.path, self.count = path, 0
        self._width, self._dtype = width, np.dtype(dtype)
        self._row_bytes = self._dtype.itemsize * width
        self._handle: int | None = None
        self._map: mmap.mmap | None = None

    def append(self, rows: AnyArray) -> None:
        """Write `rows` behind the last; raise ``OSError`` when they cannot be."""
        if rows.size == 0:
            return
        handle, offset = self._open(), self.count * self._row_bytes
        data = np.ascontiguousarray(rows).data.cast("B")
        self._reach(offset + len(data))
        while len(data):
            written = os.pwrite(handle, data, offset)
            data, offset = data[written:], offset + written
        self.count += len(rows)

    def adopt(self, count: int) -> None:
        """Take the first `count` rows that are in the file for those that were appended."""
        self._open()
        self._reach(count * self._row_bytes)
        self.count = count

    def cut(self) -> None:
        """Cut off what follows the rows. Failing is no fault: who reads them knows how many count."""
        with suppress(OSError):
            os.ftruncate(self._open(), self.count * self._row_bytes)

    def truncate(self, count: int) -> None:
        """Forget the rows from `count` on; only rows that no reader has seen may go.

        The file keeps them until others are written there or it is opened again: the commit that names them
        failed, and may count after a crash all the same.
        """
        self.count = count

    def view(self, count: int) -> AnyArray:
        """Return the first `count` rows, not copied and not to be written to."""
        if count == 0 or self._map is None:
            return np.empty((0, self._width), self._dtype)
        return np.ndarray((count, self._width), self._dtype, self._map)

    def sync(self) -> None:
        """Return when all rows are durable; raise ``OSError`` when they cannot be."""
        if self._handle is not None:
            os.fsync(self._handle)

    def close(self) -> None:
        """Close the file; its rows stay readable."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            make_folder(self.path.parent)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            sync_folder(self.path.parent)
        return self._handle

    def _reach(self, end: int) -> None:
        """Let the mapping reach up to byte `end` at least."""
        mapped = 0 if self._map is None else len(self._map)
        if end <= mapped:
            return
        handle, wanted = self._open(), max(end, 2 * mapped, _LEAST_MAPPED)
        # Python maps no more than there is, so the file is that long for a moment.
        size = os.fstat(handle).st_size
        try:
            os.ftruncate(handle, max(size, wanted))
            self._map = mmap.mmap(handle, wanted, access=mmap.ACCESS_READ)
        finally:
            os.ftruncate(handle, size)
