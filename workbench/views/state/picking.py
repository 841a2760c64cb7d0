"""Which points of a page a person chose: one, several, a range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from traitlets import Any as Anything
from traitlets import HasTraits, List


@dataclass(frozen=True, slots=True)
class Row:
    """One point on the page."""

    id: Any
    payload: dict[str, Any]
    score: float | None = None


class Picking(HasTraits):
    """Points of a page, and those that are chosen.

    Attributes
    ----------
    shown : list of Row
        The page.
    selection : int, UUID or None
        The id of the point that was chosen last.
    selected : list of int or UUID
        The ids of all chosen points, on this page and others.
    """

    shown: List[Any] = List()
    selection = Anything(None, allow_none=True)
    selected: List[Any] = List()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._busy = False
        self._anchor: Any = None
        self.observe(self._chosen, ["selection", "selected"])

    def pick(self, at: int, mode: str = "set") -> None:
        """Choose points of the page.

        Parameters
        ----------
        at : int
            A row of the page.
        mode : {"set", "toggle", "range", "all", "none"}
            Instead of those chosen before; with them, or no longer; all from the one chosen last to it; the
            whole page; nothing.
        """
        ids = [row.id for row in self.shown]
        if mode == "none" or not ids:
            self.choose([], None)
        elif mode == "all":
            self.choose(ids, self.selection if self.selection in ids else ids[0])
        elif 0 <= at < len(ids):
            self.choose(*self._picked(ids, at, mode))

    def choose(self, chosen: list[Any], last: Any) -> None:
        """Choose points by their ids; `last` is the one that is shown whole."""
        if last is None or len(chosen) == 1 or self._anchor not in chosen:
            self._anchor = last
        with self._quietly(), self.hold_trait_notifications():
            self.selected, self.selection = chosen, last

    def _picked(self, ids: list[Any], at: int, mode: str) -> tuple[list[Any], Any]:
        point, chosen = ids[at], list(self.selected)
        if mode == "toggle" and point in chosen:
            chosen.remove(point)
            return chosen, chosen[-1] if chosen else None
        if mode == "toggle":
            return [*chosen, point], point
        if mode == "range" and self._anchor in ids:
            start = ids.index(self._anchor)
            return ids[min(start, at) : max(start, at) + 1], point
        return [point], point

    def _chosen(self, change: Any) -> None:
        """Keep the point chosen last among the chosen ones, when one of the two is set from Python."""
        if self._busy:
            return
        if change["name"] == "selection":
            self.choose([] if self.selection is None else [self.selection], self.selection)
        elif self.selection not in self.selected:
            self.choose(list(self.selected), self.selected[-1] if self.selected else None)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before
