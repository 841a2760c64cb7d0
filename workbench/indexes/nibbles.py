"""Int8 codes in half a byte a number, which an exact search reads first; see ``kernels.cpu.nibbles``."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import Codes
from workbench.indexes.space import LINE, in_lines, writable

# From so many bytes of codes on. 40,000 rows of 384 numbers take 0.5 ms and not 0.8: below, what is saved is
# less than the memory is worth.
LEAST_BYTES = 16 << 20
# So many rows for each that is wanted, at the least: three are measured first. Of 117,659 rows the best 100
# are found in 0.68 of the time, the best 1,000 in 1.3 times of it.
LEAST_EACH = 512
# The step is the best one for about this many codes, which takes 5 ms.
SAMPLE = 1 << 18
STEPS = range(1, 18)
# Nibbles that leave more than this share of the rows open take more time than they save. They leave .004 of
# texts and .009 of pictures. Given up after so many more searches of that kind than of the other.
OPEN, PATIENCE = 0.25, 4


class Nibbles:
    """Half a byte for each code of a segment, what exact searches begin with.

    They are made at the first use, in 0.3 µs a row of 384 numbers, and kept in memory only.

    Parameters
    ----------
    codes : Codes
        Validated.
    """

    __slots__ = ("_codes", "_key", "_making", "_poor", "_prove")

    def __init__(self, codes: Codes) -> None:
        self._codes, self._poor = codes, 0
        self._key: tuple[Any, ...] | None = None
        self._prove: Any = None
        self._making = threading.Lock()

    @property
    def key(self) -> tuple[Any, ...]:
        """The argument `nibbles` of ``kernels.cpu.nibbles.prove``."""
        key = self._key
        if key is None:
            with self._making:
                key = self._key = self._key or _made(self._codes.codes)
        return key

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """What has been made."""
        key = self._key
        return [] if key is None else list(key[:2])

    def prove(
        self,
        keys: tuple[Any, ...],
        rows: int,
        query: NDArray[np.float32],
        chosen: NDArray[np.int32],
        pool: NDArray[np.int64],
        found: tuple[NDArray[np.int32], NDArray[np.float32]],
    ) -> bool:
        """Search exactly among so many rows; return False, and find nothing, where that is left to the codes.

        The arguments are those of ``kernels.cpu.nibbles.prove``, `keys` all before `nibbles`.
        """
        large = rows * self._codes.codes.shape[1] >= LEAST_BYTES
        if not large or rows < LEAST_EACH * len(pool) or self._poor >= PATIENCE:
            return False
        if self._prove is None:
            if not kernels.wanted(kernels.NIBBLES):
                return False
            self._prove = importlib.import_module(kernels.NIBBLES).prove
        left, _ = self._prove(*keys, self.key, rows, query, chosen, pool, *found)
        if left >= 0:
            self.learn(left, rows)
        return bool(left >= 0)

    def learn(self, left: int, rows: int) -> None:
        """Take note of how many rows a search has left open, and give up where that is most."""
        self._poor = self._poor + 1 if left > OPEN * rows else max(0, self._poor - 1)
        if self._poor >= PATIENCE:
            self._key = None


def best_step(codes: NDArray[np.int8]) -> int:
    """Return the step that leaves the least rests."""
    sample = codes[:: max(1, codes.size // SAMPLE)]
    numbers = np.arange(-128, 128)
    counts = np.roll(np.bincount(sample.ravel().view(np.uint8), minlength=256), 128)
    left = [numbers - step * np.clip(np.rint(numbers / step), -8, 7) for step in STEPS]
    return STEPS[int(np.argmin([counts @ rest**2 for rest in left]))]


def _made(codes: NDArray[np.int8]) -> tuple[Any, ...]:
    kernel: Any = importlib.import_module("workbench.kernels.cpu.nibble_rows")
    n, width = codes.shape
    stride = LINE * kernel.lines_of(width)
    rows, rests = in_lines((n, stride)), np.empty(n, np.float32)
    step = best_step(codes)
    return (rows, rests, float(step), *kernel.write_rows(writable(codes), step, rows, rests))
