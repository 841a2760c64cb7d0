"""The conditions about points themselves: their masks come from whoever knows the points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.models.filters import OwnCondition

Mask = NDArray[np.bool_]
Own = Callable[[OwnCondition], Mask]


@dataclass(frozen=True, slots=True)
class OwnMasks:
    """The masks of the conditions of one filter that are about points themselves, each asked for once."""

    own: Own
    known: dict[OwnCondition, Mask] = field(default_factory=dict)

    def mask(self, condition: OwnCondition) -> Mask:
        """Return the mask of a condition, not to be written to."""
        if condition not in self.known:
            self.known[condition] = self.own(condition)
        return self.known[condition]

    def holds(self, row: int, condition: OwnCondition) -> bool:
        """Whether a condition holds for a row."""
        return bool(self.mask(condition)[row])
