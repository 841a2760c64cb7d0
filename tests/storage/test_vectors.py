from __future__ import annotations

import errno
import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import Corrupted, StorageFailed
from workbench.storage import vectors
from workbench.storage.vectors import GrowingArray, VectorFile


def test_a_view_of_a_growing_array_stays_while_others_append() -> None:
    array = GrowingArray(2, np.float32)
    array.append(np.float32([[1, 2]]))
    view = array.view(1)
    for _ in range(100):
        array.append(np.float32([[3, 4]]))
    assert view.tolist() == [[1, 2]]
    assert array.count == 101


def test_rows_written_into_their_room_count_when_they_are_counted() -> None:
    array = GrowingArray(2, np.float32)
    array.append(np.float32([[1, 2]]))
    array.room(2)[:] = [[3, 4], [5, 6]]
    assert array.count == 1
    array.count += 2
    assert array.view(3).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_vector_file_holds_nothing_but_its_rows(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "tail-0.raw", 2, np.float32)
    rows = np.float32([[1, 2], [3, 4]])
    file.append(rows)
    assert file.sync() == zlib.crc32(rows.tobytes())
    file.close()
    assert (tmp_path / "tail-0.raw").read_bytes() == rows.tobytes()


def test_what_was_committed_is_loaded_and_the_rest_is_cut_off(tmp_path: Path) -> None:
    file = VectorFile(tmp_path / "tail-0.raw", 1, np.float32)
    file.append(np.float32([[1], [2]]))
    crc = file.sync()
    file.append(np.float32([[3]]))
    file.close()
    again = VectorFile(tmp_path / "tail-0.raw", 1, np.float32)
    again.load([(2, crc)])
    assert again.rows.view(2).tolist() == [[1], [2]]
    again.close()
    assert (tmp_path / "tail-0.raw").stat().st_size == 8


@pytest.mark.parametrize(
    ("data", "text"), [(b"abcd", "expected 8 bytes, found 4"), (b"abcdabcX", "rows from byte 4 on")]
)
def test_a_damaged_vector_file_is_named(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "tail-0.raw"
    path.write_bytes(data)
    crc = zlib.crc32(b"abcd")
    with pytest.raises(Corrupted, match=text) as error:
        VectorFile(path, 1, np.float32).load([(1, crc), (1, crc)])
    assert str(path) in str(error.value)


def test_a_refused_write_keeps_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = VectorFile(tmp_path / "tail-0.raw", 1, np.float32)
    file.append(np.float32([[1]]))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        patch.setattr(os, "ftruncate", full)
        with pytest.raises(
            StorageFailed, match=r"tail-0.raw: No space left on device; nothing was acknowledged"
        ):
            file.append(np.float32([[2]]))
        file.truncate(1)
    assert file.rows.count == 1
    file.append(np.float32([[3]]))
    file.close()
    assert np.fromfile(tmp_path / "tail-0.raw", np.float32).tolist() == [1, 3]


def test_a_vector_file_without_a_path_is_in_memory() -> None:
    file = VectorFile(None, 1, np.uint8)
    file.append(np.uint8([[5]]))
    file.truncate(0)
    assert file.rows.view(0).shape == (0, 1)
    file.close()


@pytest.mark.parametrize("beside", [0, 1 << 30])
def test_rows_that_cannot_be_synced_are_told_of_and_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: int
) -> None:
    monkeypatch.setattr(vectors, "_BESIDE", beside)
    file = VectorFile(tmp_path / "tail-0.raw", 1, np.float32)
    file.append(np.float32([[1], [2]]))
    assert file.sync() == zlib.crc32(np.float32([1, 2]).tobytes())

    def lost(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lost)
        file.append(np.float32([[3]]))
        with pytest.raises(StorageFailed, match=r"tail-0.raw: Input/output error; nothing was acknowledged"):
            file.sync()
    file.truncate(2)
    assert file.rows.view(file.count).tolist() == [[1], [2]]
    file.append(np.float32([[4]]))
    file.sync()
    file.close()
    assert np.fromfile(tmp_path / "tail-0.raw", np.float32).tolist() == [1, 2, 4]


def test_rows_taken_back_while_they_are_written_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "_BESIDE", 0)
    file = VectorFile(tmp_path / "tail-0.raw", 1, np.float32)
    file.append(np.float32([[1], [2]]))
    file.truncate(1)
    assert (file.count, file.view(1).tolist()) == (1, [[1]])
    file.append(np.float32([[3]]))
    file.close()
    assert np.fromfile(tmp_path / "tail-0.raw", np.float32).tolist() == [1, 3]
