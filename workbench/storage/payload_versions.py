"""Which operation last changed the payload of a version, as far as its segment does not tell yet.

A payload is replaced in place, so that vectors and graphs stay as they are, but its point's version rises.
Until the segment is rebuilt, and the number moves into its ``operations``, it is kept here. The functions
belong inside a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workbench.storage import ledger

TABLE = "payload_versions"

_CREATE = f"CREATE TABLE {TABLE}(key INTEGER PRIMARY KEY, op INTEGER NOT NULL);"

# As in ``storage.points``: fewer parameters than SQLite takes.
_IN_CHUNK = 900

Numbers = npt.NDArray[np.int64]


def make(db: sqlite3.Connection) -> None:
    """Make the table, unless it is there: files of before payloads raised versions have none."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name=?", (TABLE,)).fetchone() is None:
        db.executescript(f"BEGIN;{_CREATE}INSERT INTO ledger VALUES('{TABLE}', 0, 0);COMMIT;")


def check(db: sqlite3.Connection, path: str) -> None:
    """Raise ``Corrupted`` when the rows are not those that were written."""
    keys, operations = load(db)
    ledger.compare(db, path, TABLE, len(keys), ledger.sum_keys(_packed(keys, operations)))


def load(db: sqlite3.Connection) -> tuple[Numbers, Numbers]:
    """Return all keys, ascending, and the operation of each."""
    rows = db.execute(f"SELECT key, op FROM {TABLE} ORDER BY key").fetchall()
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def raise_to(db: sqlite3.Connection, keys: Sequence[int], operation: int) -> None:
    """Let `operation` be the last that changed the payloads of the versions `keys`, each of them once."""
    forget(db, keys)
    db.executemany(f"INSERT INTO {TABLE} VALUES(?,?)", ((key, operation) for key in keys))
    ledger.keys_added(db, TABLE, _packed(np.array(keys, np.int64), operation))


def forget(db: sqlite3.Connection, keys: Sequence[int]) -> None:
    """Remove the rows of `keys`, as far as there are any."""
    if db.execute(f"SELECT 1 FROM {TABLE} LIMIT 1").fetchone() is None:
        return
    for start in range(0, len(keys), _IN_CHUNK):
        chunk = keys[start : start + _IN_CHUNK]
        marks = ",".join("?" * len(chunk))
        rows = db.execute(f"DELETE FROM {TABLE} WHERE key IN ({marks}) RETURNING key, op", chunk).fetchall()
        table = np.array(rows, dtype=np.int64).reshape(-1, 2)
        ledger.keys_removed(db, TABLE, _packed(table[:, 0], table[:, 1]))


def _packed(keys: Numbers, operations: Numbers | int) -> Numbers:
    """Return one number for each row, of which the ledger keeps the sum."""
    return keys + (np.asarray(operations, np.int64) << 32)
