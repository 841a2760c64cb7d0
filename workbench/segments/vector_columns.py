"""The vectors of one name in one segment: dense, sparse or multivectors behind one face.

A column has ``stored`` (its vectors in bulk), ``rows`` (which rows of the segment they belong to), ``slots``
(from rows to vectors), ``count`` and ``vector``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.indexes.sparse import InvertedIndex, SparseIndex
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.models.vectors import MultiRows, SparseRows, SparseVector, VectorRows, no_vectors
from workbench.segments.ids import Rows
from workbench.storage.residency import Paging

if TYPE_CHECKING:
    from workbench.indexes.costs import SearchCosts
    from workbench.indexes.growing_codes import CodedScan, GrowingCodes
    from workbench.indexes.hnsw import HnswSearcher
    from workbench.indexes.multivector import QuantizedMultivectors
    from workbench.indexes.multivector_candidates import Candidates
    from workbench.indexes.quantization import QuantizedSearcher
    from workbench.segments.payload_links import PayloadLinks

AnyArray = npt.NDArray[Any]


class _Column:
    """From the rows of a segment to the vectors they have."""

    rows: Rows | None

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
class VectorColumn(_Column):
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

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return len(self.stored)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        return self.stored.nbytes

    def vector(self, slot: int) -> AnyArray:
        """Return a copy of one vector in stored form, T[d]."""
        return np.array(self.stored[slot])


@dataclass(frozen=True, eq=False, repr=False)
class SparseColumn(_Column):
    """Sparse vectors.

    Parameters
    ----------
    stored : SparseRows
        v vectors.
    rows : intp[v] or None
        Row of each vector, ascending; None when every row has one.
    params : SparseVectorParams
        The modifier, and settings of the index.
    index : SparseIndex
        Indexes the vectors when they are first searched; the columns of a growing tail share one.
    """

    stored: SparseRows
    rows: Rows | None
    params: SparseVectorParams
    index: SparseIndex = field(default_factory=SparseIndex)

    def parts(self) -> tuple[InvertedIndex, ...]:
        """Return the inverted index of the vectors."""
        return self.index.parts(self.stored)

    @property
    def count(self) -> int:
        """How many vectors there are."""
        return len(self.stored)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        return self.stored.nbytes

    def vector(self, slot: int) -> SparseVector:
        """Return a copy of one vector."""
        one = self.stored.row(slot)
        return SparseVector(np.array(one.indices), np.array(one.values))


@dataclass(frozen=True, eq=False, repr=False)
class MultiColumn(_Column):
    """Multivectors.

    Parameters
    ----------
    stored : MultiRows
        v multivectors; each inner vector as :func:`workbench.distances.preprocess` made it.
    rows : intp[v] or None
        Row of each multivector, ascending; None when every row has one.
    params : VectorParams
        Distance and type.
    quantized : QuantizedMultivectors or None
        Their codes, if the collection's configuration asks for some.
    candidates : Candidates or None
        What tells which of them to compare.
    """

    stored: MultiRows
    rows: Rows | None
    params: VectorParams
    quantized: QuantizedMultivectors | None = None
    candidates: Candidates | None = None

    @cached_property
    def searched(self) -> MultiRows:
        """The multivectors as kernels read them."""
        return MultiRows(self.stored.starts, distances.search_form(self.stored.values, self.params.distance))

    @property
    def count(self) -> int:
        """How many multivectors there are."""
        return len(self.stored)

    @property
    def nbytes(self) -> int:
        """Bytes of vectors held or mapped."""
        return self.stored.nbytes

    def vector(self, slot: int) -> AnyArray:
        """Return a copy of one multivector in stored form, T[s, d]."""
        return np.array(self.stored.row(slot))


Column = VectorColumn | SparseColumn | MultiColumn


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
    if isinstance(params, SparseVectorParams):
        assert isinstance(stored, SparseRows)
        return SparseColumn(stored, rows, params, SparseIndex() if index is None else index)
    if params.multivector:
        assert isinstance(stored, MultiRows)
        return MultiColumn(stored, rows, params)
    assert isinstance(stored, np.ndarray)
    return VectorColumn(stored, rows, params)


def empty_column(params: VectorParams | SparseVectorParams) -> Column:
    """Return the column of a segment that has no vector of the name at all."""
    if isinstance(params, SparseVectorParams):
        return column_of(SparseRows.of([]), np.empty(0, np.intp), params)
    stored = no_vectors(params.size, distances.dtype(params.datatype), multi=params.multivector)
    return column_of(stored, np.empty(0, np.intp), params)
