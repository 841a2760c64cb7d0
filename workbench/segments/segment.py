"""What a query runs on: a sealed segment of immutable arrays, with the same face as the growing tail.

A sealed segment of n points (format 1), one ``.npy`` file an array:

==================  =============  =====================================================================
array               type, shape    meaning
==================  =============  =====================================================================
keys                i64 [n]        version keys, ascending: the rows of ``points`` in SQLite
ids_low             u64 [n]        integer ids, or the low half of UUIDs
ids_high, ids_uuid  u64, bool [n]  the high half, and which ids are UUIDs; only there if any is one
operations          i64 [n]        the operation that last changed each version
vectors-i           T [v, d]       vectors of the i-th name as stored (unit length under Cosine); of
                                   multivectors T [n, d], all inner vectors one after the other
starts-i            i64 [v+1]      where each sparse vector or multivector begins in the arrays below
indices-i           u32 [t]        dimensions of the sparse vectors of the i-th name, instead of vectors-i
values-i            f32 [t]        their values
rows-i              i64 [v]        the row of each vector; only there if some points have no such vector
graph-i-*                          the arrays of ``indexes.hnsw.HnswGraph`` over those v vectors
codes-i-*                          the arrays of ``indexes.codes.Codes`` and the errors of
                                   ``indexes.code_bounds.CodeBounds`` of them; only there if a walk by
                                   codes is faster and finds the same, and no quantization is configured
nibbles-i-*                        the arrays of ``indexes.nibble_rows.NibbleRows`` of these codes; only
                                   there if walks by them are faster still
payload-i-*                        links among points of one payload value: ``payload_links``
quantized-i-*                      the arrays of ``indexes.quantization`` of them, if it is
==================  =============  =====================================================================
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted
from workbench.models.config import CollectionConfig, HnswConfig, SparseVectorParams, VectorParams
from workbench.models.points import IdArray
from workbench.segments import quantized_columns
from workbench.segments.array_checks import read, read_rows, read_vectors
from workbench.segments.ids import IdIndex, Rows
from workbench.segments.payloads import Filtered
from workbench.segments.vector_columns import Column, VectorColumn, column_of, named_vectors
from workbench.storage.arrays import REBUILD, ArrayStore
from workbench.storage.points import PointStore
from workbench.storage.residency import Paging

if TYPE_CHECKING:
    from workbench.indexes.payload.table import PayloadTable
    from workbench.models.quantization import Quantization

log = logging.getLogger("workbench")


class AnySegment(Protocol):
    """The face that queries see."""

    number: int

    @property
    def table(self) -> PayloadTable:
        """The payload columns."""
        ...

    @property
    def names(self) -> list[str]:
        """The vector names that it has columns of."""
        ...

    def keys(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the version keys of `rows`."""
        ...

    def locate(self, wanted: IdArray) -> Rows:
        """Return the newest row of each id, -1 where there is none."""
        ...

    def ids(self, count: int) -> IdArray:
        """Return the ids of the first `count` rows."""
        ...

    def id_index(self, count: int) -> IdIndex:
        """Return the sorted ids of the first `count` rows."""
        ...

    def column(self, name: str, count: int) -> Column:
        """Return the vectors of one name in the first `count` rows."""
        ...

    def rows_of_keys(self, keys: npt.NDArray[np.int64]) -> Rows:
        """Return the row of each key, -1 for keys of other segments."""
        ...

    def versions(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the operation that last changed each row."""
        ...

    def raise_versions(self, rows: Rows, operations: npt.NDArray[np.int64] | int) -> None:
        """Set the operation that last changed each of `rows`, in older views too."""
        ...

    def forget_columns(self) -> None:
        """Let payload columns be built anew from the stored payloads."""
        ...

    def id_arrays(self) -> list[npt.NDArray[Any]]:
        """Return what is stored of each row: ids, operations and, in a sealed segment, keys."""
        ...

    def id_maps(self) -> tuple[list[npt.NDArray[Any]], int]:
        """Return what finds rows by id, as far as it was built: arrays, and bytes of other objects."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        ...


class Segment(Filtered):
    """A sealed segment: arrays that never change, and their graphs.

    Parameters
    ----------
    number : int
        Its name in the manifest and on disk.
    info : mapping
        What :func:`workbench.segments.builder.build` returned and the manifest kept.
    arrays : ArrayStore
        Where the arrays are.
    """

    def __init__(
        self,
        number: int,
        info: Mapping[str, Any],
        arrays: ArrayStore,
        config: CollectionConfig,
        store: PointStore,
    ) -> None:
        self.number, self.arrays, self.info = number, arrays, info
        self.count = int(info["rows"])
        shape = (self.count,)
        self._keys: npt.NDArray[np.int64] = read(arrays, "keys", np.int64, shape)
        told = bool(info.get("operations"))  # segments of before operations were kept have none
        self._operations = read(arrays, "operations", np.int64, shape) if told else np.zeros(shape, np.int64)
        uuids = bool(info["uuids"])
        self._ids = IdArray(
            read(arrays, "ids_low", np.uint64, shape),
            read(arrays, "ids_high", np.uint64, shape) if uuids else None,
            read(arrays, "ids_uuid", np.bool_, shape) if uuids else None,
        )
        self._index = IdIndex(self._ids)
        self.damaged: list[str] = []
        named = named_vectors(config)
        self._config = config
        self._damaged_codes: set[str] = set()
        self._damaged_links: set[str] = set()
        self._columns = {
            name: self._load_vectors(name, entry, named[name]) for name, entry in info["vectors"].items()
        }
        dense = [name for name, column in self._columns.items() if isinstance(column, VectorColumn)]
        self._unread = {name for name in dense if _searched_by_more(info["vectors"][name])}
        self._store, self._checking, self._loading = store, threading.Lock(), threading.Lock()

    def check_left(self, stop: threading.Event | None = None) -> None:
        """Read what opening left in the files: graphs and codes, and the checksums of all large ones.

        Until then damage can only make wrong neighbors: whatever kernels take for a place in memory is
        checked when it is read. Damaged codes and graphs are left out from then on.

        Raises
        ------
        Corrupted
            When vectors are damaged.
        StorageFailed
            When the system cannot read them now.
        """
        with self._checking:
            for name in list(self._unread):
                self._load_rest(name)
            for file in self.arrays.unchecked():
                try:
                    self.arrays.check(file, stop)
                except Corrupted as error:
                    if not self._leave_out(file, error):
                        raise

    @property
    def checked(self) -> bool:
        """Whether nothing is left to be read or checked."""
        return not self._unread and not self.arrays.unchecked()

    @property
    def names(self) -> list[str]:
        """The vector names that it has columns of."""
        return list(self._columns)

    def keys(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the version keys of `rows`."""
        return self._keys[rows]

    def rows_of_keys(self, keys: npt.NDArray[np.int64]) -> Rows:
        """Return the row of each key, -1 for keys of other segments."""
        if self.count == 0:
            return np.full(len(keys), -1, np.intp)
        at = np.minimum(np.searchsorted(self._keys, keys), self.count - 1)
        return np.where(self._keys[at] == keys, at, -1)

    def versions(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Return the operation that last changed each row; 0 where it is not known any more."""
        return self._operations[rows]

    def raise_versions(self, rows: Rows, operations: npt.NDArray[np.int64] | int) -> None:
        """Set the operation that last changed each of `rows`."""
        self._operations[rows] = operations  # files are mapped copy-on-write

    def locate(self, wanted: IdArray) -> Rows:
        """Return the row of each id, -1 where there is none."""
        return self._index.locate(wanted)

    def ids(self, count: int) -> IdArray:
        """Return the ids of all rows."""
        return self._ids

    def id_index(self, count: int) -> IdIndex:
        """Return the sorted ids."""
        return self._index

    def id_arrays(self) -> list[npt.NDArray[Any]]:
        """Return what is stored of each row: keys, ids and operations."""
        own = (self._keys, self._operations, self._ids.low, self._ids.high, self._ids.is_uuid)
        return [array for array in own if array is not None]

    def id_maps(self) -> tuple[list[npt.NDArray[Any]], int]:
        """Return what finds rows by id, as far as it was built: arrays, and bytes of other objects."""
        return self._index.built(), 0

    def column(self, name: str, count: int) -> Column:
        """Return the vectors of one name."""
        return self._load_rest(name) if name in self._unread else self._columns[name]

    def bare(self, name: str) -> Column:
        """Return the vectors of one name, of dense ones perhaps without what else searches them."""
        return self._columns[name]

    def index_sparse(self) -> None:
        """Build the inverted indexes of sparse vectors, which otherwise the first search does."""
        from workbench.segments.sparse_columns import SparseColumn

        for column in self._columns.values():
            if isinstance(column, SparseColumn):
                column.parts()

    def graph_outdated(self, name: str, wanted: HnswConfig) -> bool:
        """Whether the graph of a name is damaged, missing, or not the one wanted."""
        entry = self.info["vectors"].get(name)
        if entry is None:
            return False
        made = None if name in self.damaged else entry["graph"]
        asked = (wanted.m, wanted.ef_construct) if wanted.m > 0 and len(self._columns[name].stored) else None
        return asked != (None if made is None else (made.get("m"), made.get("ef_construct")))

    def quantization_outdated(self, name: str, wanted: Quantization | None) -> bool:
        """Whether the codes of a name are damaged, or others than those wanted."""
        entry = self.info["vectors"].get(name)
        if entry is None:
            return False
        return name in self._damaged_codes or quantized_columns.outdated(entry, wanted)

    def payload_links_outdated(self, name: str, config: CollectionConfig) -> bool:
        """Whether the links among points of one payload value are damaged, or others than those wanted."""
        entry = self.info["vectors"].get(name)
        if entry is None or (entry.get("payload") is None and not config.hnsw_of(name).payload_m):
            return False
        from workbench.segments import payload_links  # where some are there or wanted: few collections

        return name in self._damaged_links or payload_links.outdated(entry, config, name)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        return sum(c.nbytes for c in self._columns.values())

    @property
    def graph_bytes(self) -> int:
        """Bytes of links and codes held or mapped."""
        columns = (self.column(name, self.count) for name in self._columns)
        dense = [c for c in columns if isinstance(c, VectorColumn)]
        return sum(c.searcher.nbytes for c in dense if c.searcher is not None)

    def _load_vectors(
        self, name: str, entry: Mapping[str, Any], params: VectorParams | SparseVectorParams
    ) -> Column:
        """Return the vectors of one name; dense ones without what else searches them."""
        at = entry["index"]
        stored = read_vectors(self.arrays, at, params)
        rows = read_rows(self.arrays, at, len(stored), self.count) if entry["sparse"] else None
        if rows is None and len(stored) != self.count:
            what = f"expected {self.count} vectors {name!r}, found {len(stored)}"
            part = "vectors" if isinstance(stored, np.ndarray) else "starts"
            raise Corrupted(f"{part}-{at}.npy", what, REBUILD)
        column = column_of(stored, rows, params)
        if isinstance(column, VectorColumn):
            paging = Paging(column.stored) if column.params.cold else None
            return replace(column, paging=paging, graph_unread=entry["graph"] is not None)
        if isinstance(params, SparseVectorParams):
            return column
        from workbench.segments import candidate_columns  # with product codes: 2 ms
        from workbench.segments.multi_columns import MultiColumn

        assert isinstance(column, MultiColumn)
        column = candidate_columns.load(self.arrays, entry, column)
        try:
            return quantized_columns.load(self.arrays, entry, column, self._config.quantization_of(name))
        except Corrupted as error:
            quantized_columns.warn(error, self.number)
            self._damaged_codes.add(name)
            return column

    def _load_rest(self, name: str) -> Column:
        """Read what searches dense vectors beside them, if nobody has; return the whole column."""
        from workbench.segments import graph_columns  # with all that searches by kernels: 5 ms

        with self._loading:
            bare = self._columns[name]
            if name not in self._unread or not isinstance(bare, VectorColumn):
                return bare
            settings, wanted = self._config.hnsw_of(name), self._config.quantization_of(name)
            entry = self.info["vectors"][name]
            try:
                made = graph_columns.load(self.arrays, entry, bare, settings, wanted, self.number)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                what = f"the manifest does not tell how to read {name!r} ({type(error).__name__}: {error})"
                raise Corrupted(f"segment {self.number}", what, REBUILD) from error
            self._columns[name], damaged = made
            if graph_columns.GRAPH in damaged:
                self.damaged.append(name)
            if graph_columns.LINKS in damaged:
                self._damaged_links.add(name)
            if graph_columns.CODES in damaged:
                self._damaged_codes.add(name)
            self._unread.discard(name)
            return self._columns[name]

    def _leave_out(self, file: str, error: Corrupted) -> bool:
        """Go on without the codes or the graph that a file is of; False if it is of vectors."""
        from workbench.segments import code_columns, graph_columns

        for name, entry in self.info["vectors"].items():
            column = self._columns[name]
            if not isinstance(column, VectorColumn):
                continue
            if file in code_columns.files(entry):
                if column.searcher is not None:  # else its graph is damaged too, and the codes went with it
                    self._columns[name] = code_columns.without(column)
                    code_columns.warn(error, self.number)
                return True
            if file == graph_columns.links_file(entry):
                self._columns[name] = graph_columns.without_graph(column)
                graph_columns.warn(error, self.number)
                self.damaged.append(name)
                return True
        return False


def _searched_by_more(entry: Mapping[str, Any]) -> bool:
    """Whether there is more to search dense vectors by than themselves."""
    return any(entry.get(part) is not None for part in ("graph", "payload", "quantized"))
