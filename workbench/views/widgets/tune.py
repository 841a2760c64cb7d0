"""``collection.tune()``: sliders beside what they cost and give."""

from __future__ import annotations

import html as escaping
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Any as Anything
from traitlets import Bool, Dict, Float, Int, List, Unicode

from workbench.errors import InvalidRequest
from workbench.surfaces import html
from workbench.surfaces.notebook.tuning import QUERIES
from workbench.views.curve_figure import curve_figure
from workbench.views.state.tuning import PLACE
from workbench.views.state.tuning_labs import GOAL, TuningLabs
from workbench.views.widgets import assets
from workbench.views.widgets.binding import bind
from workbench.views.widgets.screen import Screen
from workbench.views.widgets.tune_tables import build_table, code_table, filter_table, goal_table, rows_of
from workbench.views.widgets.tune_words import about, notes_of, point, tiles

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from workbench.surfaces.notebook.collection import Collection

_MS = (4, 6, 8, 12, 16, 24, 32, 48, 64)
_EF_CONSTRUCTS = (16, 32, 64, 100, 128, 200, 256, 400, 512)
_TABS = ("tune_curve", "tune_goal", "tune_filters", "tune_codes", "tune_builds")
FRAMES = ("curves", "goal", "filters", "quantization", "builds")


class TuneCanvas(anywidget.AnyWidget):
    """What is drawn: where you are, the curves, and words beside them."""

    _esm = assets.script("charts", *_TABS, "tune")
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
    goal_recall = Float(0.95).tag(sync=True)
    goal_p95_ms = Float(3.0).tag(sync=True)
    goal_gb = Float(2.0).tag(sync=True)
    _found = Anything(None, allow_none=True).tag(sync=True)
    filter_key = Unicode("").tag(sync=True)
    _filter_keys: List[Any] = List().tag(sync=True)
    _filters: Dict[Any, Any] = Dict().tag(sync=True)
    _codes: Dict[Any, Any] = Dict().tag(sync=True)
    _builds: Dict[Any, Any] = Dict().tag(sync=True)


class Tuner(Screen):
    """Recall, latency and memory of a collection's graph, live under sliders.

    Parameters
    ----------
    collection : Collection
    vector : str, optional
        Needed only when there are several.
    queries : int, list of str or array_like[q, d]
        What is asked: texts, vectors, or how many stored points to draw at random.
    device : {"auto", "cpu", "gpu"}, optional
        Where true answers are found and graphs are built; that of the collection if not given.
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
        state = TuningLabs(collection, vector=vector, queries=queries, **settings)
        canvas = TuneCanvas(_title=f"Tune {collection.name}", _k_max=state.now.k_max)
        super().__init__(state, canvas, f"Tune {collection.name}")
        for face in (canvas, self):
            bind(state, face, PLACE)
        bind(state, canvas, (*GOAL, "filter_key"))
        self.follow(["efs", "m", "ef_construct"], self._show_steps)
        self.follow(["measurement", *PLACE, "working"], self._show_measured)
        self.follow(["curves", *PLACE, "working"], self._show_curves)
        self.follow(["status", "problem", "working"], self._show_status)
        self.follow(["found"], lambda: canvas.set_trait("_found", goal_table(state.found)))
        self.follow(["filters", "filter_keys"], self._show_filters)
        self.follow(["codes", "codes_points"], self._show_codes)
        self.follow(["builds"], lambda: canvas.set_trait("_builds", build_table(state.builds)))

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

    def wait(self, timeout: float | None = None) -> Tuner:
        """Wait until nothing runs in the background."""
        self.state.wait(timeout)
        return self

    def find(self, recall: float = 0.95, p95_ms: float = 3.0, memory_gb: float = 2.0) -> Tuner:
        """Look for settings that reach a goal, in the background; they are in ``frame("goal")``.

        The present graph is measured first, then others over samples; see
        :mod:`workbench.surfaces.notebook.goal`.
        """
        state = self.state
        state.goal_recall, state.goal_p95_ms, state.goal_gb = recall, p95_ms, memory_gb
        state.find()
        return self

    def measure_filters(self, key: str = "") -> Tuner:
        """Measure what filters cost by each strategy, in the background: ``frame("filters")``.

        Parameters
        ----------
        key : str
            A payload field whose values are the filters; random points if empty.
        """
        self.state.filter_key = key
        self.state.measure_filters()
        return self

    def measure_quantization(self) -> Tuner:
        """Measure every kind of quantization on a sample, in the background: ``frame("quantization")``."""
        self.state.measure_codes()
        return self

    def race(self) -> Tuner:
        """Build the selected graph over a sample with each builder in the background: ``frame("builds")``."""
        self.state.race()
        return self

    def frame(self, what: str = "curves") -> pd.DataFrame:
        """Return what was measured as a DataFrame.

        Parameters
        ----------
        what : {"curves", "goal", "filters", "quantization", "builds"}

        Raises
        ------
        InvalidRequest
            For another name.
        """
        if what not in FRAMES:
            raise InvalidRequest(f"frame: expected one of {', '.join(FRAMES)}, got {what!r:.80}")
        import pandas as pd

        return pd.DataFrame(rows_of(what, self.state))

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
            view.code, view._tiles = state.code, tiles(found, state)
            view._here = None if found is None else point(found)
            view._can_use, view._can_reset = not (unchanged or found is None), not unchanged
            view._about, view._notes = about(state), notes_of(state)

    def _show_curves(self) -> None:
        state, chosen = self.state, self.state.selected
        here = state.m, state.ef_construct, chosen is not None and chosen.sampled_from is not None
        with self.view.hold_sync():
            self.view._curves = [
                {"name": state.name_of(key), "chosen": key == here, "points": [point(p) for p in points]}
                for key, points in state.curves.items()
            ]
            self.view._front = [point(p) for p in state.front] if len(state.curves) > 1 else []

    def _show_filters(self) -> None:
        state = self.state
        with self.view.hold_sync():
            self.view._filter_keys = [["", "random points"], *([key, key] for key in state.filter_keys)]
            self.view._filters = filter_table(state.filters)

    def _show_codes(self) -> None:
        state = self.state
        self.view._codes = code_table(state.codes, state.codes_points, state.now.points)

    def _show_status(self) -> None:
        self.status = self.state.problem or self.state.status or "ready"
        self.problem = self.state.problem

    # -- what the browser says -------------------------------------------------------------------------

    def _answer(self, said: dict[str, Any]) -> None:
        state = self.state
        if "apply" in said:
            self.apply()
        elif "reset" in said:
            self.reset()
        elif "find" in said:
            state.find()
        elif "filters" in said:
            state.measure_filters()
        elif "codes" in said:
            state.measure_codes()
        elif "quantize" in said:
            state.quantize(str(said["quantize"]))
        elif "race" in said:
            state.race()
        elif "go" in said:
            state.go_to(*(int(number) for number in said["go"]))

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
        notes = "".join(f"<p class='dim'>{escaping.escape(note)}</p>" for note in notes_of(self.state))
        return f"<table><tr>{head}</tr>{''.join(rows)}</table>{notes}"
