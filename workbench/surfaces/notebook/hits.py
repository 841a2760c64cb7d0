"""The answer to a search: a list of hits that shows itself and turns into a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.models.points import PointId, Record
from workbench.query.plan import Choice

if TYPE_CHECKING:
    import pandas as pd

    from workbench.surfaces.notebook.hit import Hit


class Hits(Sequence["Hit"]):
    """Points found, best first.

    Attributes
    ----------
    ids : list of int or uuid.UUID
    scores : float32[k]
    query : str or None
        The text that was searched for, if it was a text.
    took_ms : float
        Time of the search, without embedding.
    choices : list of Choice
        How each segment was searched, and why.
    advice : str
        If nothing was found: which fields of the filter no point has.
    """

    __slots__ = ("_records", "_title", "advice", "choices", "ids", "query", "scores", "took_ms")

    def __init__(
        self,
        ids: list[PointId],
        scores: npt.NDArray[np.float32],
        records: list[Record] | None,
        query: str | None = None,
        took_ms: float = 0.0,
        choices: list[Choice] | None = None,
        title: str = "",
        advice: str = "",
    ) -> None:
        self.ids, self.scores = ids, scores
        self.query, self.took_ms, self.choices = query, took_ms, choices or []
        self._records, self._title, self.advice = records, title, advice

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            records = None if self._records is None else self._records[at]
            return Hits(
                self.ids[at],
                self.scores[at],
                records,
                query=self.query,
                took_ms=self.took_ms,
                choices=self.choices,
                title=self._title,
            )
        record = None if self._records is None else self._records[at]
        payload, vectors = (None, None) if record is None else (record.payload, record.vectors)
        from workbench.surfaces.notebook.hit import Hit

        return Hit(self.ids[at], float(self.scores[at]), payload, vectors)

    def __iter__(self) -> Iterator[Hit]:
        return (self[i] for i in range(len(self)))

    @property
    def payloads(self) -> list[dict[str, Any] | None]:
        """The payloads, in order; None for each when they were not asked for."""
        return [None] * len(self) if self._records is None else [r.payload for r in self._records]

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame: ``id``, ``score``, and a column for each payload key."""
        from workbench.surfaces.notebook.frames import to_frame

        return to_frame(self.ids, self.payloads, score=[round(float(s), 6) for s in self.scores])

    def __repr__(self) -> str:
        from workbench.surfaces import html

        head = f"{len(self)} hits{self._about()}" + (f": {self.advice}" if self.advice else "")
        lines = [f"  {hit.score:8.4f}  {hit.id}  {html.short(hit.payload, 90)}" for hit in self]
        return "\n".join([head, *lines])

    def _repr_html_(self) -> str:
        from workbench.surfaces import html

        rows = [[str(h.id), f"{h.score:.4f}", h.payload] for h in self]
        keys = list(dict.fromkeys(k for p in self.payloads for k in (p or {})))
        return html.hits_table(f"{len(self)} hits{self._about()}", rows, keys, self._note())

    def _about(self) -> str:
        return (f" for “{self.query}”" if self.query is not None else "") + (
            f" in {self._title}" if self._title else ""
        )

    def _note(self) -> str:
        ways = sorted({c.strategy.value for c in self.choices} - {"skipped"})
        return " · ".join(filter(None, [f"{self.took_ms:.2f} ms", " + ".join(ways), self.advice]))
