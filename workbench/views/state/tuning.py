"""The tuner without a face: which graph, which ``ef`` and ``k``, and what was measured for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from traitlets import Dict, Instance, Int, List, observe

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.measurement import Measurement
from workbench.surfaces.notebook.tuning import QUERIES, Bench
from workbench.tasks import Progress, Task
from workbench.views.state.settings import apply_settings
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# A beam of 512 is where searching 10,000 points costs as much as scanning them; steps are about a third.
EFS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
# A graph is built once the sliders have rested, so that passing ten values does not begin ten builds.
REST_S = 0.3

# What says where one is.
PLACE = ("m", "ef_construct", "ef", "k")

Key = tuple[int, int, bool]


class Tuning(Working):
    """One collection, its present graph and others built to try, and a place among them.

    Setting `m` or `ef_construct` to a graph that is not there yet builds it in the background; `ef` and `k`
    are measured at once.

    Attributes
    ----------
    m, ef_construct, ef, k : int
        Where you are.
    measurement : Measurement or None
        What was measured there, None until it is.
    curves : dict of (m, ef_construct, sampled) to list of Measurement
        Recall@k along ``EFS`` for every graph there is.
    """

    m = Int(16, min=2, max=256)
    ef_construct = Int(100, min=4, max=2000)
    ef = Int(100, min=1, max=10_000)
    k = Int(10, min=1)
    measurement = Instance(Measurement, allow_none=True)
    curves: Dict[Any, Any] = Dict()
    efs: List[Any] = List(list(EFS))

    def __init__(
        self,
        collection: Collection,
        *,
        vector: str | None = None,
        queries: Any = QUERIES,
        device: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        self.collection = collection
        self._asked: dict[str, Any] = {"vector": vector, "queries": queries, "device": device}
        self._tried: dict[tuple[int, int], Bench] = {}
        self.now = Bench.of(collection, **self._asked)
        self._place(settings)
        self.observe(self._moved, list(PLACE))
        self._go()

    def _place(self, settings: dict[str, Any]) -> None:
        present = {
            "m": self.now.m,
            "ef_construct": self.now.ef_construct,
            "ef": self.now.ef,
            "k": min(10, self.now.k_max),
        }
        wanted = settings.get("k", 1)
        if isinstance(wanted, int) and wanted > self.now.k_max:
            raise InvalidRequest(f"tune: k: expected 1 to {self.now.k_max}, got {wanted}")
        apply_settings(self, "tune", list(present), {**present, **settings})
        self.efs = sorted({*EFS, self.ef})
        self._last = (self.now.m, self.now.ef_construct)

    # -- what a person can do --------------------------------------------------------------------------

    def apply(self) -> None:
        """Give the collection these settings; its graph, if it no longer fits, is rebuilt meanwhile."""
        self.collection.configure(hnsw={"m": self.m, "ef_construct": self.ef_construct, "ef": self.ef})
        self._start("using these settings", self._reload)

    @property
    def code(self) -> str:
        """The Python that does the same."""
        if self.selected is self.now:
            return f"collection.search(query, k={self.k}, ef={self.ef})"
        return (
            f'collection.configure(hnsw={{"m": {self.m}, "ef_construct": {self.ef_construct}, '
            f'"ef": {self.ef}}})\n'
            f"collection.search(query, k={self.k})"
        )

    @property
    def selected(self) -> Bench | None:
        """The bench of the graph that `m` and `ef_construct` name, if it is there."""
        if (self.m, self.ef_construct) == (self.now.m, self.now.ef_construct):
            return self.now
        return self._tried.get((self.m, self.ef_construct))

    @property
    def memory_bytes(self) -> int | None:
        """Vectors and index at the number of points of the collection; for a sample, carried over a point."""
        if self.measurement is None:
            return None
        return round(self.measurement.memory_bytes * self.now.points / self.measurement.points)

    def name_of(self, key: Key) -> str:
        """Return what the graph of a curve is called."""
        present = " · now" if key[:2] == (self.now.m, self.now.ef_construct) else ""
        return f"m {key[0]}, ef_construct {key[1]}{present}{' · sample' if key[2] else ''}"

    @property
    def front(self) -> list[Measurement]:
        """The measurements that no other beats in both recall and time, the quickest first.

        Graphs over a sample are compared with each other and not with that of the whole collection.
        """
        sampled = any(key[2] for key in self.curves)
        found = [p for key, points in self.curves.items() if key[2] == sampled for p in points]
        kept: list[Measurement] = []
        for p in sorted(found, key=lambda p: (p.p50_ms, -p.recall)):
            if not kept or p.recall > kept[-1].recall:
                kept.append(p)
        return kept

    # -- inside ----------------------------------------------------------------------------------------

    @observe("k")
    def _bounded(self, change: Any) -> None:
        if hasattr(self, "now") and change["new"] > self.now.k_max:
            self.k = self.now.k_max

    def _moved(self, change: Any) -> None:
        if change["name"] == "ef" and self.ef not in self.efs:
            self.efs = sorted({*EFS, self.ef})
        self._go()

    def _go(self) -> None:
        """Measure where we are: at once if the graph and the truth are there, else in the background."""
        self.problem = ""
        bench = self.selected
        if bench is None:
            self.measurement = None
            self._start(f"building m={self.m}, ef_construct={self.ef_construct}", self._build)
            return
        self._last = (self.m, self.ef_construct)
        doing = self._task.title if self.working and self._task is not None else ""
        if bench.prepared:
            # Times taken beside other work are shown, and not kept.
            self.measurement = bench.measure(self.k, self.ef, keep=doing in ("", "measuring"))
        if not self._drawn() or doing.startswith(("building", "measuring")):
            self._start("measuring", self._measure)

    def _graphs(self) -> dict[Key, Bench]:
        tried = {(*key, bench.sampled_from is not None): bench for key, bench in self._tried.items()}
        return {(self.now.m, self.now.ef_construct, False): self.now, **tried}

    def _steps(self) -> list[int]:
        return [ef for ef in self.efs if ef <= EFS[-1]]

    def _drawn(self) -> bool:
        """Whether every curve is complete for this `k`."""
        wanted = [(self.k, ef) for ef in self._steps()]
        return all([(p.k, p.ef) for p in self.curves.get(key, ())] == wanted for key in self._graphs())

    def _ended(self, task: Task, problem: str) -> str:
        """Go back to the graph that was measured last if the one that was wanted did not come about.

        It failed, or was cancelled, or gave way to other work.
        """
        if self.selected is not None:
            return problem
        self.unobserve(self._moved, list(PLACE))
        self.m, self.ef_construct = self._last
        self.observe(self._moved, list(PLACE))
        self._show(task)
        return "Cancelled: that graph was not built." if problem == self.cancelled_text else problem

    def _show(self, task: Task) -> None:
        """Publish what is measured at the place we are now."""
        while (bench := self.selected) is not None:
            place = bench, self.k, self.ef
            measured = bench.measure(self.k, self.ef)
            with self._lock:
                if task is not self._task:
                    return
                if place == (self.selected, self.k, self.ef):  # else somebody moved on while it was measured
                    self.measurement = measured
                    return

    def _measure(self, task: Task, progress: Progress) -> None:
        """Fill the curve of every graph, that of the selected one first."""
        self.now.prepare(progress)
        self._show(task)
        first, k, efs = self.selected, self.k, self._steps()
        todo = sorted(self._graphs().items(), key=lambda item: item[1] is not first)
        for step, (key, bench) in enumerate(todo):
            points: list[Measurement] = []
            for i, ef in enumerate(efs):
                progress(step * len(efs) + i, len(todo) * len(efs), "measuring")
                points.append(bench.measure(k, ef))
                self._publish(task, key, points)

    def _publish(self, task: Task, key: Key, points: list[Measurement]) -> None:
        with self._lock:
            whole = (
                key not in self.curves
                or self.curves[key][0].k != points[0].k
                or len(points) >= len(self.curves[key])
            )
            if task is self._task and whole:
                self.curves = {**self.curves, key: list(points)}

    def _build(self, task: Task, progress: Progress) -> None:
        wanted = (self.m, self.ef_construct)
        end = time.monotonic() + REST_S
        while time.monotonic() < end:
            progress(0, 0)
            time.sleep(0.02)
        self.now.prepare(progress)
        present = (self.now.m, self.now.ef_construct)
        if self.now.sampled and present not in self._tried:
            # A smaller graph is easier: only the present settings on the same sample make a fair comparison.
            self._tried[present] = self._variant(present, progress)
        self._tried[wanted] = self._variant(wanted, progress)
        with self._lock:
            if task is not self._task:
                return
            self._last = wanted
        self._measure(task, progress)

    def _variant(self, graph: tuple[int, int], progress: Progress) -> Bench:
        text = f"building m={graph[0]}, ef_construct={graph[1]}"
        return self.now.variant(*graph, lambda done, total, _="": progress(done, total, text))

    def _reload(self, task: Task, progress: Progress) -> None:
        """Measure the collection as it is after its settings changed."""
        while not self.collection.wait(0.1):
            progress(0, 0)
        now = Bench.of(self.collection, **self._asked).prepare(progress)
        with self._lock:
            if task is not self._task:
                return
            self._tried.pop((now.m, now.ef_construct), None)
            self.now, self.curves = now, {}
        self._measure(task, progress)
