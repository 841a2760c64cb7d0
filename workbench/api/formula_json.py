"""Formulas of a request, from JSON to expressions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from workbench.api.body import REQUIRED, Body, wrong_type
from workbench.api.values import read_filter
from workbench.errors import FormatError, InvalidRequest
from workbench.models.datetimes import parse_datetime
from workbench.models.filter_json import CLAUSES, CONDITIONS
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
from workbench.models.requests import Formula

# Expressions within expressions: the depth at which Qdrant's JSON parser gives up.
MAX_DEPTH = 128

_MANY = ("mult", "sum", "max", "min")
_ONE = ("neg", "abs", "sqrt", "exp", "log10", "ln", "acosh")
_DECAYS: dict[str, Literal["lin", "exp", "gauss"]] = {
    "lin_decay": "lin",
    "exp_decay": "exp",
    "gauss_decay": "gauss",
}


def read_formula(body: Body) -> Formula:
    """Return the formula of an object with ``formula`` and perhaps ``defaults``.

    Raises
    ------
    FormatError
        When it does not have the shape of an expression.
    InvalidRequest
        When a variable, a date or a parameter of a decay is not valid.
    """
    expression = read_expression(body.raw("formula", REQUIRED), body.at("formula"))
    defaults = body.fields.get("defaults", {})
    if not isinstance(defaults, Mapping):
        raise wrong_type(defaults, "a map", body.at("defaults"))
    return Formula(expression, {_name(read_variable(key)): value for key, value in defaults.items()})


def read_expression(value: Any, where: str, depth: int = 1) -> Expression:
    """Return one expression: a number, a variable, a condition, or an object that names its operation."""
    if depth > MAX_DEPTH:
        raise FormatError("recursion limit exceeded")
    if isinstance(value, str):
        return read_variable(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(_single(value, where))
    if not isinstance(value, Mapping):
        raise _no_expression(where)
    if len(value) == 1:
        ((name, inner),) = value.items()
        found = _operation(name, inner, f"{where}.{name}", depth)
        if found is not None:
            return found
    return _condition(value, where)


def read_variable(text: str) -> Variable | ScoreOf:
    """Return ``$score``, ``$score[i]`` or the JSON path that a text is."""
    if text.startswith("$"):
        name, bracket, rest = text[1:].partition("[")
        if name != "score":
            raise _no_variable(text, f"Invalid reserved word: {text}")
        digits = rest.removesuffix("]")
        if not bracket:
            return ScoreOf(0)
        if digits == rest or not digits.isascii() or not digits.isdigit():
            raise _no_variable(text, f"Invalid reserved variable: {text}")
        return ScoreOf(int(digits))
    try:
        return Variable(str(parse_path(text)))
    except InvalidRequest:
        raise _no_variable(text, f"Invalid payload variable: {text}") from None


def _operation(name: str, inner: Any, where: str, depth: int) -> Expression | None:
    """Return the operation called `name`, or None when there is none of that name."""
    if name in _MANY:
        if not isinstance(inner, Sequence) or isinstance(inner, str):
            raise wrong_type(inner, "a sequence", where)
        parts = tuple(read_expression(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(inner))
        if not parts and name in ("max", "min"):
            raise InvalidRequest(f"Validation failed: `{name}` needs at least one operand")
        return Apply(name, parts)
    if name in _ONE:
        return Apply(name, (read_expression(inner, where, depth + 1),))
    if name in _DECAYS:
        return _decay(_DECAYS[name], Body(inner, where), depth)
    if name == "datetime":
        return Moment(_moment(inner, where))
    if name == "datetime_key":
        return MomentAt(_path(inner, where))
    if name == "pow":
        pair = Body(inner, where)
        return Apply(name, (_part(pair, "base", depth), _part(pair, "exponent", depth)))
    if name == "div":
        pair = Body(inner, where)
        default = pair.number("by_zero_default")
        by_zero = None if default is None else _single(default, pair.at("by_zero_default"))
        return Divide(_part(pair, "left", depth), _part(pair, "right", depth), by_zero)
    return _geo_distance(Body(inner, where)) if name == "geo_distance" else None


def _part(body: Body, name: str, depth: int) -> Expression:
    return read_expression(body.raw(name, REQUIRED), body.at(name), depth + 1)


def _geo_distance(body: Body) -> GeoDistance:
    origin = body.body("origin", REQUIRED)
    lon, lat = origin.number("lon", REQUIRED), origin.number("lat", REQUIRED)
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise FormatError(f"{origin.where}: Wrong format of GeoPoint payload: lat: {lat}, lon: {lon}")
    return GeoDistance(lon, lat, _path(body.raw("to", REQUIRED), body.at("to")))


def _decay(kind: Literal["lin", "exp", "gauss"], body: Body, depth: int) -> Decay:
    x = _part(body, "x", depth)
    target = _part(body, "target", depth) if body.has("target") else Constant(0.0)
    scale = _single(body.number("scale", 1.0), body.at("scale"))
    midpoint = _single(body.number("midpoint", 0.5), body.at("midpoint"))
    if not scale > 0:
        raise InvalidRequest(
            f"Validation failed: Decay scale should be non-zero positive, got {_shown(scale)}."
        )
    if kind == "lin" and not 0.0 <= midpoint <= 1.0:
        raise InvalidRequest(
            "Validation failed: Linear decay midpoint should be in the range [0.0, 1.0], "
            f"got {_shown(midpoint)}."
        )
    if kind != "lin" and not 0.0 < midpoint < 1.0:
        raise InvalidRequest(
            f"Validation failed: Decay midpoint should be in the range (0.0, 1.0), got {_shown(midpoint)}."
        )
    return Decay(kind, x, target, scale, midpoint)


def _condition(value: Mapping[str, Any], where: str) -> When:
    if value.keys().isdisjoint((*CONDITIONS, *CLAUSES)):
        raise _no_expression(where)
    flt = read_filter({"must": [value]}, where)
    assert flt is not None
    return When(flt.must[0])


def _moment(value: Any, where: str) -> int:
    if not isinstance(value, str):
        raise wrong_type(value, "a string", where)
    moment = parse_datetime(value)
    if moment is None:
        raise InvalidRequest(
            f"Validation failed: failed to parse date-time {value}: input contains invalid characters"
        )
    return moment


def _path(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, "a string", where)
    return str(parse_path(value))


def _single(value: float, where: str) -> float:
    """Return a number as float32 holds it, like Qdrant's parser."""
    with np.errstate(over="ignore"):
        number = float(np.float32(value))
    if not math.isfinite(number):
        raise FormatError(f"{where}: number out of range")
    return number


def _shown(number: float) -> str:
    return repr(number).removesuffix(".0")


def _name(variable: Variable | ScoreOf) -> str:
    return variable.key if isinstance(variable, Variable) else f"$score[{variable.prefetch}]"


def _no_variable(text: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"Validation failed: failed to parse variable ID {text}: {problem}")


def _no_expression(where: str) -> FormatError:
    return FormatError(f"{where}: data did not match any variant of untagged enum Expression")
