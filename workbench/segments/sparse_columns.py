"""The sparse vectors of one name in one segment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.indexes.sparse import InvertedIndex, SparseIndex
from workbench.models.config import SparseVectorParams
from workbench.models.vectors import SparseRows, SparseVector
from workbench.segments.ids import Rows
from workbench.segments.vector_columns import AnyColumn


@dataclass(frozen=True, eq=False, repr=False)
class SparseColumn(AnyColumn):
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

    def vector(self, slot: int) -> SparseVector:
        """Return a copy of one vector."""
        one = self.stored.row(slot)
        return SparseVector(np.array(one.indices), np.array(one.values))
