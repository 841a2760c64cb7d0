from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import Corrupted
from workbench.models.vectors import MultiRows, SparseRows, SparseVector
from workbench.storage.ragged import MultiFile, SparseFile, check_starts

SPARSE = SparseRows.of(
    [SparseVector.of([7, 2], [0.5, 1]), SparseVector.of([], []), SparseVector.of([3], [2])]
)
MULTI = MultiRows.of([np.uint8([[1, 2], [3, 4]]), np.uint8([[5, 6]])], 2)


def plain(rows: SparseRows) -> list[tuple[list[int], list[float]]]:
    return [(v.indices.tolist(), v.values.tolist()) for v in map(rows.row, range(len(rows)))]


def test_sparse_vectors_are_loaded_as_they_were_committed_and_the_rest_is_cut_off(tmp_path: Path) -> None:
    file = SparseFile(tmp_path / "tail-0")
    file.append(SPARSE)
    receipt = file.sync()
    file.append(SPARSE)
    file.close()
    again = SparseFile(tmp_path / "tail-0")
    again.load([(3, receipt)])
    assert plain(again.view(3)) == [([2, 7], [1, 0.5]), ([], []), ([3], [2])]
    again.append(SparseRows.of([SparseVector.of([9], [9])]))
    assert plain(again.view(4))[3] == ([9], [9])
    again.close()
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert sizes == {"tail-0-ends.raw": 32, "tail-0-indices.raw": 16, "tail-0-values.raw": 16}


def test_multivectors_keep_their_type_and_their_borders(tmp_path: Path) -> None:
    file = MultiFile(tmp_path / "tail-1", 2, np.uint8)
    file.append(MULTI)
    receipts = [(2, file.sync())]
    file.append(MULTI)
    receipts.append((2, file.sync()))
    file.close()
    again = MultiFile(tmp_path / "tail-1", 2, np.uint8)
    again.load(receipts)
    assert [again.view(4).row(at).tolist() for at in range(4)] == [[[1, 2], [3, 4]], [[5, 6]]] * 2
    assert again.view(4).values.dtype == np.uint8
    again.truncate(1)
    again.append(MULTI)
    assert [again.view(3).row(at).tolist() for at in range(3)] == [[[1, 2], [3, 4]]] * 2 + [[[5, 6]]]
    again.close()


def test_a_view_of_the_first_vectors_stays_while_others_append() -> None:
    file = SparseFile(None)
    file.append(SPARSE)
    view = file.view(2)
    for _ in range(100):
        file.append(SPARSE)
    assert plain(view) == [([2, 7], [1, 0.5]), ([], [])]
    assert file.count == 303


@pytest.mark.parametrize("part", ["ends", "indices", "values"])
@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"\x7f"])
def test_a_damaged_file_is_named(tmp_path: Path, part: str, damage: Any) -> None:
    file = SparseFile(tmp_path / "tail-0")
    file.append(SPARSE)
    receipt = file.sync()
    file.close()
    path = tmp_path / f"tail-0-{part}.raw"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Corrupted, match=str(path)):
        SparseFile(tmp_path / "tail-0").load([(3, receipt)])


@pytest.mark.parametrize("starts", [[], [1, 3], [0, 2], [0, 4], [0, 2, 1, 3]])
def test_starts_that_lead_outside_are_refused(starts: list[int]) -> None:
    check_starts(np.array([0, 1, 1, 3]), 3, "starts-0.npy")
    with pytest.raises(Corrupted, match=r"starts-0.npy: expected rows that ascend from 0 to 3"):
        check_starts(np.array(starts, np.int64), 3, "starts-0.npy")
