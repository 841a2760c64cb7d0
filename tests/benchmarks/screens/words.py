"""The results as Markdown: each figure beside what is wanted, and how busy the machine was."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.report import grid
from tests.benchmarks.screens.stock import MILLION, PICTURES, WORDS

_WAYS = ("sent", "received", "files")


def markdown(results: dict[str, Any]) -> str:
    """Return the tables of one run."""
    machine = results["machine"]
    parts = [
        "# The screens in a browser",
        f"{machine['cpu']}; Python {machine['python']}, numba {machine['numba']}; JupyterLab in Chromium "
        "without a GPU (software GL), on the same machine. Load average when it began: "
        f"{machine['load']}; {results['minutes']} minutes in all.",
        f'Repeat with `make bench-screens BENCH="{results["command"]}"`. Load is the machine\'s mean of the '
        "last minute, other programs included; CPU seconds are the kernel's own.",
    ]
    parts += [table(results[name]) for name, table in _TABLES.items() if name in results]
    problems = [p for part in results.values() if isinstance(part, dict) for p in part.get("problems", [])]
    told = f"Errors in the browser's console, failed requests included: {len(problems)} (wanted: 0)."
    return "\n\n".join([*parts, "\n".join([told, *(f"- {problem}" for problem in problems)])]) + "\n"


def _painting(r: dict[str, Any]) -> str:
    rows = []
    for name, first in r["first"].items():
        later = r["later"][name]
        moved = sum(later["traffic"][way] for way in _WAYS)
        one = [first["paint"], first["content"], first["cpu"], first["load"]]
        rows.append([name, *one, later["paint"], later["content"], f"{moved:.2f}"])
    whole = sum(screen["traffic"][way] for screen in r["later"].values() for way in _WAYS)
    head = [
        "screen",
        "first paint, s",
        "data, s",
        "CPU s",
        "load",
        "beside others: paint, s",
        "data, s",
        "MB",
    ]
    return (
        f"## First paint on {WORDS:,} × 384\n\nFrom running the cell to the frame that shows the screen, and "
        "to the one that shows its data; each as the first screen of a fresh kernel whose first cell opened "
        "the database, then one after the other in one kernel. Wanted: first paint ≤ 1 s; ten open screens "
        f"≤ 60 MB between browser and server: **{whole:.1f} MB**, all that was sent until their work in the "
        f"background was done.\n\n{grid(head, rows)}"
    )


def _slider(r: dict[str, Any]) -> str:
    rows = [[s["ef"], s["ms"], s["cpu_ms"], s["search_ms"]] for s in r["steps"]]
    return (
        f"## From the slider to a new point of the curve, {WORDS:,} × 384\n\nKey to frame, with "
        f"{r['queries']} queries asked anew at each step. Wanted: ≤ 150 ms; median "
        f"**{r['median_ms']} ms**, load {r['load']}.\n\n"
        f"{grid(['ef', 'ms', 'CPU ms', 'median ms of a search'], rows)}"
    )


def _mapping(r: dict[str, Any]) -> str:
    rows = [
        ["first paint, s", r["shown"]["paint"], "≤ 1"],
        ["first layout shown (principal components), s", r["shown"]["content"], "≤ 5"],
        ["done: UMAP, trust and regions, s", r["done"], "≤ 60"],
        ["CPU s", r["cpu"], "–"],
        ["MB to the browser", r["traffic"]["received"], "–"],
        ["share of the 10 nearest that the map keeps", round(r["kept"] or 0, 3), "–"],
    ]
    return (
        f"## A map of {PICTURES:,} × 784 from an indexed collection, in a fresh kernel\n\n"
        f"Load {r['beside']['load']}.\n\n{grid(['what', 'measured', 'wanted'], rows)}\n\n"
        f"{_answers({'mapping': r['beside']})}"
    )


def _million(r: dict[str, Any]) -> str:
    moves = [(name, r[name]) for name in ("pan", "zoom")]
    rows = [
        [name, m["frames_per_second"], "≥ 20", f"{m['points_per_frame']:,}", m["load"]] for name, m in moves
    ]
    return (
        f"## A map of {MILLION:,} points\n\nAll points are drawn at rest; while the map moves, as many as "
        f"the machine draws in time. Shown {r['shown']['content']} s after the cell was run, with "
        f"{r['traffic']['received']:.1f} MB.\n\n"
        f"{grid(['hand', 'frames a second', 'wanted', 'points in a frame', 'load'], rows)}"
    )


def _beside(r: dict[str, Any]) -> str:
    works = {name: work for name, work in r.items() if isinstance(work, dict)}
    return f"## Another cell beside a screen at work\n\n{_answers(works)}"


def _answers(works: dict[str, Any]) -> str:
    rows = []
    for name, work in works.items():
        asked = [[who[f] for f in ("answers", "median_ms", "p99_ms", "longest_ms")]
                 for who in (work["client"], work["browser"])]  # fmt: skip
        gaps = ", ".join(f"{gap} ({cpu})" for gap, cpu in work["gaps"])
        rows.append([name, work["seconds"], work["cpu"], *asked[0], *asked[1], gaps, work["load"]])
    answers = ["answers", "median ms", "p99 ms", "longest ms"]
    head = [
        "beside",
        "seconds",
        "CPU s",
        *answers,
        "browser: answers",
        *answers[1:],
        "gaps ms (CPU ms)",
        "load",
    ]
    return (
        "An empty cell is run over and over by a client in a process of its own, and by the browser, which "
        "draws on the same cores: milliseconds to its answer (wanted: ≤ 100), from the moment when the cell "
        "that shows the screen has ended. Gaps are the longest that a thread of the kernel which only ticks "
        "stood still, and the CPU time that the kernel used in them: much less of that than the gap is the "
        f"machine's doing.\n\n{grid(head, rows)}"
    )


_TABLES = {
    "painting": _painting,
    "slider": _slider,
    "mapping": _mapping,
    "million": _million,
    "beside": _beside,
}
