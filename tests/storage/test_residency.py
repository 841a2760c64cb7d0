"""Which pages are in RAM, against memory that was touched in places that are known."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from workbench.storage import residency
from workbench.storage.residency import Paging, owner, resident

PAGE = mmap.PAGESIZE

told = pytest.mark.skipif(resident([]) is None, reason="the system does not tell which pages are in RAM")


def untouched(pages: int) -> np.ndarray:
    """Memory of its own, of which no page is there yet."""
    return np.frombuffer(mmap.mmap(-1, pages * PAGE), np.uint8)


@told
def test_only_pages_that_were_touched_are_resident() -> None:
    memory = untouched(8)
    assert resident([memory]) == 0
    memory[3 * PAGE] = memory[5 * PAGE] = 1
    assert resident([memory]) == 2 * PAGE
    assert resident([memory[: 4 * PAGE], memory[5 * PAGE :]]) == 2 * PAGE


@told
def test_an_array_within_a_page_counts_its_own_bytes_only() -> None:
    memory = untouched(3)
    memory[:] = 1
    assert resident([memory[10:20]]) == 10
    assert resident([memory[PAGE - 5 : PAGE + 7]]) == 12
    assert resident([memory[:0]]) == 0


@told
def test_more_pages_than_are_asked_for_at_once_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = untouched(8)
    memory[::PAGE] = 1
    monkeypatch.setattr(residency, "_STEP", 3)
    assert resident([memory]) == 8 * PAGE


def test_where_the_system_does_not_tell_nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residency, "_PAGEMAP", "/nowhere/pagemap")
    assert resident([np.ones(1000)]) is None


def test_the_owner_of_a_slice_is_the_whole_array_and_says_whether_a_file_is_behind_it(tmp_path: Path) -> None:
    held = np.zeros((10, 4))
    whole, mapped = owner(held[:, 2][1:])
    assert (whole.nbytes, mapped) == (320, False)
    np.save(tmp_path / "array.npy", held)
    whole, mapped = owner(np.asarray(np.load(tmp_path / "array.npy", mmap_mode="c"))[2:4])
    assert (whole.nbytes, mapped) == (320, True)


@told
def test_pages_are_given_back_when_much_was_read(tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", np.ones((4096, 1024), np.float32))
    vectors = np.asarray(np.load(tmp_path / "vectors.npy", mmap_mode="c"))
    paging = Paging(vectors)
    assert float(vectors.sum()) == 4096 * 1024
    assert resident([vectors]) == vectors.nbytes
    paging.read(10)  # 640 KB may be in RAM: that is little
    assert resident([vectors]) == vectors.nbytes
    paging.read(4096)
    assert resident([vectors]) == 0
    assert float(vectors[4095].sum()) == 1024


def test_memory_that_is_no_file_is_left_alone() -> None:
    vectors = np.ones((4096, 1024), np.float32)
    Paging(vectors).read(1 << 20)
    assert float(vectors.sum()) == 4096 * 1024
