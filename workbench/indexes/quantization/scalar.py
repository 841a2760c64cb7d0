"""Scalar quantization: each number in 8 bits, ``code = rint((x - mean) / scale)``.

The codes are those that ``workbench.indexes.codes`` makes for walks through a graph. Under L1 a query is
compared in 64ths of a step, so that nearly all of the error is the code's.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench import errors, kernels
from workbench.indexes import codes as int8
from workbench.indexes.quantization.codes import AnyArray, FloatArray, Quantized, SpaceKey
from workbench.models.quantization import Quantization

# The most that a query under L1 is away from the mean, in its own steps. Beyond the range of all codes a
# number adds the same to every distance, which is added at the end.
_FARTHEST = 24_000


class ScalarCodes:
    """int8 codes of n vectors; see :class:`workbench.indexes.codes.Codes`."""

    def __init__(self, codes: int8.Codes, metric: int) -> None:
        self.codes, self.metric = codes, metric
        self._space: int8.CodeSpace | None = None

    @classmethod
    def encode(cls, vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
        """Encode all rows; see :class:`QuantizedKind`."""
        own = cls(int8.encode(vectors, metric, settings.quantile), metric)
        try:
            own.validate(*vectors.shape)
        except errors.Corrupted:  # all rows are equal, or too long to be squared
            return None
        return own

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
    ) -> Quantized:
        """Put codes together; see :class:`QuantizedKind`."""
        return cls(int8.Codes.from_arrays(arrays, meta), metric)

    @classmethod
    def predict(cls, n: int, dim: int, metric: int, settings: Quantization) -> int:
        """Return the bytes of the arrays; see :class:`QuantizedKind`."""
        return n * int8.padded(dim) + 4 * dim + (4 * n if metric == kernels.SQUARED_L2 else 0)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.codes.nbytes

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays by name, not copied."""
        return self.codes.arrays()

    def meta(self) -> dict[str, Any]:
        """Return the scale."""
        return dict(self.codes.meta())

    def validate(self, n: int, dim: int) -> None:
        """Check everything that a kernel relies on; raise ``Corrupted``."""
        self.codes.validate(n, dim, self.metric, "scalar codes")

    def space(self) -> SpaceKey:
        """Return the codes as kernels take them; valid while this object lives."""
        if self.metric != kernels.L1:
            key: SpaceKey = self._coded()[0]
            return key
        from workbench.kernels.cpu.bits import INT8_L1

        codes = self.codes.codes
        return codes.ctypes.data, codes.shape[1], codes.shape[1], INT8_L1, 0

    def numbers(self, queries: FloatArray) -> tuple[SpaceKey, FloatArray, float, FloatArray]:
        """Return the codes as int8 numbers, and what compares with these by the metric.

        Parameters
        ----------
        queries : float32 [q, d]

        Returns
        -------
        key : tuple
            For the kernels of multivectors; valid while this object lives.
        queries : float32 [q, d′]
        factor : float
            What their distances are to be multiplied by.
        extra : float32 [q]
            What is to be added then.
        """
        from workbench.kernels.cpu.multivector import INT8

        codes, (count, dim) = self.codes, queries.shape
        stride, scale = codes.codes.shape[1], float(codes.scale)
        moved = np.zeros((count, stride), np.float32)
        key = codes.codes.ctypes.data, stride, stride, INT8[self.metric], 0
        if self.metric == kernels.NEGATIVE_DOT:
            moved[:, :dim] = queries
            return key, moved, scale, -(queries @ codes.mean)
        moved[:, :dim] = (queries - codes.mean) / np.float32(scale)
        factor = scale * scale if self.metric == kernels.SQUARED_L2 else scale
        return key, moved, factor, np.zeros(count, np.float32)

    def prepare(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prepare queries; see :class:`Quantized`."""
        from workbench.kernels.cpu.codes import HEAD

        stride, mean = self.codes.codes.shape[1], self.codes.mean
        prepared = np.zeros((len(queries), HEAD + stride), np.int16)
        if self.metric == kernels.L1:
            return prepared.view(np.float32), self._prepare_l1(queries, prepared, HEAD)
        _, center, factor = self._coded()
        cpu = importlib.import_module(kernels.QUANTIZATION)
        cpu.prepare_int8(queries, center, factor, stride, prepared)
        if self.metric == kernels.SQUARED_L2:
            gaps = queries - mean
            squares: FloatArray = np.einsum("ij,ij->i", gaps, gaps)
            return prepared.view(np.float32), squares
        dots: FloatArray = -(queries @ mean)
        return prepared.view(np.float32), dots

    def _prepare_l1(self, queries: FloatArray, prepared: AnyArray, head: int) -> FloatArray:
        from workbench.kernels.cpu.bits import FINER

        unit = self.codes.scale / FINER
        steps = (queries.astype(np.float64) - self.codes.mean) / unit
        near = np.clip(np.rint(steps), -_FARTHEST, _FARTHEST)
        prepared[:, head : head + queries.shape[1]] = near
        prepared[:, :2].view(np.float32)[:, 0] = unit
        beyond = np.maximum(np.abs(steps) - _FARTHEST, 0.0).sum(axis=1) * unit
        return np.asarray(beyond, np.float32)

    def _coded(self) -> Any:
        if self._space is None:  # made when it is needed, since that takes the kernels
            self._space = self.codes.space(self.metric)
        return self._space.key
