"""Vectors that are not one row of numbers: sparse vectors and multivectors, single and in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidVector


@dataclass(frozen=True, slots=True, eq=False)
class SparseVector:
    """A vector given by its non-zero dimensions.

    Parameters
    ----------
    indices : uint32[t]
        Ascending, each once.
    values : float32[t]
        In the order of `indices`.
    """

    indices: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indices)

    @classmethod
    def of(cls, indices: Any, values: Any) -> SparseVector:
        """Check and sort what a caller gave.

        Raises
        ------
        InvalidVector
            When lengths differ, an index repeats or is no unsigned 32-bit integer, or a value is not finite.
        """
        try:
            wide = np.asarray(indices if len(indices) else [], dtype=np.int64)
            with np.errstate(over="ignore"):  # 1e308 becomes infinite here, and is refused below
                numbers = np.asarray(values, dtype=np.float32)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidVector(f"sparse vector: expected lists of indices and values: {error}") from error
        if wide.ndim != 1 or wide.shape != numbers.shape:
            raise InvalidVector(
                f"sparse vector: expected as many values as indices, got {numbers.size} and {wide.size}"
            )
        if len(wide) and (wide.min() < 0 or wide.max() > 0xFFFFFFFF):
            raise InvalidVector("sparse vector: expected indices from 0 to 4294967295")
        if not np.isfinite(numbers).all():
            raise InvalidVector("sparse vector: expected finite values")
        order = np.argsort(wide, kind="stable")
        ordered = wide[order]
        if bool((ordered[1:] == ordered[:-1]).any()):
            raise InvalidVector("sparse vector: expected each index once; indices must be unique")
        return cls(ordered.astype(np.uint32), numbers[order])


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SparseRows:
    """Sparse vectors in bulk, as the rows of a CSR matrix.

    Parameters
    ----------
    starts : int64[v + 1]
        Where each row begins in the other two; ``starts[v]`` is their length.
    indices : uint32[t]
        Ascending within a row.
    values : float32[t]
        In the order of `indices`.
    """

    starts: npt.NDArray[np.int64]
    indices: npt.NDArray[np.uint32]
    values: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, at: int) -> SparseVector:
        """Return one vector."""
        own = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return SparseVector(self.indices[own], self.values[own])

    @property
    def nbytes(self) -> int:
        """Bytes of all three arrays."""
        return self.starts.nbytes + self.indices.nbytes + self.values.nbytes

    def take(self, rows: npt.NDArray[np.intp]) -> SparseRows:
        """Return the vectors at `rows`, in that order."""
        starts, positions = _positions(self.starts, rows)
        return SparseRows(starts, self.indices[positions], self.values[positions])

    @classmethod
    def of(cls, vectors: Iterable[SparseVector]) -> SparseRows:
        """Join single vectors."""
        own = list(vectors)
        return cls(
            _starts([len(v) for v in own]),
            np.concatenate([np.empty(0, np.uint32), *(v.indices for v in own)]),
            np.concatenate([np.empty(0, np.float32), *(v.values for v in own)]),
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultiRows:
    """Multivectors in bulk: each row is a small matrix of one or more vectors.

    Parameters
    ----------
    starts : int64[v + 1]
        Where each multivector begins in `values`; ``starts[v]`` is its length.
    values : T[n, d]
        All vectors, one after the other.
    """

    starts: npt.NDArray[np.int64]
    values: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, at: int) -> npt.NDArray[Any]:
        """Return one multivector, T[s, d]."""
        return self.values[int(self.starts[at]) : int(self.starts[at + 1])]

    @property
    def nbytes(self) -> int:
        """Bytes of both arrays."""
        return self.starts.nbytes + self.values.nbytes

    def take(self, rows: npt.NDArray[np.intp]) -> MultiRows:
        """Return the multivectors at `rows`, in that order."""
        starts, positions = _positions(self.starts, rows)
        return MultiRows(starts, self.values[positions])

    @classmethod
    def of(cls, matrices: Sequence[npt.NDArray[Any]], dim: int) -> MultiRows:
        """Join single multivectors, each T[s, dim]."""
        starts = _starts([len(m) for m in matrices])
        return cls(starts, np.concatenate(matrices) if matrices else np.empty((0, dim), np.float32))


VectorRows = npt.NDArray[Any] | SparseRows | MultiRows
"""Vectors of one name in bulk: T[v, d], or v sparse vectors, or v multivectors."""


def take_rows(values: VectorRows, rows: npt.NDArray[np.intp]) -> VectorRows:
    """Return the vectors at `rows`, in that order, whatever their kind."""
    return values[rows] if isinstance(values, np.ndarray) else values.take(rows)


def join_rows(parts: Sequence[VectorRows]) -> VectorRows:
    """Return the vectors of one or more `parts`, all of one kind, one after the other."""
    if len(parts) == 1:
        return parts[0]
    sparse = [p for p in parts if isinstance(p, SparseRows)]
    if sparse:
        return SparseRows(
            _joined_starts([p.starts for p in sparse]),
            np.concatenate([p.indices for p in sparse]),
            np.concatenate([p.values for p in sparse]),
        )
    multi = [p for p in parts if isinstance(p, MultiRows)]
    if multi:
        return MultiRows(_joined_starts([p.starts for p in multi]), np.concatenate([p.values for p in multi]))
    return np.concatenate([p for p in parts if isinstance(p, np.ndarray)])


def no_vectors(dim: int, dtype: np.dtype[Any], *, multi: bool = False) -> npt.NDArray[Any] | MultiRows:
    """Return zero dense vectors or multivectors of `dim` dimensions."""
    none: npt.NDArray[Any] = np.empty((0, dim), dtype)
    return MultiRows(np.zeros(1, np.int64), none) if multi else none


def _joined_starts(parts: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    ends = np.cumsum([0, *(int(p[-1]) for p in parts)])
    return np.concatenate(
        [np.zeros(1, np.int64), *(p[1:] + end for p, end in zip(parts, ends[:-1], strict=True))]
    )


def _starts(lengths: Sequence[int]) -> npt.NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _positions(
    starts: npt.NDArray[np.int64], rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the starts of the rows taken, and where their elements stand in the source."""
    lengths = starts[rows + 1] - starts[rows]
    taken = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=taken[1:])
    return taken, np.repeat(starts[rows] - taken[:-1], lengths) + np.arange(taken[-1])
