"""The database's own small file: which collections there are, in which folders, and their aliases."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import Corrupted, StorageFailed
from workbench.storage import ledger
from workbench.storage.commits import Commits
from workbench.storage.files import REMOVED, explained, make_folder, remove_folder, sync_folder

log = logging.getLogger("workbench")

_SCHEMA = f"""
BEGIN;
CREATE TABLE collections(name TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE aliases(alias TEXT PRIMARY KEY, collection TEXT NOT NULL) WITHOUT ROWID;
{ledger.SCHEMA}
INSERT INTO ledger VALUES('collections', 0, 0), ('aliases', 0, 0);
COMMIT;
"""

_REMEDY = "Restore the file from a copy; the collections themselves are intact"

# A folder with this file may be removed when the catalog does not name it: it is being made, or was deleted.
# A folder without it is never removed, so that a catalog that was lost or replaced costs nobody a
# collection.
_UNLISTED = "UNLISTED"


class Catalog:
    """Names and folders of the collections under one root; in memory when `root` is None.

    Raises
    ------
    Corrupted
        When the file is damaged, or missing beside folders of collections.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self.path = ":memory:" if root is None else str(root / "workbench.sqlite")
        self._lock = threading.Lock()
        with self._explained("opening"):
            self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._commits = Commits(self._db, None if root is None else Path(self.path))
        try:
            with self._explained("opening"):
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        if self.root is not None:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
        if not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            if any((entry / "points.sqlite").exists() for entry in self._entries()):
                raise Corrupted(
                    self.path, "the file is empty or was missing, and there are collections", _REMEDY
                )
            self._db.executescript(_SCHEMA)
        for table in ("collections", "aliases"):
            ledger.check(self._db, self.path, table)

    @property
    def settled(self) -> bool:
        """Whether no change that failed may still count after a crash."""
        return self._commits.settled

    def folders(self) -> dict[str, Path | None]:
        """Return the folder of each collection; None in memory."""
        with self._lock, self._explained("reading"):
            rows = self._db.execute("SELECT name, folder FROM collections ORDER BY name").fetchall()
        return {
            name: None if self.root is None else self.root / "collections" / folder for name, folder in rows
        }

    def new_folder(self, name: str) -> Path | None:
        """Return the folder a new collection is to be made in; it is not registered yet.

        The folder's name only helps a person who looks: any collection name is allowed, so it is reduced to a
        safe slug with random hex behind it, and cannot leave the root.
        """
        if self.root is None:
            return None
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40].strip("-") or "collection"
        folder = self.root / "collections" / f"{slug}-{os.urandom(4).hex()}"
        make_folder(folder.parent)
        make_folder(folder)
        _mark(folder)
        return folder

    def register(self, name: str, folder: Path | None, *, replaced: Path | None = None) -> None:
        """Make a finished collection visible, in place of the one in the folder `replaced` if given."""
        entry = folder.name if folder is not None else os.urandom(8).hex()
        if folder is not None:
            sync_folder(folder)
        if replaced is not None:
            _mark(replaced)
        with self._transaction():
            self._delete(name)
            self._db.execute("INSERT INTO collections VALUES(?,?)", (name, entry))
            ledger.added(self._db, "collections", [(name, entry)])
        if folder is not None:
            _unmark(folder)

    def forget(self, name: str) -> None:
        """Make a collection invisible: the first step of its removal."""
        folder = self.folders().get(name)
        if folder is not None:
            _mark(folder)
        with self._transaction():
            self._delete(name)
            rows = self._db.execute("SELECT * FROM aliases WHERE collection=?", (name,)).fetchall()
            self._db.execute("DELETE FROM aliases WHERE collection=?", (name,))
            ledger.removed(self._db, "aliases", rows)

    def aliases(self) -> dict[str, str]:
        """Return the collection of each alias."""
        with self._lock, self._explained("reading"):
            return dict(self._db.execute("SELECT alias, collection FROM aliases ORDER BY alias").fetchall())

    def set_aliases(self, aliases: Mapping[str, str]) -> None:
        """Keep these aliases, and no others, in one transaction."""
        with self._transaction():
            old = set(self._db.execute("SELECT alias, collection FROM aliases").fetchall())
            new = set(aliases.items())
            self._db.executemany("DELETE FROM aliases WHERE alias=?", [(alias,) for alias, _ in old - new])
            ledger.removed(self._db, "aliases", sorted(old - new))
            self._db.executemany("INSERT INTO aliases VALUES(?,?)", sorted(new - old))
            ledger.added(self._db, "aliases", sorted(new - old))

    def sweep(self) -> None:
        """Remove what a crash in the middle of a creation or removal left behind."""
        known = {f.name for f in self.folders().values() if f is not None}
        for entry in self._entries():
            if entry.name in known:
                _unmark(entry)
            elif entry.name.endswith(REMOVED) or (entry / _UNLISTED).exists() or not any(entry.iterdir()):
                remove_folder(entry)
            else:
                log.warning("%s belongs to no collection of %s and is left alone", entry, self.path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _entries(self) -> list[Path]:
        folder = None if self.root is None else self.root / "collections"
        return (
            [entry for entry in folder.iterdir() if entry.is_dir()]
            if folder is not None and folder.is_dir()
            else []
        )

    def _delete(self, name: str) -> None:
        rows = self._db.execute("SELECT * FROM collections WHERE name=?", (name,)).fetchall()
        self._db.execute("DELETE FROM collections WHERE name=?", (name,))
        ledger.removed(self._db, "collections", rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._explained("writing"):
            self._commits.settle()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._commits.commit()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in ledger.SYSTEM_FAULTS:
                raise StorageFailed(f"{doing} {self.path}: {error}; nothing was changed") from error
            raise Corrupted(self.path, str(error), _REMEDY) from error


def _mark(folder: Path) -> None:
    with explained(folder, "writing"):
        (folder / _UNLISTED).touch()
    sync_folder(folder)


def _unmark(folder: Path) -> None:
    with suppress(OSError):  # what is registered counts, and is unmarked at the next opening
        (folder / _UNLISTED).unlink(missing_ok=True)
