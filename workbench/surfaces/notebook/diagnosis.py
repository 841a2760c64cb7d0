"""Questions about searches rather than for points: what did it do, and why."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench import distances, kernels
from workbench.models.ids import parse_point_id
from workbench.models.points import PointId
from workbench.models.query import SearchParams, check_limit
from workbench.query import fetch, nearest
from workbench.segments.view import View
from workbench.surfaces.notebook.asking import Asking

if TYPE_CHECKING:
    from workbench.models.filters import Filter
    from workbench.surfaces.notebook.explained import Explained
    from workbench.surfaces.notebook.health import HealthReport
    from workbench.surfaces.notebook.memory import CollectionMemory
    from workbench.surfaces.notebook.trace import Trace
    from workbench.surfaces.notebook.why_missed import WhyMissed

Where: TypeAlias = "Mapping[str, Any] | Filter | None"

# Who asks how a search walks wants the walk, not the scan that answers while the kernels are loading: half a
# second from the disk cache, some ten seconds where they were never compiled.
_PATIENCE_S = 60.0


class Diagnosis(Asking):
    """The part of a notebook's collection that explains it."""

    def memory(self) -> CollectionMemory:
        """Return how many bytes each component has on disk, mapped, allocated and in RAM now."""
        from workbench.surfaces.notebook.memory import CollectionMemory

        return CollectionMemory.of(self._inner)

    def trace(
        self,
        query: Any,
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        vector: str | None = None,
        embedder: Any = None,
    ) -> Trace:
        """Search as :meth:`search` does, and return each step of the walk through the graphs.

        As the last expression of a cell the trace shows itself: the walk on a map, hop by hop.

        Examples
        --------
        >>> import workbench as wb
        >>> points = wb.open().create("points", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
        >>> points.trace([1.0, 0.1], k=1).ids
        [0]
        """
        from workbench.query import trace
        from workbench.surfaces.notebook.trace import Question, Trace

        view, asked = self._inner.view, _Asked(self, query, where, k, ef, vector, embedder)
        traced = trace.trace(view, asked.name, asked.query, asked.k, flt=asked.flt, params=asked.params)
        ids = nearest.ids_of(view, traced.found).tolist()
        scores = distances.scores(traced.found.distances, asked.distance)
        settings = {"where": where, "k": asked.k, "ef": ef, "vector": vector, "embedder": embedder}
        question = Question(self, query, asked.query, asked.name, settings)
        return Trace(self._inner.name, traced, ids, scores, asked.k, ef, question)

    def explain(
        self,
        query: Any,
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        exact: bool = False,
        vector: str | None = None,
        embedder: Any = None,
    ) -> Explained:
        """Search as :meth:`search` does, some times, and return how each segment is searched and why, the
        estimates beside what happened, the time of each stage, and advice.
        """
        from workbench.query.explain import explain
        from workbench.surfaces.notebook.explained import Explained

        asked = _Asked(self, query, where, k, ef, vector, embedder, exact=exact)

        def ask(view: View) -> Explained:
            about = explain(view, asked.name, asked.query, asked.k, flt=asked.flt, params=asked.params)
            stages = {"parse": asked.took, **about.stages}
            return Explained(self._inner.name, replace(about, stages=stages))

        return fetch.retrying(lambda: self._inner.view, ask)

    def why_missed(
        self,
        query: Any,
        id: PointId | str,
        *,
        where: Where = None,
        k: int = 10,
        ef: int | None = None,
        vector: str | None = None,
        embedder: Any = None,
    ) -> WhyMissed:
        """Return why a search with these parameters does not find the point `id`, with proof and cure."""
        from workbench.query import missed
        from workbench.surfaces.notebook.why_missed import WhyMissed

        view, asked = self._inner.view, _Asked(self, query, where, k, ef, vector, embedder)
        point = parse_point_id(id)
        verdict = missed.why(
            view, asked.name, asked.query, asked.k, point, flt=asked.flt, params=asked.params
        )
        return WhyMissed(verdict, asked.k)

    def health(self) -> HealthReport:
        """Return what searches cannot reach, what is dead, and what the optimizer did."""
        from workbench.collection.health import examine
        from workbench.surfaces.notebook.health import HealthReport

        return HealthReport(self._inner.name, examine(self._inner))


class _Asked:
    """A question, read and checked, which ``took`` so many microseconds."""

    def __init__(
        self,
        collection: Diagnosis,
        query: Any,
        where: Where,
        k: int,
        ef: int | None,
        vector: str | None,
        embedder: Any,
        *,
        exact: bool = False,
    ) -> None:
        from workbench.models.where import where as parse_where

        kernels.wait(kernels.CPU, _PATIENCE_S)
        if isinstance(query, str):
            collection._query_embedder(embedder)  # loads the model, which is no part of a search
        began = time.perf_counter()
        self.name = collection._vector_name(vector)
        self.k = check_limit("k", k, 1)
        known = nearest.target(collection._inner.view, self.name).params
        self.distance = known.distance
        vector_given = collection._embed_query(query, embedder) if isinstance(query, str) else query
        self.query = nearest.check_query(vector_given, known)
        self.flt = None if where is None else parse_where(where)
        self.params = SearchParams(hnsw_ef=None if ef is None else check_limit("ef", ef, 1), exact=exact)
        self.took = (time.perf_counter() - began) * 1e6
