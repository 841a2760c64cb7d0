"""The tracer without a face: a query, its walk through a graph, and the hop that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import Any as Anything
from traitlets import Int

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.ground import REPRESENTATIVES, Ground
from workbench.surfaces.notebook.scene import Scene, scene_of
from workbench.surfaces.notebook.trace import Trace
from workbench.tasks import Progress, Task
from workbench.views.state.coloring import fields_of, name_field
from workbench.views.state.mapping import MapState
from workbench.views.state.querying import Querying
from workbench.views.state.settings import apply_settings

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

SETTINGS = ("text", "k", "ef", "where", "segment", "step")


class Tracing(Querying):
    """One query of a collection, traced anew whenever it changes.

    Attributes
    ----------
    segment : int
        Which of the segments of the trace.
    step : int
        The hop looked at; 0 is the entry.
    scene : Scene or None
        The trace, and where it goes.
    """

    segment = Int(0, min=0)
    step = Int(0, min=0)
    scene = Anything(None, allow_none=True)

    cancelled_text = "Cancelled: the query was not traced."

    def __init__(
        self,
        collection: Collection,
        query: Any = "",
        *,
        traced: Trace | None = None,
        vector: str | None = None,
        embedder: Any = None,
        limit: int = REPRESENTATIVES,
        **settings: Any,
    ) -> None:
        super().__init__(collection, query, vector, embedder)
        self._limit = limit
        self._map = _state_of(settings.pop("map", None), self.vector)
        self.ground: Ground | None = None
        self._name: str | None = None
        settings = {name: value for name, value in settings.items() if value is not None}
        opened = {"text": query if isinstance(query, str) else "", **settings}
        apply_settings(self, "trace", SETTINGS, opened)
        self._asked_step = "step" in settings
        self.observe(lambda _: self.retrace(), ["text", "k", "ef", "where"])
        self.observe(lambda _: self._show_segment(), "segment")
        self._first = traced
        if traced is not None:
            self.segment = settings.get("segment", _walked(traced))
        self.retrace()

    @property
    def code(self) -> str:
        """The Python that does the same."""
        return self._call("trace")

    def retrace(self) -> None:
        """Ask the query again, in the background."""
        if self.asked:
            self._start("tracing the query", self._work)

    # -- inside ----------------------------------------------------------------------------------------

    def _work(self, task: Task, progress: Progress) -> None:
        first, self._first = self._first, None
        trace = first or self.collection.trace(self._query(), **self._parameters())
        ground = self.ground or self._new_ground(progress)
        segment = self.segment if self.segment < len(trace.segments) else 0
        if first is None and trace.segments and trace.segments[segment].steps is None:
            segment = _walked(trace)
        if not trace.segments:
            raise InvalidRequest("trace: expected a collection that has points, and this has none")
        scene = scene_of(trace, ground, segment, self._name)
        step, self._asked_step = (self.step if self._asked_step else _last(scene)), False
        self._newest(task, ground=ground, segment=segment, step=min(step, _last(scene)), scene=scene)

    def _new_ground(self, progress: Progress) -> Ground:
        shown = self._map
        if shown is not None and shown.layout is not None:
            ground = Ground.over(shown.cloud, np.array(shown.layout), f"the map by {shown.method}")
        else:
            ground = Ground.of(self.collection, self.vector, self._limit, progress)
        self._name = name_field(ground.cloud, fields_of(ground.cloud))
        return ground

    def _show_segment(self) -> None:
        scene: Scene | None = self.scene
        if scene is None or self.working or self.ground is None:
            return
        number = min(self.segment, len(scene.trace.segments) - 1)
        scene = scene_of(scene.trace, self.ground, number, self._name)
        with self._lock:
            self.step, self.scene = _last(scene), scene


def _walked(trace: Trace) -> int:
    """Return the segment whose walk measured most, 0 if all were scanned."""
    counts = [0 if s.steps is None else len(s.steps.node) for s in trace.segments]
    return counts.index(max(counts)) if counts else 0


def _state_of(shown: Any, vector: str) -> MapState | None:
    """Return the state of an open map of these vectors."""
    state = getattr(shown, "state", None)
    if shown is None or (isinstance(state, MapState) and state.vector == vector):
        return state
    expected = f"an open collection.map() of the vector {vector!r}"
    raise InvalidRequest(f"trace: map: expected {expected}, got {shown!r:.80}")


def _last(scene: Scene) -> int:
    return 0 if scene.replay is None else scene.replay.hops
