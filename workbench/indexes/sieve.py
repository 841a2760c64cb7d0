"""The signs of int8 codes, which tell what rows of a list are worth comparing; see ``kernels.cpu.sieve``."""

from __future__ import annotations

import importlib
import threading
import weakref
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import Codes
from workbench.indexes.space import LINE, in_lines, writable

# Shorter lists are compared by their codes. 256, 400, 640, 1,024 and 2,048 rows take 6, 7, 15, 24 and 29 µs
# by codes, and 7, 8, 12, 14 and 13 by signs that stand side by side; with other memory read between the
# questions 18, 27, 31, 45 and 72, and 16, 21, 26, 30 and 36. By signs that lie apart 2,048 take 18 and 56,
# but the first question has these made.
LEAST, LEAST_BESIDE = 2_048, 512
# So many rows for each that is wanted, at the least: six of these are measured first.
LEAST_EACH = 64
# Signs that stand side by side are kept of lists that take up to so many bytes, 65,536 rows of 384 numbers:
# longer ones are walked through, or asked for too seldom to be worth it.
MOST_BESIDE = 4 << 20


class _Beside(NamedTuple):
    """The signs of a list of rows side by side, which the end of the list takes away."""

    end: weakref.ref[NDArray[np.int32]]
    blocks: NDArray[np.uint8]
    key: tuple[int, int, int]


class Sieve:
    """The signs of codes, a cache line for each row of up to 384 numbers.

    They are made at the first use, in 0.15 µs a row, and kept in memory only. Those of a list of rows that
    is asked for again and again can be kept side by side too, as long as the list is.

    Parameters
    ----------
    codes : Codes
        Validated.
    metric : int
        ``kernels.SQUARED_L2`` or ``NEGATIVE_DOT``.
    """

    __slots__ = ("_beside", "_codes", "_key", "_making", "_metric", "rows")

    def __init__(self, codes: Codes, metric: int) -> None:
        self._codes, self._metric = codes, metric
        self.rows: NDArray[np.uint8] | None = None
        self._key: tuple[int, int, int] | None = None
        self._making = threading.Lock()
        self._beside: dict[int, _Beside] = {}

    @property
    def key(self) -> tuple[int, int, int]:
        """The argument `sieve` of ``kernels.cpu.sieve.sift``. Valid while this object lives."""
        if self._key is None:
            with self._making:
                if self._key is None:
                    self.rows, self._key = _made(self._codes, self._metric)
        return self._key

    def keeps(self, rows: int) -> bool:
        """Return whether so many rows are few enough to be kept side by side."""
        return bool(rows * (LINE // 4 + self._codes.codes.shape[1] // 8) <= MOST_BESIDE)

    def key_for(self, chosen: NDArray[np.int32] | None) -> tuple[int, int, int]:
        """Return the key with the signs of the rows `chosen` side by side, if they are kept; valid while that
        list lives.

        They are made at the first call, in 0.04 µs a row, and told by the identity of the list.
        """
        if chosen is None or not self.keeps(len(chosen)):
            return self.key
        known = self._beside.get(id(chosen))
        if known is None:
            key = self.key
            # Two threads that made the same would let go of one while it is read.
            with self._making:
                known = self._beside.get(id(chosen))
                if known is None:
                    known = self._beside[id(chosen)] = self._put_beside(key, chosen)
        return known.key

    def _put_beside(self, key: tuple[int, int, int], chosen: NDArray[np.int32]) -> _Beside:
        kernel: Any = importlib.import_module(kernels.SIEVE)
        width, kept, number = self._codes.codes.shape[1], self._beside, id(chosen)
        blocks = in_lines((-(-len(chosen) // kernel.EIGHT), kernel.block_bytes(width)))
        address = blocks.ctypes.data
        kernel.write_beside(key, chosen, width, address)
        end = weakref.ref(chosen, lambda _: kept.pop(number, None))
        return _Beside(end, blocks, (key[0], key[1], address))

    def arrays(self) -> list[NDArray[np.uint8]]:
        """Return what is kept in memory."""
        own = [] if self.rows is None else [self.rows]
        return own + [known.blocks for known in list(self._beside.values())]


def fits(k: int, rows: int, beside: bool = False) -> bool:
    """Return whether so many rows, whose signs may stand side by side, are worth sifting for the best `k`."""
    return rows >= max(LEAST_BESIDE if beside else LEAST, LEAST_EACH * k)


def _made(codes: Codes, metric: int) -> tuple[NDArray[np.uint8], tuple[int, int, int]]:
    kernel: Any = importlib.import_module(kernels.SIEVE)
    n, width = codes.codes.shape
    lines = kernel.lines_of(width)
    rows = in_lines((n, lines * LINE))
    address = rows.ctypes.data
    squared_scale = codes.scale**2 if metric == kernels.SQUARED_L2 else 0.0
    kernel.write_rows(writable(codes.codes), len(codes.mean), squared_scale, 0, n, address)
    return rows, (address, lines, 0)
