"""A collection as a Python dictionary: slow, obvious, and what the real one must not be told apart from."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench import filters
from workbench.models.config import Distance
from workbench.models.filters import Filter
from workbench.models.points import PointId

Vector = npt.NDArray[np.float32]
Payload = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """What is known of one point: its vectors by name, as they were given, and its payload."""

    vectors: Mapping[str, Vector]
    payload: Payload


@dataclass
class Oracle:
    """A collection that keeps everything in a dictionary and compares everything with everything.

    Parameters
    ----------
    distances : mapping of str to Distance
        The vectors that points may have.
    points : dict
        By id.
    """

    distances: Mapping[str, Distance]
    points: dict[PointId, Point] = field(default_factory=dict)

    def upsert(self, points: Iterable[tuple[PointId, Point]]) -> None:
        """Insert or replace points as a whole, one after the other."""
        for point_id, point in points:
            self.points[point_id] = point

    def delete(self, ids: Iterable[PointId]) -> None:
        """Delete the points that exist."""
        for point_id in ids:
            self.points.pop(point_id, None)

    def change(self, ids: Iterable[PointId], change: Callable[[Payload], Payload]) -> None:
        """Replace the payloads of the points that exist by what `change` makes of them."""
        for point_id in set(ids) & set(self.points):
            old = self.points[point_id]
            self.points[point_id] = Point(old.vectors, change(old.payload))

    def matching(self, flt: Filter | None) -> list[PointId]:
        """Return the ids that a filter accepts, in the order of a scroll: integers, then UUIDs."""
        found = [i for i, p in self.points.items() if flt is None or filters.matches(flt, p.payload, i)]
        return sorted(found, key=lambda i: (isinstance(i, uuid.UUID), int(i)))

    def scores(self, name: str, query: Sequence[float], flt: Filter | None) -> dict[PointId, float]:
        """Return the score of every point that a filter accepts and that has a vector of this name."""
        wanted = np.asarray(query, np.float64)
        found = {}
        for point_id in self.matching(flt):
            vector = self.points[point_id].vectors.get(name)
            if vector is not None:
                found[point_id] = score(self.distances[name], wanted, vector.astype(np.float64))
        return found


def score(distance: Distance, a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return the score of two vectors by its definition; a zero vector has the cosine 0 with every other."""
    match distance:
        case Distance.DOT:
            return float(a @ b)
        case Distance.COSINE:
            lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
            return float(a @ b) / lengths if lengths else 0.0
        case Distance.EUCLID:
            return float(np.linalg.norm(a - b))
        case Distance.MANHATTAN:
            return float(np.abs(a - b).sum())
