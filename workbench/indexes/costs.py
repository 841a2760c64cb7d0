"""What searches of one graph cost: measured when it is sealed, or expected from the width of its rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.nibble_rows import NibbleRows, predict

# What to expect was measured on 117,659 sentence vectors of 384 numbers, in a graph of M 16, on one thread of
# a busy Zen 5; only the ratios matter, and they hold where all times are longer.
#
# Distances of one walk: 380, 641, 1,126, 2,031 at ef 16, 32, 64, 128, a straight line.
_WALK_BASE, _WALK_PER_EF = 150.0, 15.0
# Nanoseconds of a distance with its cache miss and its place in a heap: 75 by codes, 130 by float32.
_STEP, _STEP_PER_BYTE = 57.0, 0.048
# Nanoseconds of a row of a list that is scanned: 17 to 30 by codes, 80 to 95 by float32; the more, the wider
# apart.
_ROW, _ROW_PER_BYTE = 4.0, 0.05
# A walk from match to match takes two to four times as long as one without a filter, whatever the share and
# the filter: 151, 232, 118, 131 µs at 50, 20, 10, 5 % and ef 32, where 48 are taken without.
_TWO_HOPS = 3.0

# Below this many nodes any way takes some microseconds, and is not worth 20 ms of measuring.
LEAST = 2_000
# What is measured: scans of this many rows (13 µs, which one with a sieve takes however short it is, would be
# a third of 4,096), and walks from this many queries, at these widths of the beam.
ROWS, QUERIES, NARROW, BROAD, ROUNDS = 16_384, 12, 16, 96, 3
# The share of nodes that a walk by two hops is measured with.
SHARE = 0.1
# A sieve is used where scans with it find this share of the nearest K, in this part of the time. On sentence
# vectors it finds .993 to .997 in a third; QUERIES times K neighbors tell the share to a hundredth or two.
SIFTED, SIFTED_IN, K = 0.97, 0.85, 10
# A walk reads nibbles where it finds this share of what one by codes finds, for so many stored rows, in this
# part of the time. Of texts it finds .997 to .999 in .6, of pictures .999 in .65.
ASKED, HALVED, HALVED_IN = 64, 0.99, 0.9
# No measurement is believed beyond this many times what is expected, or below that part of it.
MOST = 4.0


class SearchCosts(NamedTuple):
    """Times of one thread.

    Attributes
    ----------
    row : float
        Nanoseconds of a row of a list that is scanned.
    base, per_ef : float
        Microseconds of a walk without a filter: ``base + per_ef * ef``.
    two_hops : float
        How many times as long a walk from match to match takes.
    measured : bool
        Whether the segment was measured, rather than guessed at.
    sieve : bool
        Whether scans go by the signs of codes first; `row` is then what they cost.
    beside : float
        Nanoseconds of a row of a list that is asked for again and again, whose signs stand side by side; 0
        where that was not measured.
    """

    row: float
    base: float
    per_ef: float
    two_hops: float
    measured: bool = False
    sieve: bool = False
    beside: float = 0.0

    def scan(self, matching: int, beside: bool = False) -> float:
        """Return the microseconds of a scan of so many rows, whose signs may stand side by side."""
        return matching * (self.beside if beside and self.beside > 0 else self.row) / 1e3

    def walk(self, ef: int) -> float:
        """Return the microseconds of a walk without a filter."""
        return self.base + self.per_ef * ef

    def meta(self) -> dict[str, float]:
        """Return the numbers by name."""
        numbers = {"row": self.row, "base": self.base, "per_ef": self.per_ef, "two_hops": self.two_hops}
        return {**numbers, "sieve": 1.0, "beside": self.beside} if self.sieve else numbers

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any] | None) -> SearchCosts | None:
        """Return what was stored, or None when nothing usable was: costs only save time."""
        numbers = [(meta or {}).get(name) for name in ("row", "base", "per_ef", "two_hops")]
        good = [float(n) for n in numbers if isinstance(n, int | float) and 0 <= n < math.inf]
        if len(good) < len(numbers):
            return None
        row, base, per_ef, two_hops = good
        sieve, beside = (meta or {}).get("sieve") == 1.0, (meta or {}).get("beside")
        known = float(beside) if isinstance(beside, int | float) and 0 <= beside <= row else 0.0
        return cls(row, base, per_ef, two_hops, measured=True, sieve=sieve, beside=known)


def expected(width: int) -> SearchCosts:
    """Return the costs that rows of `width` bytes lead one to expect."""
    step = (_STEP + _STEP_PER_BYTE * width) / 1e3
    return SearchCosts(_ROW + _ROW_PER_BYTE * width, _WALK_BASE * step, _WALK_PER_EF * step, _TWO_HOPS)


def width_of(searcher: HnswSearcher) -> int:
    """Return the bytes that are read of a node: of its code, if there are codes."""
    read = searcher.vectors if searcher.codes is None else searcher.codes.codes
    return int(read.itemsize * read.shape[1])


def measure(searcher: HnswSearcher, sieve: bool = False) -> SearchCosts | None:
    """Measure what a graph's searches cost, in 20 to 90 ms; None if it is small or kernels are not loaded.

    The least of several rounds is taken, in time of this thread only, so a busy machine does not disturb.

    Parameters
    ----------
    searcher : HnswSearcher
        Given a sieve if that is tried and pays.
    sieve : bool
        Whether to try one: it takes 64 bytes of memory a vector of 384 numbers.
    """
    n = searcher.graph.n
    if n < LEAST or not kernels.ready():
        return None
    guess = expected(width_of(searcher))
    rng = np.random.default_rng(n)
    queries = searcher.vectors[rng.integers(n, size=QUERIES)].astype(np.float32)
    mask = rng.random(n) < SHARE
    seeds = np.flatnonzero(mask)[:: max(1, int(SHARE * n) // 16)].astype(np.int32)
    step = max(1, n // ROWS)
    # Lists of other rows for each query: 75 MB of codes in all, so that the nearest caches do not hold them.
    lists = [np.arange(start % step, n, step, dtype=np.int32) for start in range(QUERIES)]
    scan, beside = _scan_time(searcher, queries, lists), 0.0
    if sieve:
        scan, beside = _sifted(searcher, queries, lists, scan)
    narrow = _least(queries, lambda q, i: searcher.search(q, 10, NARROW))
    broad = _least(queries, lambda q, i: searcher.search(q, 10, BROAD))
    hops = _least(queries, lambda q, i: searcher.search(q, 10, NARROW, mask, seeds))
    per_ef = _near((broad - narrow) / (BROAD - NARROW), guess.per_ef)
    base = max(0.0, _near(narrow, guess.walk(NARROW)) - NARROW * per_ef)
    row, two_hops = _near(scan * 1e3, guess.row), _near(hops / narrow, guess.two_hops)
    beside = min(row, beside * 1e3)
    return SearchCosts(row, base, per_ef, two_hops, True, searcher.sieve is not None, beside)


def halves(searcher: HnswSearcher) -> NibbleRows | None:
    """Let the walks of a graph read nibbles, made of its codes, if that pays; return them then.

    It takes 0.3 µs a vector of 384 numbers and 40 ms; nothing where costs are not measured either.
    """
    codes, n = searcher.codes, searcher.graph.n
    if n < LEAST or codes is None or not predict(n, codes.codes.shape[1]):
        return None
    if not kernels.ready() or not kernels.wait(kernels.NIBBLES):
        return None
    tried = HnswSearcher(searcher.graph, searcher.vectors, searcher.metric, codes)
    tried.walk_nibbles(NibbleRows.of(codes))
    queries = searcher.vectors[np.linspace(0, n - 1, ASKED).astype(np.intp)].astype(np.float32)
    # By distance and not by row: which of several equal vectors is found does not matter.
    limits = [searcher.search(query, K, BROAD)[1][-1] for query in queries]
    found = [tried.search(query, K, BROAD)[1] <= limit for query, limit in zip(queries, limits, strict=True)]
    if np.mean(found) < HALVED:
        return None
    asks = [lambda q, i, own=own: own.search(q, K, NARROW) for own in (searcher, tried)]
    # In turns, so that a busy machine disturbs both.
    took = np.min([[_least(queries, ask) for ask in asks] for _ in range(ROUNDS)], axis=0)
    if took[1] <= HALVED_IN * took[0]:
        searcher.walk_nibbles(tried.halved)
    return searcher.halved


def _scan_time(
    searcher: HnswSearcher,
    queries: NDArray[np.float32],
    lists: list[NDArray[np.int32]],
    again: bool = False,
) -> float:
    """Return the microseconds of a row of a list."""
    return _least(queries, lambda q, i: searcher.scan(q, K, lists[i], again=again)) / len(lists[0])


def _sifted(
    searcher: HnswSearcher, queries: NDArray[np.float32], lists: list[NDArray[np.int32]], plain: float
) -> tuple[float, float]:
    """Give the searcher a sieve if one pays; return what a row of a list costs then, and of one whose signs
    stand side by side.
    """
    if searcher.codes is None or not kernels.wait(kernels.SIEVE):
        return plain, 0.0
    asked = list(zip(queries, lists, strict=True))
    truth = [searcher.scan(query, K, rows, exact=True)[0] for query, rows in asked]
    searcher.use_sieve()
    found = [searcher.scan(query, K, rows)[0] for query, rows in asked]
    share = np.mean([len(np.intersect1d(*both)) / K for both in zip(truth, found, strict=True)])
    took = _scan_time(searcher, queries, lists)
    if share >= SIFTED and took <= SIFTED_IN * plain:
        # One list for all queries, as it will be: what is read of it stays in the nearest caches.
        return took, _scan_time(searcher, queries, lists[:1] * len(lists), again=True)
    searcher.use_sieve(False)
    return plain, 0.0


def _least(queries: NDArray[np.float32], ask: Callable[[NDArray[np.float32], int], Any]) -> float:
    """Return the median over queries of the least time of each, in microseconds."""
    took = np.empty((ROUNDS, len(queries)))
    for number in range(ROUNDS):
        for i, query in enumerate(queries):
            started = time.thread_time_ns()
            ask(query, i)
            took[number, i] = (time.thread_time_ns() - started) / 1e3
    return float(np.median(took.min(axis=0)))


def _near(measured: float, guess: float) -> float:
    return min(max(measured, guess / MOST), guess * MOST)
