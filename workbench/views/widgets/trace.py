"""``collection.trace(query)``: the walk of a query through the layers of the graph, on a map, hop by hop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
from traitlets import Any as Anything
from traitlets import Bool, Bytes, Dict, Int, Unicode

from workbench.errors import WorkbenchError
from workbench.models.config import Distance
from workbench.surfaces import html
from workbench.surfaces.notebook.scene import Scene
from workbench.views.picture import picture
from workbench.views.state.tracing import Tracing
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.map import frame_of
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# Places are sent as 16 bits a coordinate, which is finer than any screen.
_FINE = 65_535
_TEXT = 200
_DEAD = 8
_SHARED = ("text", "k", "ef", "segment", "step")
_MEASURES = {
    Distance.COSINE: "1 − cosine",
    Distance.DOT: "− dot product",
    Distance.EUCLID: "Euclidean distance",
    Distance.MANHATTAN: "Manhattan distance",
}
# Gray for points that were not visited, then a color a layer from layer 0 (Okabe and Ito's).
PALETTE = ("#b9bdc3", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


class TraceCanvas(anywidget.AnyWidget):
    """What is drawn: the ground as bytes, the walk as columns, and words about it."""

    _esm = assets.script("charts", "scatter", "walk", "trace")
    _css = assets.style("trace")

    text = Unicode("").tag(sync=True)
    k = Int(10).tag(sync=True)
    ef = Int(0).tag(sync=True)
    segment = Int(0).tag(sync=True)
    step = Int(0).tag(sync=True)
    playing = Bool(False).tag(sync=True)
    speed = Int(10).tag(sync=True)
    problem = Unicode("").tag(sync=True)
    working = Bool(False).tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _searchable = Bool(True).tag(sync=True)
    _xy = Bytes(b"").tag(sync=True)
    _walk = Bytes(b"").tag(sync=True)
    _scene: Dict[str, Any] = Dict().tag(sync=True)


class TraceView(Screen):
    """The walk of a query through the graph: on a map, as distances per hop, and as the two heaps.

    Parameters
    ----------
    collection : Collection
    query : str or array_like
        A text, ``#`` and the id of a point, or a vector; without one the screen asks for it.
    where : mapping or Filter, optional
    k : int
    ef : int, optional
    vector : str, optional
        Needed only when there are several.
    embedder : optional
        For a text, when the collection has none on record.
    map : MapView, optional
        An open ``collection.map()`` to draw on; principal components if not given.
    limit : int
        Of more points so many stand for all, beside those that the walk visits.
    traced : Trace, optional
        A trace that is there already.
    segment, step : int
        What to look at first: the segment that was walked farthest, and the end, if not given.

    Attributes
    ----------
    text, k, ef, where, segment, step
        As in :class:`workbench.views.state.tracing.Tracing`; set them, and the screen follows.
    playing : bool
        Whether the walk is being played, `speed` hops a second.
    trace : Trace or None
        What is shown; None until it is there: see :meth:`wait`.
    status, problem, code : str

    Raises
    ------
    InvalidRequest
        For an unknown setting.
    """

    text = Unicode("")
    k = Int(10)
    ef = Int(0)
    where = Anything(None, allow_none=True)
    segment = Int(0)
    step = Int(0)
    playing = Bool(False)
    speed = Int(10, min=1, max=60)

    def __init__(
        self,
        collection: Collection,
        query: Any = "",
        *,
        playing: bool = False,
        speed: int = 10,
        **settings: Any,
    ) -> None:
        state = Tracing(collection, query, **settings)
        canvas = TraceCanvas(
            _title=collection.name, _searchable=collection.searchable, playing=playing, speed=speed
        )
        super().__init__(state, canvas, f"Trace in {collection.name}")
        for face in (canvas, self):
            bind(state, face, _SHARED)
        bind(state, self, ("where",))
        bind(state, canvas, ("problem", "working"), both=False)
        bind(state, self, ("problem", "status"), both=False)
        bind(canvas, self, ("playing", "speed"))
        self.follow(["scene"], self._show_scene)
        self.follow(["text", "k", "ef", "where"], self._show_code)

    # -- what a person can do --------------------------------------------------------------------------

    @property
    def trace(self) -> Any:
        """What is shown."""
        return None if self.state.scene is None else self.state.scene.trace

    def wait(self, timeout: float | None = None) -> TraceView:
        """Wait until the query is traced."""
        self.state.wait(timeout)
        return self

    def cancel(self) -> None:
        """Stop what runs in the background."""
        self.state.cancel()

    # -- following the state ---------------------------------------------------------------------------

    def _show_scene(self) -> None:
        scene: Scene | None = self.state.scene
        if scene is None:
            return
        layout = np.concatenate([self.state.ground.layout, scene.extra])
        low, span = frame_of(np.concatenate([layout, scene.at[None]]))
        with self.view.hold_sync():
            self.view._xy = ((layout - low) / span * _FINE).round().astype("<u2").tobytes()
            self.view._walk = _columns(scene)
            self.view._scene = {**self._facts(scene), "at": ((scene.at - low) / span).tolist()}

    def _facts(self, scene: Scene) -> dict[str, Any]:
        ground, choice, walk = self.state.ground, scene.segment.choice, scene.segment.walk
        replay, trace = scene.replay, scene.trace
        part = f"{len(ground.cloud):,} points"
        if ground.cloud.total > len(ground.cloud):
            part = f"{len(ground.cloud):,} of {ground.cloud.total:,} points, and all that were visited"
        return {
            "about": f"{part} · {ground.name}",
            "rows": len(scene.numbers),
            "hops": 0 if replay is None else replay.hops,
            "expanded": [] if replay is None else replay.expanded.tolist(),
            "layer": [] if replay is None else replay.layer.tolist(),
            "layers": [[c.layer, c.visited, c.computed] for c in scene.segment.layers],
            "width": 0 if walk is None else walk.width,
            "kind": "" if walk is None else walk.kind,
            "coded": walk is not None and walk.coded,
            "strategy": choice.strategy.value,
            "why": choice.reason,
            "matching": choice.matching,
            "total": choice.total,
            "computed": scene.segment.computed,
            "measure": _MEASURES[ground.cloud.distance],
            "names": scene.names,
            "hits": scene.hits.tolist(),
            "hit_names": scene.hit_names,
            "hit_scores": [f"{score:.4f}" for score in trace.scores.tolist()],
            "segments": [[n, _segment(s)] for n, s in enumerate(trace.segments)],
            "filtered": self.state.where is not None,
        }

    def _show_code(self) -> None:
        self.code = self.view.code = self.state.code

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        if "hover" in said and self.state.ground is not None:
            number = int(said["hover"])
            try:
                tip = self._tip(number)
            except WorkbenchError:  # deleted while it was looked at
                tip = ""
            self.view.send({"row": number, "tip": tip, "at": said["at"]})

    def _tip(self, number: int) -> str:
        cloud = self.state.ground.cloud
        if not 0 <= number < len(cloud):
            return ""
        about = {"id": cloud.ids(np.array([number])).tolist()[0], **(cloud.payloads([number])[0] or {})}
        return "\n".join(f"{key}: {html.short(value, _TEXT)}" for key, value in list(about.items())[:5])

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        scene: Scene | None = self.state.scene
        if scene is None:
            return f"{self.state.collection.name!r}: {'being traced' if self.state.asked else 'no query yet'}"
        hops = 0 if scene.replay is None else scene.replay.hops
        return f"{self.state.collection.name!r}: {hops:,} hops, {scene.trace.computed:,} distances"

    def _body(self) -> str:
        scene: Scene | None = self.state.scene
        if scene is None:
            return (
                "<p>The query is being traced.</p>" if self.state.asked else "<p>There is no query yet.</p>"
            )
        layout = np.concatenate([self.state.ground.layout, scene.extra])
        hue = np.zeros(len(layout), np.uint8)
        if scene.segment.steps is not None:
            hue[scene.numbers] = 1 + scene.segment.steps.layer % (len(PALETTE) - 1)
        shown = picture(layout, hue, PALETTE)
        return f'<img alt="Nodes visited" width="420" src="{shown}">{scene.trace._repr_html_()}'


def _columns(scene: Scene) -> bytes:
    """Return the walk as int32 [7, r] and float32 [2, r]."""
    steps, replay = scene.segment.steps, scene.replay
    if steps is None or replay is None:
        return b""
    flags = steps.flags | (scene.segment.dead * np.uint8(_DEAD))
    whole = (scene.numbers, scene.parents, steps.hop, steps.layer, flags, replay.taken, replay.dropped)
    return np.array(whole, "<i4").tobytes() + np.array((scene.gaps, steps.distance), "<f4").tobytes()


def _segment(segment: Any) -> str:
    measured = f"{segment.computed:,} measured"
    return f"segment {segment.segment}: {segment.choice.strategy.value}, {measured}"
