"""Explanations, verdicts and health as plain rows and words, for a screen to draw."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import accumulate
from typing import Any

from workbench.collection.health import GraphHealth
from workbench.query.explain import Part
from workbench.surfaces import html
from workbench.surfaces.notebook.explained import Explained, time_text, ways
from workbench.surfaces.notebook.health import HealthReport
from workbench.surfaces.notebook.why_missed import WhyMissed

# The axis of links ends where this share of the nodes does: very few have very many links.
_NODES = 0.999


def explained_facts(explained: Explained) -> dict[str, Any]:
    """Return stages, segments and advice."""
    own = explained.explanation
    return {
        "about": f"{own.found} of {own.k} hits in {time_text(own.total)}",
        "stages": [[name, took, time_text(took)] for name, took in own.stages.items()],
        "segments": [_segment(part) for part in own.parts],
        "advice": list(own.advice),
    }


def _segment(part: Part) -> dict[str, Any]:
    estimated = time_text(part.estimate) if part.estimate and math.isfinite(part.estimate) else "–"
    weighed = [[way.name, way.cost, time_text(way.cost), way.chosen] for way in ways(part)]
    return {
        "name": f"Segment {part.segment}{'' if part.sealed else ' (tail)'}",
        "strategy": part.choice.strategy.value,
        "why": part.choice.reason,
        "matching": f"{part.matching:,} of {part.points:,}",
        "computed": f"{part.computed:,}",
        "estimated": estimated,
        "took": time_text(part.took),
        "ways": [*weighed, ["measured", part.took, time_text(part.took), True]] if weighed else [],
    }


def verdict_facts(missed: WhyMissed) -> dict[str, Any]:
    """Return a verdict with its proof and its cure."""
    own = missed.verdict
    scores = [None if value is None else f"{value:.4f}" for value in (own.score, own.kth_score)]
    return {
        "id": str(own.id),
        "reason": missed.reason,
        "because": own.because,
        "cure": own.cure,
        "code": missed.code,
        "rank": own.rank,
        "k": missed.k,
        "score": scores[0],
        "kth_score": scores[1],
        "tried": [[ef, place, ef == own.asked] for ef, place in sorted(own.tried)],
    }


def health_facts(report: HealthReport) -> dict[str, Any]:
    """Return counts, segments, graphs with their degrees, and what the optimizer did."""
    own = report.health
    first = min((job.started for job in own.jobs), default=0.0)
    return {
        "counts": [
            ["points", f"{own.points:,}"],
            ["segments", f"{len(own.segments):,}"],
            ["dead rows", f"{own.tombstones:,}"],
            ["unreachable points", f"{own.unreachable:,}"],
        ],
        "warnings": list(own.warnings),
        "segments": [
            [f"{s.segment}", s.kind, f"{s.rows:,}", s.dead, s.dead_share, html.size(s.nbytes)]
            for s in own.segments
        ],
        "graphs": [_graph(graph) for graph in own.graphs],
        "jobs": [
            {
                "when": datetime.fromtimestamp(job.started).strftime("%H:%M:%S"),
                "what": job.reason,
                "rows": f"{job.rows:,}",
                "took": "running" if job.seconds is None else f"{job.seconds:.2f} s",
                "state": job.state,
                "from": job.started - first,
                "seconds": job.seconds or 0.0,
            }
            for job in own.jobs
        ],
    }


def _graph(graph: GraphHealth) -> dict[str, Any]:
    named = f" of {graph.vector!r}" if graph.vector else ""
    leaving, arriving = graph.degrees.leaving.tolist(), graph.degrees.arriving.tolist()
    most = sum(seen < _NODES * sum(arriving) for seen in accumulate(arriving)) + 1
    return {
        "name": f"Graph{named} in segment {graph.segment}",
        "about": f"{graph.nodes:,} nodes, {graph.layers} layers, {html.size(graph.nbytes)}"
        f"{', walked by codes' if graph.codes else ''}",
        "leaving": leaving,
        "arriving": arriving[: max(len(leaving), most)],
        "unreachable": graph.unreachable,
        "unreachable_ids": [str(point) for point in graph.unreachable_ids],
    }
