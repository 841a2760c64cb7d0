"""The plane that walks through a graph are drawn on: points of a collection, and where others belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from workbench.maps import layouts, placement
from workbench.models.points import IdArray
from workbench.query.trace import QueryTrace
from workbench.surfaces.notebook.cloud import PointCloud
from workbench.surfaces.notebook.places import offsets, queries_at
from workbench.tasks import Progress, silent

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

Array = npt.NDArray[Any]

# Of more points so many stand for all. Their principal components are there in .4 s of one core at 384
# dimensions, and a walk of a few thousand nodes is still seen among them.
REPRESENTATIVES = 50_000
# Neighbors that say where a point belongs on a map made by neighbors.
_NEAR = 10


class Ground:
    """Points on the plane.

    Attributes
    ----------
    cloud : PointCloud
        The points; of a large collection, representatives.
    layout : float32 [n, 2]
    name : str
        How it was made, in words.
    """

    def __init__(self, cloud: PointCloud, layout: Array, name: str, plane: layouts.Plane | None) -> None:
        self.cloud, self.layout, self.name, self._plane = cloud, layout, name, plane

    @classmethod
    def of(
        cls, collection: Collection, vector: str, most: int = REPRESENTATIVES, progress: Progress = silent
    ) -> Self:
        """Lay points of a collection out by their principal components."""
        cloud = PointCloud.of(collection, vector, most=most)
        layout, plane = layouts.principal(cloud.vectors(), progress)
        return cls(cloud, layout, "principal components", plane)

    @classmethod
    def over(cls, cloud: PointCloud, layout: Array, name: str) -> Self:
        """Take a map that is there already."""
        return cls(cloud, layout, name, None)

    def place(self, vectors: Array) -> Array:
        """Return where vectors in query form belong, float32[m, 2]."""
        if self._plane is not None:
            return self._plane.place(vectors)
        return placement.place(*self.cloud.near(vectors, _NEAR), self.layout)

    def stand(
        self, traced: QueryTrace, vector: str, ids: IdArray, places: Array, dead: Array
    ) -> tuple[Array, Array]:
        """Find points on the plane, and put those there that are not among the representatives.

        Parameters
        ----------
        traced : QueryTrace
            The search that they were met in.
        vector : str
        ids : IdArray [r]
        places : int64 [r]
            Rows counted through the segments of ``traced.view``.
        dead : bool [r]
            Those that were deleted or replaced, and are not what now has their id.

        Returns
        -------
        numbers : int32 [r]
            Which point each is; from n on, those of `extra`.
        extra : float32 [m, 2]
        """
        numbers = self.cloud.numbers_of(ids)
        missing = (numbers < 0) | dead
        extra = np.empty((0, 2), np.float32)
        if missing.any():
            new, which = np.unique(places[missing], return_inverse=True)
            extra = self.place(queries_at(traced.view, vector, new))
            numbers[missing] = len(self.cloud) + which.ravel()
        return numbers.astype(np.int32), extra


def places_of(traced: QueryTrace) -> Array:
    """Return the places of the hits: rows counted through the segments."""
    found = traced.found
    return np.asarray(offsets(traced.view)[found.segments] + found.rows, np.int64)
