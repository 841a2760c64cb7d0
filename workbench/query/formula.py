"""Formulas: the points of the prefetches scored by an expression over their scores and their payloads.

The rules are those of Qdrant (``rescore_formula/formula_scorer.rs``, read in 1.16 and measured on
qdrant-edge-py 0.9.0):

* Everything is computed in float64; the result must be finite as float32.
* A product stops at its first factor that is 0, and 0 divided by anything is 0: the rest is not looked at.
* ``$score[i]`` of a point that the i-th prefetch did not find is its default, or 0.
* A path selects one value, or the elements of an array; more than one is no number. A path that selects
  nothing takes the default, a value of another type does not.

Expressions are evaluated for all points at once; `at` says for which of them a part of the tree is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.models.datetimes import parse_datetime
from workbench.models.filters import Condition, Filter
from workbench.models.formula import (
    Apply,
    Constant,
    Decay,
    Divide,
    Expression,
    GeoDistance,
    Moment,
    MomentAt,
    ScoreOf,
    Variable,
    When,
)
from workbench.models.json_path import parse_path
from workbench.models.query import Selector
from workbench.models.requests import Formula
from workbench.query.fetch import payloads
from workbench.query.nearest import Found
from workbench.query.scored import Scored, distinct, merged, ranked
from workbench.segments.ids import Rows
from workbench.segments.view import View

Numbers = npt.NDArray[np.float64]

# Mean radius in meters, of the International Union of Geodesy and Geophysics.
_EARTH = 6_371_008.8


def score(
    view: View, formula: Formula, sources: Sequence[Scored], k: int, threshold: float | None = None
) -> Scored:
    """Return the `k` points of the sources that the formula gives most.

    Parameters
    ----------
    view : View
        Where payloads are read.
    formula : Formula
        What to compute.
    sources : sequence of Scored
        What the prefetches found.
    k : int
        Hits wanted.
    threshold : float or None
        Scores below it are left out.

    Raises
    ------
    InvalidRequest
        When a value is missing or of another type, or a result is not finite.
    """
    places, positions = distinct(sources)
    found = merged(sources).found
    given = np.full((len(sources), len(places)), np.nan)
    for number, (source, at) in enumerate(zip(sources, positions, strict=True)):
        given[number, at] = source.scores
    values = _Points(view, found, formula, given).value(formula.expression, np.arange(len(places)))
    with np.errstate(over="ignore"):
        scores = values.astype(np.float32)
    for at in np.flatnonzero(~np.isfinite(scores))[:1]:
        raise _not_finite(f"{shown(values[at])} as f32 = {shown(scores[at])}")
    return ranked(places, scores, k, threshold)


@dataclass(slots=True)
class _Points:
    """The points that a formula is about.

    Parameters
    ----------
    scores : float64[sources, n]
        NaN where a source did not find a point.
    bodies : list of dict
        Their payloads, once they were asked for.
    """

    view: View
    found: Found
    formula: Formula
    scores: Numbers
    bodies: list[dict[str, Any]] | None = field(default=None)

    def value(self, expression: Expression, at: Rows) -> Numbers:
        """Return float64[len(at)], what the expression is for the points `at`."""
        match expression:
            case Constant(number):
                return np.full(len(at), number)
            case ScoreOf(source):
                return self._score(source, at)
            case Variable(key):
                return np.array([_number(self._at(key, i, "number"), key) for i in at.tolist()], np.float64)
            case When(condition):
                return self._mask(condition)[at].astype(np.float64)
            case GeoDistance(lon, lat, key):
                return self._distance(lon, lat, key, at)
            case Moment(microseconds):
                return np.full(len(at), microseconds / 1e6)
            case MomentAt(key):
                return np.array([_moment(self._at(key, i, "datetime"), key) for i in at.tolist()], np.float64)
            case Apply():
                return self._apply(expression, at)
            case Divide():
                return self._quotient(expression, at)
            case Decay():
                return self._decay(expression, at)
            case _:
                assert_never(expression)

    def _score(self, source: int, at: Rows) -> Numbers:
        default = self.formula.defaults.get(f"$score[{source}]")
        missing = 0.0 if isinstance(default, bool) or not isinstance(default, int | float) else float(default)
        if source >= len(self.scores):
            return np.full(len(at), missing)
        own = self.scores[source, at]
        return np.where(np.isnan(own), missing, own)

    def _at(self, key: str, point: int, expected: str) -> Any:
        """Return the one value that a path selects, or its default."""
        if self.bodies is None:
            self.bodies = payloads(self.view, self.found, Selector())
        values: list[Any] = []
        for value in parse_path(key).select(self.bodies[point]):
            values += value if isinstance(value, list) else [value]
        if values:
            return values[0] if len(values) == 1 else values
        if key in self.formula.defaults:
            return self.formula.defaults[key]
        raise _wrong(expected, key, "No value found in a payload nor defaults")

    def _mask(self, condition: Condition) -> npt.NDArray[np.bool_]:
        """Return bool[n]: for which points a condition holds."""
        holds = np.zeros(len(self.found), np.bool_)
        for number, places in self.found.parts():
            mask = self.view.segments[number].mask(Filter(must=(condition,)))
            holds[places] = True if mask is None else mask[self.found.rows[places]]
        return holds

    def _distance(self, lon: float, lat: float, key: str, at: Rows) -> Numbers:
        ends = [_place(self._at(key, i, "geo point"), key) for i in at.tolist()]
        there = np.radians(np.array(ends, np.float64).reshape(-1, 2))
        here = np.radians([lon, lat])
        half = np.sin((there - here) / 2.0) ** 2
        chord = half[:, 1] + np.cos(here[1]) * np.cos(there[:, 1]) * half[:, 0]
        return np.asarray(2.0 * _EARTH * np.arcsin(np.sqrt(chord)), np.float64)

    def _apply(self, expression: Apply, at: Rows) -> Numbers:
        name, arguments = expression.name, expression.arguments
        if name == "mult":
            return self._product(arguments, at)
        if name == "sum":
            total = np.zeros(len(at))
            for argument in arguments:
                total += self.value(argument, at)
            return total
        values = [self.value(argument, at) for argument in arguments]
        if name in ("max", "min"):
            pick = np.maximum if name == "max" else np.minimum
            return np.asarray(pick.reduce(values), np.float64)
        if name in ("neg", "abs"):
            return -values[0] if name == "neg" else np.abs(values[0])
        with np.errstate(all="ignore"):
            result = _FUNCTIONS[name](*values)
        return _finite(result, lambda i: _SHOWN[name].format(*(shown(v[i]) for v in values)))

    def _product(self, factors: Sequence[Expression], at: Rows) -> Numbers:
        product = np.ones(len(at))
        left = np.arange(len(at))
        for factor in factors:
            value = self.value(factor, at[left])
            product[left] = np.where(value == 0.0, 0.0, product[left] * value)
            left = left[value != 0.0]
        return product

    def _quotient(self, expression: Divide, at: Rows) -> Numbers:
        quotient = self.value(expression.left, at)
        open_ = np.flatnonzero(quotient != 0.0)
        quotient[quotient == 0.0] = 0.0
        left, right = quotient[open_], self.value(expression.right, at[open_])
        with np.errstate(all="ignore"):
            result = left / right
        if expression.by_zero is not None:
            result[right == 0.0] = expression.by_zero
        quotient[open_] = _finite(result, lambda i: f"{shown(left[i])}/{shown(right[i])}")
        return quotient

    def _decay(self, expression: Decay, at: Rows) -> Numbers:
        gap = np.abs(self.value(expression.x, at) - self.value(expression.target, at))
        scale, midpoint = expression.scale, expression.midpoint
        if expression.kind == "lin":
            return np.maximum(1.0 - (1.0 - midpoint) / scale * gap, 0.0)
        if expression.kind == "exp":
            return np.exp(math.log(midpoint) / scale * gap)
        return np.exp(math.log(midpoint) / scale**2 * gap * gap)


_FUNCTIONS: dict[str, Callable[..., Numbers]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log10": np.log10,
    "ln": np.log,
    "acosh": np.arccosh,
    "pow": np.float_power,
}
# Left sides of the equations in error messages.
_SHOWN = {
    "sqrt": "√{}",
    "exp": "exp({})",
    "log10": "log10({})",
    "ln": "ln({})",
    "acosh": "acosh({})",
    "pow": "{}^{}",
}


def _number(value: Any, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("number", key, "Value is not a number")
    return float(value)


def _moment(value: Any, key: str) -> float:
    if not isinstance(value, str):
        raise _wrong("datetime", key, "Value is not a string")
    moment = parse_datetime(value)
    if moment is None:
        raise _wrong("datetime", key, "input contains invalid characters")
    return moment / 1e6


def _place(value: Any, key: str) -> tuple[float, float]:
    if not isinstance(value, dict) or not {"lon", "lat"} <= value.keys():
        raise _wrong("geo point", key, "expected an object with lon and lat")
    lon, lat = value["lon"], value["lat"]
    for part in (lon, lat):
        if isinstance(part, bool) or not isinstance(part, int | float):
            raise _wrong("geo point", key, "lon and lat must be numbers")
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise _wrong("geo point", key, f"Wrong format of GeoPoint payload: lat: {lat}, lon: {lon}")
    return float(lon), float(lat)


def _wrong(expected: str, key: str, problem: str) -> InvalidRequest:
    return InvalidRequest(
        f"Expected {expected} value for {key} in the payload and/or in the formula defaults. Error: {problem}"
    )


def _finite(values: Numbers, left: Callable[[int], str]) -> Numbers:
    for at in np.flatnonzero(~np.isfinite(values))[:1].tolist():
        raise _not_finite(f"{left(at)} = {shown(values[at])}")
    return values


def _not_finite(expression: str) -> InvalidRequest:
    return InvalidRequest(f"The expression {expression} produced a non-finite number")


def shown(value: Any) -> str:
    """Return a float as Rust prints it: without an exponent, ``inf``, ``NaN``."""
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else str(number)
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")
