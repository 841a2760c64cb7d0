"""How far codes are off: what lets an exact search read codes, and measure the few rows they leave open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.codes import CHUNK, Codes
from workbench.indexes.space import writable

# Lengths are worked out in float64 and then made this much longer, which is more than all their rounding.
UP = 1.0 + 2.0**-22


class CodeBounds(NamedTuple):
    """What is known of the difference between n vectors and their codes.

    Attributes
    ----------
    errors : float32 [n]
        At least the length of each vector less what its code says.
    radius : float
        At least the distance of every coded vector from the mean.
    longest : float
        At least the length of every vector.
    """

    errors: NDArray[np.float32]
    radius: float
    longest: float

    def meta(self) -> dict[str, float]:
        """Return the scalars by name."""
        return {"radius": self.radius, "longest": self.longest}

    @classmethod
    def of(cls, codes: Codes, vectors: NDArray[Any]) -> CodeBounds:
        """Measure codes against the vectors, T [n, d], that they were made from: 1.5 us a row of 384."""
        n, dim = vectors.shape
        off = np.empty(n)
        radius = longest = 0.0
        step = max(1, CHUNK // max(1, dim))
        for start in range(0, n, step):
            said = codes.codes[start : start + step, :dim].astype(np.float64)
            said *= codes.scale
            radius = max(radius, float(np.einsum("ij,ij->i", said, said).max()))
            exact = vectors[start : start + step].astype(np.float64)
            longest = max(longest, float(np.einsum("ij,ij->i", exact, exact).max()))
            exact -= codes.mean
            exact -= said
            off[start : start + step] = np.einsum("ij,ij->i", exact, exact)
        with np.errstate(over="ignore"):  # beyond float32 they are infinite, and refused
            lengths = (np.sqrt(off) * UP).astype(np.float32)
        return cls(lengths, float(np.sqrt(radius) * UP), float(np.sqrt(longest) * UP))

    def validate(self, n: int, path: str = "bounds of int8 codes") -> None:
        """Check that they are of `n` vectors, since kernels check no bounds; raise ``errors.Corrupted``."""
        own = self.errors
        fits = own.dtype == np.float32 and own.shape == (n,) and own.flags.c_contiguous
        sane = fits and bool((own >= 0).all() and np.isfinite(own).all())
        if not sane or not (0 <= self.radius < np.inf and 0 <= self.longest < np.inf):
            raise errors.Corrupted(
                path, f"expected {n} finite lengths", "Rebuild the index from the stored vectors."
            )

    @classmethod
    def from_arrays(cls, lengths: NDArray[np.float32], meta: Mapping[str, float]) -> CodeBounds:
        """Put bounds together from what was stored; copies nothing."""
        return cls(lengths, float(meta["radius"]), float(meta["longest"]))

    def key(self, codes: Codes) -> tuple[Any, ...]:
        """Return the argument `bounds` of ``kernels.cpu.prove``."""
        widest = float(self.errors.max()) if len(self.errors) else 0.0
        return writable(self.errors), writable(codes.mean), widest, self.radius, self.longest
