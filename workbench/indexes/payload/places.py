"""The positions on the earth of one field of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.building import Growing, Payload
from workbench.indexes.payload.stripes import Area, Stripes
from workbench.models.geo import position, within
from workbench.models.json_path import JsonPath

# Fewer are measured in 0.1 ms, about what it takes to sort them into stripes.
_LONG = 1 << 12


@dataclass(frozen=True, slots=True)
class Places:
    """A snapshot of the first ``n`` rows.

    Parameters
    ----------
    n : int
    rows : int32[m]
        The row of each position, rising.
    positions : float64[m, 2]
        Longitude and latitude in degrees, as they were stored.
    """

    n: int
    rows: NDArray[np.int32]
    positions: NDArray[np.float64]
    stripes: list[Stripes | None] = field(default_factory=list, compare=False, repr=False)

    def head(self, n: int) -> Places:
        """The first n rows, without copying."""
        if n >= self.n:
            return self
        stop = int(np.searchsorted(self.rows, n))
        return Places(n, self.rows[:stop], self.positions[:stop])

    def mask(self, area: Area) -> NDArray[np.bool_]:
        """bool[n]: the rows that have a position inside an area."""
        stripes = self._striped()
        if stripes is None:
            mask = np.zeros(self.n, dtype=np.bool_)
            mask[self.rows[within(area, self.positions)]] = True
            return mask
        mask, unsure = stripes.mask(area, self.positions, self.n)
        if len(unsure):  # mostly none of a circle, and NumPy's calls are a quarter of the time
            mask[self.rows[unsure[within(area, self.positions[unsure])]]] = True
        return mask

    def _striped(self) -> Stripes | None:
        """Make stripes at the second question, as ranks are made: the positions of a growing tail are new
        after each write, and sorting a million takes 130 ms where the first answer takes 4 to 55.
        """
        if len(self.positions) < _LONG:
            return None
        if not self.stripes:
            self.stripes.append(None)
            return None
        if self.stripes[0] is None:
            self.stripes[0] = Stripes.of(self.positions, self.rows)
        return self.stripes[0]

    def nbytes(self) -> int:
        """Bytes of the arrays, of which the stripes are 12 a position."""
        return self.rows.nbytes + self.positions.nbytes + sum(made.nbytes for made in self.stripes if made)


class PlacesBuilder:
    """Grows positions by appending payloads. One thread at a time; snapshots may be read by any."""

    def __init__(self, path: JsonPath) -> None:
        self._path = path
        self.n = 0
        self._rows: Growing[np.int32] = Growing(np.int32)
        self._flat: Growing[np.float64] = Growing(np.float64)

    def append(self, payloads: Sequence[Payload]) -> None:
        """Add the next rows."""
        rows: list[int] = []
        flat: list[float] = []
        for row, payload in enumerate(payloads, self.n):
            for found in positions_of(self._path, payload):
                rows.append(row)
                flat.extend(found)
        self._rows.append(np.array(rows, dtype=np.int32))
        self._flat.append(np.array(flat, dtype=np.float64))
        self.n += len(payloads)

    def snapshot(self) -> Places:
        """The positions as they are now."""
        return Places(self.n, self._rows.view(), self._flat.view().reshape(-1, 2))


def positions_of(path: JsonPath, payload: Payload) -> list[tuple[float, float]]:
    """The positions that a path selects from a payload, those in arrays included."""
    selected: list[Any] = path.select(payload) if payload else []
    elements = [element for value in selected for element in (value if isinstance(value, list) else [value])]
    return [found for element in elements if (found := position(element)) is not None]
