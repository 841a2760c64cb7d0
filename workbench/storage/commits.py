"""Commits of SQLite that failed: they may still count after a crash, until that is ruled out.

A commit whose sync fails stands in the write-ahead log all the same. SQLite takes it back for this process,
but who opens the file after a crash reads it there. Files that such a commit names must not be removed or cut
until the log was emptied.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from workbench.errors import StorageFailed
from workbench.storage.files import explained


class Commits:
    """Commits transactions of a connection.

    Parameters
    ----------
    connection : sqlite3.Connection
        The one that writes.
    path : Path or None
        Its file; None in memory.

    Attributes
    ----------
    settled : bool
        Whether all that counts after a crash counts now.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._db, self._path, self.settled = connection, path, True

    def commit(self) -> None:
        """Make the transaction durable; when that fails, see to it that it does not count."""
        try:
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.settled = self._path is None
            with suppress(sqlite3.Error, StorageFailed):  # the next transaction tries again
                self.settle()
            raise

    def settle(self) -> None:
        """Empty the log after a commit that failed.

        Raises
        ------
        sqlite3.Error, StorageFailed
            When the disk still fails.
        """
        if self.settled or self._path is None:
            return
        ((busy, _, _),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if busy:
            raise StorageFailed(f"writing {self._path}: its log is being read; repeat the call")
        log = self._path.with_name(self._path.name + "-wal")
        with explained(log, "writing"):
            handle = os.open(log, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self.settled = True
