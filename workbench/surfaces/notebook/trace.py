"""The path of one query through the graphs: counts to look at, and a DataFrame of every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.indexes.hnsw_trace import CANDIDATE, FILTERED, RESULT
from workbench.models.points import PointId
from workbench.query.replay import Replay
from workbench.query.trace import QueryTrace, SegmentTrace
from workbench.surfaces import html
from workbench.surfaces.notebook.screens import open_screen

if TYPE_CHECKING:
    import pandas as pd

    from workbench.surfaces.notebook.diagnosis import Diagnosis

_FLAGS = (("candidate", CANDIDATE), ("result", RESULT), ("filtered", FILTERED))


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, so that it can be asked again.

    Attributes
    ----------
    collection : Collection
    query : str or array_like
        As it was given.
    compared : float32 [d]
        As it was compared.
    vector : str
        The name of the vectors.
    settings : dict
        ``where``, ``k``, ``ef`` and ``embedder``.
    """

    collection: Diagnosis
    query: Any
    compared: npt.NDArray[np.float32]
    vector: str
    settings: dict[str, Any]


class Trace:
    """What a search did. As the last expression of a cell it shows itself as a screen: see :meth:`view`.

    Attributes
    ----------
    ids : list of int or uuid.UUID
        The hits, best first: those of ``collection.search``.
    scores : float32[k]
    segments : tuple of SegmentTrace
        How each segment was searched: ``choice`` (strategy, reason, estimates), ``steps`` (the columns of the
        walk), ``layers`` (visited and computed) and ``computed``.
    k, ef : int, int or None
        What was asked for.
    traced : QueryTrace
        All that is known of the search; `question` is what was asked.
    """

    def __init__(
        self,
        title: str,
        traced: QueryTrace,
        ids: list[PointId],
        scores: npt.NDArray[np.float32],
        k: int,
        ef: int | None,
        question: Question,
    ) -> None:
        self.title, self.ids, self.scores, self.k, self.ef = title, ids, scores, k, ef
        self.segments: tuple[SegmentTrace, ...] = traced.segments
        self.traced, self.question = traced, question

    @property
    def computed(self) -> int:
        """Distances computed in all segments."""
        return sum(segment.computed for segment in self.segments)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each node measured by a walk, in order.

        Columns: ``segment``, ``hop``, ``layer``, ``parent`` and ``node`` (rows of the graph), ``id``,
        ``score`` (from the vector), ``distance`` (what the walk compared), ``candidate``, ``result``,
        ``filtered``. Segments that were scanned have no rows.
        """
        import pandas as pd

        frames = [_frame(segment) for segment in self.segments if segment.steps is not None]
        names = ["segment", "hop", "layer", "parent", "node", "id", "score", "distance"]
        empty = pd.DataFrame(columns=[*names, *(name for name, _ in _FLAGS)])
        return pd.concat(frames, ignore_index=True) if frames else empty

    def replay(self, segment: int = 0) -> Replay:
        """Play the walk through one of `segments` again: what was expanded in each hop, and the heaps.

        Raises
        ------
        ValueError
            If that segment was not walked.
        """
        own = self.segments[segment]
        if own.steps is None or own.walk is None:
            raise ValueError(f"replay: segment {own.segment} was not walked: {own.choice.reason}")
        return Replay(own.steps, own.walk)

    def view(self, **settings: Any) -> Any:
        """Open the screen: the walk on a map, step by step, with its distances and heaps.

        Settings are the traits of :class:`workbench.views.widgets.trace.TraceView` to begin with, and
        ``map``, an open ``collection.map()`` to draw on.
        """
        asked = self.question
        return open_screen(
            "trace", asked.collection, asked.query, traced=self, **{**asked.settings, **settings}
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        data, metadata = self.view()._repr_mimebundle_(**options)
        return {**data, "text/plain": repr(self)}, metadata

    def __len__(self) -> int:
        return sum(0 if s.steps is None else len(s.steps.node) for s in self.segments)

    def __repr__(self) -> str:
        lines = [f"Trace of a query in {self.title}: {len(self.ids)} hits, {self.computed:,} distances"]
        for segment in self.segments:
            about = segment.choice
            lines.append(f"  segment {segment.segment}: {about.strategy.value}, {about.reason}")
            lines += [
                f"    layer {own.layer}: {own.visited:,} visited, {own.computed:,} computed"
                for own in segment.layers
            ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = []
        for s in self.segments:
            why = f"{s.choice.strategy.value}: {s.choice.reason}"
            if s.steps is None:
                rows.append([s.segment, why, "", "", f"{s.computed:,}"])
            rows += [[s.segment, why, c.layer, f"{c.visited:,}", f"{c.computed:,}"] for c in s.layers]
        about = f"{len(self.ids)} hits · {self.computed:,} distances · .to_frame() has each step"
        columns = ["segment", "strategy", "layer", "visited", "computed"]
        return html.listing(f"Trace in {self.title}", about, columns, rows, "The collection has no points.")


def _frame(segment: SegmentTrace) -> pd.DataFrame:
    import pandas as pd

    assert segment.steps is not None
    steps = segment.steps
    columns = {
        "segment": np.full(len(steps.node), segment.segment, np.int32),
        "hop": steps.hop,
        "layer": steps.layer,
        "parent": steps.parent,
        "node": steps.node,
        "id": segment.ids.tolist(),
        "score": segment.scores,
        "distance": steps.distance,
    }
    return pd.DataFrame({**columns, **{name: (steps.flags & bit) != 0 for name, bit in _FLAGS}})
