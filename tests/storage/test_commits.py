"""A commit whose sync failed counts after a crash, or never: files that it names wait until that is known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from workbench.errors import StorageFailed
from workbench.storage import commits
from workbench.storage.commits import Commits


class FailingSync:
    """A connection whose next calls of these statements fail as they do when the disk cannot sync."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("CREATE TABLE t(a)")
        self.failing: list[str] = []

    @property
    def in_transaction(self) -> bool:
        return self.db.in_transaction

    def execute(self, statement: str) -> sqlite3.Cursor:
        if statement in self.failing:
            raise sqlite3.OperationalError("disk I/O error")
        return self.db.execute(statement)


CHECKPOINT = "PRAGMA wal_checkpoint(TRUNCATE)"


@pytest.fixture
def line(tmp_path: Path) -> tuple[FailingSync, Commits, Path]:
    path = tmp_path / "a.sqlite"
    db = FailingSync(path)
    return db, Commits(db, path), tmp_path / "a.sqlite-wal"  # type: ignore[arg-type]


def begin(db: FailingSync, value: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.execute(f"INSERT INTO t VALUES({value})")


def test_a_commit_that_fails_is_taken_out_of_the_log_at_once(line: tuple[FailingSync, Commits, Path]) -> None:
    db, own, log = line
    begin(db, 1)
    db.failing = ["COMMIT"]
    with pytest.raises(sqlite3.OperationalError):
        own.commit()
    assert own.settled
    assert log.stat().st_size == 0
    db.db.close()


def test_while_the_disk_fails_it_is_not_known_what_counts(line: tuple[FailingSync, Commits, Path]) -> None:
    db, own, log = line
    begin(db, 1)
    db.failing = ["COMMIT", CHECKPOINT]
    with pytest.raises(sqlite3.OperationalError):
        own.commit()
    assert (own.settled, db.in_transaction) == (False, False)
    with pytest.raises(sqlite3.OperationalError):
        own.settle()
    db.failing = []
    own.settle()
    assert (own.settled, log.stat().st_size) == (True, 0)
    begin(db, 2)
    own.commit()
    assert db.execute("SELECT a FROM t").fetchall() == [(2,)]
    db.db.close()


def test_an_emptied_log_counts_when_it_is_synced(
    line: tuple[FailingSync, Commits, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    db, own, _ = line
    begin(db, 1)
    db.failing = ["COMMIT"]

    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(commits.os, "fsync", fails)
    with pytest.raises(sqlite3.OperationalError):
        own.commit()
    assert not own.settled
    with pytest.raises(StorageFailed, match="Input/output error"):
        own.settle()
    db.db.close()
