"""Product quantization: each part of a vector as the number of the nearest of 256 centroids.

(Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011.) A query is compared with
all centroids once; the distance to a row is then a sum of entries of that table, one a part.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
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
from workbench.indexes.space import writable
from workbench.models.quantization import Quantization

CENTROIDS = 256
# Centroids are the means of the parts of this many rows, 40 a centroid, moved so many times.
LEARNED, ROUNDS = 40 * CENTROIDS, 8


class ProductCodes:
    """Product codes of n vectors.

    Attributes
    ----------
    codes : uint8 [n, m]
        The number of the nearest centroid, by L2, of each of the m parts.
    books : float32 [m, s, 256]
        The s numbers of each centroid, number by number; the last part of a vector is filled up with zeros.
    distortion : float
        The mean squared distance of a vector from its centroids: what is missing from squared distances.
    """

    def __init__(
        self, codes: AnyArray, books: FloatArray, metric: int, compression: int, distortion: float
    ) -> None:
        self.codes, self.books, self.metric = codes, writable(books), metric
        self.compression, self.distortion = compression, distortion

    @classmethod
    def encode(cls, vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
        """Encode all rows; see :class:`QuantizedKind`."""
        kernels.warm(True, kernels.QUANTIZATION)
        if not kernels.ready(kernels.QUANTIZATION):
            return None
        cpu = importlib.import_module(kernels.QUANTIZATION)
        parts, size = parts_of(vectors.shape[1], settings.compression)
        books = _learn(_filled(sample(vectors, LEARNED), parts * size), parts, size)
        codes = np.empty((len(vectors), parts), np.uint8)
        lost = 0.0
        for start, part in chunks(vectors):
            own = codes[start : start + len(part)]
            cpu.assign(_filled(part, parts * size), books, own)
            nearest = books[np.arange(parts)[:, None], :, own.T].transpose(1, 0, 2).reshape(len(part), -1)
            lost += float(((part - nearest[:, : part.shape[1]]) ** 2).sum(dtype=np.float64))
        distortion = lost / len(vectors)
        return cls(codes, books, metric, settings.compression, distortion) if np.isfinite(lost) else None

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
    ) -> Quantized:
        """Put codes together; see :class:`QuantizedKind`."""
        return cls(arrays["codes"], arrays["books"], metric, settings.compression, float(meta["distortion"]))

    @classmethod
    def predict(cls, n: int, dim: int, metric: int, settings: Quantization) -> int:
        """Return the bytes of the arrays; see :class:`QuantizedKind`."""
        parts, size = parts_of(dim, settings.compression)
        return n * parts + 4 * parts * size * CENTROIDS

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.codes.nbytes + self.books.nbytes

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays by name, not copied."""
        return {"codes": self.codes, "books": self.books}

    def meta(self) -> dict[str, Any]:
        """Return the distortion."""
        return {"distortion": self.distortion}

    def validate(self, n: int, dim: int) -> None:
        """Check everything that a kernel relies on; raise ``Corrupted``."""
        parts, size = parts_of(dim, self.compression)
        expected = {"codes": (np.uint8, (n, parts)), "books": (np.float32, (parts, size, CENTROIDS))}
        check("product", self.arrays(), expected)
        if not 0.0 <= self.distortion < np.inf:
            corrupted("product", "the distortion should be finite")

    def space(self) -> SpaceKey:
        """Return the codes as kernels take them; valid while this object lives."""
        from workbench.kernels.cpu.bits import PRODUCT

        parts = self.codes.shape[1]
        return self.codes.ctypes.data, parts, parts, PRODUCT, 0

    def prepare(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Prepare queries; see :class:`Quantized`."""
        cpu = importlib.import_module(kernels.QUANTIZATION)
        parts, size, _ = self.books.shape
        tables = np.empty((len(queries), parts, CENTROIDS), np.float32)
        cpu.prepare_tables(_filled(queries, parts * size), self.books, self.metric, tables)
        extra = self.distortion if self.metric == kernels.SQUARED_L2 else 0.0
        return tables.reshape(len(queries), -1), np.full(len(queries), extra, np.float32)


def parts_of(dim: int, compression: int) -> tuple[int, int]:
    """Return into how many parts a vector is split, and how many float32 each byte of its code stands for."""
    size = compression // 4
    return -(-dim // size), size


def _filled(vectors: FloatArray, width: int) -> FloatArray:
    """Fill rows up with zeros."""
    if vectors.shape[1] == width:
        return np.ascontiguousarray(vectors)
    filled = np.zeros((len(vectors), width), np.float32)
    filled[:, : vectors.shape[1]] = vectors
    return filled


def _learn(rows: FloatArray, parts: int, size: int) -> FloatArray:
    """Return the centroids of all parts, float32 [m, s, 256], by k-means (Lloyd, 1982)."""
    cpu = importlib.import_module(kernels.QUANTIZATION)
    rng = np.random.default_rng(0)
    first = rows[rng.permutation(len(rows))[np.arange(CENTROIDS) % len(rows)]]
    books = np.ascontiguousarray(first.reshape(CENTROIDS, parts, size).transpose(1, 2, 0))
    codes = np.empty((len(rows), parts), np.uint8)
    for _ in range(ROUNDS):
        cpu.assign(rows, books, codes)
        for p in range(parts):
            counts = np.bincount(codes[:, p], minlength=CENTROIDS)
            full = counts > 0
            # A centroid that is nearest to no row goes to one at random.
            spare = rows[rng.integers(len(rows), size=CENTROIDS - int(full.sum()))]
            for s in range(size):
                column = rows[:, p * size + s]
                sums = np.bincount(codes[:, p], weights=column, minlength=CENTROIDS)
                books[p, s, full] = sums[full] / counts[full]
                books[p, s, ~full] = spare[:, p * size + s]
    return books
