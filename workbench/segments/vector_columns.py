"""The vectors of one name in one segment: dense, sparse or multivectors behind one face.

A column has ``stored`` (its vectors in bulk), ``rows`` (which rows of the segment they belong to), ``slots``
(from rows to vectors), ``count`` and ``vector``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.segments.ids import Rows
from workbench.storage.residency import Paging

if TYPE_CHECKING:
    from workbench.indexes.costs import SearchCosts
    from workbench.indexes.growing_codes import CodedScan, GrowingCodes
    from workbench.indexes.hnsw import HnswSearcher
    from workbench.indexes.quantization import QuantizedSearcher
    from workbench.indexes.sparse import SparseIndex
    from workbench.models.vectors import VectorRows
    from workbench.segments.multi_columns import MultiColumn
    from workbench.segments.payload_links import PayloadLinks
    from workbench.segments.sparse_columns import SparseColumn

AnyArray = npt.NDArray[Any]


class AnyColumn:
    """From the rows of a segment to the vectors they have."""

    stored: VectorRows
    rows: Rows | None

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return len(self.stored)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        return self.stored.nbytes

    def slots(self, rows: Rows) -> Rows:
        """Return where the vectors of `rows` stand in ``stored``, -1 for rows without one."""
        if self.rows is None:
            return rows
        at = np.searchsorted(self.rows, rows)
        inside = np.minimum(at, max(len(self.rows) - 1, 0))
        return (
            np.where((at < len(self.rows)) & (self.rows[inside] == rows), at, -1)
            if len(self.rows)
            else rows * 0 - 1
        )


@dataclass(frozen=True, eq=False, repr=False)
class VectorColumn(AnyColumn):
    """Dense vectors.

    Parameters
    ----------
    stored : ndarray[v, d]
        As :func:`workbench.distances.preprocess` made them.
    rows : intp[v] or None
        Row of each vector, ascending; None when every row has one.
    params : VectorParams
        Distance and type.
    searcher : HnswSearcher or None
        The graph over the v vectors, if there is one.
    quantized : QuantizedSearcher or None
        Their codes, if the collection's configuration asks for some.
    payload_links : PayloadLinks or None
        Links among those that share a payload value, if it asks for such.
    costs : SearchCosts or None
        What searches of the graph cost, if that was measured.
    paging : Paging or None
        Keeps the vectors out of RAM; whoever read some tells it.
    growing : GrowingCodes or None
        The codes of a tail's vectors, and of those that were appended since.
    graph_unread : bool
        Whether there is a graph, in files that were not read yet.
    """

    stored: AnyArray
    rows: Rows | None
    params: VectorParams
    searcher: HnswSearcher | None = None
    quantized: QuantizedSearcher | None = None
    payload_links: PayloadLinks | None = None
    costs: SearchCosts | None = None
    paging: Paging | None = None
    growing: GrowingCodes | None = None
    graph_unread: bool = False
    _kept: dict[str, CodedScan] = field(default_factory=dict, init=False)

    @cached_property
    def searched(self) -> AnyArray:
        """The vectors as kernels read them."""
        return distances.search_form(self.stored, self.params.distance)

    @property
    def coded(self) -> CodedScan | None:
        """What searches the vectors of a tail by their codes, as soon as all have one."""
        made: CodedScan | None = self._kept.get("coded")
        if made is None and self.growing is not None:
            made = self.growing.scan_of(self.stored)
            if made is not None:
                self._kept["coded"] = made
        return made

    def vector(self, slot: int) -> AnyArray:
        """Return a copy of one vector in stored form, T[d]."""
        return np.array(self.stored[slot])


Column: TypeAlias = "VectorColumn | SparseColumn | MultiColumn"


def named_vectors(config: CollectionConfig) -> dict[str, VectorParams | SparseVectorParams]:
    """Return the settings of every vector of a collection, dense and sparse, by name."""
    return {**config.vectors, **config.sparse_vectors}


def column_of(
    stored: VectorRows,
    rows: Rows | None,
    params: VectorParams | SparseVectorParams,
    index: SparseIndex | None = None,
) -> Column:
    """Return the column, without a graph, that `params` ask for; `index` is that of earlier, shorter ones."""
    if isinstance(stored, np.ndarray):
        assert isinstance(params, VectorParams)
        return VectorColumn(stored, rows, params)
    # Imported where there are some: with what they hold 4 of the 85 ms to the first answer of a process.
    from workbench.models.vectors import MultiRows, SparseRows

    if isinstance(stored, SparseRows):
        from workbench.indexes.sparse import SparseIndex
        from workbench.segments.sparse_columns import SparseColumn

        assert isinstance(params, SparseVectorParams)
        return SparseColumn(stored, rows, params, SparseIndex() if index is None else index)
    from workbench.segments.multi_columns import MultiColumn

    assert isinstance(stored, MultiRows)
    assert isinstance(params, VectorParams)
    return MultiColumn(stored, rows, params)


def empty_column(params: VectorParams | SparseVectorParams) -> Column:
    """Return the column of a segment that has no vector of the name at all."""
    from workbench.models.vectors import SparseRows, no_vectors

    if isinstance(params, SparseVectorParams):
        return column_of(SparseRows.of([]), np.empty(0, np.intp), params)
    stored = no_vectors(params.size, distances.dtype(params.datatype), multi=params.multivector)
    return column_of(stored, np.empty(0, np.intp), params)
