"""How much of an array is in RAM: asked page by page from the kernel, as a mapping grows by being read."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

AnyArray = npt.NDArray[Any]

# One 64-bit word a page of this process's address space; bit 63: the page is in RAM and counts to this
# process ("pagemap, from the userspace perspective" in the kernel's documentation). mincore would count pages
# that any process has read, and smaps has one number a mapping, which arrays on the heap share.
_PAGEMAP, _WORD, _PRESENT = "/proc/self/pagemap", 8, np.uint64(63)

# What Linux maps when one byte is read ("fault around"), and how much of an array may stay in RAM: 4 MB of
# 180, 36 bytes a vector of 384 numbers. Searches of ten hits give their pages back every third time.
_AROUND, _LEAST_KEPT, _KEPT_SHARE = 64 << 10, 4 << 20, 64

# Words read at a time: 8 MB for 4 GB of memory.
_STEP = 1 << 20


def resident(arrays: Iterable[AnyArray]) -> int | None:
    """Return how many bytes of C-contiguous `arrays` are in RAM, or None where the system does not tell.

    Pages that were never touched, were swapped out or dropped do not count, nor do pages that are in the
    system's file cache only: those are free to be taken by others.
    """
    try:
        handle = os.open(_PAGEMAP, os.O_RDONLY)
    except OSError:  # not Linux, or closed to this process
        return None
    try:
        return sum(_resident(handle, array.ctypes.data, array.nbytes) for array in arrays)
    except OSError:
        return None
    finally:
        os.close(handle)


def _resident(handle: int, start: int, nbytes: int) -> int:
    if nbytes == 0:
        return 0
    size, end, total = mmap.PAGESIZE, start + nbytes, 0
    last = (end - 1) // size
    for page in range(start // size, last + 1, _STEP):
        count = min(_STEP, last + 1 - page)
        words = np.frombuffer(os.pread(handle, count * _WORD, page * _WORD), np.uint64)
        if len(words) != count:
            raise OSError(f"{_PAGEMAP} ended early")
        begins = (page + np.flatnonzero(words >> _PRESENT)) * size
        total += int((np.minimum(begins + size, end) - np.maximum(begins, start)).sum())
    return total


class Paging:
    """Gives the pages of a mapped array back as it is read, so that little of it stays in RAM.

    Pages stay in the system's file cache while there is room, and are mapped again when they are read: that
    costs a search of 384 dimensions some microseconds a vector. What another thread reads at that moment is
    mapped again too.

    Parameters
    ----------
    array : ndarray
        Mapped, and never written to.
    """

    def __init__(self, array: AnyArray) -> None:
        whole, _ = owner(array)
        base: object = whole.base
        self._map = base if isinstance(base, mmap.mmap) else None
        self._row_bytes = max(_AROUND, whole.nbytes // max(1, len(whole)))
        self._room = max(_LEAST_KEPT, whole.nbytes // _KEPT_SHARE)
        self._read = 0

    def read(self, rows: int) -> None:
        """Count so many rows as read, and give all pages back when they may be more than are to stay."""
        self._read += rows * self._row_bytes
        if self._read > self._room and self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._read = 0
            self._map.madvise(mmap.MADV_DONTNEED)


def owner(array: AnyArray) -> tuple[AnyArray, bool]:
    """Return the array that owns the memory that `array` shows, and whether that is a file, mapped."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array, isinstance(array.base, mmap.mmap)
