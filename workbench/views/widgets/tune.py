"""``collection.tune()``: sliders beside what they cost and give."""

from __future__ import annotations

import html as escaping
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w
from traitlets import Float, Int, Unicode

from workbench.surfaces import html
from workbench.surfaces.notebook.tuning import QUERIES, SAMPLE, Measurement
from workbench.views.state.tuning import Tuning
from workbench.views.widgets.binding import bind
from workbench.views.widgets.cancel import CancelButton
from workbench.views.widgets.curves import Curves
from workbench.views.widgets.fit import Fit
from workbench.views.widgets.sliders import ladder, whole_numbers
from workbench.views.widgets.taskbar import TaskBar

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

_CSS = Path(__file__).with_name("tune.css").read_text()
_MS = (4, 6, 8, 12, 16, 24, 32, 48, 64)
_EF_CONSTRUCTS = (16, 32, 64, 100, 128, 200, 256, 400, 512)
_SETTINGS = ("m", "ef_construct", "ef", "k")


class Tuner(w.VBox):
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
    status = Unicode("")
    code = Unicode("")

    def __init__(
        self, collection: Collection, *, vector: str | None = None, queries: Any = QUERIES, **settings: Any
    ) -> None:
        self.state = Tuning(collection, vector=vector, queries=queries, **settings)
        super().__init__()
        self.add_class("wb-tune")
        self._axis = w.ToggleButtons(
            options=[("recall by ef", "ef"), ("recall by latency", "ms")],
            style={"button_width": "128px"},
            layout={"flex": "0 0 auto", "min_width": "270px"},
        )
        self._curves = Curves(self._choose)
        self._tiles, self._shown_code, self._table, self._about = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self._bar = TaskBar()
        self._use = w.Button(
            description="Use these settings",
            icon="check",
            button_style="primary",
            layout={"width": "max-content", "margin": "10px 8px 0 0"},
        )
        self._reset = w.Button(
            description="Back",
            tooltip="Go to the settings of the collection",
            layout={"width": "max-content", "margin": "10px 0 0 0"},
        )
        self.children = self._parts()
        self._bind()

    # -- what a person can do --------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop what runs in the background."""
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

    # -- parts -----------------------------------------------------------------------------------------

    def _parts(self) -> list[w.Widget]:
        state = self.state
        side = [
            w.HTML("<h5>Search <span class='dim'>moves at once</span></h5>"),
            ladder(state, "ef", state.efs, continuous=True, tip="Candidates kept while walking the graph"),
            whole_numbers(state, "k", 1, state.now.k_max, tip="How many nearest points are wanted"),
            w.HTML("<h5>Graph <span class='dim'>built in the background</span></h5>"),
            ladder(state, "m", _MS, tip="Links of a point; twice as many on the lowest layer"),
            ladder(state, "ef_construct", _EF_CONSTRUCTS, tip="Candidates looked at when a point is linked"),
            w.HBox([self._use, self._reset]),
            self._shown_code,
        ]
        above = w.HBox(
            [self._axis, self._bar, CancelButton(self.state.cancel)], layout={"align_items": "center"}
        )
        main = [self._tiles, above, self._curves.figure, self._table, Fit()]
        left, right = w.VBox(side), w.VBox(main)
        left.add_class("wb-side")
        right.add_class("wb-main")
        row = w.Box([left, right])
        row.add_class("wb-row")
        return [w.HTML(f"<style>{_CSS}</style>{self._heading()}"), row, self._about]

    def _bind(self) -> None:
        bind(self.state, self, _SETTINGS)
        self._follow(["measurement", *_SETTINGS, "working"], self._show_measured)
        self._follow(["status", "problem", "working", "done"], self._show_work)
        self._follow(["curves", "measurement"], self._draw)
        self._axis.observe(lambda _: self._draw(), "value")
        self._use.on_click(lambda _: self.apply())
        self._reset.on_click(lambda _: self.reset())

    def _choose(self, ef: int) -> None:
        self.state.ef = ef

    # -- following the state ---------------------------------------------------------------------------

    def _follow(self, names: Sequence[str], show: Callable[[], None]) -> None:
        """Call `show` whenever one of the state's traits `names` changes, and now.

        It is called on the thread that changed the trait, so two calls may overlap, and the one that read
        first may write last. Whoever wrote looks again, so what stays is what the state holds.
        """

        def held() -> list[Any]:
            return [getattr(self.state, name) for name in names]

        def changed(_: Any) -> None:
            while True:
                seen = held()
                show()
                if all(was is now for was, now in zip(seen, held(), strict=True)):
                    return

        self.state.observe(changed, list(names))
        changed(None)

    def _show_measured(self) -> None:
        found, state = self.state.measurement, self.state
        self.recall = None if found is None else found.recall
        self.latency_ms = None if found is None else found.p50_ms
        self.latency_p95_ms = None if found is None else found.p95_ms
        self.memory_bytes, self.code = state.memory_bytes, state.code
        self._tiles.value = _tiles(found, state)
        self._shown_code.value = (
            f"<pre aria-label='The Python that does the same'>{escaping.escape(self.code)}</pre>"
        )
        now = state.now
        unchanged = (state.m, state.ef_construct, state.ef) == (now.m, now.ef_construct, now.ef)
        self._use.disabled, self._reset.disabled = unchanged or found is None, unchanged

    def _show_work(self) -> None:
        state = self.state
        with self._bar.hold_sync():
            self._bar.working, self._bar.done = state.working, state.done
            self._bar.status, self._bar.problem = state.status, state.problem
        self.status = state.problem or state.status or "ready"
        self._about.value = self._explained()

    def _draw(self) -> None:
        state = self.state
        names = {key: self._name(key) for key in state.curves}
        chosen = state.selected
        sampled = chosen is not None and chosen.sampled_from is not None
        self._curves.draw(
            state.curves, names, (state.m, state.ef_construct, sampled), state.measurement, self._axis.value
        )
        self._table.value = _table(state.curves, names)

    def _name(self, key: tuple[int, int, bool]) -> str:
        now = self.state.now
        present = key[:2] == (now.m, now.ef_construct)
        return (
            f"m {key[0]}, ef_construct {key[1]}{' · now' if present else ''}{' · sample' if key[2] else ''}"
        )

    # -- words -----------------------------------------------------------------------------------------

    def _heading(self) -> str:
        name = escaping.escape(self.state.collection.name)
        params = self.state.now.view.config.vectors[self.state.now.vector]
        kind = f"{params.size} × {params.datatype.value} {params.distance.value}"
        about = f"{self.state.now.points:,} points · {kind}"
        return f"<h4>Tune {name} <span class='dim'>{about}</span></h4>"

    def _explained(self) -> str:
        now = self.state.now
        whose = "yours."
        if now.held_out:
            whose = (
                "points drawn at random, taken out of the graph while they are asked. "
                "Your own, in <code>tune(queries=[…])</code>, are better still."
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
        return "".join(f"<p class='dim'>{text}</p>" for text in said)

    def __repr__(self) -> str:
        return f"<Tuner {self.state.collection.name!r}: {_sentence(self.state)}>"

    def _repr_keys(self) -> list[str]:
        return []

    def _repr_mimebundle_(self, **options: Any) -> Any:
        data = dict(super()._repr_mimebundle_(**options))
        data["text/plain"], data["text/html"] = repr(self), self._static()
        return data

    def _static(self) -> str:
        """Return the numbers as HTML without scripts, for a notebook that is read without a kernel."""
        bars = []
        for key, points in self.state.curves.items():
            for p in points:
                bar = f'<span class="bar" style="width:{p.recall * 90:.0f}px"></span>'
                bars.append(
                    f"<tr><td>{self._name(key)}</td><td>{p.ef}</td><td>{p.recall:.3f}{bar}</td>"
                    f"<td>{p.p50_ms:.3f} ms</td><td>{p.p95_ms:.3f} ms</td></tr>"
                )
        head = "<tr><th>graph</th><th>ef</th><th>recall</th><th>median</th><th>p95</th></tr>"
        table = f"<table>{head}{''.join(bars)}</table>"
        return html.framed(
            f"Tune {self.state.collection.name}", _sentence(self.state), table + self._explained()
        )


def _sentence(state: Tuning) -> str:
    found = state.measurement
    place = f"m={state.m}, ef_construct={state.ef_construct}, ef={state.ef}"
    if found is None:
        return f"{place}, {state.problem or state.status or 'not measured'}"
    return (
        f"{place}, recall@{found.k} {found.recall:.3f}, {found.p50_ms:.3f} ms, "
        f"{html.size(state.memory_bytes or 0)}"
    )


def _tiles(found: Measurement | None, state: Tuning) -> str:
    if found is None:
        tiles = [(f"recall@{state.k}", "…", "being measured"), ("median", "…", ""), ("memory", "…", "")]
    else:
        about = "≈ " if found.points < state.now.points else ""
        tiles = [
            (
                f"recall@{found.k}",
                f"{found.recall:.3f}",
                f"95 % interval {found.low:.3f} to {found.high:.3f}, {found.queries} queries",
            ),
            ("a search", f"{found.p50_ms:.2f} ms", f"median; p95 {found.p95_ms:.2f} ms, by {found.strategy}"),
            (
                "memory",
                about + html.size(state.memory_bytes or 0),
                f"{html.size(found.vector_bytes)} vectors + {html.size(found.graph_bytes)} index"
                + (f" of {found.points:,} points" if about else ""),
            ),
        ]
    shown = "".join(
        f"<div class='tile'><span>{a}</span><b>{b}</b><span>{c}</span></div>" for a, b, c in tiles
    )
    return f"<div class='tiles' role='status'>{shown}</div>"


def _table(curves: dict[Any, list[Measurement]], names: dict[Any, str]) -> str:
    rows = [
        f"<tr><td>{names[key]}</td><td>{p.ef}</td><td>{p.recall:.3f}</td><td>{p.low:.3f} to {p.high:.3f}</td>"
        f"<td>{p.p50_ms:.3f}</td><td>{p.p95_ms:.3f}</td></tr>"
        for key, points in curves.items()
        for p in points
    ]
    heads = ("graph", "ef", "recall", "95 % interval", "median ms", "p95 ms")
    head = "<tr>" + "".join(f"<th scope='col'>{h}</th>" for h in heads) + "</tr>"
    return (
        f"<details><summary>The same as a table</summary><table>{head}{''.join(rows)}</table></details>"
        if rows
        else ""
    )
