from __future__ import annotations

import io
import math
import mmap
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import Corrupted
from workbench.storage.arrays import LATER_BYTES, FolderArrays, MemoryArrays


def test_arrays_written_in_parts_are_plain_npy_files(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path / "000001")
    arrays.write("vectors", iter([np.float32([[1, 2]]), np.float32([[3, 4]])]), (2, 2), np.float32)
    assert arrays.finish() == {"vectors": {"bytes": 144, "crc32": arrays.manifest["vectors"]["crc32"]}}
    assert np.load(tmp_path / "000001" / "vectors.npy").tolist() == [[1, 2], [3, 4]]
    assert arrays.read("vectors").tolist() == [[1, 2], [3, 4]]


def test_an_empty_array_can_be_kept(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("none", iter([]), (0, 3), np.float32)
    assert arrays.read("none").shape == (0, 3)


def test_a_large_array_is_mapped_and_cannot_change_its_file(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("large", [np.arange(300_000)], (300_000,), np.int64)
    read = arrays.read("large")
    read[0] = 7
    assert isinstance(read.base, mmap.mmap)
    assert arrays.read("large")[0] == 0


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: path.unlink(), "the file is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "expected 152 bytes, found 151"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), "expected checksum"),
    ],
)
def test_a_damaged_array_is_named(tmp_path: Path, damage: object, text: str) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("keys", [np.arange(3)], (3,), np.int64)
    damage(tmp_path / "keys.npy")  # type: ignore[operator]
    with pytest.raises(Corrupted, match=text) as error:
        arrays.read("keys")
    assert str(tmp_path / "keys.npy") in str(error.value)


def test_a_large_array_may_be_checked_after_it_was_read(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("vectors", [np.zeros(LATER_BYTES, np.int8)], (LATER_BYTES,), np.int8)
    assert arrays.unchecked() == []
    data = bytearray((tmp_path / "vectors.npy").read_bytes())
    (tmp_path / "vectors.npy").write_bytes(data[:-1] + b"x")
    assert arrays.read("vectors", later=True)[-1] == ord("x")
    assert arrays.unchecked() == ["vectors"]
    with pytest.raises(Corrupted, match=r"vectors\.npy: expected checksum"):
        arrays.check("vectors")
    (tmp_path / "vectors.npy").write_bytes(data)
    arrays.check("vectors")
    assert arrays.unchecked() == []


def test_a_check_that_is_stopped_leaves_the_array_unchecked(tmp_path: Path) -> None:
    arrays, stop = FolderArrays(tmp_path), threading.Event()
    arrays.write("vectors", [np.zeros(LATER_BYTES, np.int8)], (LATER_BYTES,), np.int8)
    arrays.read("vectors", later=True)
    stop.set()
    arrays.check("vectors", stop)
    assert arrays.unchecked() == ["vectors"]


def test_a_header_that_is_damaged_is_noticed_at_once(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("vectors", [np.zeros(LATER_BYTES, np.int8)], (LATER_BYTES,), np.int8)
    data = (tmp_path / "vectors.npy").read_bytes()
    (tmp_path / "vectors.npy").write_bytes(b"x" + data[1:])
    with pytest.raises(Corrupted, match="the header cannot be read"):
        arrays.read("vectors", later=True)


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_any_flipped_bit_of_a_header_is_named(tmp_path: Path, dtype: type) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("vectors", [np.zeros((700, 8), dtype)], (700, 8), dtype)
    data = (tmp_path / "vectors.npy").read_bytes()
    for bit in range(8 * 128):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "vectors.npy").write_bytes(damaged)
        with pytest.raises(Corrupted, match=r"vectors\.npy: (the header cannot be read|expected checksum)"):
            arrays.read("vectors")


def test_a_header_of_another_shape_is_noticed_at_once(tmp_path: Path) -> None:
    arrays = FolderArrays(tmp_path)
    arrays.write("vectors", [np.zeros(LATER_BYTES, np.int8)], (LATER_BYTES,), np.int8)
    data = (tmp_path / "vectors.npy").read_bytes()
    (tmp_path / "vectors.npy").write_bytes(data.replace(b"(4194304,)", b"(9194304,)"))
    with pytest.raises(Corrupted, match=r"int8 \(9194304,\) would not take 4194432 bytes"):
        arrays.read("vectors", later=True)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (1, 2, 3)])
def test_an_array_of_any_shape_is_read_as_it_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    arrays = FolderArrays(tmp_path)
    array = np.arange(math.prod(shape), dtype=np.float16).reshape(shape)
    arrays.write("some", [array], shape, np.float16)
    read = arrays.read("some")
    assert (read.dtype, read.shape, read.tolist()) == (np.float16, shape, array.tolist())
    assert read.flags.writeable


class _InSmallPieces(io.FileIO):
    """A file of which the system reads 100 bytes at a time, as it may at any time."""

    def readinto(self, buffer: Any, /) -> Any:
        return super().readinto(memoryview(buffer)[:100])


def test_an_array_that_the_system_reads_in_small_pieces_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.arange(1000, dtype=np.int64)
    store = FolderArrays(tmp_path)
    store.write("numbers", [numbers], (1000,), np.int64)
    monkeypatch.setattr(io, "FileIO", _InSmallPieces)
    assert store.read("numbers").tolist() == numbers.tolist()


def test_arrays_in_memory_have_the_same_face() -> None:
    arrays = MemoryArrays()
    arrays.write("keys", [np.array([1]), np.array([2, 3])], (3,), np.int64)
    assert arrays.read("keys").tolist() == [1, 2, 3]
    assert arrays.finish() == {"keys": {"bytes": 24}}
    arrays.remove()
    assert arrays.arrays == {}
