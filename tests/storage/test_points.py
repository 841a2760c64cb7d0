from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from workbench.errors import Closed, Corrupted, StorageFailed
from workbench.storage.points import PointStore


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PointStore:
    return PointStore(None if request.param == "memory" else tmp_path / "points.sqlite", new=True)


def test_versions_are_read_by_key(store: PointStore) -> None:
    with store.transaction():
        store.insert(1, [7, b"0123456789abcdef", -1], [b"{}", b'{"a":1}', b'{"b":2}'])
    assert store.payloads([2, 99]) == {2: b'{"a":1}'}
    assert store.payload_range(2, 3) == {2: b'{"a":1}', 3: b'{"b":2}'}
    assert store.ids(1, 3) == [7, b"0123456789abcdef", -1]
    store.close()


def test_a_transaction_happens_as_a_whole_or_not_at_all(store: PointStore) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012 - the failure is in the middle
        store.insert(1, [7], [b"{}"])
        store.bury([1])
        raise ZeroDivisionError
    assert store.payloads([1]) == {}
    with store.transaction():
        store.insert(1, [8], [b"{}"])
    assert store.ids(1, 1) == [8]
    store.close()


def test_payloads_change_in_place(store: PointStore) -> None:
    with store.transaction():
        store.insert(1, [7], [b"{}"])
    with store.transaction():
        store.set_payloads([(1, 7, b'{"a":1}')], 5)
    assert store.payloads([1]) == {1: b'{"a":1}'}
    store.close()


def test_more_keys_than_sqlite_takes_at_once_can_be_asked_for(store: PointStore) -> None:
    with store.transaction():
        store.insert(1, list(range(2000)), [b"{}"] * 2000)
    assert len(store.payloads(range(1, 2001))) == 2000
    store.close()


def test_receipts_are_numbered_and_the_oldest_forgotten(
    store: PointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.storage.points.LOG_KEPT", 10)
    with store.transaction():
        assert [store.record("upsert", 5) for _ in range(1000)] == list(range(1000))
        assert store.record("upsert", 5) == 1000
    assert store.rows("SELECT min(op), max(op) FROM log") == [(991, 1000)]
    store.close()


def test_metadata_is_replaced(store: PointStore) -> None:
    with store.transaction():
        store.set_meta("config", {"size": 3})
        store.set_meta("config", {"size": 4})
    assert store.meta("config") == {"size": 4}
    assert store.meta("nothing") is None
    store.close()


def test_a_closed_store_says_so(store: PointStore) -> None:
    store.close()
    with pytest.raises(Closed, match="open the database again"):
        store.payloads([1])
    with pytest.raises(Closed), store.transaction():
        pass


def damaged(path: Path, statement: str) -> None:
    """Change a row behind the store's back, as a bad disk would."""
    with PointStoreOf(path) as store:
        store.set_meta("config", {})
        store.insert(1, [7, 8], [b'{"a":1}', b'{"a":2}'])
        store.set_payloads([(1, 7, b'{"a":1}')], 2)
        store.bury([2])
        store.add_segment(1, "tail", b"{}")
        store.add_append(1, 0, 2, b"{}")
    with sqlite3.connect(path) as db:
        assert db.execute(statement).rowcount == 1
    db.close()


class PointStoreOf:
    """A new store in one transaction."""

    def __init__(self, path: Path) -> None:
        self.store = PointStore(path, new=True)
        self.running = self.store.transaction()

    def __enter__(self) -> PointStore:
        self.running.__enter__()
        return self.store

    def __exit__(self, *_: object) -> None:
        self.running.__exit__(None, None, None)
        self.store.close()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE dead SET key=1", "dead"),
        ("DELETE FROM dead", "dead"),
        ("INSERT INTO dead VALUES(1)", "dead"),
        ("UPDATE segments SET state='sealed'", "segments"),
        ("DELETE FROM segments", "segments"),
        ("UPDATE appends SET count=1", "appends"),
        ("UPDATE meta SET value='{\"m\":1}'", "meta"),
        ("UPDATE ledger SET sum=sum+1 WHERE name='dead'", "dead"),
        ("UPDATE payload_versions SET op=3 WHERE key=1", "payload_versions"),
        ("DELETE FROM payload_versions", "payload_versions"),
    ],
)
def test_a_changed_row_of_a_small_table_is_seen_at_opening(
    tmp_path: Path, statement: str, table: str
) -> None:
    damaged(tmp_path / "points.sqlite", statement)
    with pytest.raises(Corrupted, match=rf"points.sqlite: the table {table} fails its checksum"):
        PointStore(tmp_path / "points.sqlite", new=False)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points SET payload=CAST('{\"a\":9}' AS BLOB) WHERE key=1",
        "UPDATE points SET payload='{\"a\":1}' WHERE key=1",
        "UPDATE points SET id=9 WHERE key=1",
        "UPDATE points SET id=7.5 WHERE key=1",
        "UPDATE points SET key=3 WHERE key=1",
    ],
)
def test_a_changed_version_is_seen_when_it_is_read(tmp_path: Path, statement: str) -> None:
    damaged(tmp_path / "points.sqlite", statement)
    store = PointStore(tmp_path / "points.sqlite", new=False)
    with pytest.raises(Corrupted, match="fails its checksum"):
        store.payloads([1, 3])
    with pytest.raises(Corrupted, match=r"fails its checksum|expected 2 points"):
        store.ids(1, 2)
    store.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "points.sqlite").write_bytes(b"something else" * 100)
    with pytest.raises(Corrupted, match=r"points.sqlite: file is not a database"):
        PointStore(tmp_path / "points.sqlite", new=False)


def test_a_full_disk_is_no_damage(tmp_path: Path) -> None:
    store = PointStore(tmp_path / "points.sqlite", new=True)
    store._writer.execute("PRAGMA max_page_count=20")
    with (
        pytest.raises(StorageFailed, match=r"database or disk is full; nothing was acknowledged"),
        store.transaction(),
    ):
        store.insert(1, list(range(1000)), [b"x" * 1000] * 1000)
    store._writer.execute("PRAGMA max_page_count=20000")
    with store.transaction():
        store.insert(1, [5], [b"{}"])
    assert store.ids(1, 1) == [5]
    store.close()
