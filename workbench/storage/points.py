"""Ids, payloads, tombstones, the operation log and the manifest of one collection, in one SQLite file.

Every version of a point is a row of ``points`` under a number, the *version key*, that only ever rises. An
upsert inserts a row and buries the older version's key in ``dead``; nothing of a row changes afterwards but
its payload. ``log`` has one receipt an operation, with the resolved keys already applied in the same
transaction, so that replaying is never needed and a filter is never evaluated twice. ``segments`` is the
manifest.

=========  =====================================================================================
table      columns
=========  =====================================================================================
meta       key, value (JSON): format, config, payload schema
log        op, at (seconds), kind, points: what was done, in order
points     key, id (integer: the u64 as signed; blob of 16 bytes: a UUID), payload (JSON), crc
dead       key: versions that were deleted or replaced and not yet vacuumed
appends    segment, first, count, crcs (JSON): which rows of the tail's vector files count, by operation
segments   number, state (tail | sealed), info (JSON: first key, rows, manifest of arrays, graphs)
ledger     name, rows, sum: what meta, dead, appends, segments and payload_versions must add up to
=========  =====================================================================================

The table ``payload_versions`` is that of ``storage.payload_versions``. A row of ``points`` is checked against
its crc whenever it is read; the small tables are checked when the file is opened.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import Closed, Corrupted, StorageFailed, WorkbenchError
from workbench.storage import ledger, payload_versions
from workbench.storage.checks import StoredId, row_checks
from workbench.storage.commits import Commits
from workbench.storage.files import size_of

FORMAT = 1

_SCHEMA = f"""
BEGIN;
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE log(op INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, points INTEGER);
CREATE TABLE points(key INTEGER PRIMARY KEY, id NOT NULL, payload BLOB, crc INTEGER NOT NULL);
CREATE TABLE dead(key INTEGER PRIMARY KEY);
CREATE TABLE appends(segment INTEGER, first INTEGER, count INTEGER, crcs BLOB,
                     PRIMARY KEY(segment, first)) WITHOUT ROWID;
CREATE TABLE segments(number INTEGER PRIMARY KEY, state TEXT NOT NULL, info BLOB NOT NULL);
{ledger.SCHEMA}
COMMIT;
"""

_REMEDY = "Restore the file from a copy; other collections are not affected"

# Receipts kept: enough for any timeline a person looks at, bounded for a collection that lives for years.
LOG_KEPT = 100_000

# SQLite takes at most 32,766 parameters a statement; fewer a call keeps each under a millisecond of GIL.
_IN_CHUNK = 900

# Rows that one INSERT takes: 2.0 µs a row and not 2.7, and the interpreter changes hands once for a hundred
# rows. With a statement a row, another busy thread could keep each of them waiting for 5 ms.
_INSERTED = 100

# Rows that are checked at a time when they are read.
_CHECKED = 1000


class PointStore:
    """One collection's SQLite file: one writer, readers that never wait for it.

    Parameters
    ----------
    path : Path or None
        The file; None in memory.
    new : bool
        Make it; otherwise it must be there, and its small tables are checked.

    Raises
    ------
    Corrupted
        When the file is not what was written.
    """

    def __init__(self, path: Path | None, *, new: bool) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._writer = self._connect()
        self._commits = Commits(self._writer, path)
        try:
            with self._explained("opening"):
                if new:
                    self._writer.executescript(_SCHEMA)
                    ledger.start(self._writer, ("meta", "dead", "appends", "segments"))
                payload_versions.make(self._writer)
                for table in ("meta", "dead", "appends", "segments"):
                    ledger.check(self._writer, str(path), table, keys=table == "dead")
                payload_versions.check(self._writer, str(path))
        except BaseException:
            self._writer.close()
            raise

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside becomes durable at the end, or nothing does."""
        with self.lock:
            self._check_open()
            with self._explained("writing"):
                self._commits.settle()
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
                self._commits.commit()

    def settle(self) -> bool:
        """Whether no commit that failed may still count after a crash; what it names must be left alone."""
        with self.lock, suppress(WorkbenchError), self._explained("writing"):
            self._commits.settle()
        return self._commits.settled

    def insert(self, first_key: int, ids: Sequence[StoredId], payloads: Sequence[bytes]) -> None:
        """Insert versions under consecutive keys; call inside a transaction."""
        keys = range(first_key, first_key + len(ids))
        flat: list[Any] = [None] * (4 * len(ids))
        flat[0::4], flat[1::4], flat[2::4] = keys, ids, payloads
        flat[3::4] = row_checks(keys, ids, payloads)
        for start in range(0, len(flat), 4 * _INSERTED):
            part = flat[start : start + 4 * _INSERTED]
            marks = ",".join(["(?,?,?,?)"] * (len(part) // 4))
            self._writer.execute(f"INSERT INTO points VALUES{marks}", part)

    def bury(self, keys: Sequence[int]) -> None:
        """Mark live versions as dead; call inside a transaction."""
        self._writer.executemany("INSERT INTO dead VALUES(?)", ((key,) for key in keys))
        ledger.keys_added(self._writer, "dead", keys)

    def set_payloads(self, rows: Sequence[tuple[int, StoredId, bytes]], operation: int) -> None:
        """Replace the payloads of (key, id, payload) rows; call inside a transaction."""
        if not rows:
            return
        keys, ids, bodies = zip(*rows, strict=True)
        self._writer.executemany(
            "UPDATE points SET payload=?, crc=? WHERE key=?",
            zip(bodies, row_checks(keys, ids, bodies), keys, strict=True),
        )
        payload_versions.raise_to(self._writer, keys, operation)

    def forget_payload_versions(self, keys: Sequence[int]) -> None:
        """Forget which operations changed payloads, where segments tell; call inside a transaction."""
        payload_versions.forget(self._writer, keys)

    def record(self, kind: str, points: int) -> int:
        """Write the receipt of an operation and return its number, from 0; call inside a transaction."""
        row = self._writer.execute(
            "INSERT INTO log SELECT coalesce(max(op) + 1, 0), ?, ?, ? FROM log", (time.time(), kind, points)
        )
        op = int(row.lastrowid or 0)
        if op % 1000 == 0:
            self._writer.execute("DELETE FROM log WHERE op <= ?", (op - LOG_KEPT,))
        return op

    def set_meta(self, key: str, value: Any) -> None:
        """Store a JSON value; call inside a transaction."""
        self._remove("meta", "key", key)
        self._add("meta", (key, orjson.dumps(value)))

    def add_segment(self, number: int, state: str, info: bytes) -> None:
        """Name a segment in the manifest; call inside a transaction."""
        self._add("segments", (number, state, info))

    def drop_segment(self, number: int) -> None:
        """Take a segment out of the manifest; call inside a transaction."""
        self._remove("segments", "number", number)
        self._remove("appends", "segment", number)

    def change_segment(self, number: int, info: bytes) -> None:
        """Replace what the manifest says of a segment; call inside a transaction."""
        ((state,),) = self._writer.execute("SELECT state FROM segments WHERE number=?", (number,)).fetchall()
        self._remove("segments", "number", number)
        self._add("segments", (number, state, info))

    def add_append(self, segment: int, first: int, count: int, crcs: bytes) -> None:
        """Let rows of a tail's vector files count; call inside a transaction."""
        self._add("appends", (segment, first, count, crcs))

    def purge(self, keys: Sequence[int]) -> None:
        """Forget dead versions for good; call inside a transaction."""
        rows = [(key,) for key in keys]
        self._writer.executemany("DELETE FROM points WHERE key=?", rows)
        self._writer.executemany("DELETE FROM dead WHERE key=?", rows)
        ledger.keys_removed(self._writer, "dead", keys)
        payload_versions.forget(self._writer, keys)

    def _add(self, table: str, row: tuple[Any, ...]) -> None:
        marks = ",".join("?" * len(row))
        self._writer.execute(f"INSERT INTO {table} VALUES({marks})", row)
        ledger.added(self._writer, table, [row])

    def _remove(self, table: str, column: str, value: Any) -> None:
        rows = self._writer.execute(f"SELECT * FROM {table} WHERE {column}=?", (value,)).fetchall()
        self._writer.execute(f"DELETE FROM {table} WHERE {column}=?", (value,))
        ledger.removed(self._writer, table, rows)

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
                query = f"SELECT key, id, payload, crc FROM points WHERE key IN ({marks})"
                found.update(self._checked(db.execute(query, chunk)))
        return found

    def payload_versions(self) -> tuple[payload_versions.Numbers, payload_versions.Numbers]:
        """Return the keys of payloads that were set later than their versions, and by which operation."""
        with self._reading() as db:
            return payload_versions.load(db)

    def payload_range(self, first: int, last: int) -> dict[int, bytes]:
        """Return the payload bytes of all versions with first <= key <= last."""
        with self._reading() as db:
            query = "SELECT key, id, payload, crc FROM points WHERE key BETWEEN ? AND ?"
            return dict(self._checked(db.execute(query, (first, last))))

    def ids(self, first: int, count: int) -> list[StoredId]:
        """Return the ids of `count` consecutive versions.

        Raises
        ------
        Corrupted
            When one is missing or fails its checksum.
        """
        with self._reading() as db:
            query = "SELECT key, id, payload, crc FROM points WHERE key BETWEEN ? AND ? ORDER BY key"
            rows = db.execute(query, (first, first + count - 1)).fetchall()
            if len(rows) != count:
                raise Corrupted(
                    str(self.path), f"expected {count} points from key {first} on, found {len(rows)}", _REMEDY
                )
            if rows:
                self._check(rows)
        return [row[1] for row in rows]

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a small read, such as the manifest at opening."""
        with self._reading() as db:
            return db.execute(query, parameters).fetchall()

    def backup(self, path: Path) -> None:
        """Write everything that is committed into a new SQLite file."""
        with self.lock:
            self._check_open()
            with self._explained("copying"), closing(sqlite3.connect(path)) as target:
                self._writer.backup(target)

    def disk_bytes(self) -> int:
        """Return the size of the file and its write-ahead log; 0 in memory."""
        if self.path is None:
            return 0
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(map(size_of, files))

    def page_bytes(self) -> tuple[int, bool]:
        """Return the bytes of SQLite's pages in memory, and whether that is exact.

        It is for a database in memory. Of a file, each connection keeps up to ``cache_size``; how much it
        keeps now is not told to Python.
        """
        with self._reading() as db:
            size, cache, count = (
                int(db.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "cache_size", "page_count")
            )
        if self.path is None:
            return count * size, True
        each = -1024 * cache if cache < 0 else cache * size  # a negative cache_size is in KiB
        return each * (1 + len(self._idle)), False

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self.lock:
            self._closed = True
            self._close_idle()
            self._writer.close()

    # -- connections -----------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        with self._explained("opening"):
            target = ":memory:" if self.path is None else str(self.path)
            connection = sqlite3.connect(target, check_same_thread=False, isolation_level=None, timeout=30)
            try:
                if self.path is not None:
                    connection.execute("PRAGMA journal_mode=WAL")
                    # FULL syncs the log at each commit: an acknowledged write survives a power cut.
                    connection.execute("PRAGMA synchronous=FULL")
            except BaseException:
                connection.close()
                raise
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
            self._idle.append(connection)
            if self._closed:  # perhaps just now, and nobody else closes what was in use then
                self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _checked(self, found: sqlite3.Cursor) -> Iterator[tuple[int, bytes]]:
        while rows := found.fetchmany(_CHECKED):
            yield from self._check(rows)

    def _check(self, rows: Sequence[tuple[int, StoredId, bytes, int]]) -> Iterator[tuple[int, bytes]]:
        keys, ids, payloads, expected = zip(*rows, strict=True)
        # A damaged row may hold values of any type.
        fits = {*map(type, payloads)} <= {bytes} and {*map(type, ids)} <= {int, bytes}
        if not fits or row_checks(keys, ids, payloads) != list(expected):
            raise Corrupted(
                str(self.path), f"the payload of point {_wrong(rows)!r} fails its checksum", _REMEDY
            )
        return zip(keys, payloads, strict=True)

    def _check_open(self) -> None:
        if self._closed:
            raise Closed(
                "the collection was closed or deleted; open the database again with workbench.open(path)"
            )

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
            if self._closed:
                self._check_open()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in ledger.SYSTEM_FAULTS:
                raise StorageFailed(f"{doing} {self.path}: {error}; nothing was acknowledged") from error
            raise Corrupted(str(self.path), str(error), _REMEDY) from error


def _wrong(rows: Sequence[tuple[int, StoredId, bytes, int]]) -> StoredId:
    """Return the id of the first row that differs from its checksum."""
    for key, point_id, payload, expected in rows:
        typed = isinstance(payload, bytes) and isinstance(point_id, int | bytes)
        if not typed or row_checks([key], [point_id], [payload]) != [expected]:
            return point_id
    raise AssertionError("no row is wrong")
