"""The numbers or moments of a long column by their rank, in two bytes each.

A range over a million float64 reads 8 MB, which alone takes 0.3 ms and more; ranks are compared in 0.1 ms and
decide all entries but those between the same two edges as an end of the range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.passes import Mask, places_of
from workbench.indexes.payload.postings import Postings
from workbench.indexes.payload.strings import NO_MOMENT

if TYPE_CHECKING:
    from workbench.indexes.payload.columns import Column

# Shorter columns are answered in 0.05 ms as they are.
_LONG = 1 << 16
# With the gaps between them, and with 0 for no number, what two bytes tell apart.
_EDGES = (1 << 15) - 1


Exact = Callable[[NDArray[np.int32]], Mask]


@dataclass(frozen=True, slots=True)
class Ranks:
    """Entries by their place among some of the numbers that the column has.

    Parameters
    ----------
    edges : float64 or int64 [m]
        Distinct numbers of the column, ascending: all of them, or as many with equal shares between them.
    postings : Postings
        2i + 2 for what equals edge i, 2i + 1 for what is less, but above the edge before; 0 for no number.
    """

    edges: NDArray[Any]
    postings: Postings

    @classmethod
    def of(cls, numbers: NDArray[Any], there: Mask) -> Ranks:
        """Rank the entries of float64 or int64 [n] that are numbers: 0.1 s a million."""
        entries = np.flatnonzero(there)
        order = entries[np.argsort(numbers[entries])]
        ascending = numbers[order]
        edges = np.unique(ascending)
        if len(edges) > _EDGES:
            edges = np.unique(ascending[np.linspace(0, len(ascending) - 1, _EDGES).astype(np.intp)])
        values = np.zeros(len(numbers), np.uint16)
        if len(edges):  # the greatest number is an edge
            above = np.searchsorted(edges, ascending)
            values[order] = 2 * above + 1 + (edges[above] == ascending)
        return cls(edges, Postings.of(values, 2 * len(edges) + 1))

    def within(self, low: Any, high: Any, exact: Exact) -> Mask:
        """Which entries are from `low` to `high`, both included, `low` not above `high`.

        ``exact(entries)`` says it of the few entries that share a gap with an end of the range.
        """
        first, last = self._places(np.array([low, high])).tolist()
        accepted = self.postings.within(first, min(last, 2 * len(self.edges)))
        # One by one: of two places, NumPy's calls are three quarters of the time.
        for place in {first, last}:
            if self._is_gap(place):
                _correct(accepted, self.postings.entries(place, place), exact)
        return accepted

    def among(self, numbers: NDArray[Any], exact: Exact) -> Mask:
        """Which entries are one of `numbers`, of the type of the edges; see :meth:`within`."""
        places = self._places(numbers)
        table = np.zeros(2 * len(self.edges) + 1, np.bool_)
        table[places[places % 2 == 0]] = True
        accepted, starts = self.postings.accepted(table), self.postings.starts
        gaps = np.unique(places[self._is_gap(places)])
        _correct(accepted, self.postings.order[places_of(starts[gaps], starts[gaps + 1])], exact)
        return accepted

    def _places(self, numbers: NDArray[Any]) -> NDArray[np.intp]:
        """Return the place of each number among the edges: even if it is one, odd if it is in a gap."""
        above = np.searchsorted(self.edges, numbers)
        if not len(self.edges):
            return 2 * above + 1
        equal = self.edges.take(above, mode="clip") == numbers
        return np.asarray(2 * above + 1 + equal)

    def _is_gap(self, places: Any) -> Any:
        """Whether places, one or many, are between edges, so that entries there are to be asked about."""
        return (places % 2 == 1) & (places < 2 * len(self.edges))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.edges.nbytes + self.postings.nbytes


def _correct(accepted: Mask, entries: NDArray[np.int32], exact: Exact) -> None:
    if len(entries):
        accepted[entries] = exact(entries)


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
