"""TurboQuant: few bits a number, after a random rotation that makes all numbers alike.

(Zandieh, Daliri, Hadian and Mirrokni, "TurboQuant", arXiv 2504.19874.) A rotated vector's numbers are nearly
normal, so one fixed grid serves all of them. Two things are added: vectors are taken from their mean first,
and each row has a scale by which its code has with the row itself the product that the row has (Gao and Long,
"RaBitQ", arXiv 2405.12497), so that estimated products are not too small.

A code counts steps of the grid around 0: with b bits the odd numbers from ``1 - 2^b`` to ``2^b - 1``. With
1.5 bits two neighbors share three bits, the signs of three vectors of the plane that are added up.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench import kernels
from workbench.indexes.quantization.binary import pack
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
from workbench.indexes.space import writable
from workbench.models.quantization import Quantization

# The best width of a step for 2, 4 and 16 equal steps of a normal distribution (Max, 1960, table II).
STEPS = {1.0: 1.596, 2.0: 0.9957, 4.0: 0.3352}
# The three vectors whose eight sums with signs are nearest to a normal distribution in the plane: they leave
# .202 of its variance, where 1 bit leaves .363 and 2 bits .119.
PLANE = np.array([[0.85, 0.0], [0.0, 0.85], [0.468, 0.468]], np.float32)
SIGNS = np.array([[(code >> b & 1) * 2 - 1 for b in range(3)] for code in range(8)], np.float32)
# Changes of sign between Hadamard transforms: after four of them all numbers are mixed in any dimension.
ROUNDS = 4


class TurboCodes:
    """TurboQuant codes of n vectors.

    Attributes
    ----------
    rows : uint64 [n, 1 + w]
        The first word holds two float32: the scale of the row and, under L2, its squared distance from the
        center; then come the bits of all numbers from the lowest bit up.
    center : float32 [d]
    signs : float32 [4, d]
        The rotation; see ``kernels.cpu.quantization.rotate``.
    """

    def __init__(
        self, rows: AnyArray, center: FloatArray, signs: FloatArray, metric: int, bits: float
    ) -> None:
        self.rows, self.center, self.signs = rows, center, writable(signs)
        self.metric, self.bits = metric, bits

    @classmethod
    def encode(cls, vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
        """Encode all rows; see :class:`QuantizedKind`."""
        kernels.warm(True, kernels.QUANTIZATION)
        if metric == kernels.L1 or not kernels.ready(kernels.QUANTIZATION):
            return None
        cpu = importlib.import_module(kernels.QUANTIZATION)
        dim = vectors.shape[1]
        center = sample(vectors).mean(axis=0, dtype=np.float64).astype(np.float32)
        signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0], np.float32), (ROUNDS, dim))
        rows = np.zeros((len(vectors), 1 + words_of(dim, settings.bits)), np.uint64)
        for start, part in chunks(vectors):
            part -= center
            squares = np.einsum("ij,ij->i", part, part)
            cpu.rotate(part, signs)
            own = rows[start : start + len(part)]
            bits, steps = _encode(part, squares, settings.bits)
            own[:, 1:] = pack(bits)
            dots = np.einsum("ij,ij->i", part, steps)
            front = np.zeros((len(part), 2), np.float32)
            front[:, 0] = np.divide(squares, dots, out=np.zeros_like(dots), where=dots > 0)
            front[:, 1] = squares if metric == kernels.SQUARED_L2 else 0.0
            own[:, 0] = front.view(np.uint64)[:, 0]
        made = cls(rows, center, signs, metric, settings.bits)
        return made if np.isfinite(made.front()).all() and made.front()[:, 0].any() else None

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
    ) -> Quantized:
        """Put codes together; see :class:`QuantizedKind`."""
        return cls(arrays["rows"], arrays["center"], arrays["signs"], metric, settings.bits)

    @classmethod
    def predict(cls, n: int, dim: int, metric: int, settings: Quantization) -> int:
        """Return the bytes of the arrays; see :class:`QuantizedKind`."""
        own = n * 8 * (1 + words_of(dim, settings.bits)) + 4 * dim * (1 + ROUNDS)
        return 0 if metric == kernels.L1 else own

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays by name, not copied."""
        return {"rows": self.rows, "center": self.center, "signs": self.signs}

    def meta(self) -> dict[str, Any]:
        """Return nothing: the arrays tell all."""
        return {}

    def front(self) -> FloatArray:
        """Return the two numbers of each row, float32 [n, 2]."""
        return np.ascontiguousarray(self.rows[:, :1]).view(np.float32)

    def validate(self, n: int, dim: int) -> None:
        """Check everything that a kernel relies on; raise ``Corrupted``."""
        expected = {
            "rows": (np.uint64, (n, 1 + words_of(dim, self.bits))),
            "center": (np.float32, (dim,)),
            "signs": (np.float32, (ROUNDS, dim)),
        }
        check("turbo", self.arrays(), expected)
        if not np.isfinite(self.front()).all():
            corrupted("turbo", "the scales should be finite")
        if not (np.abs(self.signs) == 1.0).all():
            corrupted("turbo", "signs should be 1 or -1")

    def space(self) -> SpaceKey:
        """Return the codes as kernels take them; valid while this object lives."""
        from workbench.kernels.cpu.bits import SCALED

        words = self.rows.shape[1]
        return self.rows.ctypes.data, 8 * words, words - 1, SCALED, 0

    def prepare(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prepare queries; see :class:`Quantized`."""
        cpu = importlib.import_module(kernels.QUANTIZATION)
        turned = queries.copy()
        if self.metric == kernels.SQUARED_L2:
            turned -= self.center
            extra = np.einsum("ij,ij->i", turned, turned)
        else:
            extra = -(queries @ self.center)
        cpu.rotate(turned, self.signs)
        turned *= -2.0 if self.metric == kernels.SQUARED_L2 else -1.0
        weights = _weights(turned, self.bits)
        # Each bit of a code adds its weight or takes it away: twice the weight, less all of them.
        prepared = np.empty((len(queries), 8 * self.rows.shape[1]), np.uint64)
        cpu.prepare_planes(2.0 * weights, -weights.sum(axis=1), 8, prepared)
        return prepared.view(np.float32), extra


def words_of(dim: int, bits: float) -> int:
    """Return the words of the bits of a vector."""
    size = 3 * -(-dim // 2) if bits == 1.5 else int(bits) * dim
    return -(-size // 64)


def _encode(rows: FloatArray, squares: FloatArray, bits: float) -> tuple[AnyArray, FloatArray]:
    """Return the bits of the codes, bool [n, b], and the steps that they count, float32 [n, d]."""
    n, dim = rows.shape
    lengths = np.sqrt(squares / dim)
    normal = rows / np.where(lengths > 0, lengths, 1.0)[:, None]
    if bits == 1.5:
        points = SIGNS @ PLANE
        pairs = np.zeros((n, dim + dim % 2), np.float32)
        pairs[:, :dim] = normal
        # The nearest point has the largest product with the pair, less half its own square.
        near = pairs.reshape(-1, 2) @ points.T - 0.5 * (points**2).sum(axis=1)
        codes = near.argmax(axis=1).reshape(n, -1)
        steps = points[codes].reshape(n, -1)[:, :dim]
        return np.concatenate([(codes >> b) & 1 for b in range(3)], axis=1).astype(np.bool_), steps
    whole = int(bits)
    codes = np.clip(np.floor(normal / STEPS[bits]) + (1 << whole >> 1), 0, (1 << whole) - 1).astype(np.uint8)
    parts = [(codes >> b) & 1 for b in range(whole)]
    return np.concatenate(parts, axis=1).astype(np.bool_), 2.0 * codes - np.float32((1 << whole) - 1)


def _weights(turned: FloatArray, bits: float) -> FloatArray:
    """Return what each bit stands for in a product with a query, float32 [q, b]."""
    if bits == 1.5:
        q, dim = turned.shape
        pairs = np.zeros((q, dim + dim % 2), np.float32)
        pairs[:, :dim] = turned
        return np.concatenate([pairs.reshape(q, -1, 2) @ vector for vector in PLANE], axis=1)
    return np.concatenate([turned * np.float32(1 << b) for b in range(int(bits))], axis=1)
