"""Int8 codes once more, in half a byte a number: what walks, and exact scans, read first where that pays."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes.codes import ADVICE, Codes
from workbench.indexes.space import LINE, fault_of, in_lines, writable

ARRAYS = ("rows", "rests", "squares")
# The step is the best one for about this many codes, which takes 5 ms.
SAMPLE = 1 << 18
STEPS = range(1, 18)


class NibbleRows(NamedTuple):
    """The nibbles of n vectors' codes; see ``kernels.cpu.nibble_rows``.

    Attributes
    ----------
    rows : uint8 [n, 64 lines]
        128 numbers a cache line.
    rests : float32 [n]
        At least the length of what each row leaves of its code.
    squares : float32 [n]
        The square of each row.
    step : int
        What a nibble counts, in steps of a code.
    widest, longest : float
        At least every rest, and the length of every code.
    """

    rows: NDArray[np.uint8]
    rests: NDArray[np.float32]
    squares: NDArray[np.float32]
    step: int
    widest: float
    longest: float

    @classmethod
    def of(cls, codes: Codes) -> NibbleRows:
        """Make them of validated codes, in 0.3 µs a row of 384 numbers."""
        kernel: Any = importlib.import_module("workbench.kernels.cpu.nibble_rows")
        n, width = codes.codes.shape
        rows, (rests, squares) = in_lines((n, bytes_of(width))), np.empty((2, n), np.float32)
        step = best_step(codes.codes)
        lengths = kernel.write_rows(writable(codes.codes), step, rows, rests, squares)
        return cls(rows, rests, squares, step, *lengths)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, not copied."""
        return {name: getattr(self, name) for name in ARRAYS}

    def meta(self) -> dict[str, float]:
        """Return the scalars by name."""
        return {"step": self.step, "widest": self.widest, "longest": self.longest}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, float]) -> NibbleRows:
        """Put together what :meth:`arrays` and :meth:`meta` returned; copies nothing."""
        rows, rests, squares = (arrays[name] for name in ARRAYS)
        return cls(rows, rests, squares, int(meta["step"]), float(meta["widest"]), float(meta["longest"]))

    def validate(self, n: int, width: int, path: str = "nibbles of int8 codes") -> None:
        """Check that they are of `n` codes of `width` numbers, since kernels check no bounds.

        Raises
        ------
        errors.Corrupted
            If an array has another type or shape, or a number cannot be right.
        """
        expected: dict[str, tuple[Any, tuple[int, ...]]] = {
            "rows": (np.uint8, (n, bytes_of(width))),
            "rests": (np.float32, (n,)),
            "squares": (np.float32, (n,)),
        }
        if fault := fault_of(self.arrays(), expected):
            raise errors.Corrupted(path, fault, ADVICE)
        lengths = all(bool(((own >= 0) & (own < np.inf)).all()) for own in (self.rests, self.squares))
        sane = 0 <= self.widest < np.inf and 0 <= self.longest < np.inf and self.step in STEPS
        if not lengths or not sane:
            fault = f"lengths should be finite and not below 0, the step 1 to {STEPS[-1]}"
            raise errors.Corrupted(path, fault, ADVICE)


class NibbleSpace:
    """Nibbles as a walk takes them.

    Attributes
    ----------
    key : int64 [6]
        The argument `nibbles` of ``kernels.cpu.search``. Valid while this object lives.
    """

    __slots__ = ("_kept", "key")

    def __init__(self, nibbles: NibbleRows, codes: Codes, metric: int) -> None:
        from workbench.kernels.cpu.nibble_products import NIBBLED

        rows, terms = nibbles.rows, np.empty(0, np.float32)
        if metric == kernels.SQUARED_L2:
            terms = nibbles.squares * np.float32((codes.scale * nibbles.step) ** 2)
        self._kept = rows, terms
        stride = rows.shape[1]
        space = (rows.ctypes.data, stride, stride // LINE, NIBBLED + metric, terms.ctypes.data)
        self.key = np.array([*space, nibbles.step], np.int64)


NONE = np.empty(0, np.int64)
"""The key of a walk without nibbles."""


def bytes_of(width: int) -> int:
    """Return the bytes of a row of `width` codes."""
    return -(-width // (2 * LINE)) * LINE


def predict(n: int, width: int) -> int:
    """Return the bytes of the nibbles of `n` codes of `width` numbers; 0 if a walk would read no less."""
    row = bytes_of(width)
    return n * (row + 8) if row < width else 0


def best_step(codes: NDArray[np.int8]) -> int:
    """Return the step that leaves the least rests."""
    sample = codes[:: max(1, codes.size // SAMPLE)]
    numbers = np.arange(-128, 128)
    counts = np.roll(np.bincount(sample.ravel().view(np.uint8), minlength=256), 128)
    left = [numbers - step * np.clip(np.rint(numbers / step), -8, 7) for step in STEPS]
    return STEPS[int(np.argmin([counts @ rest**2 for rest in left]))]
