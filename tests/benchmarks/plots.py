"""The pictures of a run: recall against speed, and cost against size."""

from __future__ import annotations

import math
from typing import Any

from tests.benchmarks.curves import frontier
from tests.benchmarks.svg import Axis, Line, chart

COSTS = {
    "cpu": ("build", "CPU seconds to build"),
    "query_us": ("query", "CPU microseconds a query at recall .95"),
    "first_answer": ("open", "seconds from opening to the first answer"),
    "resident_mb": ("memory", "megabytes resident after opening and asking"),
}
LOWEST_RECALL, HIGHEST_RECALL = 0.7, 0.9995


def pictures(results: dict[str, Any]) -> dict[str, str]:
    """Return SVG texts by what comes behind the name of the run in their files' names."""
    found = {}
    if "search" in results:
        found["search"] = _search(results["search"])
    if len(results.get("growth", {}).get("sizes", ())) > 1:
        found |= {
            f"growth-{file}": _growth(results["growth"], key, text) for key, (file, text) in COSTS.items()
        }
    return found


def _search(r: dict[str, Any]) -> str:
    """Draw what is on the frontier of each engine; an exact one stands at the right edge."""
    lines = []
    for name, cells in r["curves"].items():
        points = frontier([(cell["recall"], sorted(cell["cpu"])[len(cell["cpu"]) // 2]) for cell in cells])
        lines.append(Line(name, [(min(recall, HIGHEST_RECALL), rate) for recall, rate in points]))
    rates = [rate for line in lines for recall, rate in line.points if recall >= LOWEST_RECALL]
    x = Axis(f"recall@{r['k']}", LOWEST_RECALL, HIGHEST_RECALL, one_minus=True)
    title = f"{r['data']}, {r['points']:,} × {r['dim']}: one thread, single calls"
    return chart(title, x, _axis("queries a CPU second", rates), lines)


def _growth(r: dict[str, Any], key: str, text: str) -> str:
    names = dict.fromkeys(name for at in r["sizes"].values() for name in at["engines"])
    lines = [
        Line(
            name,
            [
                (int(size), at["engines"][name][key])
                for size, at in r["sizes"].items()
                if at["engines"].get(name, {}).get(key)
            ],
        )
        for name in names
    ]
    values = [value for line in lines for _, value in line.points]
    return chart(text, _axis("points", [int(size) for size in r["sizes"]]), _axis(text, values), lines)


def _axis(title: str, values: list[float]) -> Axis:
    """Reach from the least to the most, and a little further."""
    low, high = min(values) / 1.2, max(values) * 1.2
    return Axis(title, low, high if math.log10(high / low) > 0.1 else low * 2, log=True)
