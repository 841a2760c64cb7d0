from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from workbench.errors import Corrupted
from workbench.storage.catalog import Catalog
from workbench.storage.ledger import sum_keys


def test_a_collection_is_in_the_catalog_once_it_is_registered(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    folder = catalog.new_folder("My photos / 2024")
    assert folder is not None
    assert folder.name.startswith("My-photos-2024-")
    assert catalog.folders() == {}
    catalog.register("My photos / 2024", folder)
    assert catalog.folders() == {"My photos / 2024": folder}
    catalog.forget("My photos / 2024")
    assert catalog.folders() == {}
    catalog.close()


@pytest.mark.parametrize("name", ["..", "../../etc", "/", "a" * 300, "\N{BLACK HEART SUIT}", "-"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    catalog = Catalog(tmp_path)
    folder = catalog.new_folder(name)
    assert folder is not None
    assert folder.resolve().parent == (tmp_path / "collections").resolve()
    catalog.close()


def test_a_sweep_removes_what_a_crash_left_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = Catalog(tmp_path)
    kept, unfinished = catalog.new_folder("kept"), catalog.new_folder("unfinished")
    assert kept is not None
    assert unfinished is not None
    catalog.register("kept", kept)
    stranger = tmp_path / "collections" / "stranger"
    stranger.mkdir()
    (stranger / "points.sqlite").touch()
    (tmp_path / "collections" / "half.removed").mkdir()
    with caplog.at_level(logging.WARNING):
        catalog.sweep()
    assert sorted(p.name for p in (tmp_path / "collections").iterdir()) == sorted([kept.name, "stranger"])
    assert "stranger belongs to no collection" in caplog.text
    catalog.close()


def test_a_lost_catalog_costs_no_collection(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    folder = catalog.new_folder("points")
    assert folder is not None
    (folder / "points.sqlite").touch()
    catalog.register("points", folder)
    catalog.close()
    (tmp_path / "workbench.sqlite").unlink()
    with pytest.raises(Corrupted, match=r"workbench.sqlite: the file is empty or was missing"):
        Catalog(tmp_path)
    assert (folder / "points.sqlite").exists()


def test_a_changed_catalog_is_seen(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.register("points", catalog.new_folder("points"))
    catalog.close()
    with sqlite3.connect(tmp_path / "workbench.sqlite") as db:
        db.execute("UPDATE collections SET name='joints'")
    db.close()
    with pytest.raises(Corrupted, match="the table collections fails its checksum"):
        Catalog(tmp_path)


def test_another_collection_takes_a_name_in_one_step(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    old, new = catalog.new_folder("points"), catalog.new_folder("points")
    catalog.register("points", old)
    catalog.register("points", new, replaced=old)
    assert catalog.folders() == {"points": new}
    catalog.sweep()
    assert [p.name for p in (tmp_path / "collections").iterdir()] == [new.name if new else ""]
    catalog.close()


def test_a_catalog_in_memory_needs_no_folders() -> None:
    catalog = Catalog(None)
    assert catalog.new_folder("points") is None
    catalog.register("points", None)
    catalog.sweep()
    assert catalog.folders() == {"points": None}
    catalog.close()


def test_the_sum_of_keys_sees_every_bit_and_no_order() -> None:
    keys = [1, 2, 3, 2**40]
    assert sum_keys(keys) == sum_keys(keys[::-1])
    assert sum_keys([]) == 0
    flipped = {sum_keys([keys[0] ^ (1 << bit), *keys[1:]]) for bit in range(63)}
    assert len(flipped | {sum_keys(keys)}) == 64
