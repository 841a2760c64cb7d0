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
from workbench.query.nearest import FloatArray, check_query, params_of
from workbench.segments.view import View

Example = PointId | npt.NDArray[Any]


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

    def resolve(self, examples: Iterable[Example]) -> list[FloatArray]:
        """Return each example as a query of the collection, float32[d].

        Raises
        ------
        NotFound
            When a point named does not exist or has no such vector.
        InvalidVector, DimensionMismatch
            When a vector does not fit.
        """
        params = params_of(self.view.config, self.vector)
        return [check_query(self._vector(example), params) for example in examples]

    def raw(self, examples: Iterable[Example]) -> list[FloatArray]:
        """Return each example as it was given or stored, checked like those of :meth:`resolve`."""
        params = params_of(self.view.config, self.vector)
        vectors = [np.asarray(self._vector(example)) for example in examples]
        for vector in vectors:
            check_query(vector, params)
        return [vector.astype(np.float32) for vector in vectors]

    def others(self, flt: Filter | None) -> Filter | None:
        """Return `flt` less the points that were named: an example is never its own answer."""
        if not self.mentioned:
            return flt
        named = HasId(frozenset(self.mentioned))
        return Filter(must=() if flt is None else (flt,), must_not=(named,))

    def _vector(self, example: Example) -> npt.NDArray[Any]:
        if not isinstance(example, int | uuid.UUID):
            return example
        if self.lookup is None:
            self.mentioned.add(example)
            return vector_of(self.view, self.vector, example)
        return vector_of(*self.lookup, example)


def vector_of(view: View, vector: str, point: PointId) -> npt.NDArray[Any]:
    """Return the stored vector of one point.

    Raises
    ------
    NotFound
        When there is no such point, or it has no such vector.
    """
    params_of(view.config, vector)
    for segment, rows in zip(view.segments, view.locate(IdArray.of([point])), strict=True):
        if rows[0] < 0:
            continue
        column = segment.column(vector)
        slot = int(column.slots(rows)[0])
        if slot < 0:
            raise NotFound(f"Vector with name {vector!r} for point {point} not found")
        return np.asarray(column.vector(slot))
    raise NotFound(f"No point with id {point} found")
