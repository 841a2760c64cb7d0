"""The face that all kinds of quantized vectors share, and the checks that each of them needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench import errors
from workbench.indexes.space import fault_of
from workbench.models.quantization import Quantization

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float32]
SpaceKey = tuple[int, int, int, int, int]

ADVICE = "Rebuild the index from the stored vectors."

# Temporaries of this many numbers: no NumPy call takes more than some milliseconds.
CHUNK = 1 << 20
# What is learned of the numbers of all vectors is learned from this many of them.
SAMPLE = 1 << 22


class Quantized(Protocol):
    """n vectors of d numbers as codes, under one metric.

    The distances of a prepared query to the codes are those of the vectors, as well as the codes tell them,
    less a constant of the query.
    """

    metric: int

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        ...

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays by name, not copied."""
        ...

    def meta(self) -> dict[str, Any]:
        """Return what else is to be kept, as plain values."""
        ...

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, AnyArray],
        meta: Mapping[str, Any],
        metric: int,
        settings: Quantization,
    ) -> Quantized:
        """Put codes together from what :meth:`arrays` and :meth:`meta` returned; copies nothing."""
        ...

    def validate(self, n: int, dim: int) -> None:
        """Check everything that a kernel relies on; raise ``Corrupted``."""
        ...

    def space(self) -> SpaceKey:
        """Return the codes as kernels take them; valid while this object lives."""
        ...

    def prepare(self, queries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return float32 [q, w], what a kernel takes for the queries (their bits may be of other types), and
        float32 [q], what is to be added to their distances.

        Parameters
        ----------
        queries : float32 [q, d]
        """
        ...


class QuantizedKind(Quantized, Protocol):
    """One kind: it can be made too."""

    @classmethod
    def encode(cls, vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
        """Encode all rows of float32, float16 or uint8 [n, d]; None if this kind cannot tell them apart."""
        ...

    @classmethod
    def predict(cls, n: int, dim: int, metric: int, settings: Quantization) -> int:
        """Return the bytes of the arrays of `n` rows of `dim` numbers."""
        ...


def chunks(vectors: AnyArray) -> Iterator[tuple[int, FloatArray]]:
    """Return the rows in parts, each with the number of its first, as new float32 arrays."""
    step = max(1, CHUNK // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        yield start, np.array(vectors[start : start + step], np.float32)


def sample(vectors: AnyArray, rows: int | None = None) -> FloatArray:
    """Return some rows, spread evenly, as float32."""
    n, dim = vectors.shape
    count = min(n, max(1, SAMPLE // max(1, dim) if rows is None else rows))
    if count == 0:
        return np.empty((0, dim), np.float32)
    return vectors[np.linspace(0, n - 1, count).astype(np.intp)].astype(np.float32)


def check(
    kind: str, arrays: Mapping[str, AnyArray], expected: Mapping[str, tuple[Any, tuple[int, ...]]]
) -> None:
    """Check types and shapes, and that floats are finite; raise ``Corrupted``."""
    if fault := fault_of(arrays, expected):
        corrupted(kind, fault)
    for name in expected:
        if arrays[name].dtype.kind == "f" and not np.isfinite(arrays[name]).all():
            corrupted(kind, f"{name} should be finite")


def corrupted(kind: str, fault: str) -> NoReturn:
    """Raise ``Corrupted`` about the codes of a kind."""
    raise errors.Corrupted(f"{kind} codes", fault, ADVICE)
