"""The database's own small file: which collections there are, in which folders, and their aliases."""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
from pathlib import Path

from workbench.errors import Corrupted
from workbench.storage.files import make_folder, remove_folder, sync_folder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS collections(name TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS aliases(alias TEXT PRIMARY KEY, collection TEXT NOT NULL) WITHOUT ROWID;
"""


class Catalog:
    """Names and folders of the collections under one root; in memory when `root` is None."""

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self._lock = threading.Lock()
        target = ":memory:" if root is None else str(root / "workbench.sqlite")
        try:
            self._db = sqlite3.connect(target, check_same_thread=False, isolation_level=None)
            if root is not None:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise Corrupted(target, str(error), "Restore the file from a copy; the collections are intact") from error

    def folders(self) -> dict[str, Path | None]:
        """Return the folder of each collection; None in memory."""
        with self._lock:
            rows = self._db.execute("SELECT name, folder FROM collections ORDER BY name").fetchall()
        return {name: None if self.root is None else self.root / "collections" / folder for name, folder in rows}

    def new_folder(self, name: str) -> Path | None:
        """Return the folder a new collection is to be made in; it is not registered yet.

        The folder's name only helps a person who looks: any collection name is allowed, so it is reduced to a
        safe slug with random hex behind it, and cannot leave the root.
        """
        if self.root is None:
            return None
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:40].strip("-") or "collection"
        folder = self.root / "collections" / f"{slug}-{secrets.token_hex(4)}"
        make_folder(folder.parent)
        make_folder(folder)
        return folder

    def register(self, name: str, folder: Path | None) -> None:
        """Make a finished collection visible: the last step of its creation."""
        entry = folder.name if folder is not None else secrets.token_hex(8)
        if folder is not None:
            sync_folder(folder)
        with self._lock:
            self._db.execute("INSERT INTO collections VALUES(?,?)", (name, entry))

    def forget(self, name: str) -> None:
        """Make a collection invisible: the first step of its removal."""
        with self._lock:
            self._db.execute("DELETE FROM collections WHERE name=?", (name,))
            self._db.execute("DELETE FROM aliases WHERE collection=?", (name,))

    def sweep(self) -> None:
        """Remove folders that no collection names: left by a crash in the middle of a creation or removal."""
        if self.root is None or not (self.root / "collections").is_dir():
            return
        known = {f.name for f in self.folders().values() if f is not None}
        for entry in (self.root / "collections").iterdir():
            if entry.is_dir() and entry.name not in known:
                remove_folder(entry)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
