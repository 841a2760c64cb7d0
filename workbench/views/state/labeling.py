"""Labels that a person gives to points: written into the engine's payloads, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import InvalidRequest
from workbench.models.json_path import quote_key

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# What a label replaced is kept for so many labels.
_UNDONE = 50


class Labeling:
    """Writes one payload key of many points at a time, and can undo it.

    Parameters
    ----------
    collection : Collection
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._past: list[tuple[str, dict[Any, Any], list[Any]]] = []

    def __len__(self) -> int:
        """How many labels can be undone."""
        return len(self._past)

    def labeled(self) -> list[Any]:
        """Return the id of one point of each label that can be undone."""
        return [next(iter([*before, *absent])) for _, before, absent in self._past if before or absent]

    def write(self, ids: Sequence[Any], key: str, value: Any) -> int:
        """Set ``{key: value}`` on points; return how many.

        Raises
        ------
        InvalidRequest
            When there are no points, or the key is empty or has a double quote.
        """
        key = key.strip()
        if not ids:
            raise InvalidRequest("label: expected chosen points, got none; draw a lasso around some first")
        if not key:
            raise InvalidRequest("label: expected a payload key such as 'topic', got an empty one")
        quote_key(key)  # refuses one that could not be taken back
        before: dict[Any, Any] = {}
        absent: list[Any] = []
        for record in self.collection.get(list(ids)):
            payload = record.payload or {}
            if key in payload:
                before[record.id] = payload[key]
            else:
                absent.append(record.id)
        self.collection.set_payload({key: value}, list(ids))
        self._past = [*self._past[1 - _UNDONE :], (key, before, absent)]
        return len(ids)

    def undo(self) -> str:
        """Take the last label back; return its key, empty if there is none."""
        if not self._past:
            return ""
        *self._past, (key, before, absent) = self._past
        if absent:
            self.collection.delete_payload([quote_key(key)], absent)
        same: dict[str, tuple[Any, list[Any]]] = {}
        for point_id, value in before.items():  # one write for all points that had the same value
            same.setdefault(repr(value), (value, []))[1].append(point_id)
        for value, ids in same.values():
            self.collection.set_payload({key: value}, ids)
        return key
