"""What the tuner's experiments found, as its canvas and its frames have it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from workbench.surfaces import html
from workbench.surfaces.notebook.build_race import Built, gpu_note
from workbench.surfaces.notebook.filter_costs import ACORN, GRAPH, PLANNED, SCAN, FilterCost, crossover
from workbench.surfaces.notebook.goal import GoalReport, Trial
from workbench.surfaces.notebook.quantization_costs import QuantizationCost

# Of the settings that reach a goal the best few are shown; all are in the frame.
SHOWN = 12


def goal_table(report: GoalReport | None) -> dict[str, Any] | None:
    """Return what was found of a goal: settings, the best of each graph first, and sentences about them."""
    if report is None:
        return None
    best: dict[tuple[int, int], Trial] = {}
    for trial in report.feasible:
        best.setdefault(trial.graph, trial)
    cheapest = report.cheapest
    if cheapest is not None:
        best[cheapest.graph] = cheapest
    rows = sorted(best.values(), key=lambda t: t.p50_ms)[:SHOWN] or [t for t in [report.nearest] if t]
    most = max((t.points for t in report.trials), default=0)
    return {
        "rows": [
            {
                "m": t.m,
                "ef_construct": t.ef_construct,
                "ef": t.ef,
                "recall": f"{t.recall:.3f}",
                "p50": _ms(t.p50_ms),
                "p95": _ms(t.p95_ms),
                "memory": html.size(t.memory_bytes),
                "how": "measured" if t.points == most else f"from {t.points:,} points",
                "present": t.present,
                "cheapest": t is cheapest,
            }
            for t in rows
        ],
        "reached": bool(report.feasible),
        "verdict": _verdict(report),
        "price": _price(report),
        "importance": [
            {
                "name": name,
                "recall": report.importance["recall"][name],
                "time": report.importance["time"][name],
            }
            for name in report.importance.get("recall", ())
        ],
        "screened": (
            f"Share of the variance over {report.settings} settings ({report.graphs} graphs over "
            f"{report.screened:,} points, each at {report.settings // max(report.graphs, 1)} values of ef) "
            "that each one explains alone."
        ),
    }


def _verdict(report: GoalReport) -> str:
    goal, cheapest, near = report.goal, report.cheapest, report.nearest
    asked = (
        f"recall@{goal.k} of {goal.recall:g}, 95 of 100 searches within {goal.p95_ms:g} ms and "
        f"{html.size(round(goal.memory_bytes))}"
    )
    if cheapest is not None:
        what = "the graph there is" if cheapest.present else "another graph, which has to be built"
        return (
            f"{len(report.feasible)} of {len(report.trials)} settings reach {asked}. The cheapest: "
            f"m={cheapest.m}, ef_construct={cheapest.ef_construct}, ef={cheapest.ef}, {what}."
        )
    if near is None:
        return ""
    short = []
    if near.recall < goal.recall:
        short.append(f"recall {near.recall:.3f}")
    if near.p95_ms > goal.p95_ms:
        short.append(_ms(near.p95_ms))
    if near.memory_bytes > goal.memory_bytes:
        short.append(html.size(near.memory_bytes))
    missed = f"The nearest misses it with {', '.join(short)}."
    return f"None of {len(report.trials)} settings reaches {asked}. {missed}"


def _price(report: GoalReport) -> str:
    price, base = report.price, report.cheapest
    if price is None:
        return f"No setting that was tried has a recall of {report.higher:g}."
    text = (
        f"A recall of {report.higher:g} would cost {_ms(price.p50_ms)} a search "
        f"(95 of 100 within {_ms(price.p95_ms)}) and {html.size(price.memory_bytes)}, "
        f"with m={price.m}, ef_construct={price.ef_construct}, ef={price.ef}"
    )
    return text + ("." if base is None else f": {price.p50_ms / base.p50_ms:.1f} times the time.")


def _ms(value: float) -> str:
    return f"{value:.2f} ms" if value >= 1 else f"{value:.3f} ms"


def filter_table(costs: Sequence[FilterCost]) -> dict[str, Any]:
    """Return one line a way, and where they cross."""
    names = {
        SCAN: "scan",
        GRAPH: "graph walk",
        ACORN: "two hops (ACORN)",
        PLANNED: "planner's choice",
    }
    lines = [
        {
            "name": name,
            "planned": way == PLANNED,
            "points": [
                {
                    "share": c.share,
                    "filter": c.filter,
                    "matching": c.matching,
                    "recall": round(c.recall, 4),
                    "low": round(c.low, 4),
                    "high": round(c.high, 4),
                    "p50": round(c.p50_ms, 5),
                    "p95": round(c.p95_ms, 5),
                    "strategy": c.strategy,
                }
                for c in sorted(costs, key=lambda c: c.share)
                if c.way == way
            ],
        }
        for way, name in names.items()
    ]
    cross = crossover(costs)
    return {"lines": lines if costs else [], "cross": cross, "said": _crossing(costs, cross)}


def _crossing(costs: Sequence[FilterCost], cross: float | None) -> str:
    if not costs:
        return ""
    said = (
        f"From {_percent(cross)} of the points on, walking by two hops takes less time than scanning."
        if cross is not None
        else "Scanning and walking by two hops do not cross within these shares."
    )
    by_share: dict[str, list[float]] = {}
    for c in costs:
        if c.way == PLANNED:
            by_share.setdefault(c.strategy, []).append(c.share)
    chosen = ", ".join(
        f"{name} at {_percent(min(shares))}" + (f" to {_percent(max(shares))}" if len(shares) > 1 else "")
        for name, shares in by_share.items()
    )
    return f"{said} The planner chose {chosen}."


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def code_table(costs: Sequence[QuantizationCost], sampled: int, points: int) -> dict[str, Any]:
    """Return one row a kind of codes."""
    return {
        "rows": [
            {
                "name": c.name,
                "config": json.dumps(c.config) if c.config else "",
                "bytes": f"{c.bytes_per_vector:.0f}",
                "memory": html.size(round(c.bytes_per_vector * points)),
                "seconds": f"{c.seconds:.2f} s",
                "searches": [
                    {
                        "rescore": s.rescore,
                        "times": s.oversampling,
                        "recall": round(s.recall, 4),
                        "low": round(s.low, 4),
                        "high": round(s.high, 4),
                        "ms": round(s.p50_ms, 4),
                    }
                    for s in c.searches
                ],
                "ranks": [list(rank) for rank in c.ranks],
            }
            for c in costs
        ],
        "sampled": sampled,
        "points": points,
    }


def build_table(built: Sequence[Built]) -> dict[str, Any]:
    """Return one row a builder."""
    return {
        "rows": [
            {
                "title": b.title,
                "seconds": b.seconds,
                "per_second": round(b.per_second),
                "points": b.points,
                "recall": "" if b.measurement is None else f"{b.measurement.recall:.3f}",
                "band": ""
                if b.measurement is None
                else f"{b.measurement.low:.3f} to {b.measurement.high:.3f}",
                "ms": "" if b.measurement is None else f"{b.measurement.p50_ms:.3f} ms",
                "size": "" if b.measurement is None else html.size(b.measurement.graph_bytes),
                "why_not": b.why_not,
            }
            for b in built
        ],
        "gpu": gpu_note(),
    }


def rows_of(what: str, state: Any) -> list[dict[str, Any]]:
    """Return all numbers of one tab, one mapping a row."""
    if what == "curves":
        return [
            {"m": key[0], "ef_construct": key[1], "sample": key[2], **asdict(p)}
            for key, points in state.curves.items()
            for p in points
        ]
    if what == "goal":
        report = state.found
        return [] if report is None else [{**asdict(t), "meets": t.meets(report.goal)} for t in report.trials]
    if what == "filters":
        return [asdict(c) for c in state.filters]
    if what == "quantization":
        return [
            {"kind": c.name, "bytes_per_vector": c.bytes_per_vector, "encode_s": c.seconds, **asdict(s)}
            for c in state.codes
            for s in c.searches
        ]
    return [
        {
            "builder": b.builder,
            "seconds": b.seconds,
            "points": b.points,
            "recall": None if b.measurement is None else b.measurement.recall,
            "why_not": b.why_not,
        }
        for b in state.builds
    ]
