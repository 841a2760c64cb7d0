"""Vectors that a device computes with: all of them there, or fetched from the host part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.kernels.gpu.arrays import Arrays


class Table:
    """Rows of vectors, as they are stored.

    Parameters
    ----------
    arrays : Arrays
    vectors : float32, float16 or uint8 [n, d]
        On the host, where they may be mapped from a file; or an array of the namespace.
    resident : bool
        Copy all of them to the device now.
    """

    def __init__(self, arrays: Arrays, vectors: NDArray[Any] | Any, *, resident: bool = True) -> None:
        self.arrays = arrays
        self.n, self.dim = vectors.shape
        self.dtype = np.dtype(vectors.dtype)
        self.resident = resident
        self._rows = arrays.put(vectors) if resident and isinstance(vectors, np.ndarray) else vectors

    def rows(self, start: int, stop: int) -> Any:
        """Return some rows in a row, on the device."""
        part = self._rows[start:stop]
        return part if self.resident else self.arrays.put(part)

    def take(self, ids: Any) -> Any:
        """Return the rows of some ids, on the device: [len(ids), d]."""
        if self.resident:
            return self._rows[ids]
        return self.arrays.put(self._rows[self.arrays.get(ids)])

    def queries(self, start: int, stop: int) -> Any:
        """Return some rows in a row as float32."""
        return self.rows(start, stop).astype(np.float32, copy=False)

    def near(self, ids: Any) -> tuple[Any, Any]:
        """Return rows that hold those of `ids`, and what the ids are called among them; −1 stays −1.

        Rows that are not on the device are fetched once, however often they are named.
        """
        if self.resident:
            return self._rows, ids
        host = self.arrays.get(ids)
        named, places = np.unique(host, return_inverse=True)
        missing = 1 if len(named) and named[0] < 0 else 0
        if len(named) == missing:
            return self.arrays.put(self._rows[:1]), ids
        local = (places.reshape(host.shape) - missing).astype(np.int32)
        return self.arrays.put(self._rows[named[missing:]]), self.arrays.put(local)
