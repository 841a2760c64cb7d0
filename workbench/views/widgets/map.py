"""``collection.map()``: the points on the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
from traitlets import Any as Anything
from traitlets import Bytes, Enum, Float, Int, List, Unicode

from workbench.surfaces import html
from workbench.views.picture import picture
from workbench.views.state.map_layout import METHODS
from workbench.views.state.mapping import SETTINGS, MapState
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# Chosen points that are listed beside the map; all of them are in `selection`.
_LISTED = 30
# Places are sent as 16 bits a coordinate, which is finer than any screen: 5 bytes a point with its color.
_FINE = 65_535
_TEXT = 70


class MapCanvas(anywidget.AnyWidget):
    """What is drawn: places, colors and states of the points as bytes, and words beside them."""

    _esm = assets.script("charts", "scatter", "map")
    _css = assets.style("map")

    method = Unicode("umap").tag(sync=True)
    n_neighbors = Int(15).tag(sync=True)
    min_dist = Float(0.1).tag(sync=True)
    color = Unicode("cluster").tag(sync=True)
    query = Unicode("").tag(sync=True)
    k = Int(10).tag(sync=True)
    problem = Unicode("").tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _about = Unicode("").tag(sync=True)
    _titles: List[Any] = List().tag(sync=True)
    _searchable = Anything(False).tag(sync=True)
    _colors: List[Any] = List().tag(sync=True)
    _n = Int(0).tag(sync=True)
    _xy = Bytes(b"").tag(sync=True)
    _xy2 = Bytes(b"").tag(sync=True)
    _hue = Bytes(b"").tag(sync=True)
    _palette: List[Any] = List().tag(sync=True)
    _state = Bytes(b"").tag(sync=True)
    _legend: List[Any] = List().tag(sync=True)
    _names: List[Any] = List().tag(sync=True)
    _anchor = Int(-1).tag(sync=True)
    _links: List[Any] = List().tag(sync=True)
    _chosen: List[Any] = List().tag(sync=True)
    _count = Int(0).tag(sync=True)
    _undo = Int(0).tag(sync=True)
    _told = Unicode("").tag(sync=True)
    _kept = Float(None, allow_none=True).tag(sync=True)
    _stale = Int(0).tag(sync=True)


class MapView(Screen):
    """A map of a collection: choose points on it, ask it, color it, label what is on it.

    Parameters
    ----------
    collection : Collection
    vector : str, optional
        Needed only when there are several.
    compare : str, optional
        Another vector of the same points: two maps, one selection.
    where : mapping, optional
        Which points.
    text : str, optional
        The payload key that names regions; the first that holds texts if not given.
    limit : int
        Of more points, so many are drawn at random; 1,000,000 if not given.
    seed : int
        Of that draw and of the layout.
    device : {"auto", "cpu", "gpu"}, optional
        Where neighbors and clusters are found, and, by cuML if it is installed, UMAP lays out; that of the
        collection if not given.
    **settings
        ``method``, ``n_neighbors``, ``min_dist``, ``color``, ``query`` and ``k`` to begin with.

    Attributes
    ----------
    method : {"umap", "tsne", "pca"}
    n_neighbors, min_dist, color, query, k
        As in :class:`workbench.views.state.mapping.MapState`.
    selection : list
        Ids of the chosen points; set it, and they light up.
    layout_frame : DataFrame
        Ids, places and regions.
    status, problem, code : str

    Raises
    ------
    InvalidRequest
        For an unknown setting, or when there are no points.
    """

    method = Enum(METHODS, "umap")
    n_neighbors = Int(15)
    min_dist = Float(0.1)
    color = Unicode("cluster")
    query = Unicode("")
    k = Int(10)
    selection: List[Any] = List()

    def __init__(self, collection: Collection, **settings: Any) -> None:
        state = MapState(collection, **settings)
        canvas = MapCanvas(
            _title=collection.name, _titles=_titles(state), _searchable=_searchable(collection)
        )
        self._frames: list[tuple[Any, float]] = [(np.zeros(2), 1.0)] * 2
        super().__init__(state, canvas, f"Map of {collection.name}")
        for face in (canvas, self):
            bind(state, face, SETTINGS)
        bind(state, canvas, ("problem",), both=False)
        bind(state, self, ("problem", "status"), both=False)
        self.follow(["layout", "second"], self._show_places)
        self.follow(["coloring", "regions", "layout"], self._show_colors)
        self.follow(["selection", "anchor", "neighbors", "layout"], self._show_chosen)
        self.follow(["kept", "stale", "fields", "method", "made_by"], self._show_about)
        self.follow([*SETTINGS], self._show_code)
        self.observe(lambda change: self._select(change["new"]), "selection")

    # -- what a person can do --------------------------------------------------------------------------

    def lasso(self, polygon: Any, mode: str = "set") -> MapView:
        """Choose the points inside a polygon, in the coordinates of :attr:`layout_frame`."""
        self.state.lasso(polygon, mode)
        return self

    def label(self, key: str, value: Any) -> int:
        """Write ``{key: value}`` into the payload of the chosen points; return how many."""
        count = self.state.label(key, value)
        self._tell(f"{count:,} points now have {key} = {value!r}.")
        return count

    def undo(self) -> str:
        """Take the last label back; return its key."""
        key = self.state.undo()
        self._tell(f"{key} is as it was before." if key else "There is nothing to undo.")
        return key

    def _tell(self, what: str) -> None:
        with self.view.hold_sync():
            self.view._told, self.view._undo = what, len(self.state.labels)

    def refresh(self) -> int:
        """Put points that were added since onto the map; return how many."""
        return self.state.refresh()

    def cancel(self) -> None:
        """Stop what runs in the background."""
        self.state.cancel()

    def wait(self, timeout: float | None = None) -> MapView:
        """Wait until the map is done."""
        self.state.wait(timeout)
        return self

    @property
    def layout_frame(self) -> Any:
        """Ids, places and regions of all points, as a DataFrame."""
        import pandas as pd

        state = self.state
        names = [r["name"] for r in state.regions]
        region = [names[i] if 0 <= i < len(names) else None for i in state.region.tolist()]
        ids = state.cloud.ids().tolist()
        return pd.DataFrame({"id": ids, "x": state.layout[:, 0], "y": state.layout[:, 1], "region": region})

    # -- following the state ---------------------------------------------------------------------------

    def _show_places(self) -> None:
        state = self.state
        with self.view.hold_sync():
            for i, layout in enumerate((state.layout, state.second)):
                if layout is not None:
                    self._frames[i] = frame_of(layout)
                    fine = ((layout - self._frames[i][0]) / self._frames[i][1] * _FINE).round()
                    self.view.set_trait("_xy2" if i else "_xy", fine.astype("<u2").tobytes())
            self.view._n = len(state.cloud)

    def _show_colors(self) -> None:
        state, view = self.state, self.view
        low, span = self._frames[0]
        with view.hold_sync():
            view._hue, view._palette = state.coloring.hue.tobytes(), list(state.coloring.palette)
            view._legend = [dict(entry) for entry in state.coloring.legend]
            view._names = [{**r, "at": ((np.array(r["at"]) - low) / span).tolist()} for r in state.regions]
            fields = [(key, key) for key, kind in state.fields if kind != "text"]
            own = [
                ("cluster", "region"),
                ("kmeans", "cluster of the vectors"),
                ("trust", "trust in the map"),
                ("score", "score to the query"),
            ]
            if state.compare is not None:
                own.append(("overlap", "neighbors that both share"))
            view._colors = [list(c) for c in [*own, *fields, ("", "nothing")]]

    def _show_chosen(self) -> None:
        state, view = self.state, self.view
        marks = np.zeros(len(state.cloud), np.uint8)
        if len(state.selection):
            marks[:] = 2
            marks[state.selection] = 1
        anchored = state.anchor >= 0
        rows = [n["row"] for n in state.neighbors] if anchored else state.selection[:_LISTED].tolist()
        texts = self._texts(rows)
        with view.hold_sync():
            view._state, view._count = marks.tobytes(), len(state.selection)
            view._anchor, view._undo = state.anchor, len(state.labels)
            if anchored:
                view._links = [
                    {**n, "text": text, "distance": None if n["distance"] is None else f"{n['distance']:.3f}"}
                    for n, text in zip(state.neighbors, texts, strict=True)
                ]
            else:
                view._links = []
                view._chosen = [{"row": r, "text": t} for r, t in zip(rows, texts, strict=True)]
        self.set_trait("selection", state.ids() if len(state.selection) else [])

    def _texts(self, rows: list[int]) -> list[str]:
        ids = self.state.cloud.ids(np.array(rows, np.int64)).tolist() if rows else []
        payloads = self.state.cloud.payloads(rows)
        return [
            _line(i, payload or {}, self.state.named_by) for i, payload in zip(ids, payloads, strict=True)
        ]

    def _show_about(self) -> None:
        state, view = self.state, self.view
        part = f"{len(state.cloud):,} points"
        if state.cloud.total > len(state.cloud):
            part += f" drawn at random of {state.cloud.total:,}"
        with view.hold_sync():
            by = f" · by {state.made_by}" if state.made_by else ""
            view._about = f"{part} · {state.vector or 'vectors'} · {state.cloud.distance.value}{by}"
            view._kept, view._stale = state.kept, state.stale

    def _show_code(self) -> None:
        self.code = self.view.code = self.state.code

    def _select(self, ids: list[Any]) -> None:
        if list(ids) != (self.state.ids() if len(self.state.selection) else []):
            self.state.choose(ids)

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        state = self.state
        if "hover" in said:
            tip = self._tip(int(said["hover"]))
            self.view.send({"row": said["hover"], "tip": tip, "at": said["at"], "second": said.get("second")})
        elif "click" in said:
            state.anchor = int(said["click"])
            state.look_around()
        elif "lasso" in said:
            second = bool(said.get("second"))
            low, span = self._frames[int(second)]
            state.lasso(np.array(said["lasso"]) * span + low, said["mode"], second=second)
        elif "group" in said:
            state.anchor, state.selection = -1, np.flatnonzero(state.coloring.hue == said["group"])
        elif "label" in said:
            self.label(*said["label"])
        elif "undo" in said:
            self.undo()
        elif "more" in said:
            state.more()
        elif "refresh" in said:
            self._tell(f"{state.refresh():,} points were placed.")
        elif "clear" in said:
            state.clear()

    def _tip(self, row: int) -> str:
        if not 0 <= row < len(self.state.cloud):
            return ""
        about = dict(self.state.about(row))
        said = [about.pop(key, None) for key in dict.fromkeys([self.state.named_by, self.state.text])]
        first = [html.short(text, _TEXT * 4) for text in said if text is not None]
        return "\n".join(
            [*first, *(f"{key}: {html.short(value, _TEXT)}" for key, value in list(about.items())[:6])]
        )

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        state = self.state
        kept = "" if state.kept is None else f", keeps {state.kept:.0%} of the 10 nearest"
        return f"{state.collection.name!r}: {len(state.cloud):,} points by {state.method}{kept}"

    def _body(self) -> str:
        state = self.state
        if state.layout is None:
            return "<p>The map is being made.</p>"
        shown = picture(state.layout, state.coloring.hue, state.coloring.palette)
        names = ", ".join(f"{html.cell(r['name'])} ({r['count']:,})" for r in state.regions[:12])
        return (
            f'<img alt="Map of {html.cell(state.collection.name)}" width="480" src="{shown}"><p>{names}</p>'
        )


def frame_of(layout: Any) -> tuple[Any, float]:
    """Return the lower corner and the side of the square that holds a layout with a little room."""
    low, high = layout.min(axis=0), layout.max(axis=0)
    side = max(float((high - low).max()), 1e-9) * 1.02
    return (low + high) / 2 - side / 2, side


def _titles(state: MapState) -> list[str]:
    names = [state.vector] if state.compare is None else [state.vector, state.compare]
    return [name or "vectors" for name in names]


def _searchable(collection: Collection) -> bool:
    return collection.searchable


def _line(point_id: Any, payload: dict[str, Any], named_by: str | None) -> str:
    said = payload.get(named_by) if named_by else next(iter(payload.values()), None)
    return html.short(
        f"{point_id} · {html.short(said, _TEXT)}" if said is not None else str(point_id), _TEXT + 20
    )
