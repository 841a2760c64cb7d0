"""What an exact search reads first of int8 codes; see ``kernels.cpu.nibbles``."""

from __future__ import annotations

import importlib
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import Codes
from workbench.indexes.nibble_rows import NibbleRows

# From so many bytes of codes on. 40,000 rows of 384 numbers take 0.5 ms and not 0.8: below, what is saved is
# less than the memory is worth.
LEAST_BYTES = 16 << 20
# So many rows for each that is wanted, at the least: three are measured first. Of 117,659 rows the best 100
# are found in 0.68 of the time, the best 1,000 in 1.3 times of it.
LEAST_EACH = 512
# Nibbles that leave more than this share of the rows open take more time than they save. They leave .004 of
# texts and .009 of pictures. Given up after so many more searches of that kind than of the other.
OPEN, PATIENCE = 0.25, 4


class Nibbles:
    """Half a byte for each code of a segment, what exact searches begin with.

    Parameters
    ----------
    codes : Codes
        Validated.
    stored : NibbleRows, optional
        Validated. Else they are made at the first use, and kept in memory only.
    """

    __slots__ = ("_codes", "_made", "_making", "_poor", "_prove", "_stored")

    def __init__(self, codes: Codes, stored: NibbleRows | None = None) -> None:
        self._codes, self._poor = codes, 0
        self._stored = self._made = stored
        self._prove: Any = None
        self._making = threading.Lock()

    @property
    def key(self) -> tuple[Any, ...]:
        """The argument `nibbles` of ``kernels.cpu.nibbles.prove``."""
        made = self._made
        if made is None:
            with self._making:
                made = self._made = self._made or NibbleRows.of(self._codes)
        return made.rows, made.rests, float(made.step), made.widest, made.longest

    @property
    def arrays(self) -> list[NDArray[Any]]:
        """What has been made, or is stored."""
        made = self._made
        return [] if made is None else list(made.arrays().values())

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
            self._made = self._stored
