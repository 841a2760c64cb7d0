"""Points with scores: what every stage of a query finds, and how stages are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.models.config import Distance
from workbench.models.filters import Condition, Filter, HasId
from workbench.query.nearest import FloatArray, Found, ids_of
from workbench.segments.ids import Rows
from workbench.segments.view import View

OrderValue = int | float

# Segments and rows of a place in one integer: a segment has at most 2^40 rows.
_ROW_BITS = 40


@dataclass(frozen=True, slots=True)
class Scored:
    """Places of points and the scores that a caller reads, best first.

    Parameters
    ----------
    found : Found
        Where the k points are. A query by ``order_by`` lists a point once for each of its values.
    scores : float32[k]
        In the order of `found`.
    values : list of int, float or None, or None
        What the points were ordered by, where it was a field.
    """

    found: Found
    scores: FloatArray
    values: Sequence[OrderValue | None] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, at: Rows) -> Scored:
        """Return the hits at the positions `at`."""
        values = None if self.values is None else [self.values[i] for i in at.tolist()]
        return Scored(self.found.take(at), self.scores[at], values)

    def page(self, start: int, stop: int) -> Scored:
        """Return the hits from `start` to `stop`."""
        values = None if self.values is None else self.values[start:stop]
        return Scored(self.found.first(start, stop), self.scores[start:stop], values)

    def beyond(self, threshold: float | None, distance: Distance) -> Scored:
        """Return the hits before the first that does not pass `threshold`.

        A score must be greater than the threshold, or smaller under Euclid and Manhattan, and never equal.
        The engine goes by the distance for recommend, discover and context too, although their greater scores
        are the better ones (measured on qdrant-edge-py 0.9.0), and so does this.
        """
        if threshold is None:
            return self
        with np.errstate(over="ignore"):  # a bound that float32 cannot hold is infinite
            bound = np.float32(threshold)
        passes = self.scores > bound if distances.greater_is_nearer(distance) else self.scores < bound
        return self if bool(passes.all()) else self.page(0, int(np.argmin(passes)))

    def places(self) -> npt.NDArray[np.int64]:
        """Return int64[k], equal where the points are the same."""
        places: npt.NDArray[np.int64] = (self.found.segments.astype(np.int64) << _ROW_BITS) | self.found.rows
        return places


def ranked(
    places: npt.NDArray[np.int64],
    scores: FloatArray,
    k: int,
    threshold: float | None,
    values: Sequence[OrderValue | None] | None = None,
) -> Scored:
    """Return the `k` places of the greatest scores that reach `threshold`, the earlier of equal ones first.

    Fusion and formulas accept a score that equals the threshold, unlike searches (measured on qdrant-edge-py
    0.9.0).
    """
    best = np.argsort(-scores, kind="stable")
    if threshold is not None:
        best = best[scores[best] >= np.float32(threshold)]
    best = best[:k]
    found = _found(places[best], -scores[best])
    return Scored(found, scores[best], None if values is None else [values[i] for i in best.tolist()])


def distinct(sources: Sequence[Scored]) -> tuple[npt.NDArray[np.int64], list[Rows]]:
    """Return the places of all sources, each once, and where in that the hits of each source stand.

    They are in the order in which they were first met.
    """
    parts = [source.places() for source in sources]
    joined = np.concatenate([np.empty(0, np.int64), *parts])
    unique, first, inverse = np.unique(joined, return_index=True, return_inverse=True)
    order = np.argsort(first)
    position = np.empty(len(unique), np.intp)
    position[order] = np.arange(len(unique))
    ends = np.cumsum([len(part) for part in parts])
    return unique[order], np.split(position[inverse], ends[:-1])


def merged(sources: Sequence[Scored]) -> Scored:
    """Return the points of all sources, each with the score and at the place with which it was first met."""
    places, positions = distinct(sources)
    scores = np.zeros(len(places), np.float32)
    for source, at in zip(reversed(sources), reversed(positions), strict=True):
        scores[at[::-1]] = source.scores[::-1]
    return Scored(_found(places, np.arange(len(places), dtype=np.float32)), scores)


def candidates(view: View, sources: Sequence[Scored]) -> Filter:
    """Return the filter that accepts the points of the sources and no others."""
    named = {point for source in sources for point in ids_of(view, source.found).tolist()}
    return Filter(must=(HasId(frozenset(named)),))


def joined(*conditions: Condition | None) -> Filter | None:
    """Return the filter that asks for all of the conditions; None when there is none."""
    given = tuple(own for own in conditions if own is not None)
    if len(given) == 1 and isinstance(given[0], Filter):
        return given[0]
    return Filter(must=given) if given else None


def _found(places: npt.NDArray[np.int64], distances: FloatArray) -> Found:
    rows = places & ((1 << _ROW_BITS) - 1)
    return Found((places >> _ROW_BITS).astype(np.intp), rows.astype(np.intp), distances)
