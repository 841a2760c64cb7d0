"""What a notebook writes into a collection, and which points it means by that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import InvalidRequest
from workbench.models.ids import parse_point_id
from workbench.models.points import IdArray, PointId
from workbench.surfaces.notebook import texts
from workbench.surfaces.notebook.progress import Wanted

if TYPE_CHECKING:
    from workbench import collection as core
    from workbench import embedding
    from workbench.models.answers import UpdateResult
    from workbench.models.filters import Filter
    from workbench.surfaces.notebook.adding import Added

Where: TypeAlias = "Mapping[str, Any] | Filter | None"
Ids = PointId | str | Iterable[PointId | str]


class Writing:
    """The part of a notebook's collection that changes it."""

    _inner: core.Collection
    _embedder: embedding.Embedder | None

    def add(
        self,
        frame: Any = None,
        *,
        text: str | None = None,
        vectors: Any = None,
        id: Any = None,
        progress: Wanted = True,
    ) -> Added:
        """Insert rows, replacing points of the same id; arguments as in ``db.create``.

        Rows become visible in batches of some thousands; each is on disk when it is. If one fails or the call
        is interrupted, the batches before it stay, and the error says how many rows that is.
        """
        from workbench.surfaces.notebook.adding import add_frame

        record = texts.TextRecord.of(self._inner.config.metadata)
        embedder = (
            self._embedder if record is None else texts.resolve(record, self._embedder, self._inner.name)
        )
        return add_frame(
            self._inner,
            frame,
            text=text,
            vectors=vectors,
            id=id,
            record=record,
            embedder=embedder,
            progress=progress,
        )

    def delete(self, ids: Ids | None = None, *, where: Where = None) -> UpdateResult:
        """Delete points by ids, or all that a filter accepts."""
        from workbench.collection import updates

        return updates.delete(self._inner, self._selector(ids, where))

    def set_payload(
        self, values: Mapping[str, Any], ids: Ids | None = None, *, where: Where = None
    ) -> UpdateResult:
        """Set payload keys of points by ids, or of all that a filter accepts; other keys stay."""
        from workbench.collection import payloads

        return payloads.set_payload(self._inner, self._selector(ids, where), values)

    def delete_payload(
        self, keys: Sequence[str], ids: Ids | None = None, *, where: Where = None
    ) -> UpdateResult:
        """Delete payload keys of points by ids, or of all that a filter accepts."""
        from workbench.collection import payloads

        return payloads.delete_payload(self._inner, self._selector(ids, where), keys)

    def _selector(self, ids: Ids | None, where: Where) -> IdArray | Filter:
        if ids is not None and where is None:
            return IdArray.of(parsed_ids(ids))
        if ids is None and where is not None:
            return parsed_filter(where)
        raise InvalidRequest("expected either ids or where=, to say which points are meant")


def parsed_ids(ids: Ids) -> list[PointId]:
    """Return the ids that one or several values stand for."""
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable):
        return [parse_point_id(ids)]
    return [parse_point_id(i) for i in ids]


def parsed_filter(where: Mapping[str, Any] | Filter) -> Filter:
    """Return the filter that a `where` means."""
    return _parser()(where)


@cache
def _parser() -> Callable[[Mapping[str, Any] | Filter], Filter]:
    """Import what reads filters at the first use, and find it in no time at the next."""
    from workbench.models.where import where

    return where
