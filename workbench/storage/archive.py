"""Snapshots as files: a folder packed into one tar archive with its SHA-256, and back."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

from workbench.errors import Corrupted, InvalidRequest
from workbench.storage.files import explained, make_folder, sync_folder

_BLOCK = 1 << 20
_REMEDY = "Take another snapshot, or fetch this one again"


class _Hashed(io.RawIOBase):
    """Writes through to a file and adds up what passed."""

    def __init__(self, handle: IO[bytes]) -> None:
        self.handle, self.sum = handle, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.sum.update(data)  # type: ignore[arg-type]
        return self.handle.write(data)  # type: ignore[call-overload,no-any-return]


def pack(folder: Path, target: Path) -> str:
    """Write all files of `folder` as the tar archive `target`; return its SHA-256 in hexadecimal.

    The archive gets its name when it is whole and on disk, so that a list never shows half of one. It is not
    compressed: vectors hardly shrink, and copying is then bound by the disk alone.
    """
    make_folder(target.parent)
    partial = target.with_name(target.name + ".partial")
    try:
        with explained(partial, "writing"), partial.open("wb") as handle:
            hashed = _Hashed(handle)
            with tarfile.open(fileobj=hashed, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                    archive.add(path, path.relative_to(folder).as_posix(), recursive=False)
            handle.flush()
            os.fsync(handle.fileno())
        partial.rename(target)
        sync_folder(target.parent)
    finally:
        partial.unlink(missing_ok=True)
    return hashed.sum.hexdigest()


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of the tar `archive` into `folder`, which exists and is empty.

    Raises
    ------
    InvalidRequest
        When it is no tar archive, or holds anything but plain files inside the folder.
    Corrupted
        When it is cut short.
    """
    try:
        with tarfile.open(archive, "r:") as source:
            for member in source:
                _extract(source, member, folder, archive)
    except EOFError as error:
        raise Corrupted(str(archive), f"the archive is cut short ({error})", _REMEDY) from error
    except tarfile.TarError as error:
        raise InvalidRequest(f"{archive.name}: expected a snapshot, a tar archive: {error}") from error


def _extract(source: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, archive: Path) -> None:
    path = PurePosixPath(member.name)
    if member.isdir():
        return
    if not member.isfile() or path.is_absolute() or ".." in path.parts or not path.parts:
        raise InvalidRequest(
            f"{archive.name}: expected plain files inside the archive, got {member.name!r:.80}"
        )
    target = folder.joinpath(*path.parts)
    make_folder(target.parent)
    content = source.extractfile(member)
    assert content is not None
    left = member.size
    with explained(target, "writing"), target.open("wb") as handle:
        while block := content.read(min(_BLOCK, left)):
            handle.write(block)
            left -= len(block)
        handle.flush()
        os.fsync(handle.fileno())
    if left:
        raise Corrupted(str(archive), f"{member.name} ends {left} bytes early", _REMEDY)


def file_sum(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
