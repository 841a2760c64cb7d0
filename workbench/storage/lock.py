"""One process at a time per database folder, without a lock that a person must ever delete.

The lock is the kernel's own (``flock``) on an open file, so it is gone with the process that held it, however
that ended. The text in the file only serves the message that others read.
"""

from __future__ import annotations

import os
import time
import weakref
from pathlib import Path

from workbench.errors import FolderLocked

_RETRY_S = 0.05


class FolderLock:
    """Exclusive use of a folder from construction to :meth:`release`.

    Raises
    ------
    FolderLocked
        When another process still holds the folder after `wait` seconds; the message names the process.
    """

    def __init__(self, folder: Path, wait: float = 5.0) -> None:
        self.path = folder / "LOCK"
        self.pid = os.getpid()
        self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._wait(folder, time.monotonic() + wait)
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, str(self.pid).encode(), 0)
        except BaseException:
            os.close(self._handle)
            raise
        _held.add(self)

    def _wait(self, folder: Path, deadline: float) -> None:
        while not _try_lock(self._handle):
            if time.monotonic() >= deadline:
                raise FolderLocked(
                    f"{folder} is open in {_owner(self._handle)}. Close it there (db.close(), or end that "
                    "kernel), wait longer with workbench.open(path, wait=60), or open another folder. There "
                    "is no lock file to delete"
                )
            time.sleep(_RETRY_S)

    def release(self) -> None:
        """Let others open the folder; doing it twice is harmless."""
        if self._handle >= 0:
            if os.getpid() == self.pid:
                _unlock(self._handle)
            os.close(self._handle)
        self._handle = -1


_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _let_go() -> None:
    """Close a forked child's copies: a lock lasts as long as any copy, and the child may live longer."""
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def _try_lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(handle: int) -> None:
    """Let go for all copies of the handle: closing one would leave the lock to a child forked just now."""
    try:
        import fcntl
    except ImportError:  # Windows has no fork, and closing is enough
        return
    fcntl.flock(handle, fcntl.LOCK_UN)


def _owner(handle: int) -> str:
    pid = os.pread(handle, 32, 0).decode(errors="replace").strip()
    if not pid.isdigit():
        return "another process"
    command = Path(f"/proc/{pid}/cmdline")
    try:
        words = command.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        words = ""
    return f"process {pid}" + (f" ({words[:120]})" if words else "")
