"""How one segment's dense vectors answer a question of which all but the query is known.

A program asks with the same filter, `k` and `ef` again and again. The :class:`Way` to answer is found once
and kept with the vectors that may be returned, since finding it takes a tenth of a search.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench import kernels
from workbench.indexes import flat
from workbench.models.config import Distance
from workbench.models.query import SearchParams
from workbench.query.plan import Choice, Strategy, choose
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import VectorColumn

if TYPE_CHECKING:  # and imported where it is used: not by the first answer of a process
    from workbench.indexes.bound import Bound
    from workbench.indexes.hnsw import HnswSearcher
    from workbench.indexes.quantization import QuantizedSearcher
    from workbench.query.nearest import Target
    from workbench.segments.payload_links import PayloadLinks

FloatArray = npt.NDArray[np.float32]
Answer = tuple[npt.NDArray[Any], FloatArray, Choice]
"""Numbers of vectors, int32 or intp [k'], their kernel distances, ascending, and what was done."""

Ask = Callable[[FloatArray], tuple[npt.NDArray[Any], FloatArray]]

# What no vector under Cosine is longer than, rounded to its type.
_UNIT = 1.01
# Ways that a selection keeps: those of the few ef and k that a program asks with.
_KEPT = 16


class Asked(NamedTuple):
    """All of a question to a column but its query and its filter; `aim` is what the configuration says."""

    column: VectorColumn
    k: int
    aim: Target
    params: SearchParams


class Way:
    """A way to answer; by this one there is nothing to be found.

    It does not hold the selection that keeps it: masks are freed when the last reference goes.
    """

    __slots__ = ("asked", "choice")

    def __init__(self, asked: Asked, choice: Choice) -> None:
        self.asked, self.choice = asked, choice

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        """Return the nearest of those `allowed`; of a tail, none beyond the distance `limit` is needed."""
        return np.empty(0, np.intp), np.empty(0, np.float32), self.choice

    def _by_scan(self, query: FloatArray, allowed: Selection, reason: str) -> Answer:
        """Answer in another way, for the reason that a walk found too few."""
        choice = self.choice._replace(strategy=Strategy.EXACT, reason=reason)
        return _led(self.asked, allowed, choice).answer(query, allowed)

    def _tell_paging(self, rows: int) -> None:
        """Tell how many full vectors were read, where they are kept out of RAM."""
        if self.asked.column.paging is not None:
            self.asked.column.paging.read(rows)


class _Measured(Way):
    """NumPy measures all vectors."""

    __slots__ = ()

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        asked, column = self.asked, self.asked.column
        longest = _UNIT if column.params.distance is Distance.COSINE else None
        found = flat.search(column.searched, query, asked.k, asked.aim.metric, allowed.mask, longest)
        self._tell_paging(allowed.count)
        return *found, self.choice


class _Tail(_Measured):
    """The vectors of a tail are scanned by their codes, from when all have one."""

    __slots__ = ()

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        k, coded, found = self.asked.k, self.asked.column.coded, None
        if coded is not None:
            if self.choice.strategy is Strategy.CODES:
                found = coded.sift(query, min(k, allowed.count), allowed.mask, limit)
            found = found or coded.search(query, k, allowed.some)
        return super().answer(query, allowed) if found is None else (*found, self.choice)


class _Quantized(Way):
    """Vectors are found by the codes that the configuration asks for."""

    __slots__ = ("_codes", "_read", "_search")

    def __init__(self, asked: Asked, choice: Choice, codes: QuantizedSearcher) -> None:
        from workbench.query import quantized

        super().__init__(asked, choice)
        self._codes, self._search = codes, quantized.search
        self._read = 4 * quantized.measured(asked.k, asked.params)

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        found = self._search(self._codes, query, self.asked.k, allowed, self.choice, self.asked.params)
        self._tell_paging(self._read)
        return found


class _Linked(Way):
    """The links among the points of one payload value are walked."""

    __slots__ = ("_links",)

    def __init__(self, asked: Asked, choice: Choice, links: PayloadLinks) -> None:
        super().__init__(asked, choice)
        self._links = links

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        k, seeds = self.asked.k, self._links.seeds(allowed)
        found = self._links.searcher.search(query, k, self.choice.ef, allowed.mask, seeds)
        self._tell_paging(_read_by_walk(self._links.searcher, self.choice.ef, k))
        if len(found[0]) == min(k, allowed.count):
            return *found, self.choice
        reason = "the walk by the links of one payload value found fewer points than match"
        return self._by_scan(query, allowed, reason)


class _Scanned(Way):
    """The vectors that match are scanned: few are measured, many go by their codes where there are any."""

    __slots__ = ("_read", "_scan")

    def __init__(self, asked: Asked, choice: Choice, allowed: Selection, searcher: HnswSearcher) -> None:
        from workbench.indexes.codes import shortlist

        super().__init__(asked, choice)
        k, some, exact = min(asked.k, allowed.count), allowed.some, choice.strategy is Strategy.EXACT
        again, bound = allowed.planned > 1, searcher.bound_scan(k, some)
        self._scan: Ask = bound.one if bound else lambda query: searcher.scan(query, k, some, exact, again)
        self._read = allowed.count if searcher.codes is None else 4 * shortlist(asked.k)

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        rows, distances = self._scan(query)
        self._tell_paging(self._read)
        return rows, distances, self.choice


class _Walked(Way):
    """The graph is walked."""

    __slots__ = ("_least", "_read", "_searcher", "_walk")

    def __init__(
        self, asked: Asked, choice: Choice, allowed: Selection, searcher: HnswSearcher, walk: Bound
    ) -> None:
        super().__init__(asked, choice)
        self._searcher, self._walk, self._least = searcher, walk, min(asked.k, allowed.count)
        self._read = _read_by_walk(searcher, choice.ef, asked.k)

    def answer(self, query: FloatArray, allowed: Selection, limit: float = math.inf) -> Answer:
        choice, (rows, distances) = self.choice, self._walk.one(query)
        if len(rows) < self._least and choice.past_dead:  # around the query nearly all are dead
            rows, distances = self._searcher.search(query, self.asked.k, choice.ef, allowed.mask)
        if len(rows) < self._least:  # only a scan can tell the rest
            return self._by_scan(query, allowed, "the graph walk found fewer points than match")
        self._tell_paging(self._read)
        return rows, distances, choice


def _read_by_walk(searcher: HnswSearcher, ef: int, k: int) -> int:
    """Return how many full vectors a walk reads: by codes some less than a scan, else tens for each place."""
    from workbench.indexes.codes import shortlist

    return 32 * max(ef, k) if searcher.codes is None else 4 * shortlist(k)


def way_of(
    column: VectorColumn, allowed: Selection, k: int, aim: Target, params: SearchParams, share: float = 1.0
) -> Way:
    """Return the way to answer, that of before if nothing has changed; `share` as :func:`choose` takes it."""
    key = k, params.hnsw_ef, share, params.exact, params.indexed_only, params.acorn, params.quantization
    known: Way | None = allowed.plans.get(key)
    if known is not None and known.asked.column is column and known.asked.aim is aim:
        return known
    asked, settled = Asked(column, k, aim, params), _settled(column, aim)
    way = _led(asked, allowed, choose(column, allowed, k, params, aim.default_ef, aim.small, share))
    # From the second question on the signs of a selection are kept side by side.
    again = allowed.planned > 1 or column.searcher is None or column.searcher.sieve is None
    if settled and again and len(allowed.plans) < _KEPT:
        allowed.plans[key] = way
    return way


def _settled(column: VectorColumn, aim: Target) -> bool:
    """Whether nothing that is being made or loaded would lead another way."""
    if not kernels.ready() or (column.growing is not None and column.coded is None):
        return False
    return aim.quantization is None or column.quantized is None or kernels.ready(kernels.QUANTIZATION)


def _led(asked: Asked, allowed: Selection, choice: Choice) -> Way:
    """Return the way that a choice leads."""
    column, searcher, links = asked.column, asked.column.searcher, asked.column.payload_links
    if choice.strategy is Strategy.SKIPPED:
        return Way(asked, choice)
    if choice.strategy is Strategy.PAYLOAD and links is not None:
        return _Linked(asked, choice, links)
    if column.quantized is not None:
        from workbench.query import quantized

        codes = quantized.codes_for(column, asked.aim.quantization, asked.params)
        if codes is not None:
            return _Quantized(asked, choice, codes)
    if searcher is None:
        return _Tail(asked, choice)
    if not kernels.ready():
        return _Measured(asked, choice)
    if choice.strategy in (Strategy.EXACT, Strategy.CODES):
        return _Scanned(asked, choice, allowed, searcher)
    seeds = allowed.seeds if choice.strategy is Strategy.ACORN else None
    walk = searcher.bound_walk(asked.k, choice.ef, allowed.mask, seeds, choice.past_dead)
    assert walk is not None  # there are nodes, and the kernels are loaded
    return _Walked(asked, choice, allowed, searcher, walk)
