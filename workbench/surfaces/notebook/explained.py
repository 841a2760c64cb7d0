"""An explanation as a notebook shows it."""

from __future__ import annotations

import math
from typing import Any

from workbench.query.explain import Explanation, Part
from workbench.query.plan import Strategy
from workbench.surfaces import html
from workbench.surfaces.notebook import figures

_COLUMNS = ("segment", "strategy", "why", "matching", "distances", "estimated", "took")


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
        lines = [f"{own.found} of {own.k} hits in {self.title}, {_time(own.total)}: {self._stages()}"]
        for row in map(_row, own.parts):
            told = dict(zip(_COLUMNS, row, strict=True))
            lines.append(f"  segment {told['segment']}: {told['strategy']}, {told['why']}")
            costs = f"{told['distances']} distances, {told['took']}, estimated {told['estimated']}"
            lines.append(f"    {told['matching']}; {costs}")
        return "\n".join([*lines, *(f"  ! {sentence}" for sentence in own.advice)])

    def _repr_html_(self) -> str:
        own = self.explanation
        about = f"{own.found} of {own.k} hits · {_time(own.total)} · {self._stages()}"
        rows = [_row(part) for part in own.parts]
        advice = "".join(f"<li>{html.cell(sentence, 400)}</li>" for sentence in own.advice)
        table = html.listing(f"Explained: {self.title}", about, _COLUMNS, rows, "There are no points.")
        parts = [(name, took, _time(took)) for name, took in own.stages.items()]
        shown = table + html.framed("Stages", _time(own.total), figures.stages(parts))
        shown += "".join(_ways(part) for part in own.parts)
        return shown + (html.framed("Advice", "", f"<ul>{advice}</ul>") if advice else "")

    def _stages(self) -> str:
        return " · ".join(f"{name} {_time(took)}" for name, took in self.stages.items())


def _row(part: Part) -> list[Any]:
    kind = "" if part.sealed else " (tail)"
    estimate = _time(part.estimate) if part.estimate and math.isfinite(part.estimate) else "–"
    matching = f"{part.matching:,} of {part.points:,} match"
    about = [f"{part.segment}{kind}", part.choice.strategy.value, part.choice.reason, matching]
    return [*about, f"{part.computed:,}", estimate, _time(part.took)]


# What each strategy is called, and the estimate that speaks for it.
_WAYS = (
    ("scan the matches", "scan_cost", (Strategy.EXACT, Strategy.CODES)),
    ("walk the graph", "graph_cost", (Strategy.GRAPH, Strategy.PAYLOAD)),
    ("walk from match to match", "acorn_cost", (Strategy.ACORN,)),
)


def _ways(part: Part) -> str:
    """Return what each way to search a segment was reckoned to cost, and what the chosen one took."""
    bars = []
    for name, cost, strategies in _WAYS:
        value = getattr(part.choice, cost)
        chosen = part.choice.strategy in strategies
        if value and math.isfinite(value):
            text = f"{_time(value)} estimated" + (", chosen" if chosen else "")
            color = figures.COLORS[0] if chosen else figures.Bar("", 0, "").color
            bars.append(figures.Bar(name, value, text, color, chosen))
    if not bars:  # nothing was weighed: there was one way only
        return ""
    bars.append(figures.Bar("measured", part.took, _time(part.took), figures.COLORS[2]))
    return html.framed(f"Segment {part.segment}", part.choice.reason, figures.bars(bars))


def _time(microseconds: float) -> str:
    if microseconds < 1000:
        return f"{microseconds:.3g} µs"
    return f"{microseconds / 1000:.3g} ms"
