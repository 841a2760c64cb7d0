"""Small figures for rich reprs: bars, stages, histograms and a line of time, as HTML without scripts.

They stand in saved notebooks and need no kernel. Colors are told apart by every kind of color vision and seen
on light and dark grounds; each is named in words beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.surfaces import html

Counts = npt.NDArray[np.int64]

# Okabe and Ito's.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
QUIET = "#8a8f96"
_CELL = "padding:1px 10px 1px 0;border:0;font-size:12.5px"
# Pixels of the chart of degrees: all, the bars', and what is left of them for numbers.
_WIDE, _TALL, _LEFT = 430, 110, 44


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is, and what is said at its end."""

    name: str
    value: float
    text: str
    color: str = QUIET
    strong: bool = False


def bars(rows: Sequence[Bar], width: int = 260) -> str:
    """Return bars of which the longest is `width` pixels wide."""
    most = max((row.value for row in rows), default=0.0) or 1.0
    lines = []
    for row in rows:
        long = max(1, round(width * row.value / most)) if row.value > 0 else 0
        name = f"<b>{html.cell(row.name)}</b>" if row.strong else html.cell(row.name)
        lines.append(_row(name, f"{_block(row.color, long)} {html.cell(row.text)}"))
    return _table(lines)


def stages(parts: Sequence[tuple[str, float, str]], width: int = 460) -> str:
    """Return one bar of parts, ``(name, value, text)``, with their names under it."""
    total = sum(value for _, value, _ in parts) or 1.0
    pieces, names = [], []
    for number, (name, value, text) in enumerate(parts):
        color = COLORS[number % len(COLORS)]
        pieces.append(f'<span style="flex:0 0 {width * value / total:.1f}px;background:{color}"></span>')
        told = f"{html.cell(name)} {html.cell(text)}"
        names.append(f'<span style="margin-right:14px">{_block(color, 9)} {told}</span>')
    label = html.cell(", ".join(f"{name} {text}" for name, _, text in parts), 400)
    style = f"display:flex;gap:1px;width:{width}px;max-width:100%;height:14px;border-radius:3px"
    bar = f'<div role="img" aria-label="{label}" style="{style};overflow:hidden">{"".join(pieces)}</div>'
    return f'{bar}<div style="font-size:12.5px;margin:3px 0 8px">{"".join(names)}</div>'


def degree_chart(leaving: Counts, arriving: Counts, title: str) -> str:
    """Return how many nodes have how many links: those from a node as bars, those to it as a line.

    Few nodes have very many arriving links; the axis ends where 99.9 % of the nodes do.
    """
    share = np.cumsum(arriving) / max(1, int(arriving.sum()))
    last = max(len(leaving), int(np.searchsorted(share, 0.999)) + 2, 4)
    out, into = (np.pad(counts, (0, max(0, last - len(counts))))[:last] for counts in (leaving, arriving))
    most, step = max(1, int(out.max()), int(into.max())), (_WIDE - _LEFT) / last
    marks = [_column(i, n, most, step) for i, n in enumerate(out.tolist()) if n]
    places = [(_LEFT + (i + 0.5) * step, 14 + _TALL * (1 - n / most)) for i, n in enumerate(into.tolist())]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks.append(f'<polyline points="{line}" fill="none" stroke="{COLORS[1]}" stroke-width="2"/>')
    for i in range(0, last, max(1, round(last / 8))):
        marks.append(_text(places[i][0], _TALL + 29, "middle", str(i)))
    marks += [_text(_LEFT - 5, 18, "end", f"{most:,}"), _text(_LEFT - 5, _TALL + 15, "end", "0")]
    picture = (
        f'<svg role="img" aria-label="{html.cell(title)}" width="{_WIDE}" height="{_TALL + 34}" '
        f'style="font:11px system-ui,sans-serif;max-width:100%" fill="currentColor">{"".join(marks)}</svg>'
    )
    key = f"{_block(COLORS[0], 9)} links from a node &emsp; {_block(COLORS[1], 16)} links to a node"
    named = f'<div style="font-size:12.5px">{html.cell(title)}</div>'
    return f'{named}{picture}<div style="font-size:12px">{key}</div>'


def widths(tried: Sequence[tuple[int, int | None]], asked: int) -> str:
    """Return which widths of the beam found a point, and at which place; `asked` is that of the search."""
    lines = []
    for ef, place in sorted(tried):
        color, told = (QUIET, "✕ missed") if place is None else (COLORS[2], f"● found, place {place}")
        told += " ← this search" if ef == asked else ""
        mark = f'<span style="border-left:5px solid {color};padding-left:7px">{told}</span>'
        lines.append(_row(f"ef {ef:,}", mark))
    return _table(lines)


def timeline(jobs: Sequence[tuple[str, float, float, str]], width: int = 430) -> str:
    """Return jobs, ``(name, start, seconds, text)``, as bars along one time."""
    first = min(start for _, start, _, _ in jobs)
    span = max(start + took for _, start, took, _ in jobs) - first or 1.0
    lines = []
    for number, (name, start, took, text) in enumerate(jobs):
        left, long = width * (start - first) / span, max(3.0, width * took / span)
        gap = f'<span style="display:inline-block;width:{min(left, width - 3):.0f}px"></span>'
        bar = (
            f'<div style="min-width:{width}px">{gap}{_block(COLORS[number % len(COLORS)], round(long))}</div>'
        )
        lines.append(_row(html.cell(name), bar, html.cell(text)))
    return _table(lines)


def _table(lines: Sequence[str]) -> str:
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _block(color: str, width: int) -> str:
    style = "display:inline-block;height:10px;border-radius:2px;vertical-align:-1px"
    return f'<span style="{style};width:{width}px;background:{color}"></span>'


def _column(at: int, count: int, most: int, step: float) -> str:
    tall, left = _TALL * count / most, _LEFT + at * step + 0.5
    box = f'x="{left:.1f}" y="{14 + _TALL - tall:.1f}" width="{max(step - 1, 0.6):.1f}" height="{tall:.1f}"'
    words = f"<title>{at} links leave {count:,} nodes</title>"
    return f'<rect {box} fill="{COLORS[0]}" opacity=".75">{words}</rect>'


def _text(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'
