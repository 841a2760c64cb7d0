"""Values and ranges picked beside the table: which conditions they are, and what the fields hold."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Dict, HasTraits, List

from workbench.models.datetimes import parse_datetime
from workbench.surfaces.notebook.facets import COUNTED, NUMERIC, Facet, Facets, Field
from workbench.tasks import Task, give_way

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

# More fields than this do not fit beside a table.
_FIELDS = 12
# Reading the payloads of so many points the first time takes 0.2 s of one core; more wait in the background.
_AT_ONCE = 20_000


class Narrowing(HasTraits):
    """The fields of a collection, counts of their values, and which of them are picked.

    Attributes
    ----------
    narrowed : dict
        Field to condition, as in `where`: a list of values, or bounds ``gte`` and ``lte``.
    facets : list of Facet
        Counts of all points, and of those that everything but the field's own condition accepts.
    counting : bool
        Whether payloads are read in the background for the first counts.
    """

    narrowed: Dict[str, Any] = Dict()
    facets: List[Any] = List()
    counting = Bool(False)

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self.collection = collection
        self.fields: list[Field] = []
        self._facets = Facets(collection)
        self._ready = threading.Event()
        self._where: Any = None
        self._counted: tuple[Any, str, str] | None = None

    @property
    def counted(self) -> list[Field]:
        """The fields whose values are counted."""
        return [f for f in self.fields if f.kind in COUNTED][:_FIELDS]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each field."""
        return {f.key: f.kind for f in self.fields}

    def count(self, where: Any) -> None:
        """Count the values of the points that `where` accepts; at first perhaps in the background."""
        self._where = where
        if not self.fields:
            self.fields = self._facets.fields()
        if self._ready.is_set() or len(self.collection) <= _AT_ONCE:
            self._ready.set()
            self._tally(where)
        elif not self.counting:
            self.counting = True
            Task("counting values").start(lambda _progress: self._first())

    def wait_for_counts(self, timeout: float | None = None) -> bool:
        """Wait until the first counts are there; False when `timeout` seconds passed first."""
        return self._ready.wait(timeout)

    def pick_value(self, key: str, value: Any) -> None:
        """Pick a value of a field, or no longer if it was."""
        now = self.narrowed.get(key)
        chosen = list(now) if isinstance(now, list) else []
        chosen = [v for v in chosen if v != value] if value in chosen else [*chosen, value]
        self._narrow(key, chosen or None)

    def pick_range(self, key: str, low: float | None, high: float | None) -> None:
        """Pick a range of a field, in the units of its edges; None for no range."""
        if low is None or high is None:
            return self._narrow(key, None)
        kind = self.kinds.get(key, "float")
        low, high = min(low, high), max(low, high)
        self._narrow(key, {"gte": _bound(low, kind), "lte": _bound(high, kind)})

    def widen(self, key: str | None = None) -> None:
        """Drop the condition on a field, or all of them."""
        self.narrowed = {} if key is None else {k: v for k, v in self.narrowed.items() if k != key}

    def complete(self, key: str, begin: str = "") -> list[Any]:
        """Return values of a field that begin with what is typed, the most frequent first."""
        return self._facets.values(key, begin)

    # -- inside ----------------------------------------------------------------------------------------

    def _narrow(self, key: str, condition: Any) -> None:
        others = {k: v for k, v in self.narrowed.items() if k != key}
        self.narrowed = others if condition is None else {**others, key: condition}

    def _first(self) -> None:
        give_way()
        try:
            self._facets.prepare(self.counted)
            self._tally(self._where)
        finally:
            self._ready.set()
            self.counting = False

    def _tally(self, where: Any) -> None:
        asked = (self._facets.moment, repr(where), repr(self.narrowed))
        if self._counted is not None and self._counted[0] is asked[0] and self._counted[1:] == asked[1:]:
            return  # another page, another order: the counts are the same
        found = self._facets.count(self.counted, where, self.narrowed)
        self.facets = [facet for facet in found if _says_something(facet)]
        self._counted = asked


def ends_of(condition: Any, kind: str) -> tuple[float | None, float | None]:
    """Return the bounds of a condition in the units of a facet's edges."""
    if not isinstance(condition, Mapping):
        return None, None
    return _unit(condition.get("gte"), kind), _unit(condition.get("lte"), kind)


def said(key: str, condition: Any) -> str:
    """Return a condition in words, for a chip."""
    if isinstance(condition, list):
        return f"{key}: {', '.join(str(value) for value in condition)}"
    if isinstance(condition, Mapping):
        return f"{key}: {condition.get('gte', '…')} to {condition.get('lte', '…')}"
    return f"{key}: {condition}"


def _says_something(facet: Facet) -> bool:
    if facet.field.kind in NUMERIC:
        return len(facet.counts) > 1
    return bool(facet.values) and (facet.distinct < int(facet.counts.sum()) or facet.distinct < 20)


def _bound(value: float, kind: str) -> Any:
    if kind == "integer":
        return round(value)
    if kind == "datetime":
        moment = datetime.fromtimestamp(round(value), UTC)
        return moment.isoformat().replace("+00:00", "Z")
    return float(f"{value:.6g}")


def _unit(value: Any, kind: str) -> float | None:
    if value is None:
        return None
    if kind == "datetime":
        micros = parse_datetime(str(value))
        return None if micros is None else micros / 1e6
    return float(value)
