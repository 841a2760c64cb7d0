"""What a reader holds: a frozen picture of a collection, which no writer ever changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.models.points import IdArray
from workbench.segments.ids import IdIndex, Rows
from workbench.segments.segment import AnySegment, Segment
from workbench.segments.selection import Selection
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import Column, VectorColumn, empty_column, named_vectors
from workbench.storage.points import PointStore

if TYPE_CHECKING:
    from workbench.models.filters import Filter, OwnCondition
    from workbench.models.payload_schema import FieldIndex

Mask = npt.NDArray[np.bool_]

# Filters whose answer a view of a segment keeps: those of one program, at n bytes each.
_SELECTIONS = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SegmentView:
    """The first `count` rows of a segment, less the dead ones.

    Parameters
    ----------
    segment : Tail or Segment
        The arrays; a tail may have grown since.
    count : int
        Rows that belong to this view.
    dead : bool[>= count] or None
        Rows that were deleted or replaced; None when there are none.
    dead_count : int
        How many of them.
    changed : mapping of int to dict
        Payloads that were set after the payload columns may have been built, by row.
    absent : mapping of str to VectorParams or SparseVectorParams
        Names of which the segment has no vectors: created after it, or deleted since.
    indexes : mapping of str to FieldIndex
        The collection's payload indexes, which :class:`View` gives to all its segments.
    """

    segment: AnySegment
    count: int
    dead: Mask | None = None
    dead_count: int = 0
    changed: Mapping[int, dict[str, Any] | None] = field(default_factory=dict)
    absent: Mapping[str, VectorParams | SparseVectorParams] = field(default_factory=dict)
    indexes: Mapping[str, FieldIndex] = field(default_factory=dict)
    _selections: dict[tuple[int, str], tuple[Filter | None, Selection]] = field(
        default_factory=dict, init=False
    )

    @property
    def live(self) -> int:
        """Points that a reader sees."""
        return self.count - self.dead_count

    @property
    def sealed(self) -> bool:
        """Whether nothing can be appended any more and the graph, if any, is there."""
        return not isinstance(self.segment, Tail)

    def alive(self) -> Mask | None:
        """Return bool[count] of the live rows, or None when all are."""
        return None if self.dead is None or self.dead_count == 0 else ~self.dead[: self.count]

    def column(self, name: str) -> Column:
        """Return the vectors of one name: none when the name is younger than the segment."""
        params = self.absent.get(name)
        return self.segment.column(name, self.count) if params is None else empty_column(params)

    def bare(self, name: str) -> Column:
        """Return the same, perhaps without a graph: all that a search reads while kernels are loading."""
        if isinstance(self.segment, Segment) and name not in self.absent:
            return self.segment.bare(name)
        return self.column(name)

    def dense(self, name: str) -> VectorColumn:
        """Return the dense vectors of one name.

        Raises
        ------
        InvalidRequest
            When the name is one of sparse vectors or multivectors.
        """
        column = self.column(name)
        if not isinstance(column, VectorColumn):
            raise InvalidRequest(
                f"vector {name!r}: expected the name of dense vectors, one a point; these are sparse "
                "or several a point"
            )
        return column

    def ids(self) -> IdArray:
        """Return the ids of all rows, dead ones included."""
        return self.segment.ids(self.count)

    def id_index(self) -> IdIndex:
        """Return the sorted ids."""
        return self.segment.id_index(self.count)

    def locate(self, wanted: IdArray) -> Rows:
        """Return the live row of each id, -1 where there is none."""
        if self.count == 0:
            return np.full(len(wanted), -1, np.intp)
        rows = self.segment.locate(wanted)
        if bool((rows >= self.count).any()):  # the tail has newer versions than this view
            rows = self.id_index().locate(wanted)
        if self.dead is not None:
            rows = np.where(self.dead[np.maximum(rows, 0)], -1, rows)
        return rows

    def mask(self, flt: Filter | None) -> Mask | None:
        """Return bool[count] of the live rows that `flt` accepts, or None when it is all rows."""
        alive = self.alive()
        if flt is None:
            return alive
        from workbench.models.filter_binding import bind

        bound = bind(flt, self.indexes)
        accepted = self.segment.table.mask(bound, self.count, own=self._own, changed=self.changed)
        return accepted if alive is None else accepted & alive

    def selection(self, flt: Filter | None, name: str, column: Column) -> Selection:
        """Return the vectors of `column`, of the given name, that live and whose points `flt` accepts.

        The view never changes, so the answers to the last few filters are kept. Filters are told apart by
        identity: equal ones may mean different things, since True == 1 == 1.0.
        """
        known = self._selections.get((id(flt), name))
        if known is not None:
            return known[1]
        mask = self.mask(flt)
        own = mask if mask is None or column.rows is None else mask[column.rows]
        made = Selection(own, column.count, deaths=flt is None)
        kept = self._selections
        while len(kept) >= _SELECTIONS:
            # Others may do the same at this moment.
            kept.pop(next(iter(list(kept)), (0, "")), None)
        kept[id(flt), name] = flt, made  # holding the filter keeps its identity its own
        return made

    def values(self, key: str, kind: str) -> tuple[Rows, npt.NDArray[Any]]:
        """Return every value of a field and its row, those of dead rows included.

        The kinds are those of :meth:`workbench.indexes.payload.table.PayloadTable.values`.
        """
        return self.segment.table.values(key, kind, self.count, self.changed)

    def indexed_points(self, key: str, index: FieldIndex) -> int:
        """Return how many live points have a value that an index reads, and build what it needs."""
        return self.segment.table.indexed_points(key, index, self.count, self.dead, self.changed)

    def with_dead(self, rows: Rows) -> SegmentView:
        """Return a view in which `rows` are dead too."""
        if len(rows) == 0:
            return self
        dead = np.zeros(self.count, np.bool_) if self.dead is None else self.dead[: self.count].copy()
        dead[rows] = True
        return replace(self, dead=dead, dead_count=int(dead.sum()))

    def grown(self, count: int) -> SegmentView:
        """Return a view of the first `count` rows, which is more than before; new rows are alive."""
        dead = self.dead
        if dead is not None:
            dead = np.concatenate([dead[: self.count], np.zeros(count - self.count, np.bool_)])
        return replace(self, count=count, dead=dead)

    def _own(self, condition: OwnCondition) -> Mask:
        """Return bool[count]: for which rows a condition about points themselves holds."""
        from workbench.models.filters import HasId, HasVector, Slice
        from workbench.models.slices import slices

        mask = np.zeros(self.count, np.bool_)
        match condition:
            case HasId(wanted):
                rows = self.locate(IdArray.of(wanted)) if wanted else np.empty(0, np.intp)
                mask[rows[rows >= 0]] = True
            case HasVector(name):
                if name in self.absent or name in self.segment.names:
                    mask |= self.column(name).slots(np.arange(self.count)) >= 0
            case Slice(total, index):
                mask |= slices(self.ids(), total) == index
            case _:
                assert_never(condition)
        return mask


def absent(config: CollectionConfig, names: Iterable[str]) -> dict[str, VectorParams | SparseVectorParams]:
    """Return the vectors of a collection that a segment with `names` lacks."""
    known = set(names)
    return {name: params for name, params in named_vectors(config).items() if name not in known}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class View:
    """A whole collection at one moment.

    Parameters
    ----------
    segments : tuple of SegmentView
        Sealed ones and the tail, the tail last.
    config : CollectionConfig
        The configuration then.
    store : PointStore
        Where payloads are read from.
    operation : int
        The newest operation that this view contains.
    derived : dict
        What questions work out from `config` once and read again; a new configuration starts a new one.

    Attributes
    ----------
    sealed_share : float
        The share of the live points that are in sealed segments; 1 where there is one segment only.
    """

    segments: tuple[SegmentView, ...]
    config: CollectionConfig
    store: PointStore
    operation: int = 0
    derived: dict[str, Any] = field(default_factory=dict)
    sealed_share: float = field(init=False)

    def __post_init__(self) -> None:
        indexes = self.config.payload_indexes
        told = (s if s.indexes is indexes else replace(s, indexes=indexes) for s in self.segments)
        object.__setattr__(self, "segments", tuple(told))
        growing = sum(s.live for s in self.segments if not s.sealed) if len(self.segments) > 1 else 0
        object.__setattr__(self, "sealed_share", 1.0 - growing / self.live if growing else 1.0)

    @property
    def live(self) -> int:
        """Points in the collection."""
        return sum(s.live for s in self.segments)

    def locate(self, wanted: IdArray) -> list[Rows]:
        """Return the live row of each id, -1 where there is none, for each segment."""
        return [s.locate(wanted) for s in self.segments]
