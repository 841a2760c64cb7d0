"""What each kind of quantization costs and finds, on a sample of a collection's vectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.indexes import quantization
from workbench.indexes.hnsw import HnswSearcher
from workbench.indexes.quantization import QuantizedSearcher
from workbench.models.quantization import Quantization
from workbench.surfaces.notebook.measurement import interval, shares_found
from workbench.surfaces.notebook.tuning import Bench
from workbench.tasks import Progress, silent

Array = npt.NDArray[Any]

NONE = "none"
# Qdrant's kinds as its JSON, each with the settings that its documentation leads with.
KINDS: Mapping[str, Mapping[str, Any] | None] = {
    NONE: None,
    "scalar int8": {"scalar": {"type": "int8", "quantile": 0.99}},
    "turbo 4 bits": {"turbo": {"bits": "bits4"}},
    "turbo 2 bits": {"turbo": {"bits": "bits2"}},
    "product x16": {"product": {"compression": "x16"}},
    "binary": {"binary": {}},
    "binary 2 bits": {"binary": {"encoding": "two_bits"}},
}
OVERSAMPLING = (1.0, 2.0, 4.0)
ASKED = 100
# Ranks by codes are looked for among so many: beyond, a neighbor is lost for any sensible oversampling.
DEEP = 200
RANKED = 10


@dataclass(frozen=True, slots=True)
class CodeSearch:
    """How codes of one kind answered, with one use of them.

    Attributes
    ----------
    rescore : bool
        Whether what the codes found was measured by the full vectors.
    oversampling : float
        How many times as many points were found by codes before that.
    recall, low, high : float
        With its 95 % interval.
    p50_ms, p95_ms : float
    """

    rescore: bool
    oversampling: float
    recall: float
    low: float
    high: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class QuantizationCost:
    """One kind of codes.

    Attributes
    ----------
    name : str
    config : mapping or None
        As ``collection.configure(quantization=...)`` takes it.
    bytes_per_vector : float
        Of the codes alone, for the whole collection; of the vectors themselves where there are none.
    seconds : float
        To encode the sample.
    searches : tuple of CodeSearch
        Empty where this kind is not defined for the metric, or could not tell the vectors apart.
    ranks : tuple of (float, float)
        For the true first to tenth: the median of its rank by codes alone, and what 95 of 100 stay within.
    """

    name: str
    config: Mapping[str, Any] | None
    bytes_per_vector: float
    seconds: float
    searches: tuple[CodeSearch, ...]
    ranks: tuple[tuple[float, float], ...]


def measure_quantization(
    bench: Bench,
    k: int,
    ef: int,
    publish: Callable[[list[QuantizationCost], int], None] = lambda *_: None,
    progress: Progress = silent,
) -> list[QuantizationCost]:
    """Search a sample of up to 20,000 vectors by each kind of codes, walking one and the same graph.

    Parameters
    ----------
    bench : Bench
        Of the collection as it is.
    k, ef : int
    publish : callable
        Receives what was measured so far, and the number of points of the sample.
    progress : Progress
        May raise ``Cancelled``.
    """
    small = bench.variant(bench.m, bench.ef_construct, progress).prepare(progress)
    (segment,) = small.searched.segments
    graph = segment.dense(small.vector).searcher
    assert graph is not None
    truth = small.truth(max(k, RANKED))[:ASKED]
    found: list[QuantizationCost] = []
    for number, (name, config) in enumerate(KINDS.items()):
        progress(number, len(KINDS), f"quantizing: {name}")
        found.append(_cost(name, config, graph, small, truth, k, ef))
        publish(list(found), small.points)
    return found


def _cost(
    name: str,
    config: Mapping[str, Any] | None,
    graph: HnswSearcher,
    small: Bench,
    truth: Array,
    k: int,
    ef: int,
) -> QuantizationCost:
    vectors, asked = graph.vectors, small.queries[:ASKED]
    settings = Quantization.parse(config)
    if settings is None:
        search = _timed(lambda q: graph.search(q, k, max(ef, k))[1], asked, truth, k, True, 1.0)
        ranks = tuple((float(i), float(i)) for i in range(1, RANKED + 1))
        return QuantizationCost(name, None, vectors.nbytes / len(vectors), 0.0, (search,), ranks)
    started = time.perf_counter()
    codes = quantization.encode(vectors, graph.metric, settings)
    seconds = time.perf_counter() - started
    if codes is None:
        return QuantizationCost(name, config, 0.0, seconds, (), ())
    searcher = QuantizedSearcher(codes, settings, vectors, graph)
    others = np.ones(len(vectors), np.bool_)
    others[small.held] = False
    every = np.flatnonzero(others).astype(np.int32)
    searches = [_measured(searcher, asked, truth, k, ef, False, 1.0)]
    searches += [_measured(searcher, asked, truth, k, ef, True, times) for times in OVERSAMPLING]
    ranks = _ranks(searcher, every, asked, graph)
    points = small.sampled_from or small.points
    size = quantization.predict(points, vectors.shape[1], graph.metric, settings) / points
    return QuantizationCost(name, config, size, seconds, tuple(searches), ranks)


def _measured(
    searcher: QuantizedSearcher, asked: Array, truth: Array, k: int, ef: int, rescore: bool, times: float
) -> CodeSearch:
    count = max(k, int(k * times))
    if rescore:
        return _timed(lambda q: searcher.walk(q, k, count, max(ef, count))[1], asked, truth, k, True, times)
    measure = _distances(searcher)

    def ask(query: Array) -> Array:
        return searcher.walk(query, k, count, max(ef, count), rescore=False)[0]

    return _timed(ask, asked, truth, k, False, times, measure)


def _distances(searcher: QuantizedSearcher) -> Callable[[Array, Array], Array]:
    """Return what measures found rows by their vectors: by their codes nobody knows who is right."""

    def measure(query: Array, rows: Array) -> Array:
        return searcher.scan(query, len(rows), len(rows), chosen=np.sort(rows))[1]

    return measure


def _timed(
    ask: Callable[[Array], Array],
    asked: Array,
    truth: Array,
    k: int,
    rescore: bool,
    times: float,
    measure: Callable[[Array, Array], Array] | None = None,
) -> CodeSearch:
    answers, seconds = np.full((len(asked), k), np.inf, np.float32), np.empty(len(asked))
    ask(asked[0])
    for i, query in enumerate(asked):
        started = time.perf_counter()
        found = ask(query)
        seconds[i] = time.perf_counter() - started
        gaps = found if measure is None else measure(query, found)
        answers[i, : len(gaps)] = gaps
    shares = shares_found(answers, truth[:, :k])
    low, high = interval(shares, k)
    p50, p95 = np.percentile(seconds * 1e3, [50, 95])
    return CodeSearch(rescore, times, float(shares.mean()), low, high, float(p50), float(p95))


def _ranks(
    searcher: QuantizedSearcher, every: Array, asked: Array, graph: HnswSearcher
) -> tuple[tuple[float, float], ...]:
    """Return where the codes rank the true nearest: the median and the 95th percentile over the queries."""
    top = min(RANKED, len(every))
    places = np.empty((len(asked), top))
    for i, query in enumerate(asked):
        true, _ = graph.scan(query, top, every, exact=True)
        rows, _ = searcher.scan(query, DEEP, DEEP, rescore=False, chosen=every)
        at = {row: place for place, row in enumerate(rows.tolist(), 1)}
        places[i] = [at.get(row, DEEP + 1) for row in true.tolist()]
    middle, wide = np.percentile(places, [50, 95], axis=0)
    return tuple(zip(middle.tolist(), wide.tolist(), strict=True))
