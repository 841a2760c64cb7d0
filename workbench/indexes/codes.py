"""Vectors in 8 bits a number: what a graph is walked with, so that a search reads a quarter of the memory.

``code = clip(rint((x - mean) / scale), -127, 127)``, one scale for all dimensions. Walking by codes makes a
shortlist; its full vectors decide. So distances are exact, and a wrong order of the codes is put right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes import flat
from workbench.indexes.space import LINE, as_vectors, fault_of, writable

ARRAYS = ("codes", "terms", "mean")

LARGEST = 127
# The scale is taken from this many numbers (11,000 rows at 384 dimensions; a partition of them takes 60 ms),
# such that this share of them fits. That all fit is best where no number is far from the rest: the first 10
# rows by their codes then hold .991 of the true 10 on text and .994 on images, but .971 and .984 if one in
# 200 is clipped. Under a dot product it is the longest vectors, the winners, that would be clipped.
SAMPLE, FITS = 1 << 22, (1.0, 0.995)
# Temporaries of this many numbers: no NumPy call takes more than some milliseconds.
CHUNK = 1 << 20
# Codes are kept only if they find this share of the nearest K rows of some rows: they cannot tell apart
# points that lie closer than a step, nor see dimensions much smaller than the others.
FAITHFUL, K, ASKED = 0.99, 10, 32
# Below these a walk by codes gains little. How many times faster it was with 384 dimensions, at ef 16 and 64:
# 1.02 and 1.15 with 1,000 rows (1.5 MB, in the second-level cache), 1.6 and 1.8 with 4,000, 1.75 and 2.1 with
# 30,000. With 20,000 rows, at ef 48: 1.0 with 16 to 48 dimensions, 1.1 to 1.2 with 64, 1.2 with 128.
LEAST_BYTES, LEAST_DIM = 4 << 20, 64


class Codes(NamedTuple):
    """The codes of n vectors.

    Attributes
    ----------
    codes : int8 [n, d′]
        d′ is d rounded up to 64; zeros from d on.
    terms : float32 [n] or [0]
        ``Σ (scale · code)²``, what the code adds to a squared L2 distance; empty for a dot product.
    mean : float32 [d]
    scale : float
    """

    codes: NDArray[np.int8]
    terms: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: float

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, not copied."""
        return {name: getattr(self, name) for name in ARRAYS}

    def meta(self) -> dict[str, float]:
        """Return the scalars by name."""
        return {"scale": self.scale}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, float]) -> Codes:
        """Put codes together from what :meth:`arrays` and :meth:`meta` returned; copies nothing."""
        return cls(arrays["codes"], arrays["terms"], arrays["mean"], float(meta["scale"]))

    def validate(self, n: int, dim: int, metric: int, path: str = "int8 codes") -> None:
        """Check everything that a kernel relies on; kernels themselves check no bounds.

        Raises
        ------
        errors.Corrupted
            If an array has another type or shape than codes of `n` vectors of `dim` numbers under `metric`
            have, or a number is not finite.
        """
        terms = n if metric == kernels.SQUARED_L2 else 0
        expected: dict[str, tuple[Any, tuple[int, ...]]] = {
            "codes": (np.int8, (n, padded(dim))),
            "terms": (np.float32, (terms,)),
            "mean": (np.float32, (dim,)),
        }
        if fault := fault_of(self.arrays(), expected):
            raise errors.Corrupted(path, fault, ADVICE)
        finite = np.isfinite(self.terms).all() and np.isfinite(self.mean).all()
        if not finite or not 0.0 < self.scale < np.inf:
            raise errors.Corrupted(path, "mean, terms and scale should be finite, the scale above 0", ADVICE)

    def space(self, metric: int) -> CodeSpace:
        """Return the codes as a kernel takes them."""
        return CodeSpace(self, metric)


ADVICE = "Rebuild the index from the stored vectors."


class CodeSpace:
    """Codes as the search kernel takes them.

    Attributes
    ----------
    key : (space, float32 [d], float)
        The argument `coded` of ``kernels.cpu.search``. Valid while this object lives.
    """

    __slots__ = ("_codes", "key")

    def __init__(self, codes: Codes, metric: int) -> None:
        from workbench.kernels.cpu import kind_of

        self._codes = codes
        stride = codes.codes.shape[1]
        euclid = metric == kernels.SQUARED_L2
        kind = kind_of(codes.codes.dtype, metric)
        space = (codes.codes.ctypes.data, stride, stride, kind, codes.terms.ctypes.data if euclid else 0)
        # Under a dot product the mean adds the same to every point.
        center = writable(codes.mean) if euclid else np.zeros_like(codes.mean)
        self.key = (space, center, codes.scale * (2.0 if euclid else 1.0))


class BuildSpace:
    """Codes as the build kernels take them: a space where stored rows ask for stored rows.

    Distances are those of the decoded vectors in units of ``scale²``, halved under L2: of rows a and b
    ``term[a] + term[b] - ⟨code a, code b⟩``, but for a constant under a dot product. A kernel leaves the term
    of the row that asks to its caller.
    """

    __slots__ = ("_codes", "_terms", "key")

    def __init__(self, codes: Codes, metric: int) -> None:
        from workbench.kernels.cpu import kind_of

        self._codes, (n, stride) = codes.codes, codes.codes.shape
        self._terms = np.empty(n, np.float32)
        center = np.zeros(stride, np.float32)
        center[: len(codes.mean)] = codes.mean / np.float32(codes.scale)
        for start, stop in _chunks(n, stride):
            part = codes.codes[start:stop].astype(np.float32)
            if metric == kernels.SQUARED_L2:
                self._terms[start:stop] = 0.5 * np.einsum("ij,ij->i", part, part)
            else:
                self._terms[start:stop] = -(part @ center)
        kind = kind_of(codes.codes.dtype, kernels.SQUARED_L2)
        self.key = (codes.codes.ctypes.data, stride, stride, kind, self._terms.ctypes.data)


def padded(dim: int) -> int:
    """Return `dim` rounded up to whole cache lines of codes: the kernel's loop has no rest then."""
    return -(-dim // LINE) * LINE


def shortlist(k: int, nibbles: bool = False) -> int:
    """Return how many of the nodes found are measured again for the best `k`, at the most.

    Of the true 10 among 60,000 texts the first 10 by their codes hold .991, the first 15 all. By `nibbles`
    the first 10, 15 and 20 hold .93, .9935 and all (of pictures .93, .9995 and all); of vectors as far from
    each other as chance makes them, in 50 places, the first 20 and 25 .98 and .995.
    """
    return 2 * k + 5 if nibbles else k + k // 2 + 5


def encode(vectors: NDArray[Any], metric: int, fits: float = 1.0) -> Codes:
    """Encode all rows.

    Parameters
    ----------
    vectors : float32 or float16 [n, d]
    metric : int
        ``kernels.SQUARED_L2`` or ``NEGATIVE_DOT``.
    fits : float
        Share of the numbers that the scale leaves room for; the others are clipped.

    Returns
    -------
    Codes
        With the scale 0 and codes of 0 if all rows are equal; such codes tell nothing apart and do not pass
        :meth:`Codes.validate`.
    """
    vectors = as_vectors(vectors)
    n, dim = vectors.shape
    mean, scale = _mean_and_scale(vectors, fits)
    euclid = metric == kernels.SQUARED_L2
    codes = np.zeros((n, padded(dim)), np.int8)
    terms = np.zeros(n if euclid else 0, np.float32)
    if scale > 0.0:
        for start, stop in _chunks(n, dim):
            part = vectors[start:stop].astype(np.float64)
            part -= mean
            part /= scale
            np.clip(np.rint(part, out=part), -LARGEST, LARGEST, out=part)
            codes[start:stop, :dim] = part
            if euclid:
                with np.errstate(over="ignore"):  # beyond float32 they are infinite, and refused
                    terms[start:stop] = np.einsum("ij,ij->i", part, part) * scale * scale
    return Codes(codes, terms, mean, scale)


def _mean_and_scale(vectors: NDArray[Any], fits: float) -> tuple[NDArray[np.float32], float]:
    n, dim = vectors.shape
    if n == 0:
        return np.zeros(dim, np.float32), 0.0
    count = min(n, max(1, SAMPLE // dim))
    sample = vectors[np.linspace(0, n - 1, count).astype(np.intp)].astype(np.float32, copy=False)
    mean = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    gaps = np.abs(sample - mean).ravel()
    place = min(int(fits * gaps.size), gaps.size - 1)
    gaps.partition(place)
    # Most numbers may be equal to the mean, as in pictures on black ground; then the largest one counts.
    widest = float(gaps[place]) or float(gaps[place:].max())
    return mean, widest / LARGEST


def _chunks(n: int, dim: int) -> Iterator[tuple[int, int]]:
    step = max(1, CHUNK // max(1, dim))
    for start in range(0, n, step):
        yield start, min(start + step, n)


def make(vectors: NDArray[Any], metric: int) -> Codes | None:
    """Encode all rows if walking by codes is possible, faster, and finds the same; else return None."""
    if metric == kernels.L1 or vectors.dtype != np.float32:
        return None
    if vectors.nbytes < LEAST_BYTES or vectors.shape[1] < LEAST_DIM:
        return None
    for fits in FITS:
        codes = encode(vectors, metric, fits)
        try:
            codes.validate(len(vectors), vectors.shape[1], metric)
        except errors.Corrupted:  # all rows are equal, or too long to be squared
            return None
        if kept(codes, vectors, metric) >= FAITHFUL:
            return codes
    return None


def kept(codes: Codes, vectors: NDArray[Any], metric: int) -> float:
    """Return the share of the nearest `K` rows that are in the codes' shortlist, asking with stored rows."""
    n = len(vectors)
    asked = vectors[np.linspace(0, n - 1, min(n, ASKED)).astype(np.intp)].astype(np.float32)
    k = min(K, n)
    lists = _shortlists(codes, asked, metric, min(n, shortlist(k)))
    truth, _ = flat.search_batch(vectors, asked, k, metric)
    found = 0
    for query, rows, nearest in zip(asked, lists, truth, strict=True):
        # By distance and not by row: which of several equal vectors is found does not matter.
        limit = flat.distances(vectors, query, metric, nearest).max()
        found += min(k, int((flat.distances(vectors, query, metric, rows) <= limit).sum()))
    return found / (k * len(asked))


def _shortlists(codes: Codes, asked: NDArray[np.float32], metric: int, count: int) -> NDArray[np.int64]:
    """The `count` rows nearest to each query by their codes, int64 [q, count]; in NumPy, chunk by chunk."""
    dim = len(codes.mean)
    euclid = metric == kernels.SQUARED_L2
    factor = np.float32(codes.scale * (2.0 if euclid else 1.0))
    weights = ((asked - codes.mean) if euclid else asked) * factor
    rows, gaps = np.empty((len(asked), 0), np.int64), np.empty((len(asked), 0), np.float32)
    for start, stop in _chunks(len(codes.codes), dim):
        near = -(weights @ codes.codes[start:stop, :dim].astype(np.float32).T)
        if euclid:
            near += codes.terms[start:stop]
        ids = np.broadcast_to(np.arange(start, stop), near.shape)
        rows, gaps = np.concatenate([rows, ids], axis=1), np.concatenate([gaps, near], axis=1)
        if gaps.shape[1] > count:
            best = np.argpartition(gaps, count - 1, axis=1)[:, :count]
            rows, gaps = np.take_along_axis(rows, best, 1), np.take_along_axis(gaps, best, 1)
    return rows
