from __future__ import annotations

import threading
import zlib
from pathlib import Path

import pytest

from workbench.errors import FolderLocked, StorageFailed
from workbench.storage.files import checksum, explained, make_folder, remove_folder, size_of


def test_a_refusal_of_the_system_says_what_was_done_to_which_file() -> None:
    with (
        pytest.raises(StorageFailed, match="writing /data/x: Is a directory; nothing was ack") as error,
        explained("/data/x", "writing"),
    ):
        raise IsADirectoryError(21, "Is a directory")
    assert error.value.errno == 21


def test_an_error_of_our_own_passes_unchanged() -> None:
    with pytest.raises(FolderLocked, match=r"^held$"), explained("/data", "opening"):
        raise FolderLocked("held")


def test_removing_a_folder_leaves_nothing_under_either_name(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    remove_folder(tmp_path / "a")
    remove_folder(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_was_cut_off_is_finished_by_the_next(tmp_path: Path) -> None:
    for name in ("a", "a.removed"):
        (tmp_path / name / "b").mkdir(parents=True)
    remove_folder(tmp_path / "a")
    remove_folder(tmp_path / "a.removed")
    assert list(tmp_path.iterdir()) == []


def test_sizes_and_checksums(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc" * 700_000)
    assert size_of(tmp_path / "x") == 2_100_000
    assert size_of(tmp_path / "gone") == 0
    assert checksum(tmp_path / "x") == zlib.crc32(b"abc" * 700_000)


def test_many_threads_may_make_one_folder_at_once(tmp_path: Path) -> None:
    failures: list[OSError] = []
    for attempt in range(50):
        start = threading.Barrier(4)

        def make(folder: Path, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                make_folder(folder)
            except OSError as error:
                failures.append(error)

        threads = [
            threading.Thread(target=make, args=(tmp_path / f"{attempt}" / "snapshots",)) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(list(tmp_path.glob("*/snapshots"))) == 50
