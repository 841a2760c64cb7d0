"""The numbers or moments of a long column by their place in ascending order.

A range over a million float64 reads 8 MB, which alone takes 0.3 ms and more. Its ends are sought among every
32nd number, and what is between them is one pass over a byte each (``shares``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.passes import Mask, mark_runs
from workbench.indexes.payload.shares import Shares
from workbench.indexes.payload.strings import NO_MOMENT

if TYPE_CHECKING:
    from workbench.indexes.payload.columns import Column

# Shorter columns are answered in 0.05 ms as they are.
_LONG = 1 << 16
# How many entries are asked for their numbers when an end of a range is sought.
_BLOCK = 32

Numbers = Callable[[NDArray[np.int32]], NDArray[Any]]
"""The numbers of entries, in an array of any shape, each of which has one."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Entries by their numbers, which are asked for again and not kept.

    Parameters
    ----------
    shares : Shares
        The entries by their numbers; those that have none at the end.
    edges : float64 or int64 [m]
        Every 32nd number in that order.
    known : int
        How many entries have a number.
    """

    shares: Shares
    edges: NDArray[Any]
    known: int

    @classmethod
    def of(cls, numbers: NDArray[Any], there: Mask) -> Ranks:
        """Rank the entries of float64 or int64 [n] that are numbers: 0.1 s a million."""
        entries = np.flatnonzero(there)
        order = entries[np.argsort(numbers[entries])]
        edges = numbers[order[::_BLOCK]]
        everything = np.concatenate([order, np.flatnonzero(~there)]).astype(np.int32)
        return cls(Shares.of(everything), edges, len(order))

    def within(self, low: Any, high: Any, numbers: Numbers, among: Mask | None = None) -> Mask:
        """Which entries are from `low` to `high`, both included, `low` not above `high`.

        The ends are of the type of the edges; see ``passes`` for `among`.
        """
        begin, end = self._places(np.array([low, high]), np.array([False, True]), numbers).tolist()
        return self.shares.between(begin, end, among)

    def one_of(self, wanted: NDArray[Any], numbers: Numbers) -> Mask:
        """Which entries are one of `wanted`, of the type of the edges."""
        count = len(wanted)
        places = self._places(np.tile(wanted, 2), np.arange(2 * count) >= count, numbers).astype(np.int32)
        order = self.shares.order
        return mark_runs(order, places[:count], places[count:], np.ones(count, np.bool_), len(order))

    def _places(self, wanted: NDArray[Any], after: Mask, numbers: Numbers) -> NDArray[np.intp]:
        """Return how many entries have a number less than each wanted one, or `after`, not greater."""
        if not self.known:
            return np.zeros(len(wanted), np.intp)
        above = np.where(after, np.searchsorted(self.edges, wanted, "right"), self.edges.searchsorted(wanted))
        first = np.maximum(above - 1, 0) * _BLOCK
        places = first[:, None] + np.arange(_BLOCK)
        own, asked = numbers(self.shares.order.take(places, mode="clip")), wanted[:, None]
        before = (own < asked) | ((own == asked) & after[:, None])
        return np.asarray(first + (before & (places < self.known)).sum(axis=1))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.edges.nbytes + self.shares.nbytes


def ranked_numbers(column: Column) -> Ranks | None:
    """Return the ranks of a column's numbers; None if it is short, or was never asked for them before."""
    number = column.number
    if number is None:
        return None
    return _ranked(column, "numbers", lambda: Ranks.of(number, ~np.isnan(number)))


def ranked_integers(column: Column) -> Ranks | None:
    """Return the ranks of a column's integers alone, likewise."""
    from workbench.indexes.payload.columns import Tag

    numbers = integers_of(column)
    if numbers is None:
        return None
    return _ranked(column, "integers", lambda: Ranks.of(numbers, column.tag == np.uint8(Tag.INTEGER)))


def integers_of(column: Column) -> NDArray[Any] | None:
    """Return the array that has a column's integers exactly, float64 or int64."""
    return column.number if column.integer is None else column.integer


def ranked_moments(column: Column) -> Ranks | None:
    """Return the ranks of the moments that a column's strings are, likewise."""
    code = column.code
    if code is None:
        return None

    def made() -> Ranks:
        moments = np.append(column.strings.moments(), NO_MOMENT)[code]
        return Ranks.of(moments, moments != NO_MOMENT)

    return _ranked(column, "moments", made)


def _ranked(column: Column, name: str, made: Callable[[], Ranks]) -> Ranks | None:
    """Make ranks at the second question: the columns of a growing tail are new after each write, and for a
    single one ranking takes as long as a hundred answers.
    """
    if column.n < _LONG:
        return None
    kept = column.ranks
    if name not in kept:
        kept[name] = None
        return None
    if kept[name] is None:
        kept[name] = made()
    return kept[name]
