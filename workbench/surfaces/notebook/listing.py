"""Points in an order, a part at a time: what a page shows, without the DataFrame that it may become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.models.filters import Filter
from workbench.models.points import Record
from workbench.models.query import Selector
from workbench.query import fetch, nearest, order, scroll
from workbench.segments.view import View

if TYPE_CHECKING:
    from workbench import collection as core


def listed(
    inner: core.Collection,
    flt: Filter | None = None,
    *,
    offset: int = 0,
    limit: int = 20,
    sort: str | None = None,
    descending: bool = False,
) -> tuple[list[Record], int]:
    """Return some of the points that a filter accepts, with their payloads, and how many it accepts.

    In the order of ids, or of the payload key `sort`; points without that key come last.
    """

    def ask(view: View) -> tuple[list[Record], int]:
        places = (
            order.ordered(view, flt, sort, descending=descending)
            if sort is not None
            else _by_id(view, flt, descending)
        )
        wanted = places.first(offset, offset + limit)
        return fetch.records(view, wanted, Selector(), Selector(False)), len(places)

    return fetch.retrying(lambda: inner.view, ask)


def _by_id(view: View, flt: Filter | None, descending: bool) -> nearest.Found:
    found = scroll.matching(view, flt)
    by_id = nearest.ids_of(view, found).order()
    by_id = by_id[::-1] if descending else by_id
    return nearest.Found(found.segments[by_id], found.rows[by_id], found.distances[by_id])
