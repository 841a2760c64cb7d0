"""Results as Markdown: a table a person reads, with what was asked for beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Table = Callable[[dict[str, Any]], str]


def markdown(results: Mapping[str, Any], tables: Mapping[str, Table], pictures: Sequence[str] = ()) -> str:
    """Return the tables of one run, and the pictures, by their file names."""
    machine = results["machine"]
    parts = [
        f"# Benchmarks on {results['data']}",
        f"{machine['cpu']}; Python {machine['python']}, NumPy {machine['numpy']}, numba {machine['numba']}. "
        f"Load average when it began: {machine['load']}.",
        "Ratios compare engines in one run; absolute figures depend on the machine. Repeat with "
        f'`make bench BENCH="{results["command"]}"`.',
    ]
    parts += [table(results[name]) for name, table in tables.items() if name in results]
    parts += [f"![{picture}]({picture})" for picture in pictures]
    return "\n\n".join(parts) + "\n"


def grid(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value: float | None) -> str:
    """Return three significant digits, and all of a large number's."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(value: Mapping[str, float] | None) -> str:
    """Return a median with the least and the most of the rounds."""
    if not value:
        return "–"
    return f"{value['median']:.2f} ({value['least']:.2f}–{value['most']:.2f})"


def left_out(missing: Mapping[str, str]) -> str:
    """Return a sentence about the engines that were not measured; nothing when there are none."""
    return "".join(f"\n\nNot measured: {name} ({why})." for name, why in missing.items())
