"""The points of a collection at one moment, numbered from 0, as maps need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances, kernels
from workbench.indexes import exact, flat, hnsw_build, kmeans
from workbench.indexes.hnsw import HnswSearcher
from workbench.kernels.gpu import devices
from workbench.maps import cuml_umap
from workbench.models.config import Distance
from workbench.models.points import IdArray
from workbench.models.query import Selector
from workbench.query import fetch, nearest
from workbench.query.nearest import Found
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import SegmentView, View
from workbench.surfaces.notebook.places import offsets, queries_at, rows_of, stored_at
from workbench.tasks import Progress, cores, silent

if TYPE_CHECKING:
    from workbench.models.filters import Filter
    from workbench.surfaces.notebook.collection import Collection

Array = npt.NDArray[Any]

MOST = 1_000_000
# A beam of 48 finds .95 of the nearest 10 on text, and a map of neighbors needs no more.
_EF = 48
# Up to so many vectors are compared with all: 20,000 x 20,000 x 384 are 3 s of one core.
_EXACT = 20_000
# A graph of all is asked for the neighbors of a part if the part is at least this share of it.
_SHARE = 0.3
_BLOCK = 512


class PointCloud:
    """Some points of a collection, and one of their vectors.

    Attributes
    ----------
    view : View
        The collection at that moment; later writes change nothing here.
    vector : str
        The name of the vectors.
    places : int64 [n]
        Rows counted through the segments, ascending; what point number i is.
    total : int
        How many points there were to choose from.
    """

    def __init__(self, view: View, vector: str, places: Array, total: int, device: str = "auto") -> None:
        self.view, self.vector, self.places, self.total = view, vector, places, total
        self.device = devices.check(device)
        self.distance: Distance = view.config.vectors[vector].distance
        self._offsets = offsets(view)
        self._near: tuple[Array, Array] | None = None

    @classmethod
    def of(
        cls,
        collection: Collection,
        vector: str,
        *,
        flt: Filter | None = None,
        also: Sequence[str] = (),
        most: int = MOST,
        seed: int = 0,
        device: str = "auto",
    ) -> PointCloud:
        """Take the points that have a vector and that a filter accepts; of more than `most`, a random draw.

        Parameters
        ----------
        collection : Collection
        vector : str
        flt : Filter, optional
        also : sequence of str
            Other vectors that the points must have.
        most : int
        seed : int
            Of the draw.
        device : {"auto", "cpu", "gpu"}
            Where neighbors and clusters are found.
        """
        view = collection._inner.view
        starts = offsets(view)
        parts = []
        for number, segment in enumerate(view.segments):
            if segment.count:
                mask = segment.mask(flt)
                rows = np.arange(segment.count) if mask is None else np.flatnonzero(mask)
                for name in (vector, *also):
                    rows = rows[segment.dense(name).slots(rows) >= 0]
                parts.append(rows + starts[number])
        places = np.concatenate(parts) if parts else np.empty(0, np.int64)
        total = len(places)
        if total > most:
            places = np.sort(np.random.default_rng(seed).choice(places, most, replace=False))
        return cls(view, vector, places.astype(np.int64), total, device)

    def __len__(self) -> int:
        return len(self.places)

    def vectors(self) -> Array:
        """Return the vectors as distances compare them, float32[n, d]."""
        if not len(self):
            return np.empty((0, self.view.config.vectors[self.vector].size), np.float32)
        return queries_at(self.view, self.vector, self.places)

    def scores(self, query: Array) -> Array:
        """Return the score of every point to a vector that stands as a person gave it, float32[n]."""
        ready = nearest.check_query(query, self.view.config.vectors[self.vector])
        metric = distances.metric(self.distance)
        gaps = np.empty(len(self), np.float32)
        for start in range(0, len(self), _BLOCK * 16):
            part = stored_at(self.view, self.vector, self.places[start : start + _BLOCK * 16])
            gaps[start : start + len(part)] = flat.distances(
                distances.search_form(part, self.distance), ready, metric, np.arange(len(part))
            )
        return np.asarray(distances.scores(gaps, self.distance), np.float32)

    def renewed(self, collection: Collection) -> PointCloud:
        """Return the same points with the payloads that they have now, or this, if segments were rebuilt."""
        now = PointCloud(collection._inner.view, self.vector, self.places, self.total, self.device)
        if [s.segment for s in now.view.segments] != [s.segment for s in self.view.segments]:
            now = PointCloud.of(collection, self.vector, most=max(1, self.total), device=self.device)
            if now.ids().tolist() != self.ids().tolist():
                return self
        now._near = self._near
        return now

    # -- neighbors -------------------------------------------------------------------------------------

    def neighbors(self, k: int, progress: Progress = silent) -> tuple[Array, Array]:
        """Find the nearest of every point among the points, without itself.

        Parameters
        ----------
        k : int
        progress : Progress, optional

        Returns
        -------
        rows : int32 [n, k']
            Numbers of points, nearest first; k' = min(k, n - 1). −1 where fewer were found.
        distances : float32 [n, k']
            Not negative: of Cosine and Dot, how much less similar than the best possible.
        """
        k = min(k, max(0, len(self) - 1))
        if self._near is None or self._near[0].shape[1] < k:
            kernels.wait(kernels.CPU)
            found = self._on_device(k, progress)
            self._near = found or self._find(self.vectors(), k, progress, own=np.arange(len(self)))
        rows, gaps = self._near
        return rows[:, :k], gaps[:, :k]

    def lays_out_on_gpu(self) -> bool:
        """Whether a GPU lays these points out: asked for, or there and worth it, and cuML is installed."""
        if self.device == "cpu" or not cuml_umap.available() or devices.why_none():
            return False
        return self.device == "gpu" or len(self) >= devices.LEAST

    def clusters(self, count: int, progress: Progress = silent) -> Array:
        """Return the cluster of each point by k-means over the vectors, int32 [n]: 0 is the largest."""
        return kmeans.clusters(self.vectors(), count, device=self.device, progress=progress)

    def neighbors_of(self, numbers: Array, k: int, progress: Progress = silent) -> Array:
        """Find the nearest of some points, without themselves; as the rows of :meth:`neighbors`.

        No graph is made for it: where there is none, the points are compared with all.
        """
        k = min(k, max(0, len(self) - 1))
        if self._near is not None and self._near[0].shape[1] >= k:
            return self._near[0][numbers, :k]
        kernels.wait(kernels.CPU)
        asked = queries_at(self.view, self.vector, self.places[numbers])
        return self._find(asked, k, progress, own=numbers, build=False)[0]

    @property
    def indexed(self) -> bool:
        """Whether graphs are there for all but a few of the points."""
        return sum(len(part.numbers) for part in self._parts() if part.searcher is None) <= _EXACT

    def near(self, queries: Array, k: int) -> tuple[Array, Array]:
        """Find the points nearest to float32[q, d], which may be new; as :meth:`neighbors`."""
        return self._find(np.ascontiguousarray(queries, np.float32), min(k, len(self)), silent, own=None)

    def _on_device(self, k: int, progress: Progress) -> tuple[Array, Array] | None:
        """Find the neighbors of all points by comparing all, where a GPU does that."""
        if k <= 0 or self.device == "cpu" or (self.device == "auto" and devices.why_none()):
            return None  # before the vectors are read
        searched = distances.search_form(stored_at(self.view, self.vector, self.places), self.distance)
        found = exact.lists(searched, k, distances.metric(self.distance), self.device, progress)
        return None if found is None else (found[0], self._positive(found[1]))

    def _find(
        self, queries: Array, k: int, progress: Progress, *, own: Array | None, build: bool = True
    ) -> tuple[Array, Array]:
        wanted = k if own is None else k + 1
        rows = np.full((len(queries), k), -1, np.int32)
        gaps = np.full((len(queries), k), np.inf, np.float32)
        if k <= 0 or not len(queries):
            return rows, gaps
        columns = self._columns(progress) if build else self._parts()
        block = _BLOCK * cores()
        for start in range(0, len(queries), block):
            progress(start, len(queries), "finding neighbors")
            asked = queries[start : start + block]
            found = [_ask(column, asked, wanted, self.device) for column in columns]
            near = np.concatenate([r for r, _ in found], axis=1)
            gap = np.concatenate([g for _, g in found], axis=1)
            order = np.argsort(gap, axis=1, kind="stable")[:, :wanted]
            near, gap = np.take_along_axis(near, order, 1), np.take_along_axis(gap, order, 1)
            if own is not None:
                near, gap = _without_own(near, gap, own[start : start + len(asked)])
            rows[start : start + block, : near.shape[1]] = near[:, :k]
            gaps[start : start + block, : near.shape[1]] = gap[:, :k]
        return rows, self._positive(gaps)

    def _columns(self, progress: Progress) -> list[_Part]:
        """Return what is asked for neighbors: graphs that are there, or one made for these points."""
        if self.indexed:
            return self._parts()
        stored = stored_at(self.view, self.vector, self.places)
        searched = distances.search_form(stored, self.distance)
        metric = distances.metric(self.distance)
        graph = hnsw_build.build(
            searched,
            metric,
            m=16,
            ef_construct=64,
            device=self.device,
            progress=lambda done, total, _="": progress(done, total, "building a graph of these points"),
        )
        return [_Part(HnswSearcher(graph, searched, metric), searched, metric, np.arange(len(self)), None)]

    def _parts(self) -> list[_Part]:
        found = (_Part.of(segment, self, number) for number, segment in enumerate(self.view.segments))
        return [part for part in found if part is not None]

    def _positive(self, gaps: Array) -> Array:
        """Turn kernel distances into distances that are 0 for the nearest possible."""
        if self.distance is Distance.COSINE:
            scores = distances.scores(gaps, self.distance)
            return np.where(np.isfinite(gaps), np.maximum(0.0, 1.0 - scores), np.inf).astype(np.float32)
        if self.distance is Distance.DOT:
            finite = np.isfinite(gaps)
            least = gaps[finite].min() if finite.any() else 0.0
            return np.where(finite, gaps - least, np.inf).astype(np.float32)
        return np.asarray(distances.scores(gaps, self.distance), np.float32)

    # -- what is known of the points -------------------------------------------------------------------

    def ids(self, numbers: Array | None = None) -> IdArray:
        """Return the ids of the points, or of those numbered."""
        places = self.places if numbers is None else self.places[numbers]
        return nearest.ids_of(self.view, self._found(places))

    def numbers_of(self, ids: IdArray) -> Array:
        """Return the number of each id, −1 for one that is not among the points: int64[len(ids)]."""
        found = np.full(len(ids), -1, np.int64)
        for number, rows in enumerate(self.view.locate(ids)):
            there = rows >= 0
            found[there] = rows[there] + self._offsets[number]
        at = np.minimum(np.searchsorted(self.places, found), max(0, len(self.places) - 1))
        known = (found >= 0) & (self.places[at] == found) if len(self.places) else found >= 0
        return np.where(known, at, -1)

    def payloads(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Return the payloads of some points, in their order."""
        found = self._found(self.places[np.asarray(numbers, np.int64)])
        return fetch.payloads(self.view, found, Selector()) if len(numbers) else []

    def values(self, key: str, kind: str) -> tuple[Array, Array]:
        """Return the first value of a field of every point that has one.

        Parameters
        ----------
        key : str
            A payload key, or a path such as ``a.b``.
        kind : str
            ``"keyword"``, ``"integer"``, ``"float"``, ``"bool"`` or ``"datetime"``.

        Returns
        -------
        numbers : int64 [v]
            Which points, ascending.
        values : [v]
        """
        found, held = [], []
        for number, segment in enumerate(self.view.segments):
            if segment.count:
                rows, values = segment.values(key, kind)
                first = np.unique(rows, return_index=True)
                found.append(first[0] + self._offsets[number])
                held.append(values[first[1]])
        if not found:
            return np.empty(0, np.int64), np.empty(0, object)
        places, values = np.concatenate(found), np.concatenate(held)
        at = np.minimum(np.searchsorted(self.places, places), max(0, len(self.places) - 1))
        known = self.places[at] == places if len(self.places) else np.zeros(len(places), bool)
        return at[known], values[known]

    def _found(self, places: Array) -> Found:
        segments = np.searchsorted(self._offsets, places, side="right") - 1
        return Found(segments, places - self._offsets[segments], np.zeros(len(places), np.float32))


class _Part:
    """One array of vectors that is asked for neighbors, and which point each of its rows is."""

    def __init__(
        self, searcher: HnswSearcher | None, vectors: Array, metric: int, numbers: Array, mask: Array | None
    ) -> None:
        self.searcher, self.vectors, self.metric = searcher, vectors, metric
        self.numbers, self.mask = numbers, mask
        self.of_slot: Array = numbers
        if mask is not None:
            self.of_slot = np.full(len(mask), -1, np.int64)
            self.of_slot[mask] = numbers

    @classmethod
    def of(cls, segment: SegmentView, cloud: PointCloud, number: int) -> _Part | None:
        if segment.count == 0:
            return None
        column: VectorColumn = segment.dense(cloud.vector)
        slots = np.arange(len(column.searched))
        places = rows_of(column, slots) + cloud._offsets[number]
        at = np.minimum(np.searchsorted(cloud.places, places), max(0, len(cloud) - 1))
        among = cloud.places[at] == places if len(cloud) else np.zeros(len(places), bool)
        if not among.any():
            return None
        metric = distances.metric(cloud.distance)
        whole = bool(among.all())
        if column.searcher is not None and among.mean() >= _SHARE:
            return cls(column.searcher, column.searched, metric, at[among], None if whole else among)
        vectors = column.searched if whole else column.searched[among]
        return cls(None, vectors, metric, at[among], None)


def _ask(part: _Part, queries: Array, k: int, device: str) -> tuple[Array, Array]:
    rows: Array
    if part.searcher is None:
        rows, gaps = exact.search_batch(part.vectors, queries, k, part.metric, device=device)
    else:
        rows, gaps = part.searcher.search_batch(queries, k, max(_EF, 2 * k), part.mask, cores())
    return np.where(rows < 0, -1, part.of_slot[rows]), gaps


def _without_own(rows: Array, gaps: Array, own: Array) -> tuple[Array, Array]:
    """Take each point out of its own answer; where it was not found, the last goes."""
    same = rows == own[:, None]
    same[~same.any(axis=1), -1] = True
    return rows[~same].reshape(len(rows), -1), gaps[~same].reshape(len(rows), -1)
