"""Formulas: expressions over the scores of prefetches and over payloads, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from workbench.models.filters import Condition


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class ScoreOf:
    """``$score[i]``: the score that the i-th prefetch gave the point."""

    prefetch: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """The number at a JSON path of the payload."""

    key: str


@dataclass(frozen=True, slots=True)
class When:
    """1 where a condition holds, else 0."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class GeoDistance:
    """Meters from a place to the place at a JSON path of the payload."""

    lon: float
    lat: float
    key: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A fixed point in time, microseconds since 1970; its value in a formula is in seconds."""

    microseconds: int


@dataclass(frozen=True, slots=True)
class MomentAt:
    """The point in time at a JSON path of the payload, in seconds since 1970."""

    key: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of one or more expressions.

    Parameters
    ----------
    name : str
        ``mult``, ``sum``, ``max``, ``min`` (of any number); ``neg``, ``abs``, ``sqrt``, ``exp``, ``log10``,
        ``ln``, ``acosh`` (of one); ``pow`` (base, exponent).
    arguments : tuple of Expression
    """

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Divide:
    """A quotient, and what it is where the divisor is 0 (None: that is an error)."""

    left: Expression
    right: Expression
    by_zero: float | None = None


@dataclass(frozen=True, slots=True)
class Decay:
    """1 at a target value, falling to `midpoint` at the distance `scale`.

    Parameters
    ----------
    kind : str
        ``lin``, ``exp`` or ``gauss``.
    x, target : Expression
        The value looked at, and the best one.
    scale, midpoint : float
        `scale` is positive, `midpoint` between 0 and 1.
    """

    kind: Literal["lin", "exp", "gauss"]
    x: Expression
    target: Expression = Constant(0.0)
    scale: float = 1.0
    midpoint: float = 0.5


Expression: TypeAlias = (
    Constant | ScoreOf | Variable | When | GeoDistance | Moment | MomentAt | Apply | Divide | Decay
)
