"""What small tables must add up to: a count of the rows of each, and a sum, kept in the same transaction.

SQLite guards its pages against a crash, not against a disk that returns another bit than was written. A row
of the manifest or of the tombstones that goes astray would be a wrong answer that nobody notices, so these
tables are added up when a file is opened. One changed, lost or invented row changes the sum: a row counts
with its CRC-32, a tombstone, of which there may be very many, with its key mixed to 62 bits.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted

SCHEMA = (
    "CREATE TABLE ledger(name TEXT PRIMARY KEY, rows INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;"
)

# What SQLite calls a fault of the disk or of the system, not of a file's content: PERM, BUSY, LOCKED, NOMEM,
# READONLY, IOERR, FULL, CANTOPEN.
SYSTEM_FAULTS = frozenset({3, 5, 6, 7, 8, 10, 13, 14})

# Sums are kept modulo 2^62, so that SQLite can add two of them in its signed 64 bits.
_MASK = (1 << 62) - 1

Row = Sequence[Any]
Keys = Sequence[int] | npt.NDArray[np.int64]


def start(db: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Begin the sums of new, empty tables."""
    db.executemany("INSERT INTO ledger VALUES(?, 0, 0)", ((name,) for name in tables))


def added(db: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Count rows that the running transaction inserts into `table`."""
    _change(db, table, len(rows), _sum_rows(rows))


def removed(db: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Count rows that the running transaction deletes from `table`."""
    _change(db, table, -len(rows), -_sum_rows(rows))


def keys_added(db: sqlite3.Connection, table: str, keys: Keys) -> None:
    """Like :func:`added` for a table of one integer column."""
    _change(db, table, len(keys), sum_keys(keys))


def keys_removed(db: sqlite3.Connection, table: str, keys: Keys) -> None:
    """Like :func:`removed` for a table of one integer column."""
    _change(db, table, -len(keys), -sum_keys(keys))


def check(db: sqlite3.Connection, path: str, table: str, *, keys: bool = False) -> None:
    """Add up `table` and compare.

    Raises
    ------
    Corrupted
        When its rows are not those that were written.
    """
    rows = db.execute(f"SELECT * FROM {table}").fetchall()
    compare(db, path, table, len(rows), sum_keys([row[0] for row in rows]) if keys else _sum_rows(rows))


def compare(db: sqlite3.Connection, path: str, table: str, count: int, total: int) -> None:
    """Raise ``Corrupted`` when `count` rows that add up to `total` are not those that were written."""
    found = (count, total)
    expected = db.execute("SELECT rows, sum FROM ledger WHERE name=?", (table,)).fetchone()
    if found != expected:
        raise Corrupted(
            path,
            f"the table {table} fails its checksum (rows and sum expected {expected}, found {found})",
            "Restore the file from a copy; other collections are not affected",
        )


def sum_keys(keys: Keys) -> int:
    """Return the sum of the mixed `keys`: splitmix64's finalizer (Steele, Lea, Flood 2014) on arrays."""
    mixed: npt.NDArray[np.uint64] = np.asarray(keys, dtype=np.int64).view(np.uint64) + np.uint64(
        0x9E3779B97F4A7C15
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return int((mixed ^ (mixed >> np.uint64(31))).sum(dtype=np.uint64)) & _MASK


def _sum_rows(rows: Sequence[Row]) -> int:
    return sum(zlib.crc32(ascii(tuple(row)).encode()) for row in rows) & _MASK


def _change(db: sqlite3.Connection, table: str, rows: int, difference: int) -> None:
    if rows:
        db.execute(
            "UPDATE ledger SET rows = rows + ?, sum = (sum + ?) & ? WHERE name=?",
            (rows, difference & _MASK, _MASK, table),
        )
