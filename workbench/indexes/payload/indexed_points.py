"""How many points an index reads: the last answer, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.models.payload_schema import FieldIndex

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class IndexedPoints:
    """How many points an index reads, and of which rows that was asked."""

    index: FieldIndex
    count: int
    dead: Mask | None
    changed: Mapping[int, Mapping[str, Any] | None]
    points: int

    def answers(
        self,
        index: FieldIndex,
        count: int,
        dead: Mask | None,
        changed: Mapping[int, Mapping[str, Any] | None],
    ) -> bool:
        """Whether the same is asked again: views that differ have other arrays and mappings."""
        same_rows = self.count == count and self.dead is dead and self.changed is changed
        return same_rows and self.index == index
