"""An explanation as a notebook shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from workbench.query.explain import Explanation, Part
from workbench.query.plan import Strategy
from workbench.surfaces import html
from workbench.surfaces.notebook import figures

# What each strategy is called, and the estimate that speaks for it.
_WAYS = (
    ("scan the matches", "scan_cost", (Strategy.EXACT, Strategy.CODES)),
    ("walk the graph", "graph_cost", (Strategy.GRAPH, Strategy.PAYLOAD)),
    ("walk from match to match", "acorn_cost", (Strategy.ACORN,)),
)
_COLUMNS = ("segment", "strategy", "why", "matching", "distances", "estimated", "took")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to search a segment: its name, microseconds it was reckoned to take, whether it was taken."""

    name: str
    cost: float
    chosen: bool


def ways(part: Part) -> list[Way]:
    """Return the ways that the planner weighed; none where there was only one."""
    weighed = ((name, getattr(part.choice, cost), strategies) for name, cost, strategies in _WAYS)
    return [
        Way(name, cost, part.choice.strategy in strategies)
        for name, cost, strategies in weighed
        if cost and math.isfinite(cost)
    ]


def time_text(microseconds: float) -> str:
    """Return a time in words, such as ``12.3 µs``."""
    if microseconds < 1e3:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1e3:.3g} ms" if microseconds < 1e6 else f"{microseconds / 1e6:.3g} s"


class Explained:
    """How a query is answered, and what would make it better.

    Attributes
    ----------
    explanation : Explanation
        The numbers.
    """

    def __init__(self, title: str, explanation: Explanation) -> None:
        self.title, self.explanation = title, explanation

    @property
    def advice(self) -> tuple[str, ...]:
        """Sentences; none if nothing is to be said."""
        return self.explanation.advice

    @property
    def stages(self) -> dict[str, float]:
        """Microseconds of each stage."""
        return self.explanation.stages

    def __repr__(self) -> str:
        own = self.explanation
        lines = [f"{own.found} of {own.k} hits in {self.title}, {time_text(own.total)}: {self._stages()}"]
        for row in map(_row, own.parts):
            told = dict(zip(_COLUMNS, row, strict=True))
            lines.append(f"  segment {told['segment']}: {told['strategy']}, {told['why']}")
            costs = f"{told['distances']} distances, {told['took']}, estimated {told['estimated']}"
            lines.append(f"    {told['matching']}; {costs}")
        return "\n".join([*lines, *(f"  ! {sentence}" for sentence in own.advice)])

    def _repr_html_(self) -> str:
        own = self.explanation
        about = f"{own.found} of {own.k} hits · {time_text(own.total)} · {self._stages()}"
        rows = [_row(part) for part in own.parts]
        advice = "".join(f"<li>{html.cell(sentence, 400)}</li>" for sentence in own.advice)
        table = html.listing(f"Explained: {self.title}", about, _COLUMNS, rows, "There are no points.")
        parts = [(name, took, time_text(took)) for name, took in own.stages.items()]
        shown = table + html.framed("Stages", time_text(own.total), figures.stages(parts))
        shown += "".join(_ways(part) for part in own.parts)
        return shown + (html.framed("Advice", "", f"<ul>{advice}</ul>") if advice else "")

    def _stages(self) -> str:
        return " · ".join(f"{name} {time_text(took)}" for name, took in self.stages.items())


def _row(part: Part) -> list[Any]:
    kind = "" if part.sealed else " (tail)"
    estimate = time_text(part.estimate) if part.estimate and math.isfinite(part.estimate) else "–"
    matching = f"{part.matching:,} of {part.points:,} match"
    about = [f"{part.segment}{kind}", part.choice.strategy.value, part.choice.reason, matching]
    return [*about, f"{part.computed:,}", estimate, time_text(part.took)]


def _ways(part: Part) -> str:
    """Return what each way to search a segment was reckoned to cost, and what the chosen one took."""
    bars = [
        figures.Bar(
            way.name,
            way.cost,
            f"{time_text(way.cost)} estimated{', chosen' if way.chosen else ''}",
            figures.COLORS[0] if way.chosen else figures.QUIET,
            way.chosen,
        )
        for way in ways(part)
    ]
    if not bars:  # nothing was weighed: there was one way only
        return ""
    bars.append(figures.Bar("measured", part.took, time_text(part.took), figures.COLORS[2]))
    return html.framed(f"Segment {part.segment}", part.choice.reason, figures.bars(bars))
