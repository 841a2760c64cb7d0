"""Line charts as small SVG files: no browser, no plotting library, the same picture everywhere.

Colors are those of Okabe and Ito (2008), which color-blind people can tell apart; dashes double them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

COLORS = ("#d55e00", "#000000", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES = ("", "6 3", "2 3")
WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 44, 48
FONT = "font-family='system-ui, sans-serif' font-size='12'"


class Line(NamedTuple):
    """A line by its name in the legend, and its points."""

    name: str
    points: Sequence[tuple[float, float]]


class Axis(NamedTuple):
    """What an axis shows, from where to where, and whether a step is a factor of ten.

    `one_minus` puts what is near 1 apart, as for recall: the places are those of -log(1 - value).
    """

    title: str
    low: float
    high: float
    log: bool = False
    one_minus: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        return (self._at(value) - self._at(self.low)) / (self._at(self.high) - self._at(self.low))

    def _at(self, value: float) -> float:
        if self.one_minus:
            return -math.log10(max(1 - value, 1e-12))
        return math.log10(value) if self.log else value

    def ticks(self) -> list[float]:
        """Return round values between the ends."""
        if self.one_minus:
            known = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
            return [value for value in known if self.low <= value <= self.high]
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            wide = len(powers) > 4
            marks = [m * 10.0**p for p in powers for m in ((1,) if wide else (1, 2, 5))]
            return [value for value in marks if self.low * 0.999 <= value <= self.high * 1.001]
        step = 10 ** math.floor(math.log10((self.high - self.low) / 4))
        first = math.ceil(self.low / step)
        return [n * step for n in range(first, int(self.high / step) + 1)]


def chart(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """Return a chart as the text of an SVG file; points outside of the axes are left out."""
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' {FONT}>",
        f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='white'/>",
        _text(LEFT, 24, title, "start", bold=True),
    ]
    parts += _grid(x, y)
    for number, line in enumerate(lines):
        parts += _line(number, line, x, y)
    return "\n".join([*parts, "</svg>", ""])


def _grid(x: Axis, y: Axis) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for value in x.ticks():
        at = _x(x, value)
        parts.append(f"<path d='M{at} {TOP}V{bottom}' stroke='#ddd'/>{_text(at, bottom + 16, _round(value))}")
    for value in y.ticks():
        at = _y(y, value)
        parts.append(
            f"<path d='M{LEFT} {at}H{right}' stroke='#ddd'/>{_text(LEFT - 6, at + 4, _round(value), 'end')}"
        )
    parts.append(_text((LEFT + right) / 2, HEIGHT - 12, x.title))
    parts.append(f"<g transform='translate(16 {(TOP + bottom) / 2}) rotate(-90)'>{_text(0, 0, y.title)}</g>")
    return parts


def _line(number: int, line: Line, x: Axis, y: Axis) -> list[str]:
    color, dash = COLORS[number % len(COLORS)], DASHES[number // len(COLORS) % len(DASHES)]
    inside = [(a, b) for a, b in line.points if x.low <= a <= x.high and y.low <= b <= y.high]
    places = [f"{_x(x, a)} {_y(y, b)}" for a, b in inside]
    stroke = f"stroke='{color}' stroke-width='{3 if number == 0 else 1.6}' stroke-dasharray='{dash}'"
    parts = [f"<path d='M{' L'.join(places)}' fill='none' {stroke}/>"] if len(places) > 1 else []
    for place in places:
        cx, cy = place.split()
        parts.append(f"<circle cx='{cx}' cy='{cy}' r='{3 if number == 0 else 2.2}' fill='{color}'/>")
    at, left = TOP + 8 + 20 * number, WIDTH - RIGHT + 14
    parts.append(
        f"<path d='M{left} {at}H{left + 24}' fill='none' {stroke}/>"
        + _text(left + 30, at + 4, line.name, "start")
    )
    return parts


def _text(x: float, y: float, text: str, anchor: str = "middle", *, bold: bool = False) -> str:
    weight = " font-weight='600'" if bold else ""
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}'{weight}>{escape(text)}</text>"


def _x(axis: Axis, value: float) -> float:
    return round(LEFT + axis.place(value) * (WIDTH - RIGHT - LEFT), 1)


def _y(axis: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - axis.place(value) * (HEIGHT - BOTTOM - TOP), 1)


def _round(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"
