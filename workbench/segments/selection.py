"""Which vectors of one segment a search may return."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.indexes.counting import count_true

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int32]

# Nodes that a walk by two hops begins from beside the graph's entry: measuring them costs 1 µs, and where the
# filter lets a region of the space through, some of them lie in it.
SEEDS = 16


class Selection:
    """A mask over vectors, and what is worked out from it once.

    Parameters
    ----------
    mask : bool[n] or None
        Which vectors; None stands for all.
    total : int
        n.
    deaths : bool
        Whether those that are not selected are dead: deleted or replaced, and not left out by a filter.

    Attributes
    ----------
    mask : bool[n] or None
        None if all are selected.
    count : int
        How many vectors are selected.
    plans : dict
        What planning worked out for this selection, to be read again by the next question.
    planned : int
        How many times something was worked out; above 1, questions about the selection come again, and what
        they read may be kept.
    """

    __slots__ = ("_chosen", "_seeds", "count", "deaths", "mask", "planned", "plans", "total")

    def __init__(self, mask: Mask | None, total: int, *, deaths: bool = False) -> None:
        self.total, self.deaths = total, deaths
        self.count = total if mask is None else count_true(mask)
        self.mask = mask if self.count < total else None
        self._chosen: Numbers | None = None
        self._seeds: Numbers | None = None
        self.plans: dict[Any, Any] = {}
        self.planned = 0

    @property
    def chosen(self) -> Numbers:
        """Return the numbers of the selected vectors, int32[count], ascending. Not to be written to."""
        if self._chosen is None:
            every = np.arange(self.total) if self.mask is None else np.flatnonzero(self.mask)
            self._chosen = every.astype(np.int32)
        return self._chosen

    @property
    def some(self) -> Numbers | None:
        """Return ``chosen``, or None if all are selected."""
        return None if self.mask is None else self.chosen

    @property
    def seeds(self) -> Numbers:
        """Return some selected vectors, spread evenly; none only if none is selected."""
        if self._seeds is None:
            chosen = self.chosen
            count = min(SEEDS, len(chosen))
            self._seeds = chosen[np.linspace(0, len(chosen) - 1, count).astype(np.intp)] if count else chosen
        return self._seeds
