"""What a graph's settings cost and give, measured: recall, latency and memory, for any ``ef`` and ``k``.

A :class:`Bench` asks real queries through the same code as ``collection.search`` and compares the answers
with exact ones. It holds one picture of the collection, so writes meanwhile change nothing;
:meth:`Bench.variant` builds another graph over the same vectors and gives a bench of that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances, kernels
from workbench.errors import InvalidRequest
from workbench.indexes import codes, exact, hnsw_build
from workbench.indexes.hnsw import HnswSearcher
from workbench.kernels.gpu import devices
from workbench.models.config import HnswConfig
from workbench.models.query import SearchParams
from workbench.query import nearest
from workbench.query.plan import Choice, Strategy
from workbench.segments.vector_columns import VectorColumn
from workbench.segments.view import View
from workbench.surfaces.notebook.heldout import OneColumn, without
from workbench.surfaces.notebook.measurement import TIE, Measurement, interval
from workbench.surfaces.notebook.places import all_places, offsets, queries_at, slots_of, stored_at
from workbench.tasks import Progress, silent

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

Array = npt.NDArray[Any]

QUERIES = 200
K_MAX = 100
# One of so many points may be held out: of a smaller share the graph is still the same graph.
_LEAVE = 10
# Building is about 0.2 s for 1,000 vectors of 384 numbers on two cores: of more, a sample is built.
SAMPLE = 20_000
# Queries that one matrix product answers: small enough for progress and Cancel.
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class _Run:
    """Answers and times of all queries at one ``ef``."""

    distances: Array
    seconds: Array
    strategy: str


class Bench:
    """Queries with their true answers, and one way to search.

    Parameters
    ----------
    view : View
        What is searched.
    vector : str
        The vector compared.
    queries : float32[q, d]
        In query form.
    own : int64[q] or None
        Which point each query is, when queries are stored points: all of them are taken out of what is
        searched, see :mod:`workbench.surfaces.notebook.heldout`.
    hnsw : HnswConfig
        Settings of the graph, and the ``ef`` of searches that name none.
    device : {"auto", "cpu", "gpu"}
        Where true answers are found and other graphs are built.

    Attributes
    ----------
    points, k_max : int
        Vectors searched; the largest `k` that can be measured.
    sampled_from : int or None
        Of how many points the points are a sample.
    """

    def __init__(
        self,
        view: View,
        vector: str,
        queries: Array,
        own: Array | None,
        hnsw: HnswConfig,
        device: str = "auto",
    ) -> None:
        self.device = devices.check(device)
        self.view, self.vector, self.queries = view, vector, queries
        self.m, self.ef_construct, self.ef = hnsw.m, hnsw.ef_construct, hnsw.ef or hnsw.ef_construct
        self._own = own
        self._offsets = offsets(view)
        self.points = sum(len(slots_of(s, vector)) for s in view.segments)
        self.k_max = max(1, min(K_MAX, self.points - (0 if own is None else len(own))))
        self._searched: View | None = view if own is None else None
        self.sampled_from: int | None = None
        self._truth: Array | None = None
        self._runs: dict[int, _Run] = {}
        self._lock = threading.RLock()

    @classmethod
    def of(
        cls,
        collection: Collection,
        *,
        vector: str | None = None,
        queries: Sequence[str] | Array | int = QUERIES,
        seed: int = 0,
        device: str | None = None,
    ) -> Bench:
        """Measure a collection as it is.

        Parameters
        ----------
        collection : Collection
        vector : str, optional
            Needed only when there are several.
        queries : int, list of str or array_like[q, d]
            Texts or vectors to ask, or how many stored points to draw at random and hold out; at most one of
            ten is.
        seed : int
            Of the draw.
        device : {"auto", "cpu", "gpu"}, optional
            As above; that of the collection if not given.

        Raises
        ------
        InvalidRequest
            When there are fewer than two vectors, or the queries are none.
        """
        inner = collection._inner
        name = collection._vector_name(vector)
        view, params = inner.view, inner.config.vectors[name]
        places = all_places(view, name)
        if len(places) < 2:
            raise InvalidRequest(
                f"tune: expected a collection of at least 2 vectors, got {len(places)}; add points first"
            )
        own = None
        if isinstance(queries, int):
            if queries < 1:
                raise InvalidRequest(f"queries: expected at least 1, got {queries}")
            count = min(queries, max(1, len(places) // _LEAVE))
            own = np.sort(np.random.default_rng(seed).choice(places, count, replace=False))
            asked = queries_at(view, name, own)
        else:
            raw = [collection._embed_query(q, None) if isinstance(q, str) else q for q in queries]
            if not raw:
                raise InvalidRequest(
                    "queries: expected texts, vectors, or how many stored points to draw; got none"
                )
            asked = np.stack([nearest.check_query(q, params) for q in raw])
        hnsw = inner.config.hnsw_of(name) if params.hnsw else inner.config.hnsw
        return cls(view, name, asked, own, hnsw, device or inner.upkeep.wanted_device)

    # -- measuring -------------------------------------------------------------------------------------

    def prepare(self, progress: Progress = silent) -> Bench:
        """Find the true neighbors, and load what searches; a measurement does it when nobody has."""
        kernels.wait(kernels.CPU)
        with self._lock:
            if self._truth is None:
                self._truth = self._exact(progress)
            if self._searched is None:
                self._searched = without(self.view, self.vector, self._held_out())
        return self

    def truth(self, k: int) -> Array:
        """Return the kernel distances of the true `k` nearest of each query, float32[q, k]."""
        self.prepare()
        assert self._truth is not None
        return self._truth[:, :k]

    def measure(self, k: int, ef: int, *, keep: bool = True) -> Measurement:
        """Ask all queries and compare.

        An answer to the best 100 holds the answers to all smaller k, so changing only `k` searches again only
        where `k` is above `ef`.

        Parameters
        ----------
        k, ef : int
        keep : bool
            False forgets the answers, for times that something else disturbed.
        """
        if not 1 <= k <= self.k_max:
            raise InvalidRequest(f"k: expected 1 to {self.k_max}, got {k}")
        width = max(ef, k)
        truth = self.truth(k)
        with self._lock:
            run = self._runs.get(width) or self._ask(width)
            if keep:
                self._runs[width] = run
        limit = truth[:, -1:] + TIE * np.maximum(1.0, np.abs(truth[:, -1:]))
        found = (run.distances[:, :k] <= limit).sum(axis=1) / truth.shape[1]
        low, high = interval(found, truth.shape[1])
        p50, p95 = np.percentile(run.seconds * 1e3, [50, 95])
        vectors, links = self._bytes()
        return Measurement(
            k,
            ef,
            float(found.mean()),
            low,
            high,
            len(found),
            self.points,
            float(p50),
            float(p95),
            vectors,
            links,
            run.strategy,
        )

    def measured(self, k: int, ef: int) -> bool:
        """Whether :meth:`measure` has the answers already."""
        return max(ef, k) in self._runs

    @property
    def prepared(self) -> bool:
        """Whether the true neighbors are known, so that a measurement takes only as long as its searches."""
        return self._truth is not None and self._searched is not None

    @property
    def indexed(self) -> bool:
        """Whether any vector has a graph; without one every search scans."""
        return any(s.dense(self.vector).searcher is not None for s in self.view.segments if s.count)

    @property
    def held_out(self) -> bool:
        """Whether the queries are stored points, taken out of what is searched."""
        return self._own is not None

    # -- other graphs ----------------------------------------------------------------------------------

    @property
    def sampled(self) -> bool:
        """Whether :meth:`variant` would use a sample, because there are more points than ``SAMPLE``."""
        return self.points > SAMPLE

    def variant(
        self,
        m: int,
        ef_construct: int,
        progress: Progress = silent,
        *,
        builder: str = "auto",
        sample: int | None = None,
    ) -> Bench:
        """Build another graph over the same vectors, or a random `sample` of 20,000, and return its bench.

        Stored points keep their part as queries; with a sample, the truth is found among the sample.
        """
        places = self.sample(sample)
        stored = stored_at(self.view, self.vector, places)
        params = self.view.config.vectors[self.vector]
        metric = distances.metric(params.distance)
        searched = distances.search_form(stored, params.distance)
        coded = codes.make(searched, metric)
        graph = hnsw_build.build(
            searched,
            metric,
            m=m,
            ef_construct=ef_construct,
            builder=builder,
            device=self.device,
            progress=progress,
            codes=coded,
        )
        searcher = HnswSearcher(graph, searched, metric, coded)
        column = VectorColumn(stored, None, params, searcher)
        view = OneColumn.view(column, self.view)
        own = None if self._own is None else np.searchsorted(places, self._own)
        settings = HnswConfig(m=m, ef_construct=ef_construct)
        bench = Bench(view, self.vector, self.queries, own, settings, self.device)
        if len(places) == self.points:
            bench._truth = self._truth
        else:
            bench.sampled_from = self.points
        return bench

    def sample(self, most: int | None = None) -> Array:
        """Return the places of all points or, of more than `most`, of so many at random and the queries."""
        places = all_places(self.view, self.vector)
        most = SAMPLE if most is None else most
        if len(places) <= most:
            return places
        drawn = np.random.default_rng(0).choice(places, most, replace=False)
        return np.sort(drawn) if self._own is None else np.union1d(drawn, self._own)

    @property
    def searched(self) -> View:
        """What is searched: the view, or what it would be without the points that are asked."""
        self.prepare()
        assert self._searched is not None
        return self._searched

    @property
    def held(self) -> Array:
        """The places of the points that are asked, none when the queries are others."""
        return self._held_out()

    # -- inside ----------------------------------------------------------------------------------------

    def _ask(self, ef: int) -> _Run:
        """Ask one query after the other, as a person would."""
        assert self._searched is not None
        assert self._truth is not None
        wanted, params = min(ef, self.k_max), SearchParams(hnsw_ef=ef)
        answers = np.full((len(self.queries), wanted), np.inf, np.float32)
        seconds = np.empty(len(self.queries))
        ways: set[str] = set()
        # The first search makes scratch memory for the others.
        nearest.search(self._searched, self.vector, self.queries[0], wanted, params=params)
        for i, query in enumerate(self.queries):
            choices: list[Choice] = []
            started = time.perf_counter()
            found = nearest.search(self._searched, self.vector, query, wanted, params=params, choices=choices)
            seconds[i] = time.perf_counter() - started
            used = {c.strategy for c in choices} - {Strategy.SKIPPED}
            ways.update(way.value for way in used)
            if used == {Strategy.EXACT}:
                answers[i] = self._truth[i, :wanted]
                continue
            others = found.distances[~np.isin(self._codes(found), self._held_out())]
            answers[i, : len(others)] = others
        return _Run(answers, seconds, " + ".join(sorted(ways)))

    def _held_out(self) -> Array:
        return np.empty(0, np.int64) if self._own is None else self._own

    def _exact(self, progress: Progress) -> Array:
        """Return the distances of the true nearest, ascending: float32[q, k_max]."""
        truth = np.empty((len(self.queries), self.k_max), np.float32)
        columns = [s.dense(self.vector).searched for s in self.view.segments if s.count]
        largest = max(columns, key=len)
        block = exact.at_once(len(self.queries), _BLOCK, largest, self.k_max, self.device)
        for start in range(0, len(self.queries), block):
            progress(start, len(self.queries), "finding the true neighbors")
            truth[start : start + block] = self._scan(self.queries[start : start + block])
        return truth

    def _scan(self, queries: Array) -> Array:
        found = []
        metric = distances.metric(self.view.config.vectors[self.vector].distance)
        for number, segment in enumerate(self.view.segments):
            if segment.count == 0:
                continue
            column = segment.dense(self.vector)
            rows = self._held_out() - self._offsets[number]
            staying = segment.with_dead(rows[(rows >= 0) & (rows < segment.count)])
            mask = nearest.slots_mask(staying.alive(), column.rows)
            near = exact.search_batch(column.searched, queries, self.k_max, metric, mask, self.device)
            found.append(near[1])
        return np.sort(np.concatenate(found, axis=1), axis=1)[:, : self.k_max]

    def _codes(self, found: nearest.Found) -> Array:
        return self._offsets[found.segments] + found.rows

    def _bytes(self) -> tuple[int, int]:
        columns = [s.dense(self.vector) for s in self.view.segments if s.count]
        links = sum(c.searcher.nbytes for c in columns if c.searcher is not None)
        links += sum(c.quantized.nbytes for c in columns if c.quantized is not None)
        return sum(c.stored.nbytes for c in columns), links
