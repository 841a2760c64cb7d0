"""``collection.tune()``: sliders beside what they cost and give."""

from __future__ import annotations

import html as escaping
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Float, Int, List, Unicode

from workbench.surfaces import html
from workbench.surfaces.notebook.tuning import QUERIES, SAMPLE, Measurement
from workbench.views.curve_figure import curve_figure
from workbench.views.state.tuning import PLACE, Tuning
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from workbench.surfaces.notebook.collection import Collection

_MS = (4, 6, 8, 12, 16, 24, 32, 48, 64)
_EF_CONSTRUCTS = (16, 32, 64, 100, 128, 200, 256, 400, 512)


class TuneCanvas(anywidget.AnyWidget):
    """What is drawn: where you are, the curves, and words beside them."""

    _esm = assets.script("charts", "tune_curve", "tune")
    _css = assets.style("tune")

    m = Int(16).tag(sync=True)
    ef_construct = Int(100).tag(sync=True)
    ef = Int(100).tag(sync=True)
    k = Int(10).tag(sync=True)
    code = Unicode("").tag(sync=True)

    _title = Unicode("").tag(sync=True)
    _about = Unicode("").tag(sync=True)
    _notes: List[Any] = List().tag(sync=True)
    _efs: List[Any] = List().tag(sync=True)
    _ms: List[Any] = List().tag(sync=True)
    _ef_constructs: List[Any] = List().tag(sync=True)
    _k_max = Int(1).tag(sync=True)
    _tiles: List[Any] = List().tag(sync=True)
    _curves: List[Any] = List().tag(sync=True)
    _front: List[Any] = List().tag(sync=True)
    _here = Anything(None, allow_none=True).tag(sync=True)
    _can_use = Bool(False).tag(sync=True)
    _can_reset = Bool(False).tag(sync=True)


class Tuner(Screen):
    """Recall, latency and memory of a collection's graph, live under sliders.

    Parameters
    ----------
    collection : Collection
    vector : str, optional
        Needed only when there are several.
    queries : int, list of str or array_like[q, d]
        What is asked: texts, vectors, or how many stored points to draw at random.
    **settings
        ``m``, ``ef_construct``, ``ef`` and ``k`` to begin with.

    Attributes
    ----------
    m, ef_construct, ef, k : int
        Where you are; set them, and the screen and the numbers follow. A graph that is not there yet is built
        in the background: see :meth:`wait`.
    recall, latency_ms, latency_p95_ms : float or None
        Measured there; None until it is.
    memory_bytes : int or None
        Vectors, and the index: links and codes.
    status, code : str
        What is going on; the Python that does the same.

    Raises
    ------
    InvalidRequest
        For an unknown setting, or a collection of fewer than two vectors.
    """

    m = Int(16)
    ef_construct = Int(100)
    ef = Int(100)
    k = Int(10)
    recall = Float(None, allow_none=True)
    latency_ms = Float(None, allow_none=True)
    latency_p95_ms = Float(None, allow_none=True)
    memory_bytes = Int(None, allow_none=True)

    def __init__(
        self, collection: Collection, *, vector: str | None = None, queries: Any = QUERIES, **settings: Any
    ) -> None:
        state = Tuning(collection, vector=vector, queries=queries, **settings)
        canvas = TuneCanvas(_title=f"Tune {collection.name}", _k_max=state.now.k_max)
        super().__init__(state, canvas, f"Tune {collection.name}")
        for face in (canvas, self):
            bind(state, face, PLACE)
        self.follow(["efs", "m", "ef_construct"], self._show_steps)
        self.follow(["measurement", *PLACE, "working"], self._show_measured)
        self.follow(["curves", *PLACE, "working"], self._show_curves)
        self.follow(["status", "problem", "working"], self._show_status)
        canvas.on_msg(self._heard)

    # -- what a person can do --------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop what runs in the background; a graph that was being built is given up."""
        self.state.cancel()

    def apply(self) -> None:
        """Give the collection these settings; its graph is rebuilt in the background if it has to be."""
        self.state.apply()

    def reset(self) -> None:
        """Go back to the settings that the collection has."""
        now = self.state.now
        with self.state.hold_trait_notifications():
            self.state.m, self.state.ef_construct, self.state.ef = now.m, now.ef_construct, now.ef

    def wait(self, timeout: float = 60.0) -> Tuner:
        """Wait until nothing runs in the background."""
        self.state.wait(timeout)
        return self

    def figure(self, axis: str = "ef") -> go.Figure:
        """Return the curves as a figure of plotly, for a paper: ``tuner.figure().write_image("recall.pdf")``.

        Parameters
        ----------
        axis : {"ef", "ms"}
            Along ``ef``, or along the median milliseconds of a search.
        """
        curves = {self.state.name_of(key): points for key, points in self.state.curves.items()}
        return curve_figure(curves, axis)

    # -- following the state ---------------------------------------------------------------------------

    def _show_steps(self) -> None:
        state, view = self.state, self.view
        with view.hold_sync():
            view._efs = list(state.efs)
            view._ms = sorted({*_MS, state.m})
            view._ef_constructs = sorted({*_EF_CONSTRUCTS, state.ef_construct})

    def _show_measured(self) -> None:
        found, state, view = self.state.measurement, self.state, self.view
        self.recall = None if found is None else found.recall
        self.latency_ms = None if found is None else found.p50_ms
        self.latency_p95_ms = None if found is None else found.p95_ms
        self.memory_bytes, self.code = state.memory_bytes, state.code
        now = state.now
        unchanged = (state.m, state.ef_construct, state.ef) == (now.m, now.ef_construct, now.ef)
        with view.hold_sync():
            view.code, view._tiles = state.code, _tiles(found, state)
            view._here = None if found is None else _point(found)
            view._can_use, view._can_reset = not (unchanged or found is None), not unchanged
            view._about, view._notes = _about(state), _notes(state)

    def _show_curves(self) -> None:
        state, chosen = self.state, self.state.selected
        here = state.m, state.ef_construct, chosen is not None and chosen.sampled_from is not None
        with self.view.hold_sync():
            self.view._curves = [
                {"name": state.name_of(key), "chosen": key == here, "points": [_point(p) for p in points]}
                for key, points in state.curves.items()
            ]
            self.view._front = [_point(p) for p in state.front] if len(state.curves) > 1 else []

    def _show_status(self) -> None:
        self.status = self.state.problem or self.state.status or "ready"
        self.problem = self.state.problem

    # -- what the browser says -------------------------------------------------------------------------

    def _heard(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        if "apply" in message:
            self.apply()
        elif "reset" in message:
            self.reset()

    # -- without a browser -----------------------------------------------------------------------------

    def _summary(self) -> str:
        state, found = self.state, self.state.measurement
        place = f"{state.collection.name!r}: m={state.m}, ef_construct={state.ef_construct}, ef={state.ef}"
        if found is None:
            return f"{place}, {state.problem or state.status or 'not measured'}"
        size = html.size(state.memory_bytes or 0)
        return f"{place}, recall@{found.k} {found.recall:.3f}, {found.p50_ms:.3f} ms, {size}"

    def _body(self) -> str:
        rows = [
            f"<tr><td>{html.cell(self.state.name_of(key))}</td><td class='n'>{p.ef}</td><td>{p.recall:.3f}"
            f'<span class="bar" style="width:{p.recall * 90:.0f}px"></span></td>'
            f"<td class='n'>{p.low:.3f} to {p.high:.3f}</td>"
            f"<td class='n'>{p.p50_ms:.3f} ms</td><td class='n'>{p.p95_ms:.3f} ms</td></tr>"
            for key, points in self.state.curves.items()
            for p in points
        ]
        names = ("graph", "ef", "recall", "95 % interval", "median", "p95")
        head = "".join(f"<th>{name}</th>" for name in names)
        notes = "".join(f"<p class='dim'>{escaping.escape(note)}</p>" for note in _notes(self.state))
        return f"<table><tr>{head}</tr>{''.join(rows)}</table>{notes}"


def _point(p: Measurement) -> dict[str, Any]:
    return {
        "ef": p.ef,
        "recall": round(p.recall, 5),
        "low": round(p.low, 5),
        "high": round(p.high, 5),
        "p50": round(p.p50_ms, 5),
        "p95": round(p.p95_ms, 5),
        "strategy": p.strategy,
    }


def _about(state: Tuning) -> str:
    params = state.now.view.config.vectors[state.now.vector]
    return f"{state.now.points:,} points · {params.size} × {params.datatype.value} {params.distance.value}"


def _notes(state: Tuning) -> list[str]:
    now = state.now
    whose = "yours."
    if now.held_out:
        whose = (
            "points drawn at random, taken out of the graph while they are asked. "
            "Your own, in tune(queries=[…]), are better still."
        )
    said = [
        f"Recall is measured against exact search with {len(now.queries)} queries: {whose} "
        "Latency is the search alone, on one thread of this machine, without payloads."
    ]
    if not now.indexed:
        said.append(
            "This collection has no graph yet: it is scanned, so recall is 1 whatever ef is. "
            "Move m to see what a graph would do."
        )
    if now.sampled:
        said.append(
            f"Other graphs are built over {SAMPLE:,} points drawn at random, which is easier to search: "
            "compare them with the present settings on that sample."
        )
    return said


def _tiles(found: Measurement | None, state: Tuning) -> list[list[str]]:
    if found is None:
        return [[f"recall@{state.k}", "…", "being measured"], ["a search", "…", ""], ["memory", "…", ""]]
    about = "≈ " if found.points < state.now.points else ""
    parts = f"{html.size(found.vector_bytes)} vectors + {html.size(found.graph_bytes)} index"
    return [
        [
            f"recall@{found.k}",
            f"{found.recall:.3f}",
            f"95 % interval {found.low:.3f} to {found.high:.3f}, {found.queries} queries",
        ],
        ["a search", f"{found.p50_ms:.2f} ms", f"median; p95 {found.p95_ms:.2f} ms, by {found.strategy}"],
        [
            "memory",
            about + html.size(state.memory_bytes or 0),
            parts + (f" of {found.points:,} points" if about else ""),
        ],
    ]
