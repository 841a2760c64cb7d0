"""Ids, payloads, tombstones, the operation log and the manifest of one collection, in one SQLite file.

Every version of a point is a row of ``points`` under a number, the *version key*, that only ever rises. An
upsert inserts a row and buries the older version's key in ``dead``; nothing of a row changes afterwards but its
payload. ``log`` has one receipt an operation, with the resolved keys already applied in the same transaction,
so that replaying is never needed and a filter is never evaluated twice. ``segments`` is the manifest.

=========  =====================================================================================
table      columns
=========  =====================================================================================
meta       key, value (JSON): format, config, payload schema
log        op, at (seconds), kind, points: what was done, in order
points     key, id (integer: the u64 as signed; blob of 16 bytes: a UUID), payload (JSON), crc
dead       key: versions that were deleted or replaced and not yet vacuumed
appends    segment, first, count, crcs (JSON): which rows of the tail's vector files count
segments   number, state (tail | sealed), info (JSON: first key, rows, manifest of arrays, graphs)
=========  =====================================================================================
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import Closed, Corrupted, StorageFailed

FORMAT = 1

StoredId = int | bytes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log(op INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, points INTEGER);
CREATE TABLE IF NOT EXISTS points(key INTEGER PRIMARY KEY, id NOT NULL, payload BLOB, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead(key INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS appends(segment INTEGER, first INTEGER, count INTEGER, crcs BLOB,
                                   PRIMARY KEY(segment, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS segments(number INTEGER PRIMARY KEY, state TEXT NOT NULL, info BLOB NOT NULL);
"""

# Receipts kept: enough for any timeline a person looks at, bounded for a collection that lives for years.
LOG_KEPT = 100_000

# SQLite takes at most 32,766 parameters a statement; fewer a call keeps each under a millisecond of GIL.
_IN_CHUNK = 900


class PointStore:
    """One collection's SQLite file: one writer, readers that never wait for it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._writer = self._connect()
        with self._explained("opening"):
            self._writer.executescript(_SCHEMA)

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes durable at the end, or nothing does."""
        with self.lock:
            self._check_open()
            with self._explained("writing"):
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise

    def insert(self, first_key: int, ids: Sequence[StoredId], payloads: Sequence[bytes]) -> None:
        """Insert versions under consecutive keys; call inside a transaction."""
        checks = map(_crc, ids, payloads)
        keys = range(first_key, first_key + len(ids))
        self._writer.executemany("INSERT INTO points VALUES(?,?,?,?)", zip(keys, ids, payloads, checks, strict=True))

    def bury(self, keys: Sequence[int]) -> None:
        """Mark versions as dead; call inside a transaction."""
        self._writer.executemany("INSERT OR IGNORE INTO dead VALUES(?)", ((key,) for key in keys))

    def set_payloads(self, rows: Sequence[tuple[int, StoredId, bytes]]) -> None:
        """Replace the payloads of (key, id, payload) rows; call inside a transaction."""
        self._writer.executemany(
            "UPDATE points SET payload=?, crc=? WHERE key=?", ((body, _crc(i, body), key) for key, i, body in rows)
        )

    def record(self, kind: str, points: int) -> int:
        """Write the receipt of an operation and return its number; call inside a transaction."""
        row = self._writer.execute("INSERT INTO log(at, kind, points) VALUES(?,?,?)", (time.time(), kind, points))
        op = int(row.lastrowid or 0)
        if op % 1000 == 0:
            self._writer.execute("DELETE FROM log WHERE op <= ?", (op - LOG_KEPT,))
        return op

    def set_meta(self, key: str, value: Any) -> None:
        """Store a JSON value; call inside a transaction."""
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, orjson.dumps(value)))

    def purge(self, keys: Sequence[int]) -> None:
        """Forget dead versions for good; call inside a transaction."""
        rows = [(key,) for key in keys]
        self._writer.executemany("DELETE FROM points WHERE key=?", rows)
        self._writer.executemany("DELETE FROM dead WHERE key=?", rows)

    # -- reading ---------------------------------------------------------------------------------------

    def meta(self, key: str) -> Any:
        """Return a stored JSON value, or None."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return None if row is None else orjson.loads(row[0])

    def payloads(self, keys: Sequence[int]) -> dict[int, bytes]:
        """Return the payload bytes of the versions that still exist."""
        found: dict[int, bytes] = {}
        with self._reading() as db:
            for start in range(0, len(keys), _IN_CHUNK):
                chunk = keys[start : start + _IN_CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, id, payload, crc FROM points WHERE key IN ({marks})"  # noqa: S608
                found.update(self._checked(db.execute(query, chunk)))
        return found

    def payload_range(self, first: int, last: int) -> dict[int, bytes]:
        """Return the payload bytes of all versions with first <= key <= last."""
        with self._reading() as db:
            query = "SELECT key, id, payload, crc FROM points WHERE key BETWEEN ? AND ?"
            return dict(self._checked(db.execute(query, (first, last))))

    def ids(self, first: int, count: int) -> list[StoredId]:
        """Return the ids of `count` consecutive versions."""
        with self._reading() as db:
            query = "SELECT id FROM points WHERE key BETWEEN ? AND ? ORDER BY key"
            return [row[0] for row in db.execute(query, (first, first + count - 1))]

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a small read, such as the manifest at opening."""
        with self._reading() as db:
            return db.execute(query, parameters).fetchall()

    def disk_bytes(self) -> int:
        """Return the size of the file and its write-ahead log; 0 in memory."""
        if self.path is None:
            return 0
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(f.stat().st_size for f in files if f.exists())

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self.lock:
            self._closed = True
            for connection in [*self._idle, self._writer]:
                connection.close()
            self._idle.clear()

    # -- connections -----------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        with self._explained("opening"):
            target = ":memory:" if self.path is None else str(self.path)
            connection = sqlite3.connect(target, check_same_thread=False, isolation_level=None, timeout=30)
            if self.path is not None:
                connection.execute("PRAGMA journal_mode=WAL")
                # FULL syncs the log at each commit: an acknowledged write survives a power cut.
                connection.execute("PRAGMA synchronous=FULL")
            return connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self._check_open()
        if self.path is None:
            with self.lock:
                yield self._writer
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            with self._explained("reading"):
                yield connection
        finally:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _checked(self, rows: Iterator[tuple[int, StoredId, bytes, int]]) -> Iterator[tuple[int, bytes]]:
        for key, point_id, payload, crc in rows:
            if _crc(point_id, payload) != crc:
                raise Corrupted(str(self.path), f"the payload of point {point_id!r} fails its checksum")
            yield key, payload

    def _check_open(self) -> None:
        if self._closed:
            raise Closed("the collection was closed or deleted; open the database again with workbench.open(path)")

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if type(error) is sqlite3.DatabaseError or "malformed" in str(error):
                raise Corrupted(str(self.path), str(error), "Restore the file from a copy or a snapshot") from error
            raise StorageFailed(f"{doing} {self.path}: {error}; nothing was acknowledged") from error


def _crc(point_id: StoredId, payload: bytes) -> int:
    seed = point_id & 0xFFFFFFFF if isinstance(point_id, int) else zlib.crc32(point_id)
    return zlib.crc32(payload, seed)
