"""The path of one query through the graphs: counts to look at, and a DataFrame of every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from workbench.models.points import PointId
from workbench.query.trace import QueryTrace, SegmentTrace
from workbench.surfaces import html

if TYPE_CHECKING:
    import pandas as pd

_FLAGS = (("candidate", 1), ("result", 2), ("filtered", 4))


class Trace:
    """What a search did.

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
    """

    def __init__(
        self,
        title: str,
        traced: QueryTrace,
        ids: list[PointId],
        scores: npt.NDArray[np.float32],
        k: int,
        ef: int | None,
    ) -> None:
        self.title, self.ids, self.scores, self.k, self.ef = title, ids, scores, k, ef
        self.segments: tuple[SegmentTrace, ...] = traced.segments

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
