from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.storage import file_rows
from workbench.storage.file_rows import FileRows
from workbench.storage.residency import owner

PAIRS = np.float32([[1, 2], [3, 4], [5, 6]])


def test_rows_are_read_where_they_were_written_and_cannot_be_written_to(tmp_path: Path) -> None:
    rows = FileRows(tmp_path / "folder" / "rows.raw", 2, np.float32)
    rows.append(PAIRS)
    assert rows.view(2).tolist() == [[1, 2], [3, 4]]
    whole, mapped = owner(rows.view(3)[1:])
    assert (whole.nbytes, mapped) == (24, True)
    with pytest.raises(ValueError, match="read-only"):
        rows.view(3)[0] = 7
    rows.close()


def test_a_view_stays_while_the_file_outgrows_its_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_rows, "_LEAST_MAPPED", 1)
    rows = FileRows(tmp_path / "rows.raw", 2, np.float32)
    rows.append(PAIRS)
    view = rows.view(3)
    for _ in range(4000):
        rows.append(PAIRS)
    rows.close()
    assert view.tolist() == PAIRS.tolist()
    assert rows.view(rows.count)[-2:].tolist() == [[3, 4], [5, 6]]


def test_a_file_is_as_long_as_its_rows_however_far_its_mapping_reaches(tmp_path: Path) -> None:
    rows = FileRows(tmp_path / "rows.raw", 2, np.float32)
    rows.append(PAIRS)
    assert (tmp_path / "rows.raw").stat().st_size == 24
    rows.truncate(1)
    assert (tmp_path / "rows.raw").stat().st_size == 24  # until it is known that no commit names them
    rows.cut()
    assert (tmp_path / "rows.raw").stat().st_size == 8
    rows.append(PAIRS)
    rows.close()
    assert rows.view(4).tolist() == [[1, 2], [1, 2], [3, 4], [5, 6]]
    assert (tmp_path / "rows.raw").read_bytes() == rows.view(4).tobytes()


def test_rows_of_an_older_file_are_adopted_and_followed(tmp_path: Path) -> None:
    (tmp_path / "rows.raw").write_bytes(PAIRS.tobytes() + b"what was never committed")
    rows = FileRows(tmp_path / "rows.raw", 2, np.float32)
    rows.adopt(3)
    rows.append(PAIRS[:1])
    rows.truncate(4)
    rows.close()
    assert rows.view(4).tolist() == [[1, 2], [3, 4], [5, 6], [1, 2]]


def test_no_rows_are_an_empty_view_without_a_file(tmp_path: Path) -> None:
    rows = FileRows(tmp_path / "rows.raw", 2, np.float32)
    rows.append(PAIRS[:0])
    assert rows.view(0).shape == (0, 2)
    assert not (tmp_path / "rows.raw").exists()
