"""``python -m tests.benchmarks.readme NAME...``: write what ``--save NAME`` kept into the README.

It replaces what stands between the two comments ``<!-- peers`` and ``<!-- /peers -->``, so that the README
says what was measured and nothing else.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import REFERENCE
from tests.benchmarks.report import grid, number
from workbench.errors import InvalidRequest

FOLDER = "tests/benchmarks/results"
PLACE = re.compile(r"(<!-- peers.*?-->\n).*?(<!-- /peers -->)", re.DOTALL)


def main(names: list[str]) -> None:
    """Rewrite the README of this checkout."""
    root = Path(__file__).parents[2]
    runs = {name: json.loads((root / FOLDER / f"{name}.json").read_text()) for name in names}
    readme = root / "README.md"
    readme.write_text(written(readme.read_text(), runs))


def written(readme: str, runs: Mapping[str, Any]) -> str:
    """Return the README with the tables of these runs in their place.

    Raises
    ------
    InvalidRequest
        The README has no place for them.
    """
    if not PLACE.search(readme):
        raise InvalidRequest(
            "README.md lacks the comments <!-- peers --> and <!-- /peers --> to write between"
        )
    text = "\n\n".join(part for name, run in runs.items() for part in _parts(name, run))
    return PLACE.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", readme)


def _parts(name: str, run: Mapping[str, Any]) -> list[str]:
    parts = []
    if search := run.get("search"):
        parts.append(
            f"**{search['points']:,} × {search['dim']} ({search['data']}), {run['machine']['cpu']}**: "
            f"one thread, queries a CPU second at equal recall@{search['k']}, median of {search['rounds']} "
            f"interleaved rounds ([all of it]({FOLDER}/{name}.md)); × is the ratio to {REFERENCE}."
        )
        parts.append(_engines(search))
        parts.append(f"![recall against speed]({FOLDER}/{name}-search.svg)")
    if filtered := run.get("filtered"):
        parts.append(
            "Filtered, queries a CPU second at the first ef with recall ≥ .95 (in bold: none has it):"
        )
        parts.append(_filters(filtered))
    return parts


def _engines(search: Mapping[str, Any]) -> str:
    """Return a row an engine, the fastest at the middle recall first."""
    recalls = list(search["reached"])
    rows = []
    for name in search["engines"]:
        cells = []
        for recall in recalls:
            own = search["reached"][recall][name]
            rate = ("≥ " if own["floor"] else "") + number(own["cpu"]["median"]) if own else "–"
            ratio = own.get("ratio") if own else None
            cells.append(f"{rate} ({ratio['median']:.2f} ×)" if ratio else rate)
        cost, opened = search["building"][name], search["opening"][name]
        rows.append([name, *cells, cost["cpu"], opened["first_answer"], f"{opened['resident_mb']:,}"])
    middle = search["reached"][recalls[len(recalls) // 2]]
    rows.sort(key=lambda row: -(middle[row[0]] or {"cpu": {"median": 0}})["cpu"]["median"])
    heads = [f"q/s at {recall}" for recall in recalls]
    return grid(["engine", *heads, "build CPU s", "reopened to an answer s", "resident MB"], rows)


def _filters(filtered: Mapping[str, Any]) -> str:
    names = filtered["engines"]
    rows = []
    for name, own in filtered["filters"].items():
        cells = []
        for engine in names:
            found = own["engines"][engine]
            rate = number(found["qps"]["median"])
            cells.append(rate if found["recall"] >= filtered["wanted"] else f"**{rate}**")
        rows.append([name, f"{own['matching']:,}", *cells])
    return grid(["filter", "matching", *names], rows)


if __name__ == "__main__":
    main(sys.argv[1:])
