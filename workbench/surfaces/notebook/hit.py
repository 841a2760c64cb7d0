"""One point found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.models.points import PointId


@dataclass(frozen=True, slots=True)
class Hit:
    """One point found, with its score.

    Attributes
    ----------
    id : int or uuid.UUID
    score : float
        In the collection's distance: greater is nearer for Cosine and Dot, smaller for Euclid and Manhattan.
    payload : dict or None
    vectors : dict or None
        By name, if they were asked for.
    """

    id: PointId
    score: float
    payload: dict[str, Any] | None = None
    vectors: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return (self.payload or {})[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of the payload, or `default` where there is none, as of a missing value."""
        return (self.payload or {}).get(key, default)
