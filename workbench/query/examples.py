"""Examples: the points, by id, or vectors that a query is about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import NotFound
from workbench.models.filters import Filter, HasId
from workbench.models.points import IdArray, PointId
from workbench.models.query import SearchParams
from workbench.models.vectors import SparseVector
from workbench.query.compare import Stored, check_query, distance_of, weighted
from workbench.query.nearest import DEFAULT_PARAMS, FloatArray, Query
from workbench.segments.view import View

Example = PointId | npt.NDArray[Any] | SparseVector
"""A point that has the vector; or the vector: dense T[d], multi T[s, d], or sparse."""


@dataclass(slots=True)
class Examples:
    """Turns examples into vectors, and remembers which points of the collection were named.

    Parameters
    ----------
    view : View
        The collection that is searched.
    vector : str
        Name of the vector compared.
    lookup : tuple of View and str, or None
        Another collection, and its vector, in which ids are looked up.
    """

    view: View
    vector: str
    lookup: tuple[View, str] | None = None
    mentioned: set[PointId] = field(default_factory=set)

    def query(self, example: Example) -> Query:
        """Return one example as :func:`workbench.query.nearest.search` takes it.

        Raises
        ------
        UnknownVector
            When the collection, or the other one, has no vector of the name.
        NotFound
            When a point named does not exist or has no such vector.
        InvalidVector, DimensionMismatch
            When a vector does not fit.
        """
        return check_query(self._vector(example), self.view.config, self.vector)

    def resolve(self, examples: Iterable[Example], params: SearchParams = DEFAULT_PARAMS) -> list[Query]:
        """Return the examples as stored vectors are compared with them, weighted by ``idf`` where that is on.

        Raises what :meth:`query` does.
        """
        checked = [self.query(example) for example in examples]
        return weighted(self.view, self.vector, checked, params)

    def raw(self, examples: Iterable[Example]) -> list[FloatArray | SparseVector]:
        """Return each example as it was given or stored, checked like those of :meth:`resolve`.

        A dense vector is float32[d], a multivector float32[s, d].
        """
        values: list[FloatArray | SparseVector] = []
        for example in examples:
            value = self._vector(example)
            query = check_query(value, self.view.config, self.vector)
            if isinstance(query, SparseVector):
                values.append(query)
            else:
                values.append(np.asarray(value, np.float32).reshape(query.shape))
        return values

    def having(self, examples: Iterable[Example]) -> list[Stored]:
        """Return the vectors of the examples, those points left out that have no vector of the name.

        Raises
        ------
        NotFound
            When a point named does not exist.
        """
        found = (self._vector_or_none(example) for example in examples)
        return [vector for vector in found if vector is not None]

    def others(self, flt: Filter | None) -> Filter | None:
        """Return `flt` less the points that were named: an example is never its own answer."""
        if not self.mentioned:
            return flt
        named = HasId(frozenset(self.mentioned))
        return Filter(must=() if flt is None else (flt,), must_not=(named,))

    def _vector(self, example: Example) -> Stored:
        stored = self._vector_or_none(example)
        if stored is None:
            raise lacking(self.vector if self.lookup is None else self.lookup[1], example)
        return stored

    def _vector_or_none(self, example: Example) -> Stored | None:
        if not isinstance(example, int | uuid.UUID):
            return example
        if self.lookup is None:
            self.mentioned.add(example)
            return _stored(self.view, self.vector, example)
        return _stored(*self.lookup, example)


def lacking(vector: str, point: object) -> NotFound:
    """Return the error for a point that has no vector of the name."""
    error = NotFound(f'Vector with name "{vector}" for point not found')
    error.add_note(f"the point is {point}")
    return error


def _stored(view: View, vector: str, point: PointId) -> Stored | None:
    """Return the stored vector of a point that must exist, None if it has no such vector."""
    distance_of(view.config, vector)
    for segment, rows in zip(view.segments, view.locate(IdArray.of([point])), strict=True):
        if rows[0] < 0:
            continue
        column = segment.column(vector)
        slot = int(column.slots(rows)[0])
        return None if slot < 0 else column.vector(slot)
    raise NotFound(f"No point with id {point} found")
