"""How a map comes to be: principal components at once, then neighbors, then the layout as it grows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from traitlets import Any as Anything
from traitlets import Enum, Float, Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.maps import clusters, cuml_umap, layouts, placement, trust
from workbench.maps.umap import umap
from workbench.models.where import where as parse_where
from workbench.surfaces.notebook.cloud import MOST, PointCloud
from workbench.tasks import Progress, Task
from workbench.views.state.coloring import fields_of, name_field, text_field
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

Array = npt.NDArray[Any]

log = logging.getLogger("workbench")

METHODS = ("umap", "tsne", "pca")
# How well the map keeps neighborhoods is told from so many points: their mean is then known to .01.
_TRUSTED = 5_000
# From so many, .02, where no graph knows the neighbors: a million points are not indexed for one number.
_COMPARED = 500
# t-SNE looks at three times its perplexity of neighbors, and 15 is the least that makes sense.
_TSNE_NEIGHBORS = 45


class MapLayout(Working):
    """Where the points of one collection lie on the plane.

    Attributes
    ----------
    method : {"umap", "tsne", "pca"}
    n_neighbors : int
        How many neighbors pull at a point: few show detail, many the whole.
    min_dist : float
        How close UMAP may put points.
    layout, second : float32 [n, 2] or None
        Places of the points; of the other vector, when two are compared.
    regions : list of dict
        Dense parts of the map: ``name``, ``at``, ``count``.
    kept : float or None
        The share of the 10 nearest that the map keeps near.
    fields : list of (str, str)
        Payload keys that can color the map, and their kinds.
    stale : int
        By how many points the collection has grown or shrunk since.
    made_by : str
        What laid the points out, and where.
    """

    method = Enum(METHODS, "umap")
    n_neighbors = Int(15, min=2, max=200)
    min_dist = Float(0.1, min=0.0, max=0.99)
    layout = Anything(None, allow_none=True)
    second = Anything(None, allow_none=True)
    regions: List[Any] = List()
    kept = Float(None, allow_none=True)
    fields: List[Any] = List()
    stale = Int(0)
    made_by = Unicode("")

    cancelled_text = "Cancelled: the map stays as far as it was made."

    def __init__(
        self,
        collection: Collection,
        *,
        vector: str | None = None,
        compare: str | None = None,
        where: Any = None,
        text: str | None = None,
        limit: int = MOST,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        super().__init__()
        self.collection, self.where, self.seed, self._limit = collection, where, seed, limit
        self.device = device
        self.vector = collection._vector_name(vector)
        self.compare = None if compare is None else collection._vector_name(compare)
        self.cloud = self._points()
        if len(self.cloud) == 0:
            raise InvalidRequest(
                "map: expected at least 1 point that has this vector and that the filter accepts, got none"
            )
        self.other: PointCloud | None = None
        self._counted = len(collection)
        self.fields = fields_of(self.cloud)
        self.text = text or text_field(self.cloud, self.fields)
        self.named_by = name_field(self.cloud, self.fields)
        self.region: Array = np.full(len(self.cloud), -1, np.int16)

    def _points(self) -> PointCloud:
        flt = None if self.where is None else parse_where(self.where)
        also = [] if self.compare is None else [self.compare]
        return PointCloud.of(
            self.collection,
            self.vector,
            flt=flt,
            also=also,
            most=self._limit,
            seed=self.seed,
            device=self.device or self.collection._inner.upkeep.wanted_device,
        )

    def lay_out(self) -> None:
        """Make the map anew, in the background."""
        self._start(f"mapping {len(self.cloud):,} points", self._work)

    def refresh(self) -> int:
        """Put points that were added since onto the map, between their neighbors, and take deleted ones off.

        Returns
        -------
        int
            How many were added.
        """
        now, before = self._points(), self.cloud
        was = before.numbers_of(now.ids())
        new = np.flatnonzero(was < 0)
        layout = np.empty((len(now), 2), np.float32)
        layout[was >= 0] = self.layout[was[was >= 0]]
        if len(new):
            near = before.near(now.vectors()[new], self.n_neighbors)
            layout[new] = placement.place(*near, self.layout)
        with self._lock:
            self.cloud, self.region = now, clusters.regions(layout)
            self.second = None if self.second is None else layout
            self._moved_to(layout)
            self.stale, self._counted = 0, len(self.collection)
        return len(new)

    def look_around(self) -> None:
        """Notice that the collection has grown or shrunk since the map was made."""
        self.stale = abs(len(self.collection) - self._counted)

    def _moved_to(self, layout: Array) -> None:
        """Take a layout of other points than before."""
        self.layout = layout

    def _understood(self) -> None:
        """Do what waits for the finished layout."""

    # -- inside ----------------------------------------------------------------------------------------

    def _work(self, task: Task, progress: Progress) -> None:
        start = layouts.pca(self.cloud.vectors(), progress)
        if self.layout is None or self.method == "pca":
            self._newest(task, layout=start, made_by="principal components on the CPU")
        maps = [(self.cloud, start, "layout")]
        if self.compare is not None:
            cloud = self.cloud
            self.other = PointCloud(cloud.view, self.compare, cloud.places, cloud.total, cloud.device)
            begin = layouts.pca(self.other.vectors(), progress)
            if self.second is None or self.method == "pca":
                self._newest(task, second=begin)
            maps.append((self.other, begin, "second"))
        if self.method != "pca":
            for cloud, begin, name in maps:
                made_by = self._by_neighbors(cloud, begin, progress, partial(self._show_at, task, name))
                self._newest(task, made_by=made_by)
        self._understand(task, progress)

    def _show_at(self, task: Task, name: str, layout: Array) -> None:
        self._newest(task, **{name: layout})

    def _by_neighbors(
        self, cloud: PointCloud, start: Array, progress: Progress, shown: Callable[[Array], Any]
    ) -> str:
        """Lay the points out, and return what did it."""
        wanted = self.n_neighbors if self.method == "umap" else max(_TSNE_NEIGHBORS, self.n_neighbors)
        near, gaps = _whole(*cloud.neighbors(wanted, progress))
        if self.method == "tsne":
            shown(layouts.tsne(near, gaps, start, seed=self.seed, progress=progress, shown=shown))
            return "openTSNE on the CPU"
        ways: dict[str, Any] = {"min_dist": self.min_dist, "seed": self.seed, "progress": progress}
        if cloud.lays_out_on_gpu():
            try:
                shown(cuml_umap.umap(near, gaps, start, **ways))
                return "cuML on the GPU"
            except WorkbenchError:
                raise
            except Exception as error:
                if cloud.device == "gpu" and not isinstance(error, MemoryError):
                    raise
                log.warning("cuML failed, and the CPU lays the map out: %s", error)
        shown(umap(near, gaps, start, shown=shown, **ways))
        return "UMAP on the CPU"

    def _understand(self, task: Task, progress: Progress) -> None:
        """Find out how far the map can be trusted, and what its regions are about."""
        layout = self.layout
        progress(0, 0, "comparing neighbors")
        asked, most = np.arange(len(layout)), _TRUSTED if self.cloud.indexed else _COMPARED
        if len(asked) > most:
            asked = np.sort(np.random.default_rng(0).choice(asked, most, replace=False))
        near = self.cloud.neighbors_of(asked, 10, progress)
        kept = float(trust.kept(near, layout, 10, asked).mean())
        progress(0, 0, "naming regions")
        region = clusters.regions(layout)
        named = self._named(layout, region)
        if self._newest(task, kept=kept, region=region, regions=named):
            self._understood()

    def _named(self, layout: Array, region: Array) -> list[Any]:
        middles = clusters.centers(layout, region)
        return [
            {"name": name or f"region {i + 1}", "at": middles[i].tolist(), "count": int((region == i).sum())}
            for i, name in enumerate(self._words(region))
        ]

    def _words(self, group: Array) -> list[str]:
        """Return the words that set each group of points apart, empty where there are none."""
        texts: list[str | None] = [None] * len(group)
        if self.text is not None:
            numbers, values = self.cloud.values(self.text, "keyword")
            for number, value in zip(numbers.tolist(), values.tolist(), strict=True):
                texts[number] = value
        return clusters.labels(texts, group)


def _whole(near: Array, gaps: Array) -> tuple[Array, Array]:
    """Fill neighbors that were not found: each point itself, as far away as its farthest."""
    missing = near < 0
    if not missing.any():
        return near, gaps
    own = np.broadcast_to(np.arange(len(near), dtype=near.dtype)[:, None], near.shape)
    farthest = np.where(missing, 0.0, gaps).max(axis=1, keepdims=True, initial=0.0)
    return np.where(missing, own, near), np.where(missing, farthest, gaps).astype(np.float32)
