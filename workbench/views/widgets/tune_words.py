"""The words of the tuner: what was measured where one is, and how to read it."""

from __future__ import annotations

from typing import Any

from workbench.surfaces import html
from workbench.surfaces.notebook.measurement import Measurement
from workbench.surfaces.notebook.tuning import SAMPLE
from workbench.views.state.tuning import Tuning


def point(p: Measurement) -> dict[str, Any]:
    """Return a measurement as a point of a chart."""
    return {
        "ef": p.ef,
        "recall": round(p.recall, 5),
        "low": round(p.low, 5),
        "high": round(p.high, 5),
        "p50": round(p.p50_ms, 5),
        "p95": round(p.p95_ms, 5),
        "strategy": p.strategy,
    }


def about(state: Tuning) -> str:
    """Return what is tuned."""
    params = state.now.view.config.vectors[state.now.vector]
    return f"{state.now.points:,} points · {params.size} × {params.datatype.value} {params.distance.value}"


def notes_of(state: Tuning) -> list[str]:
    """Return what is to be known of the numbers."""
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


def tiles(found: Measurement | None, state: Tuning) -> list[list[str]]:
    """Return name, value and note of what was measured at the place one is."""
    if found is None:
        return [[f"recall@{state.k}", "…", "being measured"], ["a search", "…", ""], ["memory", "…", ""]]
    roughly = "≈ " if found.points < state.now.points else ""
    parts = f"{html.size(found.vector_bytes)} vectors + {html.size(found.graph_bytes)} index"
    return [
        [
            f"recall@{found.k}",
            f"{found.recall:.3f}",
            f"95 % interval {found.low:.3f} to {found.high:.3f}, {found.queries} queries",
        ],
        ["a search", f"{found.p50_ms:.3g} ms", f"median; p95 {found.p95_ms:.3g} ms, by {found.strategy}"],
        [
            "memory",
            roughly + html.size(state.memory_bytes or 0),
            parts + (f" of {found.points:,} points" if roughly else ""),
        ],
    ]
