"""Binary quantization: on which side of its mean each number lies, in 1, 1.5 or 2 bits.

====================  ========================================================================================
one_bit               one bit: above the mean
two_bits              two: more than two thirds of a standard deviation below the mean or not, and as much
                      above it or not
one_and_half_bits     the first of those two; the second is one bit for two neighbors: whether any of them is
====================  ========================================================================================

A query of bits too is compared by the number of bits that differ. One of 4 or 8 bits a number is compared
with the *levels* of the codes, the means of the numbers that a code stands for: each bit adds its own weight.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from workbench import kernels
from workbench.indexes.quantization.codes import (
    AnyArray,
    FloatArray,
    Quantized,
    SpaceKey,
    check,
    chunks,
    corrupted,
    sample,
)
from workbench.models.quantization import Encoding, Quantization, QueryEncoding

# Standard deviations between the mean and a threshold: where three levels of a normal distribution have about
# a quarter, a half and a quarter of the numbers.
THRESHOLD = 2.0 / 3.0
DIGITS = {QueryEncoding.SCALAR4: 4, QueryEncoding.SCALAR8: 8}
ARRAYS = ("bits", "center", "spread", "levels", "rates")
# The radius up to which twice the product of a level and a query fits float32, however long the query is.
LONGEST = 1e18


class BinaryCodes:
    """Binary codes of n vectors.

    Attributes
    ----------
    bits : uint64 [n, w]
    center, spread : float32 [d]
        The mean of each number, and how far from it the thresholds are; 0 with one bit.
    levels, rates : float32 [l, d]
        The mean of the numbers on each level, and which share of all these are; 2 or 3 levels.
    radius : float
        Root of the mean squared distance of a vector from the center.
    """

    def __init__(
        self, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
    ) -> None:
        self._arrays = {name: arrays[name] for name in ARRAYS}
        self.bits, self.center, self.spread = (self._arrays[name] for name in ARRAYS[:3])
        self.levels, self.rates = self._arrays["levels"], self._arrays["rates"]
        self.radius, self.metric = float(meta["radius"]), metric
        self.encoding, self.query_encoding = settings.encoding, settings.query_encoding

    @classmethod
    def encode(cls, vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
        """Encode all rows; see :class:`QuantizedKind`."""
        seen = sample(vectors).astype(np.float64)
        center = seen.mean(axis=0)
        one = settings.encoding is Encoding.ONE_BIT
        spread = np.zeros(len(center)) if one else THRESHOLD * seen.std(axis=0)
        radius = float(np.sqrt(((seen - center) ** 2).sum(axis=1).mean()))
        if not 0.0 < radius < LONGEST:
            return None
        own = {"center": center.astype(np.float32), "spread": spread.astype(np.float32)}
        marks = _levels(seen, own["center"], own["spread"], one)
        own["levels"], own["rates"] = _means(
            seen, marks, center, 2 if one else 3, inflate=metric != kernels.L1
        )
        words = -(-bits_of(len(center), settings.encoding) // 64)
        bits = np.empty((len(vectors), words), np.uint64)
        for start, part in chunks(vectors):
            marks = _levels(part, own["center"], own["spread"], one)
            bits[start : start + len(part)] = _pack(marks, settings.encoding)
        return cls({"bits": bits, **own}, {"radius": radius}, metric, settings)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
    ) -> Quantized:
        """Put codes together; see :class:`QuantizedKind`."""
        return cls(arrays, meta, metric, settings)

    @classmethod
    def predict(cls, n: int, dim: int, metric: int, settings: Quantization) -> int:
        """Return the bytes of the arrays; see :class:`QuantizedKind`."""
        levels = 2 if settings.encoding is Encoding.ONE_BIT else 3
        return n * 8 * -(-bits_of(dim, settings.encoding) // 64) + 4 * dim * (2 + 2 * levels)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self._arrays.values())

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays by name, not copied."""
        return dict(self._arrays)

    def meta(self) -> dict[str, Any]:
        """Return the radius."""
        return {"radius": self.radius}

    def validate(self, n: int, dim: int) -> None:
        """Check everything that a kernel relies on; raise ``Corrupted``."""
        levels = 2 if self.encoding is Encoding.ONE_BIT else 3
        check(
            "binary",
            self._arrays,
            {
                "bits": (np.uint64, (n, -(-bits_of(dim, self.encoding) // 64))),
                "center": (np.float32, (dim,)),
                "spread": (np.float32, (dim,)),
                "levels": (np.float32, (levels, dim)),
                "rates": (np.float32, (levels, dim)),
            },
        )
        if not 0.0 < self.radius < np.inf:
            corrupted("binary", "the radius should be finite and above 0")

    def space(self) -> SpaceKey:
        """Return the codes as kernels take them; valid while this object lives."""
        from workbench.kernels.cpu.bits import HAMMING, PLANES

        words = self.bits.shape[1]
        kind = HAMMING if self.query_encoding is QueryEncoding.BINARY else PLANES
        return self.bits.ctypes.data, 8 * words, words, kind, 0

    def prepare(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prepare queries; see :class:`Quantized`."""
        nothing = np.zeros(len(queries), np.float32)
        if self.query_encoding is QueryEncoding.BINARY:
            return self._prepare_bits(queries), nothing
        cpu = importlib.import_module(kernels.QUANTIZATION)
        weights, bases = self._weights(queries)
        prepared = np.empty((len(queries), 8 + 8 * self.bits.shape[1]), np.uint64)
        cpu.prepare_planes(weights, bases, DIGITS[self.query_encoding], prepared)
        return prepared.view(np.float32), nothing

    def _prepare_bits(self, queries: FloatArray) -> FloatArray:
        """Return base, factor and bits: a distance is linear in how many bits differ.

        Where none does the vectors have the same direction from the center, and where as many do as on
        average, they have nothing to do with each other.
        """
        marks = _levels(queries, self.center, self.spread, len(self.levels) == 2)
        prepared = np.empty((len(queries), 1 + self.bits.shape[1]), np.uint64)
        prepared[:, 1:] = _pack(marks, self.encoding)
        unrelated = self._unrelated
        gaps = queries - self.center
        reach = self.radius * np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
        if self.metric == kernels.L1:
            each = np.abs(queries[:, None, :] - self.levels) * self.rates
            base, factor = np.zeros(len(queries)), each.sum(axis=(1, 2)) / unrelated
        elif self.metric == kernels.SQUARED_L2:
            base = self.radius**2 + np.einsum("ij,ij->i", gaps, gaps) - 2 * reach
            factor = 2 * reach / unrelated
        else:
            base, factor = -(queries @ self.center) - reach, reach / unrelated
        front = prepared.view(np.float32)
        front[:, 0], front[:, 1] = base, factor
        return front

    def _weights(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return what each bit adds to the distance, float32 [q, b], and the distance of a row of none."""
        if self.metric == kernels.L1:
            costs = np.abs(queries - self.levels[:, None, :])
            steps, base = np.diff(costs, axis=0), costs[0].sum(axis=1)
        elif self.metric == kernels.SQUARED_L2:
            gaps = queries - self.center
            steps = (-2.0 * gaps) * self._rises
            base = np.einsum("ij,ij->i", gaps, gaps) - 2.0 * (gaps @ (self.levels[0] - self.center))
            base += np.float32(self.radius**2)
        else:
            steps, base = -queries * self._rises, -(queries @ self.levels[0])
        if self.encoding is Encoding.ONE_AND_HALF_BITS:
            # Of two neighbors of which any is on the highest level, each is with this chance.
            second = _pairs(steps[1] * self._chances).sum(axis=2)
            weights = np.concatenate([steps[0], second], axis=1)
        else:
            weights = np.concatenate(list(steps), axis=1)
        return np.ascontiguousarray(weights, np.float32), np.asarray(base, np.float32)

    @cached_property
    def _rises(self) -> FloatArray:
        """From each level to the next, float32 [l - 1, 1, d]."""
        rises: FloatArray = np.diff(self.levels, axis=0)[:, None, :]
        return rises

    @cached_property
    def _chances(self) -> FloatArray:
        """The chance of a number on the highest level among pairs of which any is, float32 [d]."""
        high = self.rates[2]
        pair = _shares(self.rates, self.encoding)[len(high) :].repeat(2)[: len(high)]
        chances: FloatArray = high / np.maximum(pair, 1e-9)
        return chances

    @cached_property
    def _unrelated(self) -> float:
        """In how many bits two vectors differ that have nothing to do with each other."""
        above = _shares(self.rates, self.encoding)
        return max(float((2 * above * (1 - above)).sum()), 1e-9)


def bits_of(dim: int, encoding: Encoding) -> int:
    """Return the bits of a vector."""
    extra = {Encoding.ONE_BIT: 0, Encoding.ONE_AND_HALF_BITS: -(-dim // 2), Encoding.TWO_BITS: dim}
    return dim + extra[encoding]


def _levels(rows: AnyArray, center: FloatArray, spread: FloatArray, one: bool) -> AnyArray:
    """Return how many thresholds each number is above, uint8 [n, d]."""
    if one:
        return (rows > center).astype(np.uint8)
    return (rows > center - spread).astype(np.uint8) + (rows > center + spread).astype(np.uint8)


def _means(
    seen: AnyArray, marks: AnyArray, center: AnyArray, count: int, *, inflate: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the mean of the numbers on each level, and their share.

    Means of levels lie nearer together than the numbers do. Where products are to be estimated they are moved
    apart (`inflate`), so that a vector has with its own code the product that it has with itself.
    """
    levels, rates = np.empty((count, seen.shape[1])), np.empty((count, seen.shape[1]))
    for level in range(count):
        mine = marks == level
        found = mine.sum(axis=0)
        rates[level] = found / len(seen)
        levels[level] = np.where(found, (seen * mine).sum(axis=0) / np.maximum(found, 1), center)
    if inflate:
        spread = ((levels - center) ** 2 * rates).sum()
        levels = center + (levels - center) * (seen.var(axis=0).sum() / max(spread, 1e-30))
    return levels.astype(np.float32), rates.astype(np.float32)


def _shares(rates: FloatArray, encoding: Encoding) -> FloatArray:
    """Return the share of the rows in which each bit is set."""
    above: FloatArray = 1 - rates[0]
    if encoding is Encoding.ONE_BIT:
        return above
    if encoding is Encoding.TWO_BITS:
        shares: FloatArray = np.concatenate([above, rates[2]])
        return shares
    shares = np.concatenate([above, 1 - np.prod(_pairs(1 - rates[2][None], 1.0), axis=2)[0]])
    return shares


def _pairs(rows: AnyArray, filler: float = 0.0) -> AnyArray:
    """Return two neighbors at a time, [n, ⌈d / 2⌉, 2]."""
    n, dim = rows.shape
    filled = np.full((n, dim + dim % 2), filler, rows.dtype)
    filled[:, :dim] = rows
    return filled.reshape(n, -1, 2)


def _pack(marks: AnyArray, encoding: Encoding) -> AnyArray:
    """Return the bits of levels, uint64 [n, w]."""
    above, high = np.asarray(marks > 0), np.asarray(marks > 1)
    second = {
        Encoding.ONE_BIT: high[:, :0],
        Encoding.ONE_AND_HALF_BITS: _pairs(high).any(axis=2),
        Encoding.TWO_BITS: high,
    }
    return pack(np.concatenate([above, second[encoding]], axis=1))


def pack(bits: AnyArray) -> AnyArray:
    """Return bool [n, b] as uint64 [n, ⌈b / 64⌉], bit j in word j // 64 at the place j % 64."""
    n, size = bits.shape
    packed = np.zeros((n, -(-size // 64) * 8), np.uint8)
    packed[:, : -(-size // 8)] = np.packbits(bits, axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)
