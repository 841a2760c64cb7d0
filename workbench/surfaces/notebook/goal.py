"""Settings that reach a goal, "recall .95, 95 of 100 searches within 3 ms, 2 GB", looked for on a budget.

The present graph is measured along ``ef`` first. Then a grid of other graphs is built over a small sample,
and only the best of them over a larger one. A smaller graph is easier to search, so what is measured on a
sample is carried over by the present graph, which is built over the same sample: a graph that there misses
half of what the present one misses is expected to miss half as much of the whole collection too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.measurement import Measurement
from workbench.surfaces.notebook.tuning import SAMPLE, Bench
from workbench.tasks import Progress, silent

# Nine graphs over 4,000 vectors of 384 numbers take about as long as one over 20,000.
SCREENED = 4_000
MS, EF_CONSTRUCTS = (8, 16, 32), (64, 128, 256)
EFS = (8, 16, 32, 64, 128, 256, 512)
# How many of the grid are built over the larger sample.
KEPT = 3
# The present graph need not be built: another has to save this share of the time to be worth it.
WORTH = 0.1
Graph = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: at least this recall@`k`, and at most this time of 95 % of searches and memory."""

    recall: float = 0.95
    p95_ms: float = 3.0
    memory_bytes: float = 2e9
    k: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.recall <= 1:
            raise InvalidRequest(f"goal: recall: expected more than 0 and at most 1, got {self.recall:g}")
        if not (self.p95_ms > 0 and self.memory_bytes > 0):
            raise InvalidRequest(
                f"goal: expected a time and a memory above 0, got {self.p95_ms:g} ms and "
                f"{self.memory_bytes:g} bytes"
            )


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting: what it gives, measured on all points or carried over from `points` of them.

    Attributes
    ----------
    m, ef_construct, ef : int
    recall, p50_ms, p95_ms : float
    memory_bytes : int
        Vectors and index of the whole collection.
    points : int
        Points of the graph that was measured.
    present : bool
        Whether it is the graph that the collection has.
    """

    m: int
    ef_construct: int
    ef: int
    recall: float
    p50_ms: float
    p95_ms: float
    memory_bytes: int
    points: int
    present: bool

    @property
    def graph(self) -> Graph:
        """What was built: m and ef_construct."""
        return self.m, self.ef_construct

    def meets(self, goal: Goal) -> bool:
        """Whether it reaches all of a goal."""
        return (
            self.recall >= goal.recall
            and self.p95_ms <= goal.p95_ms
            and self.memory_bytes <= goal.memory_bytes
        )


@dataclass(frozen=True, slots=True)
class GoalReport:
    """What was found so far.

    Attributes
    ----------
    goal : Goal
    trials : tuple of Trial
        The largest measurement of each setting.
    importance : mapping of "recall" and "time" to mapping of parameter to float
        Share of the variance over the grid that each parameter alone explains, and what only several together
        do; empty until the grid was measured.
    graphs, settings, screened : int
        How many graphs and settings the grid had, over how many points.
    """

    goal: Goal
    trials: tuple[Trial, ...] = ()
    importance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    graphs: int = 0
    settings: int = 0
    screened: int = 0

    @property
    def feasible(self) -> list[Trial]:
        """The settings that reach the goal, the quickest first."""
        return sorted((t for t in self.trials if t.meets(self.goal)), key=lambda t: t.p50_ms)

    @property
    def cheapest(self) -> Trial | None:
        """The quickest of them; the present graph if another would save less than a tenth of the time.

        Graphs that were only tried on the smallest sample are not sure enough to be recommended.
        """
        return _cheapest([t for t in self.feasible if self._sure(t)])

    @property
    def higher(self) -> float:
        """The recall whose price is told besides: .99, or half way to 1 from there on."""
        return 0.99 if self.goal.recall < 0.99 else round(1 - (1 - self.goal.recall) / 2, 4)

    @property
    def price(self) -> Trial | None:
        """The cheapest setting with that recall, whatever it takes; None if nothing reached it."""
        reached = [t for t in self.trials if t.recall >= self.higher and self._sure(t)]
        return _cheapest(sorted(reached, key=lambda t: t.p50_ms))

    def _sure(self, trial: Trial) -> bool:
        most = max((t.points for t in self.trials if not t.present), default=0)
        return trial.present or trial.points == most

    @property
    def nearest(self) -> Trial | None:
        """Of settings that miss the goal, the one that misses it by the least, as a share of each bound."""
        goal = self.goal
        return min(
            self.trials,
            default=None,
            key=lambda t: (
                max(0.0, (goal.recall - t.recall) / max(1 - goal.recall, 0.01))
                + max(0.0, t.p95_ms / goal.p95_ms - 1)
                + max(0.0, t.memory_bytes / goal.memory_bytes - 1)
            ),
        )


def seek(
    now: Bench, goal: Goal, publish: Callable[[GoalReport], None], progress: Progress = silent
) -> GoalReport:
    """Look for settings that reach `goal`.

    Parameters
    ----------
    now : Bench
        Of the collection as it is.
    goal : Goal
    publish : callable
        Receives what was found so far, again and again.
    progress : Progress
        May raise ``Cancelled``.
    """
    if not 1 <= goal.k <= now.k_max:
        raise InvalidRequest(f"k: expected 1 to {now.k_max}, got {goal.k}")
    now.prepare(progress)
    present = (now.m, now.ef_construct)
    whole = {ef: now.measure(goal.k, ef) for ef in EFS}
    report = GoalReport(goal, tuple(_trial(present, p, now.points, True) for p in whole.values()))
    publish(report)
    grid = [(m, ef_construct) for m in MS for ef_construct in EF_CONSTRUCTS]
    screened = _measured(now, [*grid, present], SCREENED, goal.k, progress)
    size = next(iter(screened[present].values())).points
    report = replace(
        report,
        trials=_together(report.trials, _carried(screened, present, whole, now)),
        importance=_importances([screened[graph] for graph in grid]),
        graphs=len(grid),
        settings=len(grid) * len(EFS),
        screened=size,
    )
    publish(report)
    if now.points > SCREENED:
        best = _best(screened, grid, goal, now.points)[:KEPT]
        larger = _measured(now, [*best, present], SAMPLE, goal.k, progress)
        report = replace(report, trials=_together(report.trials, _carried(larger, present, whole, now)))
        publish(report)
    return report


def main_effects(values: npt.NDArray[np.float64], names: Sequence[str]) -> dict[str, float]:
    """Return the share of the variance of a full grid that each axis explains alone, and the rest.

    With every combination measured once the effects are orthogonal, so the shares add up to 1: the main
    effects of a functional analysis of variance, as in Hutter, Hoos and Leyton-Brown (2014), on the grid
    itself instead of a model of it.

    Parameters
    ----------
    values : float64 [a, b, ...]
    names : sequence of str
        Of the axes.
    """
    total = float(values.var())
    if total <= 1e-18:
        return dict.fromkeys([*names, "together"], 0.0)
    shares = {}
    for axis, name in enumerate(names):
        others = tuple(i for i in range(values.ndim) if i != axis)
        shares[name] = float(values.mean(axis=others).var()) / total
    return {**shares, "together": max(0.0, 1.0 - sum(shares.values()))}


def _measured(
    now: Bench, graphs: Sequence[Graph], points: int, k: int, progress: Progress
) -> dict[Graph, dict[int, Measurement]]:
    found: dict[Graph, dict[int, Measurement]] = {}
    todo = list(dict.fromkeys(graphs))
    for step, (m, ef_construct) in enumerate(todo):
        text = f"trying m={m}, ef_construct={ef_construct} on {min(points, now.points):,} points"
        tell = _step(progress, step, len(todo), text)
        bench = now.variant(m, ef_construct, tell, sample=points).prepare(tell)
        found[m, ef_construct] = {}
        for i, ef in enumerate(EFS):
            tell(i, len(EFS))
            found[m, ef_construct][ef] = bench.measure(k, ef)
    return found


def _step(progress: Progress, step: int, steps: int, title: str) -> Progress:
    """Return the progress of one step of several."""

    def tell(done: int, total: int, text: str = "") -> None:
        progress(round(100 * (step + done / max(total, 1))), 100 * steps, title)

    return tell


def _trial(graph: Graph, p: Measurement, points: int, present: bool) -> Trial:
    memory = round(p.memory_bytes * points / p.points)
    return Trial(*graph, p.ef, p.recall, p.p50_ms, p.p95_ms, memory, p.points, present)


def _carried(
    found: Mapping[Graph, Mapping[int, Measurement]],
    present: Graph,
    whole: Mapping[int, Measurement],
    now: Bench,
) -> list[Trial]:
    """Carry what was measured on a sample over to all points, by what the present graph did on both."""
    trials = []
    for graph, points in found.items():
        if graph == present:
            continue
        for ef, p in points.items():
            trial = _trial(graph, p, now.points, False)
            if p.points < now.points and now.indexed:
                small, large = found[present][ef], whole[ef]
                half = 0.5 / (p.queries * p.k)  # half a hit: zero missed is not none to be missed
                misses = (1 - p.recall) * (1 - large.recall + half) / (1 - small.recall + half)
                trial = replace(
                    trial,
                    recall=max(0.0, 1 - misses),
                    p50_ms=p.p50_ms * large.p50_ms / small.p50_ms,
                    p95_ms=p.p95_ms * large.p95_ms / small.p95_ms,
                )
            trials.append(trial)
    return trials


def _together(known: Sequence[Trial], found: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return all trials, of one setting the one that was measured on more points."""
    best = {(t.m, t.ef_construct, t.ef): t for t in sorted([*known, *found], key=lambda t: t.points)}
    return tuple(best.values())


def _best(
    found: Mapping[Graph, Mapping[int, Measurement]], grid: Sequence[Graph], goal: Goal, points: int
) -> list[Graph]:
    """Order graphs by the time that they take for the recall wanted, those within the memory first."""

    def rank(graph: Graph) -> tuple[bool, float, float]:
        each = found[graph].values()
        heavy = min(p.memory_bytes * points / p.points for p in each) > goal.memory_bytes
        good = [p.p50_ms for p in each if p.recall >= goal.recall]
        return heavy, min(good, default=np.inf), -max(p.recall for p in each)

    return sorted(grid, key=rank)


def _importances(found: Sequence[Mapping[int, Measurement]]) -> dict[str, dict[str, float]]:
    shape = len(MS), len(EF_CONSTRUCTS), len(EFS)
    names = ("m", "ef_construct", "ef")

    def grid(value: Callable[[Measurement], Any]) -> npt.NDArray[np.float64]:
        return np.array([[value(p) for p in points.values()] for points in found], float).reshape(shape)

    return {
        "recall": main_effects(grid(lambda p: p.recall), names),
        # Times differ by factors: one of 2 counts as much at 0.1 ms as at 1 ms.
        "time": main_effects(np.log(grid(lambda p: p.p50_ms)), names),
    }


def _cheapest(ordered: Sequence[Trial]) -> Trial | None:
    if not ordered:
        return None
    present = next((t for t in ordered if t.present), None)
    if present is not None and ordered[0].p50_ms > (1 - WORTH) * present.p50_ms:
        return present
    return ordered[0]
