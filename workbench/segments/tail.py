"""The growing tail of a collection: the segment that takes new versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.models.points import IdArray
from workbench.segments.ids import IdDictionary, IdIndex, Rows
from workbench.segments.payloads import Filtered
from workbench.segments.vector_columns import Column, VectorColumn, column_of, named_vectors
from workbench.storage.points import PointStore
from workbench.storage.vectors import GrowingArray, GrowingVectors, VectorFile

if TYPE_CHECKING:
    from workbench.indexes.growing_codes import GrowingCodes
    from workbench.indexes.sparse import SparseIndex
    from workbench.models.vectors import VectorRows


class Tail(Filtered):
    """The mutable end of a collection: new versions, no graph, scanned by codes or vectors.

    Rows have consecutive version keys from `first_key` on.

    Parameters
    ----------
    number, first_key : int
        Its number in the manifest, and the version key of its first row.
    config : CollectionConfig
        Vectors by name.
    files : mapping of str to GrowingVectors
        The vectors of each name that it has.
    store : PointStore
        Where ids and payloads are.
    places : mapping of str to int, or None
        The number of each name's files, for the manifest.
    """

    def __init__(
        self,
        number: int,
        first_key: int,
        config: CollectionConfig,
        files: Mapping[str, GrowingVectors],
        store: PointStore,
        places: Mapping[str, int] | None = None,
    ) -> None:
        self.places = {name: i for i, name in enumerate(files)} if places is None else dict(places)
        self.number, self.first_key, self.count = number, first_key, 0
        self._ids = IdDictionary()
        self._operations = GrowingArray(1, np.int64)
        self._params = named_vectors(config)
        self._files = dict(files)
        self._rows: dict[str, Rows | None] = dict.fromkeys(files)
        self._indexes = _sparse_indexes(config.sparse_vectors)
        self._codes: dict[str, GrowingCodes | None] = {}
        self._columns: dict[str, tuple[int, Column]] = {}
        self._store = store

    @property
    def names(self) -> list[str]:
        """The vector names that it has files for."""
        return list(self._files)

    def append_vectors(self, name: str, values: VectorRows) -> None:
        """Begin to keep and to write vectors of one name, in stored form."""
        self._files[name].append(values)

    def sync(self) -> dict[str, Any]:
        """Return the receipt of each name's last append, for a load, when all that was appended is durable.

        That is before a commit names it, and before anything of it is read.
        """
        return {name: file.sync() for name, file in self._files.items()}

    def reserve(self, count: int, names: Iterable[str]) -> None:
        """Make room for `count` more dense vectors of each of `names`; others are passed over."""
        for name in names:
            file = self._files.get(name)
            if isinstance(file, VectorFile):
                file.reserve(count)
                if (codes := self._growing(name)) is not None:
                    codes.reserve(count)

    def vector_count(self, name: str) -> int:
        """How many vectors of this name were appended, committed or not."""
        return self._files[name].count

    def truncate(self, counts: Mapping[str, int]) -> None:
        """Take back vectors that were appended but not committed."""
        for name, count in counts.items():
            self._files[name].truncate(count)

    def commit(self, ids: IdArray, rows: Mapping[str, Rows | None], operation: int = 0) -> None:
        """Make appended vectors the vectors of the next rows; `rows` as in ``VectorBatch.rows``."""
        start, total = self.count, self.count + len(ids)
        for name, file in self._files.items():
            known, new = self._rows[name], rows.get(name, np.empty(0, np.intp))
            if known is None and new is None:
                continue
            before = (
                np.arange(file.count - (len(ids) if new is None else len(new))) if known is None else known
            )
            after = np.arange(len(ids)) if new is None else new
            self._rows[name] = np.concatenate([before, after + start])
        self._operations.append(np.full((len(ids), 1), operation, np.int64))
        self._ids.append(ids)
        self.count = total
        from workbench.indexes.growing_codes import AT_ONCE

        with suppress(MemoryError):  # the rows are written; codes only make searches faster
            for name, file in self._files.items():
                if (codes := self._growing(name)) is not None:
                    # More than came, so that those are caught up with that came while kernels were loading.
                    codes.advance(file.view(file.count), len(ids) + AT_ONCE)

    def load(
        self,
        ids: IdArray,
        appends: Mapping[str, list[tuple[int, Any]]],
        rows: Mapping[str, Rows | None],
        operations: npt.NDArray[np.int64],
    ) -> None:
        """Fill a tail with what was committed before the database was closed.

        Parameters
        ----------
        ids : IdArray
            Of all rows.
        appends : mapping of str to list
            The receipts of each name's appends, as ``GrowingVectors.load`` takes them.
        rows : mapping of str to intp[v], or None
            Which rows have a vector of each name; None when all have.
        operations : int64[n]
            The operation that wrote each row.
        """
        for name, file in self._files.items():
            file.load(appends.get(name, []))
            self._rows[name] = rows.get(name)
        self._operations.append(operations.reshape(-1, 1))
        self._ids.append(ids)
        self.count = len(ids)

    def keys(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the version keys of `rows`."""
        return np.asarray(rows, dtype=np.int64) + self.first_key

    def rows_of_keys(self, keys: npt.NDArray[np.int64]) -> Rows:
        """Return the row of each key, -1 for keys of other segments."""
        rows = (keys - self.first_key).astype(np.intp)
        return np.where((rows >= 0) & (rows < self.count), rows, -1)

    def versions(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the operation that last changed each row; 0 where it is not known any more."""
        operations: npt.NDArray[np.int64] = self._operations.view(self.count)[rows, 0]
        return operations

    def raise_versions(self, rows: Rows, operations: npt.NDArray[np.int64] | int) -> None:
        """Set the operation that last changed each of `rows`, in older views too."""
        self._operations.view(self.count)[rows, 0] = operations

    def locate(self, wanted: IdArray) -> Rows:
        """Return the newest row of each id, -1 where there is none."""
        return self._ids.locate(wanted)

    def ids(self, count: int) -> IdArray:
        """Return the ids of the first `count` rows."""
        return self._ids.first(count)

    def id_index(self, count: int) -> IdIndex:
        """Return the sorted ids of the first `count` rows."""
        return self._ids.index(count)

    def id_arrays(self) -> list[npt.NDArray[Any]]:
        """Return what is stored of each row: ids and operations."""
        return [self._ids.first(self.count).low, self._operations.view(self.count)]

    def id_maps(self) -> tuple[list[npt.NDArray[Any]], int]:
        """Return what finds rows by id, as far as it was built: arrays, and bytes of other objects."""
        return self._ids.built(), self._ids.dictionary_bytes()

    def column(self, name: str, count: int) -> Column:
        """Return the vectors of the first `count` rows."""
        known = self._columns.get(name)
        if known is not None and known[0] == count:
            return known[1]
        rows = self._rows[name]
        if rows is not None:
            rows = rows[: int(np.searchsorted(rows, count))]
        present = count if rows is None else len(rows)
        stored = self._files[name].view(present)
        made = column_of(stored, rows, self._params[name], self._indexes.get(name))
        if isinstance(made, VectorColumn):
            made = replace(made, growing=self._growing(name))
        self._columns[name] = count, made
        return made

    def _growing(self, name: str) -> GrowingCodes | None:
        """Return the codes of one name, made when first asked for: a tail without vectors needs none."""
        if name not in self._codes:
            # Readers and the writer may each make one: the first counts.
            self._codes.setdefault(name, _codes_of(self._params[name]))
        return self._codes[name]

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held."""
        return sum(f.nbytes for f in self._files.values())

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


def _sparse_indexes(names: Iterable[str]) -> dict[str, SparseIndex]:
    """Return an index for each name, which the columns of a growing tail share."""
    if not names:
        return {}
    from workbench.indexes.sparse import SparseIndex

    return {name: SparseIndex() for name in names}


def _codes_of(params: VectorParams | SparseVectorParams) -> GrowingCodes | None:
    """Return codes for such vectors; None where they would tell too little of them, or not be shorter."""
    from workbench.indexes.codes import LEAST_DIM
    from workbench.indexes.growing_codes import GrowingCodes

    if isinstance(params, SparseVectorParams) or params.multivector or params.size < LEAST_DIM:
        return None
    metric = distances.metric(params.distance)
    told = metric != distances.L1 and distances.dtype(params.datatype) != np.uint8
    return GrowingCodes(metric) if told else None
