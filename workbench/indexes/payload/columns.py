"""One field of all rows of a segment, as flat arrays.

A column has *entries*: one for each element that a match or a range would look at, and one for each row or
value that has none. Most columns are *flat*: one entry a row, in order.

=============  =======  ==============================================================================
array          dtype    meaning, one per entry
=============  =======  ==============================================================================
tag            uint8    what the entry is, see ``Tag``
number         float64  integers and floats as ranges see them; NaN elsewhere. None: no number at all
integer        int64    integers exactly; 0 elsewhere. None unless some integer is beyond 2**53
code           int32    the string's number in ``strings``; -1 elsewhere. None: no string at all
rows           int32    the row the entry belongs to, rising. None: the column is flat
value_starts   int64    one per *value*: its first entry (an array is one value). None: flat
=============  =======  ==============================================================================

Invariants: every row has at least one entry; rows below ``n`` never change; arrays are never written below
the length of a snapshot. A row costs 9 bytes if it holds a number, 5 if it holds a string; in long columns
five or six more once conditions have asked (``narrow``, ``ranks``).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.narrow import Narrow
from workbench.indexes.payload.ranks import Ranks
from workbench.indexes.payload.strings import Strings


class Tag(enum.IntEnum):
    """What an entry is. Those up to EMPTY hold nothing that a match could accept.

    Compare arrays with ``np.uint8(Tag.NULL)``: NumPy takes a bare member for an int64, at ten times the cost.
    """

    MISSING = 0  # the path selects nothing from this row
    NULL = 1  # the value is null
    NULL_ITEM = 2  # a null inside an array
    EMPTY = 3  # the value is []
    FALSE = 4
    TRUE = 5
    INTEGER = 6  # within int64; larger integers are FLOAT, as to the engine
    FLOAT = 7
    STRING = 8
    OTHER = 9  # an object, or an array inside an array


@dataclass(frozen=True, slots=True)
class Column:
    """A snapshot of the first ``n`` rows of a field; see the table at the top of this module."""

    n: int
    tag: NDArray[np.uint8]
    number: NDArray[np.float64] | None
    integer: NDArray[np.int64] | None
    code: NDArray[np.int32] | None
    rows: NDArray[np.int32] | None
    value_starts: NDArray[np.int64] | None
    strings: Strings
    kept: dict[str, Narrow | None] = field(default_factory=dict, compare=False, repr=False)
    ranks: dict[str, Ranks | None] = field(default_factory=dict, compare=False, repr=False)

    def head(self, n: int) -> Column:
        """The first n rows, without copying."""
        if n >= self.n:
            return self
        if self.rows is None or self.value_starts is None:
            entries, starts = n, None
        else:
            entries = int(np.searchsorted(self.rows, n))
            starts = self.value_starts[: np.searchsorted(self.value_starts, entries)]
        return Column(
            n=n,
            tag=self.tag[:entries],
            number=None if self.number is None else self.number[:entries],
            integer=None if self.integer is None else self.integer[:entries],
            code=None if self.code is None else self.code[:entries],
            rows=None if self.rows is None else self.rows[:entries],
            value_starts=starts,
            strings=self.strings,
        )

    def value(self, entry: int) -> str | int | float | bool | None:
        """The scalar of an entry as Python's own; None for every other tag."""
        tag = self.tag[entry]
        if tag == Tag.STRING and self.code is not None:
            return self.strings.texts[int(self.code[entry])]
        if tag == Tag.INTEGER and self.integer is not None:
            return int(self.integer[entry])
        if tag in (Tag.INTEGER, Tag.FLOAT) and self.number is not None:
            return int(self.number[entry]) if tag == Tag.INTEGER else float(self.number[entry])
        return bool(tag == Tag.TRUE) if tag in (Tag.TRUE, Tag.FALSE) else None

    def nbytes(self) -> int:
        """Bytes of the arrays and the strings."""
        arrays = (self.tag, self.number, self.integer, self.code, self.rows, self.value_starts)
        derived = [*self.kept.values(), *self.ranks.values()]
        return sum(a.nbytes for a in (*arrays, *derived) if a is not None) + self.strings.nbytes()
