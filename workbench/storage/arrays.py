"""The arrays of a sealed segment: named, checksummed, written once and mapped when read.

On disk an array is a plain ``.npy`` file (NumPy's format 1.0, no pickle), so that anybody can look into a
segment with ``numpy.load``. The manifest, kept by the caller in its own transaction, holds shape, type, size
and CRC-32 of each file; a file that differs from it raises ``Corrupted`` before any kernel can read it.
"""

from __future__ import annotations

import io
import math
import mmap
import os
import re
import threading
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted
from workbench.storage.files import (
    CHECKSUM_BLOCK,
    checksum,
    explained,
    make_folder,
    remove_folder,
    sync_folder,
)

AnyArray = npt.NDArray[Any]
Manifest = dict[str, dict[str, Any]]

# From this size on a file that cannot lead a kernel astray is checked behind the first answers: 180 MB take
# 60 ms, most of what a collection of 117,659 x 384 would need to open.
LATER_BYTES = 4 << 20

# What NumPy writes for an array in C order, in its format 1.0. Its own reader takes this for Python; with the
# copies that it makes of the content that was 7 of the 26 ms of opening the 17 files of 117,659 x 384.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][bfiu]\d+)', 'fortran_order': False, "
    rb"'shape': \(([\d, ]*)\), \} *\n",
    re.DOTALL,
)

# Its length, of arrays of up to three dimensions: whole 64 bytes, with room for a longer first dimension.
_HEAD = 128

REBUILD = "Restore the folder from a copy; other collections are not affected"


class ArrayStore(Protocol):
    """Where the arrays of one segment are kept."""

    def write(self, name: str, parts: Iterable[AnyArray], shape: tuple[int, ...], dtype: Any) -> None:
        """Store an array that comes in parts along its first axis."""

    def finish(self) -> Manifest:
        """Make all that was written durable and describe it."""

    def read(self, name: str, *, later: bool = False) -> AnyArray:
        """Return a stored array, mapped and checked; raise ``Corrupted`` when it is damaged.

        A large one that is to be checked `later` is only measured, and among the :meth:`unchecked`.
        """

    def unchecked(self) -> list[str]:
        """Return the names of the arrays that are still to be checked."""

    def check(self, name: str, stop: threading.Event | None = None) -> None:
        """Check one of them; raise ``Corrupted`` when it is damaged. It stays unchecked if `stop` was set."""

    def remove(self) -> None:
        """Delete everything."""


class FolderArrays:
    """Arrays as ``.npy`` files in a folder of their own."""

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.manifest: Manifest = manifest if manifest is not None else {}
        self._unchecked: list[str] = []

    def write(self, name: str, parts: Iterable[AnyArray], shape: tuple[int, ...], dtype: Any) -> None:
        """Write ``<name>.npy`` part by part, and sync it."""
        make_folder(self.folder)
        path = self._path(name)
        head = io.BytesIO()
        descr = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(head, {**descr, "shape": shape})
        with explained(path, "writing"), path.open("wb") as handle:
            crc = zlib.crc32(head.getvalue())
            handle.write(head.getvalue())
            for part in parts:
                view = np.ascontiguousarray(part, dtype=dtype).data.cast("B") if part.size else b""
                crc = zlib.crc32(view, crc)
                handle.write(view)
            handle.flush()
            os.fsync(handle.fileno())
        self.manifest[name] = {"bytes": path.stat().st_size, "crc32": crc}

    def finish(self) -> Manifest:
        """Sync the folder and return the manifest."""
        make_folder(self.folder)
        sync_folder(self.folder)
        sync_folder(self.folder.parent)
        return self.manifest

    def read(self, name: str, *, later: bool = False) -> AnyArray:
        """Map ``<name>.npy``; a small one is read once, and not twice.

        Mapped copy-on-write: a read-only array is another type to numba and would compile every kernel twice.
        """
        path = self._path(name)
        with explained(path, "reading"):
            try:
                # A buffer of a header: what follows goes where it stays, however many reads that takes.
                handle = io.BufferedReader(io.FileIO(path), _HEAD)
            except FileNotFoundError:
                raise Corrupted(str(path), "the file is missing", REBUILD) from None
            with handle:
                return self._content(name, handle, later)

    def unchecked(self) -> list[str]:
        """Return the names of the arrays whose content was not read yet."""
        return list(self._unchecked)

    def check(self, name: str, stop: threading.Event | None = None) -> None:
        """Compare the checksum of a file."""
        path = self._path(name)
        with explained(path, "reading"):
            try:
                crc = checksum(path, stop)
            except FileNotFoundError:
                raise Corrupted(str(path), "the file is missing", REBUILD) from None
        if crc is not None:
            self._compare(name, crc)
        if crc is not None and name in self._unchecked:
            self._unchecked.remove(name)

    def remove(self) -> None:
        """Delete the folder."""
        remove_folder(self.folder)

    def _content(self, name: str, handle: io.BufferedReader[io.FileIO], later: bool) -> AnyArray:
        size, expected = os.fstat(handle.fileno()).st_size, self.manifest[name]["bytes"]
        if size != expected:
            raise Corrupted(str(self._path(name)), f"expected {expected} bytes, found {size}", REBUILD)
        now = not later or size < LATER_BYTES
        if not now:
            self._unchecked.append(name)
        elif size >= CHECKSUM_BLOCK:
            self.check(name)
        head = handle.read(_HEAD)
        dtype, shape = self._described(name, head, size)
        if size >= CHECKSUM_BLOCK:
            held = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_COPY)
            return np.ndarray(shape, dtype, held, len(head))
        array = np.empty(shape, dtype)
        content = array.reshape(-1).view(np.uint8).data
        handle.readinto(content)
        if now:
            self._compare(name, zlib.crc32(content, zlib.crc32(head)))
        return array

    def _described(self, name: str, head: bytes, size: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Return what a header tells of; raise ``Corrupted`` where that does not fill a file of `size`."""
        try:
            found = _HEADER.fullmatch(head)
            if found is None:
                raise ValueError
            dtype = np.dtype(found[1].decode())
            shape = tuple(int(n) for n in found[2].split(b",") if n.strip())
        except (TypeError, ValueError):  # one flipped bit makes a type of "<g4" and a length of "7 0"
            raise Corrupted(str(self._path(name)), "the header cannot be read", REBUILD) from None
        if len(head) + math.prod(shape) * dtype.itemsize != size:
            what = f"the header cannot be read: {dtype} {shape} would not take {size} bytes"
            raise Corrupted(str(self._path(name)), what, REBUILD)
        return dtype, shape

    def _compare(self, name: str, crc: int) -> None:
        path, expected = self._path(name), self.manifest[name]["crc32"]
        if crc != expected:
            raise Corrupted(str(path), f"expected checksum {expected:08x}, found {crc:08x}", REBUILD)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"


class MemoryArrays:
    """Arrays of a database that is never written to disk."""

    def __init__(self) -> None:
        self.arrays: dict[str, AnyArray] = {}

    def write(self, name: str, parts: Iterable[AnyArray], shape: tuple[int, ...], dtype: Any) -> None:
        """Copy the parts into one new array."""
        array, start = np.empty(shape, dtype), 0
        for part in parts:
            array[start : start + len(part)] = part
            start += len(part)
        self.arrays[name] = array

    def finish(self) -> Manifest:
        """Describe the arrays; memory needs no checksums."""
        return {name: {"bytes": array.nbytes} for name, array in self.arrays.items()}

    def read(self, name: str, *, later: bool = False) -> AnyArray:
        """Return the array itself."""
        return self.arrays[name]

    def unchecked(self) -> list[str]:
        """Return nothing: memory needs no checksums."""
        return []

    def check(self, name: str, stop: threading.Event | None = None) -> None:
        """Do nothing."""

    def remove(self) -> None:
        """Let the arrays go."""
        self.arrays.clear()


OpenArrays = Callable[[int, Manifest | None], ArrayStore]
"""Opens the arrays of a segment by its number, with the manifest it was finished with."""
