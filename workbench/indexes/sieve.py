"""The signs of int8 codes, which tell what rows of a list are worth comparing; see ``kernels.cpu.sieve``."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import Codes
from workbench.indexes.space import writable

LINE = 64
# Shorter lists are compared by their codes: 1,024 rows side by side take 23 µs either way, 4,096 take 70 by
# codes and 50 by signs, and 11,777 that lie ten apart 330 and 110.
LEAST = 1_024
# So many rows for each that is wanted, at the least: three of these are measured first.
LEAST_EACH = 64


class Sieve:
    """The signs of codes, a cache line for each row of up to 384 numbers.

    They are made at the first use, in 0.15 µs a row, and kept in memory only.

    Parameters
    ----------
    codes : Codes
        Validated.
    metric : int
        ``kernels.SQUARED_L2`` or ``NEGATIVE_DOT``.
    """

    __slots__ = ("_codes", "_key", "_making", "_metric", "rows")

    def __init__(self, codes: Codes, metric: int) -> None:
        self._codes, self._metric = codes, metric
        self.rows: NDArray[np.uint8] | None = None
        self._key: tuple[int, int] | None = None
        self._making = threading.Lock()

    @property
    def key(self) -> tuple[int, int]:
        """The argument `sieve` of ``kernels.cpu.sieve.sift``. Valid while this object lives."""
        if self._key is None:
            with self._making:
                if self._key is None:
                    self.rows, self._key = _made(self._codes, self._metric)
        return self._key


def fits(k: int, rows: int) -> bool:
    """Return whether so many rows are worth sifting for the best `k`."""
    return rows >= max(LEAST, LEAST_EACH * k)


def _made(codes: Codes, metric: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    kernel: Any = importlib.import_module(kernels.SIEVE)
    n, width = codes.codes.shape
    lines = kernel.lines_of(width)
    # One line more, since rows begin at a line. Not zeros: empty memory comes in large pages.
    rows = np.empty((n + 1) * lines * LINE, np.uint8)
    address = -(-rows.ctypes.data // LINE) * LINE
    squared_scale = codes.scale**2 if metric == kernels.SQUARED_L2 else 0.0
    kernel.write_rows(writable(codes.codes), len(codes.mean), squared_scale, 0, n, address)
    return rows, (address, lines)
