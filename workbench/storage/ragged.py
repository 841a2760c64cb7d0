"""The growing sparse vectors and multivectors of the tail: rows of different lengths.

A row's elements are appended to element files (``-indices`` and ``-values`` of sparse vectors, ``-vectors``
of multivectors), and then its end among them to ``-ends``; each is a ``VectorFile`` with its guarantees. The
receipt of an append, which the transaction keeps, holds the number of elements and a CRC-32 for each file, so
that a load reads no element that was not committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted
from workbench.models.vectors import MultiRows, SparseRows
from workbench.storage.vectors import GrowingArray, VectorFile

AnyArray = npt.NDArray[Any]
Starts = npt.NDArray[np.int64]

Receipt = list[int]
"""Elements appended, the CRC-32 of the ends, and that of the elements in each file."""

_REMEDY = "Restore the folder from a copy; other collections are not affected"


class _RaggedFile:
    """Rows of elements in files beside each other, behind arrays in memory."""

    def __init__(self, path: Path | None, elements: Sequence[tuple[str, int, Any]]) -> None:
        self.path = path
        self._ends = VectorFile(_beside(path, "ends"), 1, np.int64)
        self._elements = [VectorFile(_beside(path, name), width, dtype) for name, width, dtype in elements]
        self._starts = GrowingArray(1, np.int64)
        self._starts.append(np.zeros((1, 1), np.int64))
        self._appended = 0  # elements, by the last append

    @property
    def count(self) -> int:
        """How many rows were appended, committed or not."""
        return self._starts.count - 1

    @property
    def nbytes(self) -> int:
        """Bytes of all rows and their ends."""
        return sum(f.nbytes for f in (self._ends, *self._elements))

    def truncate(self, count: int) -> None:
        """Drop the rows from `count` on, in memory and in the files."""
        self._starts.truncate(count + 1)
        self._ends.truncate(count)
        for file in self._elements:
            file.truncate(self._total)

    def sync(self) -> Receipt:
        """Return the receipt of the last append when all rows are durable, in every file."""
        return [self._appended, *(file.sync() for file in (self._ends, *self._elements))]

    def load(self, appends: Sequence[tuple[int, Receipt]]) -> None:
        """Read the rows of the committed `appends`, a list of (rows, receipt), and cut off what follows.

        Raises
        ------
        Corrupted
            When a file is shorter than what was committed, a checksum differs, or the ends do not ascend.
        """
        self._ends.load([(count, receipt[1]) for count, receipt in appends])
        ends = self._ends.view(self._ends.count)
        total = sum(receipt[0] for _, receipt in appends)
        check_starts(np.append(0, ends[:, 0]), total, f"{self.path}-ends.raw")
        for number, file in enumerate(self._elements):
            file.load([(receipt[0], receipt[2 + number]) for _, receipt in appends])
        self._starts.append(ends)

    def close(self) -> None:
        """Close the files; the rows in memory stay readable."""
        for file in (self._ends, *self._elements):
            file.close()

    @property
    def _total(self) -> int:
        """How many elements all rows have."""
        return int(self._starts.view(self._starts.count)[-1, 0])

    def _append(self, starts: Starts, elements: Sequence[AnyArray]) -> None:
        """Begin to keep and to write rows; a failed write keeps nothing once :meth:`truncate` ran."""
        ends = (starts[1:] + self._total).reshape(-1, 1)
        for file, part in zip(self._elements, elements, strict=True):
            file.append(part)
        self._ends.append(ends)
        self._appended = int(starts[-1])
        self._starts.append(ends)

    def _first(self, count: int) -> tuple[Starts, list[AnyArray]]:
        starts = self._starts.view(count + 1)[:, 0]
        return starts, [file.view(int(starts[-1])) for file in self._elements]


class SparseFile(_RaggedFile):
    """Sparse vectors that are only ever appended; in memory when `path` is None."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, [("indices", 1, np.uint32), ("values", 1, np.float32)])

    def append(self, rows: SparseRows) -> None:
        """Begin to keep and to write `rows`; :meth:`sync` has the receipt."""
        self._append(rows.starts, [rows.indices.reshape(-1, 1), rows.values.reshape(-1, 1)])

    def view(self, count: int) -> SparseRows:
        """Return the first `count` vectors, not copied."""
        starts, (indices, values) = self._first(count)
        return SparseRows(starts, indices[:, 0], values[:, 0])


class MultiFile(_RaggedFile):
    """Multivectors of `dim` dimensions that are only ever appended; in memory when `path` is None."""

    def __init__(self, path: Path | None, dim: int, dtype: Any) -> None:
        super().__init__(path, [("vectors", dim, dtype)])

    def append(self, rows: MultiRows) -> None:
        """Begin to keep and to write `rows`; :meth:`sync` has the receipt."""
        self._append(rows.starts, [rows.values])

    def view(self, count: int) -> MultiRows:
        """Return the first `count` multivectors, not copied."""
        starts, (values,) = self._first(count)
        return MultiRows(starts, values)


def check_starts(starts: Starts, total: int, path: str) -> None:
    """Check that `starts` are those of rows that lie one after the other in `total` elements.

    Raises
    ------
    Corrupted
        When they begin elsewhere than at 0, descend, or end elsewhere than at `total`.
    """
    if len(starts) == 0 or starts[0] != 0 or starts[-1] != total or bool((starts[1:] < starts[:-1]).any()):
        raise Corrupted(path, f"expected rows that ascend from 0 to {total}", _REMEDY)


def _beside(path: Path | None, part: str) -> Path | None:
    return None if path is None else path.with_name(f"{path.name}-{part}.raw")
