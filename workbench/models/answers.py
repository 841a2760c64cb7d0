"""What queries and writes are answered with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.models.points import PointId, Record


@dataclass(slots=True)
class ScoredPoint:
    """A point that a query found; the parts are those of a :class:`Record`."""

    id: PointId
    score: float
    version: int = 0
    payload: dict[str, Any] | None = None
    vectors: dict[str, Any] | None = None
    order_value: int | float | None = None


@dataclass(slots=True)
class PointGroup:
    """The best points of one value of the field that a query was grouped by."""

    id: str | int
    hits: list[ScoredPoint]
    lookup: Record | None = None


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """The receipt of a write: its operation number, and whether it is applied (``completed``) or logged."""

    operation_id: int
    status: str = "completed"
    points: int = field(default=0, compare=False)
