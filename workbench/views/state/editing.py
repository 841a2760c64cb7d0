"""Changes that a person makes to points: payloads, labels, deletions; each can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import InvalidRequest, NotFound
from workbench.surfaces.notebook import restoring
from workbench.views.state.labeling import Labeling

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# What changes replaced is kept for so many changes; a deletion keeps the vectors of its points.
_UNDONE = 50
_MOST = 10_000


class Editing:
    """Changes points of a collection, and takes changes back, the newest first.

    Parameters
    ----------
    collection : Collection
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._labels = Labeling(collection)
        self._past: list[tuple[str, Callable[[], Any]]] = []

    def __len__(self) -> int:
        """How many changes can be undone."""
        return len(self._past)

    def replace(self, point_id: Any, text: str) -> str:
        """Replace the payload of a point by a JSON object that was typed; return what was done, in words.

        Raises
        ------
        InvalidRequest
            When `text` is no JSON object; where it stops to be JSON is said by line and column.
        NotFound
            When the point does not exist any more.
        """
        payload = read_payload(text)
        before = self.collection.get([point_id])
        if not before:
            raise NotFound(f"No point with id {point_id} found")
        old = before[0].payload or {}
        restoring.overwrite_payload(self.collection, point_id, payload)
        self._remember(
            f"The payload of {point_id} is as it was before.",
            lambda: restoring.overwrite_payload(self.collection, point_id, old),
        )
        return f"The payload of {point_id} was saved."

    def delete(self, ids: Sequence[Any]) -> str:
        """Delete points; return what was done, in words.

        Raises
        ------
        InvalidRequest
            When there are none, or so many that their vectors are not kept for undoing.
        """
        if not ids:
            raise InvalidRequest("delete: expected chosen points, got none; click one first")
        if len(ids) > _MOST:
            raise InvalidRequest(
                f"delete: expected at most {_MOST:,} points, which can be restored, got {len(ids):,}; "
                "use collection.delete(ids)"
            )
        records = restoring.read(self.collection, ids)
        self.collection.delete([r.id for r in records])
        said = _points(len(records))
        self._remember(
            f"{said} restored, with vectors and payload.",
            lambda: restoring.restore(self.collection, records),
        )
        return f"{said} deleted."

    def label(self, ids: Sequence[Any], key: str, value: Any) -> str:
        """Set ``{key: value}`` on points; return what was done, in words."""
        count = self._labels.write(ids, key, value)
        self._remember(f"{key} is as it was before.", self._labels.undo)
        return f"{count:,} {'point has' if count == 1 else 'points have'} {key} = {value!r}."

    def undo(self) -> str:
        """Take the newest change back; return what was done, in words."""
        if not self._past:
            return "There is nothing to undo."
        *self._past, (said, back) = self._past
        back()
        return said

    def _remember(self, said: str, back: Callable[[], Any]) -> None:
        self._past = [*self._past[1 - _UNDONE :], (said, back)]


def read_payload(text: str) -> dict[str, Any]:
    """Return the JSON object that a person typed.

    Raises
    ------
    InvalidRequest
        When it is none.
    """
    try:
        found = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"payload: expected JSON, got a mistake in line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    if not isinstance(found, dict):
        raise InvalidRequest(
            f'payload: expected an object such as {{"year": 2000}}, got a {type(found).__name__}'
        )
    return found


def _no_number(name: str) -> None:
    raise InvalidRequest(f"payload: expected what JSON can hold, got {name}; write null instead")


def _points(count: int) -> str:
    return f"{count:,} point was" if count == 1 else f"{count:,} points were"
