"""The map without a face: the colors of its points, which are chosen, and what is asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from traitlets import Any as Anything
from traitlets import Int, List, Unicode

from workbench.errors import InvalidRequest, WorkbenchError
from workbench.maps import trust
from workbench.models.points import IdArray
from workbench.surfaces.notebook.cloud import MOST, PointCloud
from workbench.views.state.coloring import Coloring, color_by, fields_of
from workbench.views.state.labeling import Labeling
from workbench.views.state.lasso import inside
from workbench.views.state.map_layout import MapLayout
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

Array = npt.NDArray[Any]

SETTINGS = ("method", "n_neighbors", "min_dist", "color", "query", "k")
_NONE = np.empty(0, np.int64)
# Clusters of k-means until the map has regions, or where it has fewer.
_FEWEST = 2


class MapState(MapLayout):
    """One collection's points on the plane, colored, chosen and asked about.

    Attributes
    ----------
    color : str
        A payload key, or ``"cluster"``, ``"kmeans"`` (as many clusters of the vectors as the map has
        regions), ``"trust"``, ``"score"``, ``"overlap"`` (with `compare`) or ``""``.
    query : str
        A text: points are colored by their score to it, and the `k` nearest are chosen.
    k : int
        How many true neighbors a click shows.
    coloring : Coloring or None
    selection : int64 [s]
        Numbers of the chosen points.
    anchor : int
        The point whose neighbors are shown, −1 for none.
    neighbors : list of dict
        Of the anchor: ``row``, ``distance``, whether it is ``true``, and whether it is ``near`` on the map.
    """

    color = Unicode("cluster")
    query = Unicode("")
    k = Int(10, min=1, max=100)
    coloring = Anything(None, allow_none=True)
    selection = Anything(_NONE)
    anchor = Int(-1)
    neighbors: List[Any] = List()

    def __init__(self, collection: Collection, **settings: Any) -> None:
        own = {name: settings.pop(name) for name in SETTINGS if name in settings}
        known = ("vector", "compare", "where", "text", "limit", "seed", "device")
        apply_settings(self, "map", [*SETTINGS, *known], {n: None for n in settings if n not in known})
        super().__init__(collection, **settings)
        self.labels = Labeling(collection)
        self._color_before: dict[str, str] = {}  # by the key of a label
        self._scores: Array | None = None
        self._trust: Array | None = None
        self._clusters: tuple[int, Array] | None = None
        self.coloring = Coloring.plain(len(self.cloud))
        apply_settings(self, "map", list(SETTINGS), own)
        if self.color in dict(self.fields):  # the others wait for the layout, or the query
            self.recolor()
        self.observe(lambda _: self.lay_out(), ["method", "n_neighbors", "min_dist"])
        self.observe(lambda _: self.recolor(), ["color"])
        self.observe(lambda _: self._asked(), ["query"])
        self.observe(lambda _: self._anchored(), ["anchor", "k"])
        self.lay_out()
        if self.query:
            self._asked()

    # -- what a person can do --------------------------------------------------------------------------

    def lasso(self, polygon: Sequence[Sequence[float]], mode: str = "set", *, second: bool = False) -> None:
        """Choose the points inside a polygon in the layout's coordinates.

        Parameters
        ----------
        polygon : sequence of (x, y)
        mode : {"set", "add", "remove"}
            Instead of those chosen before, with them, or without.
        second : bool
            On the other map of a comparison.
        """
        layout = self.second if second else self.layout
        if layout is None:
            return
        hit = np.flatnonzero(inside(layout, np.asarray(polygon, float)))
        if mode == "add":
            hit = np.union1d(self.selection, hit)
        elif mode == "remove":
            hit = np.setdiff1d(self.selection, hit)
        self.anchor = -1
        self.selection = hit

    def choose(self, ids: Any) -> None:
        """Choose points by their ids; those that are not on the map are passed over."""
        numbers = self.cloud.numbers_of(IdArray.of(list(ids)))
        self.anchor = -1
        self.selection = np.sort(numbers[numbers >= 0])

    def more(self) -> None:
        """Choose the points nearest to the middle of the chosen ones, as many again as `k`."""
        if len(self.selection) == 0:
            return
        chosen = PointCloud(self.cloud.view, self.vector, np.sort(self.cloud.places[self.selection]), 0)
        middle = chosen.vectors().mean(axis=0, keepdims=True)
        near, _ = self.cloud.near(middle, len(self.selection) + self.k)
        self.anchor = -1
        self.selection = np.union1d(self.selection, near[0][near[0] >= 0][: len(self.selection) + self.k])

    def clear(self) -> None:
        """Choose nothing."""
        self.anchor = -1
        self.selection = _NONE

    def ids(self) -> list[Any]:
        """Return the ids of the chosen points."""
        return self.cloud.ids(self.selection).tolist()

    def label(self, key: str, value: Any) -> int:
        """Write ``{key: value}`` into the payload of the chosen points; return how many.

        Raises
        ------
        InvalidRequest
            When nothing is chosen, or the key is empty.
        """
        count = self.labels.write(self.ids(), key, value)
        self._written(key.strip())
        return count

    def undo(self) -> str:
        """Take the last label back; return its key, empty if there is none."""
        key = self.labels.undo()
        if key:
            self._written(key)
        return key

    @property
    def code(self) -> str:
        """The Python that does the same."""
        said = [f"vector={self.vector!r}"] if self.vector else []
        if self.compare is not None:
            said.append(f"compare={self.compare!r}")
        if self.where is not None:
            said.append(f"where={self.where!r}")
        if self.device is not None:
            said.append(f"device={self.device!r}")
        if self._limit != MOST:
            said.append(f"limit={self._limit}")
        if self.seed:
            said.append(f"seed={self.seed}")
        for name in SETTINGS:
            if getattr(self, name) != self.traits()[name].default_value:
                said.append(f"{name}={getattr(self, name)!r}")
        return f"collection.map({', '.join(said)})"

    # -- colors ----------------------------------------------------------------------------------------

    def recolor(self) -> None:
        """Color the points by what `color` names."""
        try:
            self.coloring = self._colored()
            self.problem = ""
        except WorkbenchError as error:
            self.problem = str(error)

    def _colored(self) -> Coloring:
        match self.color:
            case "":
                return Coloring.plain(len(self.cloud))
            case "cluster":
                return Coloring.groups(self.region, [r["name"] for r in self.regions])
            case "kmeans":
                found = self.clusters()
                words = enumerate(self._words(found), 1)
                return Coloring.groups(found, [name or f"cluster {i}" for i, name in words])
            case "trust" if self.kept is None:
                return Coloring.plain(len(self.cloud))  # until the layout is there to be trusted or not
            case "trust":
                return Coloring.scale(self.trusted(), "neighbors kept", (0.0, 1.0))
            case "overlap":
                return Coloring.scale(self.overlap(), "neighbors shared", (0.0, 1.0))
            case "score":
                if self._scores is None:
                    raise InvalidRequest("color: expected a query to score the points by; fill in `query`")
                return Coloring.scale(self._scores, "score")
            case key:
                return color_by(self.cloud, key, dict(self.fields))

    def clusters(self) -> Array:
        """Return the cluster of each point by k-means over its vector, int32 [n], as many as regions."""
        count = min(len(self.cloud), max(_FEWEST, len(self.regions)))
        if self._clusters is None or self._clusters[0] != count:
            self._clusters = count, self.cloud.clusters(count)
        return self._clusters[1]

    def trusted(self) -> Array:
        """Return for each point the share of its 10 nearest that the map keeps near, float32 [n]."""
        if self._trust is None:
            self._trust = trust.kept(self.cloud.neighbors(10)[0], self.layout, 10)
        return self._trust

    def overlap(self) -> Array:
        """Return for each point the share of its 10 nearest on which both vectors agree, float32 [n]."""
        if self.other is None:
            raise InvalidRequest("overlap: expected two vectors to compare, got one; open map(compare=…)")
        one, two = self.cloud.neighbors(10)[0], self.other.neighbors(10)[0]
        shared = (one[:, :, None] == two[:, None, :]).any(axis=2) & (one >= 0)
        return (shared.sum(axis=1) / max(1, one.shape[1])).astype(np.float32)

    def _understood(self) -> None:
        self._trust = None
        if self.color in ("cluster", "kmeans", "trust", "overlap"):
            self.recolor()

    def _moved_to(self, layout: Array) -> None:
        self._trust, self._scores, self._clusters = None, None, None
        self.anchor, self.selection = -1, _NONE
        self.layout = layout
        self.recolor()

    def _written(self, key: str) -> None:
        """Show what was written into the payloads; a key that is gone again colors nothing."""
        self.cloud = self.cloud.renewed(self.collection)
        labeled = self.cloud.numbers_of(IdArray.of(self.labels.labeled()))
        self.fields = fields_of(self.cloud, labeled[labeled >= 0])
        if key not in dict(self.fields):
            before = self._color_before.pop(key, "cluster")
            if self.color == key:
                self.color = before
        elif self.color == key:
            self.recolor()
        else:
            self._color_before.setdefault(key, self.color)
            self.color = key

    # -- questions -------------------------------------------------------------------------------------

    def _asked(self) -> None:
        """Score all points by the query, and choose the nearest."""
        self.problem = ""
        if not self.query:
            self._scores = None
            self.clear()
            return
        try:
            hits = self.collection.search(
                self.query, k=self.k, where=self.where, vector=self.vector or None, payload=False
            )
            scores = self.cloud.scores(self.collection._embed_query(self.query, None))
        except WorkbenchError as error:
            self.problem = str(error)
            return
        numbers = self.cloud.numbers_of(IdArray.of(hits.ids))
        self._scores, self.anchor = scores, -1
        self.selection = numbers[numbers >= 0]
        if self.color == "score":
            self.recolor()
        else:
            self.color = "score"

    def _anchored(self) -> None:
        """Find the true neighbors of the anchor, and which points near it on the map are none."""
        row = self.anchor
        if row < 0 or self.layout is None:
            self.neighbors = []
            return
        alone = PointCloud(self.cloud.view, self.vector, self.cloud.places[row : row + 1], 1)
        near, gaps = self.cloud.near(alone.vectors(), self.k + 1)
        found = zip(near[0].tolist(), gaps[0].tolist(), strict=True)
        true = [(i, gap) for i, gap in found if i not in (row, -1)][: self.k]
        seen = trust.on_map(self.layout, self.k, np.array([row]))[0].tolist()
        rows = {i for i, _ in true}
        self.neighbors = [
            *({"row": i, "distance": gap, "near": i in seen, "true": True} for i, gap in true),
            *({"row": i, "distance": None, "near": True, "true": False} for i in seen if i not in rows),
        ]
        self.selection = np.array([row, *rows], np.int64)

    def about(self, row: int) -> Mapping[str, Any]:
        """Return the id and payload of one point."""
        return {"id": self.cloud.ids(np.array([row])).tolist()[0], **(self.cloud.payloads([row])[0] or {})}
