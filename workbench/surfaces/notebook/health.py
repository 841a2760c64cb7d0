"""The health of a collection as a notebook shows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from workbench.collection.health import Health, JobHealth
from workbench.surfaces import html
from workbench.surfaces.notebook import figures

if TYPE_CHECKING:
    import pandas as pd


class HealthReport:
    """How a collection is doing.

    Attributes
    ----------
    health : Health
        The numbers: segments, graphs with their degrees, the optimizer's last jobs, warnings.
    """

    def __init__(self, title: str, health: Health) -> None:
        self.title, self.health = title, health

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong, each with its cure."""
        return self.health.warnings

    def degrees(self) -> pd.DataFrame:
        """Return a DataFrame: segment, vector, degree, and how many nodes have so many links."""
        import pandas as pd

        rows = []
        for graph in self.health.graphs:
            own = graph.degrees
            for degree in range(max(len(own.leaving), len(own.arriving))):
                counts = [int(c[degree]) if degree < len(c) else 0 for c in (own.leaving, own.arriving)]
                rows.append([graph.segment, graph.vector, degree, *counts])
        return pd.DataFrame(rows, columns=["segment", "vector", "degree", "leaving", "arriving"])

    def __repr__(self) -> str:
        own = self.health
        lines = [f"{self.title}: {self._about()}"]
        for s in own.segments:
            lines.append(f"  segment {s.segment} ({s.kind}): {s.rows:,} rows, {s.dead:,} dead")
        for g in own.graphs:
            told = f"{g.nodes:,} nodes, {g.layers} layers, {g.unreachable:,} unreachable"
            lines.append(f"  graph of {g.vector!r} in segment {g.segment}: {told}")
        lines += [f"  {' '.join(map(str, _job(job)))}" for job in own.jobs]
        return "\n".join([*lines, *(f"  ! {sentence}" for sentence in own.warnings)])

    def _repr_html_(self) -> str:
        own = self.health
        segments = html.listing(
            f"Health of {self.title}",
            self._about(),
            ("segment", "kind", "rows", "dead", "vectors"),
            [
                [s.segment, s.kind, f"{s.rows:,}", f"{s.dead:,} ({s.dead_share:.0%})", html.size(s.nbytes)]
                for s in own.segments
            ],
            "There are no segments.",
        )
        graphs = html.listing(
            "Graphs",
            "",
            ("segment", "vector", "nodes", "layers", "unreachable", "codes", "size"),
            [
                [g.segment, g.vector, f"{g.nodes:,}", g.layers, g.unreachable, g.codes, html.size(g.nbytes)]
                for g in own.graphs
            ],
            "No segment has a graph yet.",
        )
        columns = ("when", "what", "rows", "took", "state")
        jobs = html.listing("Optimizer", "", columns, [_job(job) for job in own.jobs], "It did nothing yet.")
        warnings = "".join(f"<li>{html.cell(sentence, 400)}</li>" for sentence in own.warnings)
        told = html.framed("Warnings", "", f"<ul>{warnings}</ul>") if warnings else ""
        return told + segments + self._dead() + graphs + self._degrees() + jobs + self._times()

    def _dead(self) -> str:
        """Show the share of dead rows of each segment that has some."""
        dead = [s for s in self.health.segments if s.dead]
        if not dead:
            return ""
        orange = figures.COLORS[5]
        rows = [
            figures.Bar(f"segment {s.segment}", s.dead_share, f"{s.dead_share:.0%} dead", orange)
            for s in dead
        ]
        return html.framed("Dead rows", "walked through until collection.optimize()", figures.bars(rows))

    def _degrees(self) -> str:
        """Show how many links nodes have, and which cannot be reached."""
        shown = []
        for g in self.health.graphs:
            title = (
                f"segment {g.segment}{f', {g.vector}' if g.vector else ''}: nodes by their links on layer 0"
            )
            shown.append(figures.degree_chart(g.degrees.leaving, g.degrees.arriving, title))
            if g.unreachable:
                first = ", ".join(map(str, g.unreachable_ids))
                more = "" if g.unreachable <= len(g.unreachable_ids) else " …"
                shown.append(f"<p>Unreachable: {html.cell(first, 800)}{more}</p>")
        return html.framed("Links", "", "".join(shown)) if shown else ""

    def _times(self) -> str:
        """Show when the optimizer worked."""
        jobs = [
            (job.reason, job.started, job.seconds, f"{job.seconds:.2f} s, {job.state}")
            for job in self.health.jobs
            if job.seconds is not None
        ]
        return html.framed("When", "", figures.timeline(jobs)) if jobs else ""

    def _about(self) -> str:
        own = self.health
        good = "nothing is wrong" if not own.warnings else f"{len(own.warnings)} warnings"
        return f"{own.points:,} points, {own.tombstones:,} dead rows, {own.unreachable:,} unreachable; {good}"


def _job(job: JobHealth) -> list[str]:
    when = datetime.fromtimestamp(job.started).strftime("%H:%M:%S")
    took = "running" if job.seconds is None else f"{job.seconds:.2f} s"
    return [when, job.reason, f"{job.rows:,}", took, job.state]
