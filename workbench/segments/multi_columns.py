"""The multivectors of one name in one segment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.models.config import VectorParams
from workbench.models.vectors import MultiRows
from workbench.segments.ids import Rows
from workbench.segments.vector_columns import AnyColumn

if TYPE_CHECKING:
    from workbench.indexes.multivector import QuantizedMultivectors
    from workbench.indexes.multivector_candidates import Candidates

AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class MultiColumn(AnyColumn):
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

    def vector(self, slot: int) -> AnyArray:
        """Return a copy of one multivector in stored form, T[s, d]."""
        return np.array(self.stored.row(slot))
