"""The positions on the earth of one field of all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.building import Growing, Payload
from workbench.indexes.payload.passes import window
from workbench.models.geo import GeoBoundingBox, GeoPolygon, GeoRadius, around, position, within
from workbench.models.json_path import JsonPath


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

    def head(self, n: int) -> Places:
        """The first n rows, without copying."""
        stop = int(np.searchsorted(self.rows, n))
        return self if n >= self.n else Places(n, self.rows[:stop], self.positions[:stop])

    def mask(self, area: GeoRadius | GeoBoundingBox | GeoPolygon) -> NDArray[np.bool_]:
        """bool[n]: the rows that have a position inside an area."""
        mask = np.zeros(self.n, dtype=np.bool_)
        near = window(self.positions, *around(area))
        if near is None:
            mask[self.rows[within(area, self.positions)]] = True
        else:  # a sine and more for each position, but only for those in a rectangle round the area
            mask[self.rows[near[within(area, self.positions[near])]]] = True
        return mask

    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.rows.nbytes + self.positions.nbytes


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
