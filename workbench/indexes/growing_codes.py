"""int8 codes of vectors that are only ever appended: what the exact scan of a growing tail reads.

The mean and the scale are those of the first vectors. A later one that does not fit them is clipped, and its
error, which is kept for every vector, is larger: answers are exact all the same. When too many do not fit,
codes are made anew.
"""

from __future__ import annotations

import importlib
import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.codes import LARGEST, Codes, padded
from workbench.indexes.space import Space, as_queries, in_lines, writable
from workbench.storage.vectors import GrowingArray

# Below this a scan of float32 takes some 30 µs, and codes could save 20 of them.
LEAST_BYTES = 1 << 20
# The scale is taken from this many numbers, such that this share of them fits: whichever is off the least.
SAMPLE, FITS = 1 << 18, (1.0, 0.999, 0.99)
# Vectors whose code is made in one go by whoever finds them without: 2 ms of 384 numbers.
AT_ONCE = 8192
# Codes are made anew if they fit more than one in so many vectors badly, and these are so many times as many
# as those that the scale was taken from.
MISFITS, GROWN = 50, 1.5
# Rows that a code tells nothing of are measured. If that are more than one in so many, this often more than
# not, the codes only cost time.
LEFT_OPEN, STRIKES = 4, 16
# From so many rows on, and where this share of them may be found, their signs are read before their codes.
LEAST_SIFTED, SIFTED_SHARE = 1024, 0.25
# How much more the mean square of a row's codes is than the square of their mean size, for signs to be read:
# 0 where all are as large, .33 where they are spread evenly, .57 where normally, as those of texts.
LEAST_SPREAD = 0.1
# Rows whose signs stand side by side; ``kernels.cpu.sign_lanes``.
EIGHT = 8
# The largest square of a length that kernels prove something of.
LARGEST_SQUARE = 1e36


class GrowingCodes:
    """Codes of the vectors of one name in a tail, as far as they were made. Any thread may call anything.

    Parameters
    ----------
    metric : int
        ``kernels.SQUARED_L2`` or ``NEGATIVE_DOT``.
    """

    def __init__(self, metric: int) -> None:
        self._metric, self._lock = metric, threading.Lock()
        self._made: _Made | None = None
        self._useless, self._expected = False, 0

    def reserve(self, count: int) -> None:
        """Make room for codes of `count` more vectors at once: doubling touches fresh memory three times."""
        with self._lock:
            self._expected = count
            if self._made is not None:
                self._made.reserve(count)

    def advance(self, vectors: NDArray[Any], most: int = AT_ONCE) -> None:
        """Make codes of at most `most` of the vectors, T [n, d], that have none yet.

        Nothing is done while another thread does it, while kernels are loading, or for few vectors.
        """
        if self._useless or vectors.nbytes < LEAST_BYTES or not kernels.wanted(kernels.GROWING):
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            made = self._made
            if made is None or made.outgrown(len(vectors)):
                made = self._made = _Made.fitting(vectors, self._metric)
                if made is not None:
                    made.reserve(max(self._expected, len(vectors)))
            if made is not None and made.count < len(vectors):
                made.encode(vectors[made.count : made.count + most])
        finally:
            self._lock.release()

    def scan_of(self, vectors: NDArray[Any]) -> CodedScan | None:
        """Return what searches `vectors` by their codes; None if some have none yet, or nothing is gained."""
        self.advance(vectors)
        made = self._made
        if made is None or self._useless or made.count < len(vectors) or not made.bounded:
            return None
        return CodedScan(vectors, made, self)

    def arrays(self) -> list[NDArray[Any]]:
        """Return the arrays held."""
        return [] if self._made is None else self._made.arrays()

    def drop(self) -> None:
        """Make no codes any more: they do not tell these vectors apart."""
        self._useless, self._made = True, None


class _Made:
    """Codes of one mean and scale.

    Attributes
    ----------
    count : int
        How many vectors have a code.
    signed : bool
        Whether distances may be guessed from the signs of codes.
    widest_fit : float
        The largest error of a vector that fits the scale.
    widest, radius, longest : float
        What ``code_bounds.CodeBounds`` says of them, or more.
    strikes : int
        How much more often than not codes left too many rows open.
    """

    def __init__(self, mean: NDArray[np.float32], scale: float, sampled: int, metric: int) -> None:
        self.mean, self.scale, self.metric = mean, scale, metric
        # No number that fits is off by more than half a step.
        self.widest_fit = 0.51 * scale * math.sqrt(len(mean))
        self._fitted, self._misfits, self.strikes = sampled, 0, 0
        self.signed = True
        self._codes = GrowingArray(padded(len(mean)), np.int8)
        self._terms = GrowingArray(1, np.float32) if metric == kernels.SQUARED_L2 else None
        self._errors = GrowingArray(1, np.float32)
        self._blocks = np.zeros((0, 0), np.uint8)
        self.count, self.widest, self.radius, self.longest = 0, 0.0, 0.0, 0.0

    @classmethod
    def fitting(cls, vectors: NDArray[Any], metric: int) -> _Made | None:
        """Take mean and scale from some of the vectors; None if these are all equal."""
        n, dim = vectors.shape
        rows = np.linspace(0, n - 1, min(n, max(1, SAMPLE // dim))).astype(np.intp)
        sample = vectors[rows].astype(np.float64)
        mean = sample.mean(axis=0).astype(np.float32)
        gaps = np.abs(sample - mean)
        widths = np.quantile(gaps, FITS)
        off = [(w / LARGEST) ** 2 / 12 + np.mean(np.maximum(gaps - w, 0) ** 2) for w in widths]
        width = float(widths[int(np.argmin(off))])
        if not 0 < width / LARGEST < np.inf:
            return None
        made = cls(mean, width / LARGEST, n, metric)
        made.signed = _told_by_signs(sample, mean, made.scale, metric)
        return made

    def outgrown(self, total: int) -> bool:
        """Whether the codes of `total` vectors should be made anew."""
        return self._misfits * MISFITS > self.count and total > GROWN * self._fitted

    def reserve(self, count: int) -> None:
        """Make room for the codes of `count` more vectors."""
        self._codes.reserve(count)

    def encode(self, vectors: NDArray[Any]) -> None:
        """Make the codes of the next vectors."""
        made = importlib.import_module(kernels.GROWING)
        for array in self._grown():  # an interrupt or a lack of memory may have left some that do not count
            array.truncate(self.count)
        n, dim = vectors.shape
        codes, errors = self._codes.room(n), np.empty(n, np.float32)
        terms = np.empty(n if self._terms is not None else 0, np.float32)
        rows = writable(vectors.astype(np.float32, copy=False))
        radius, longest = made.encode(rows, self.mean, self.scale, codes, terms, errors)
        blocks = self._room_for(n, made.block_bytes(codes.shape[1]))
        squared = 0.0 if self._terms is None else self.scale**2
        made.write_blocks(codes, dim, squared, errors, self.widest_fit, self.count, blocks)
        self._codes.count += n
        self._errors.append(errors[:, None])
        if self._terms is not None:
            self._terms.append(terms[:, None])
        self._misfits += int((errors > self.widest_fit).sum())
        self.widest = max(self.widest, float(errors.max()))
        self.radius, self.longest = max(self.radius, radius), max(self.longest, longest)
        self.count += n  # last: readers take it for what is there

    def _room_for(self, more: int, width: int) -> NDArray[np.uint8]:
        """Return the blocks, with room for more rows; who reads them keeps those that were before."""
        needed, there = -(-(self.count + more) // EIGHT), len(self._blocks)
        if needed > there:
            grown = in_lines((max(needed, 2 * there, 64), width))
            if there:
                grown[:there] = self._blocks
            grown[there:] = 0
            self._blocks = grown
        return self._blocks

    @property
    def bounded(self) -> bool:
        """Whether kernels can prove anything of vectors of this length."""
        return self.longest**2 < LARGEST_SQUARE and self.radius**2 < LARGEST_SQUARE

    def codes(self, n: int) -> Codes:
        """Return the codes of the first `n` vectors, not copied."""
        terms = np.empty(0, np.float32) if self._terms is None else self._terms.view(n)[:, 0]
        return Codes(self._codes.view(n), terms, self.mean, self.scale)

    @property
    def blocks(self) -> NDArray[np.uint8]:
        """The argument `blocks` of ``kernels.cpu.growing.sift_blocks``."""
        return self._blocks

    def bounds(self, n: int) -> tuple[Any, ...]:
        """Return the argument `bounds` of ``kernels.cpu.prove``."""
        return self._errors.view(n)[:, 0], self.mean, self.widest, self.radius, self.longest

    def arrays(self) -> list[NDArray[Any]]:
        """Return the arrays held."""
        return [*(array.view(array.count) for array in self._grown()), self._blocks]

    def _grown(self) -> list[GrowingArray]:
        return [self._codes, self._errors, *([] if self._terms is None else [self._terms])]


def _told_by_signs(sample: NDArray[np.float64], mean: NDArray[np.float32], scale: float, metric: int) -> bool:
    """Return whether distances to queries like `sample`, [n, d], are guessed from signs of codes.

    Not where all numbers are as large, as in vectors of ones and minus ones: signs are the whole of such
    rows, which leaves no doubt, but the three bits of a query are a tenth too small. Nor under a dot
    product, whose queries are not centered, where most numbers are a little below the mean and some far
    above, as in vectors of zeros and ones: all products are wrong by the same then. In both nothing near
    would be found.
    """
    codes = np.clip((sample - mean) / scale, -LARGEST, LARGEST)
    squares, lengths = (codes**2).sum(axis=1), np.maximum(np.abs(codes).sum(axis=1), 1.0)
    if np.median(squares * len(mean) / lengths**2) < 1.0 + LEAST_SPREAD:
        return False
    if metric == kernels.SQUARED_L2:
        return True
    lost = codes - np.where(codes < 0, -1.0, 1.0) * (squares / lengths)[:, None]
    doubt = np.sqrt((lost**2).mean()) * np.sqrt((sample**2).sum(axis=1).mean())
    return bool(abs(lost.mean(axis=0) @ mean) <= doubt)


class CodedScan:
    """A number of vectors with their codes; searching them is exact.

    Parameters
    ----------
    vectors : float32 or float16 [n, d]
    made : _Made
        Codes of these at least.
    owner : GrowingCodes
        Is told when codes turn out to be of no use.
    """

    __slots__ = ("_blocks", "_bounds", "_coded", "_everything", "_made", "_nothing", "_owner", "_space")

    def __init__(self, vectors: NDArray[Any], made: _Made, owner: GrowingCodes) -> None:
        n = len(vectors)
        self._space, self._made, self._owner = Space(vectors, made.metric), made, owner
        self._coded, self._bounds = made.codes(n).space(made.metric), made.bounds(n)
        self._nothing, self._everything = np.empty(0, np.int32), np.empty(0, np.uint8)
        self._blocks = made.blocks

    def search(
        self, query: NDArray[np.float32], k: int, chosen: NDArray[np.int32] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """Find the `k` nearest rows, as ``flat.search`` does, bit for bit.

        Parameters
        ----------
        query : float32 [d]
        k : int
        chosen : int32 [m], optional
            Which rows may be found, ascending.

        Returns
        -------
        rows, distances : int32 [k'], float32 [k']
            None, without them, if the kernel proves nothing of this query.
        """
        n = len(self._space.vectors)
        m = n if chosen is None else len(chosen)
        k = min(k, m)
        if k <= 0:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        found = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
        measured = importlib.import_module(kernels.GROWING).prove(
            self._space.key,
            self._coded.key,
            self._bounds,
            n,
            as_queries(query),
            self._nothing if chosen is None else chosen,
            np.empty(k, np.int64),
            *found,
        )
        if measured < 0:
            return None
        self._judge(measured, k, m)
        return found[0][0], found[1][0]

    def sifts(self, matching: int) -> bool:
        """Whether :meth:`sift` is faster than :meth:`search` where so many vectors may be found."""
        return (
            self._made.signed
            and matching >= LEAST_SIFTED
            and matching >= SIFTED_SHARE * len(self._space.vectors)
        )

    def sift(
        self, query: NDArray[np.float32], k: int, mask: NDArray[np.bool_] | None, limit: float
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]] | None:
        """Find about the `k` nearest rows, reading one bit a number of most.

        Parameters
        ----------
        query : float32 [d]
        k : int
            At most as many as may be found.
        mask : bool [n] or None
            Which rows may be found; None for all.
        limit : float
            Rows that are farther need not be found.

        Returns
        -------
        rows, distances : int32 [k'], float32 [k']
            ``k' ≤ k``, ascending by (distance, row). None, without them, if nothing can be told of this
            query.
        """
        n, bounds = len(self._space.vectors), self._bounds
        rows, gaps = np.empty(k, np.int32), np.empty(k, np.float32)
        count = importlib.import_module(kernels.GROWING).sift_blocks(
            self._space.key,
            self._coded.key,
            bounds,
            self._blocks,
            self._made.widest_fit,
            n,
            as_queries(query)[0],
            self._everything if mask is None else mask.view(np.uint8),
            limit,
            np.empty(k, np.int64),
            rows,
            gaps,
        )
        return None if count < 0 else (rows[:count], gaps[:count])

    def _judge(self, measured: int, k: int, m: int) -> None:
        made = self._made
        if k * LEFT_OPEN < m:  # who wants nearly all rows measures them
            made.strikes = max(0, made.strikes + (1 if measured * LEFT_OPEN > m else -1))
            if made.strikes >= STRIKES:
                self._owner.drop()
