"""Nearest neighbours: the question that the rest is built from."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from workbench import distances, kernels
from workbench.errors import DimensionMismatch, InvalidVector, UnknownVector
from workbench.indexes.space import FLOAT32, INTP, copied_query
from workbench.models.config import CollectionConfig, Datatype, Distance, HnswConfig, VectorParams
from workbench.models.numbers import floats_of
from workbench.models.points import IdArray, PointId
from workbench.models.query import SearchParams
from workbench.query.plan import Choice, Strategy
from workbench.query.ways import way_of
from workbench.segments.ids import Rows
from workbench.segments.selection import Selection
from workbench.segments.vector_columns import Column, VectorColumn
from workbench.segments.view import Mask, View

if TYPE_CHECKING:
    from workbench.models.filters import Filter
    from workbench.models.quantization import Quantization
    from workbench.models.vectors import SparseVector

FloatArray = npt.NDArray[np.float32]

Query: TypeAlias = "FloatArray | SparseVector"
"""A query that was checked: float32[d], float32[s, d] for multivectors, or sparse."""

DEFAULT_PARAMS = SearchParams()
# Python 3.11 takes 0.1 µs to find a member in its class, and every search asks for these.
_FLOAT16, _COSINE = Datatype.FLOAT16, Distance.COSINE

# Qdrant's texts for a query of one kind to a vector of another.
WRONG_MULTI = "Conversion between multi and regular vectors failed"
WRONG_SPARSE = "Conversion between sparse and regular vectors failed"


class Found:
    """Places of points, best first.

    Attributes
    ----------
    segments : intp[k]
        Which segment of the view.
    rows : intp[k]
        Which row of that segment.
    distances : float32[k]
        Kernel distances, ascending.
    only : int
        The segment that all of them are in, or -1. Most collections have one sealed segment, and then neither
        an array of its number nor the search for the others is needed.
    """

    __slots__ = ("_segments", "distances", "only", "rows")

    def __init__(self, segments: Rows | int, rows: Rows, distances: FloatArray) -> None:
        if isinstance(segments, int):
            self.only, self._segments = segments, None
        else:
            self.only, self._segments = -1, segments
        self.rows, self.distances = rows, distances

    @property
    def segments(self) -> Rows:
        """Which segment of the view each place is in."""
        if self._segments is None:
            self._segments = np.full(len(self.rows), self.only, np.intp)
        return self._segments

    def __len__(self) -> int:
        return len(self.rows)

    def first(self, start: int, stop: int) -> Found:
        """Return the hits from `start` to `stop`."""
        where = self.only if self.only >= 0 else self.segments[start:stop]
        return Found(where, self.rows[start:stop], self.distances[start:stop])

    def take(self, at: Rows) -> Found:
        """Return the hits at the positions `at`."""
        where = self.only if self.only >= 0 else self.segments[at]
        return Found(where, self.rows[at], self.distances[at])

    def parts(self) -> list[tuple[int, Rows]]:
        """Return, for each segment that is hit, its number and the positions of its hits."""
        if self.only >= 0:
            return [(self.only, np.arange(len(self.rows)))] if len(self.rows) else []
        return [
            (number, np.flatnonzero(self.segments == number)) for number in np.unique(self.segments).tolist()
        ]


def params_of(config: CollectionConfig, vector: str) -> VectorParams:
    """Return the settings of a vector, or raise ``UnknownVector``."""
    try:
        return config.vectors[vector]
    except KeyError:
        raise UnknownVector(vector, list(config.vectors)) from None


def check_query(query: npt.ArrayLike, params: VectorParams) -> FloatArray:
    """Return one query vector as kernels take it.

    Raises
    ------
    InvalidVector
        When it is not a flat list of finite numbers.
    DimensionMismatch
        When its length is not the vector's.
    """
    if type(query) is np.ndarray and query.dtype is FLOAT32:
        given = query
    else:
        try:
            given = floats_of(query)
            if given.ndim == 0:
                raise TypeError("one number")
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidVector(
                f"query: expected a list of {params.size} numbers, got {query!r:.80}"
            ) from error
    if given.ndim != 1:
        raise InvalidVector(WRONG_MULTI)
    if given.size != params.size:
        raise DimensionMismatch(params.size, given.size)
    # A copy: kernels are compiled for plain writable arrays, and a row of a memory map is neither. The sum of
    # squares sees NaN and infinity anywhere; only if it is off is the vector looked at closely.
    as_given = distances.stored_as_given(params.datatype)
    unit = as_given and params.distance is _COSINE
    copy, squares = copied_query(given, unit)
    if not squares <= distances.MAX_SQUARES:  # NaN is not either
        _explain_overflow(copy, params)
    if as_given and (not unit or distances.LEAST_SQUARES < squares < distances.MOST_SQUARES):
        return copy
    ready = distances.query_form(copy, params.distance, params.datatype)
    if params.datatype is _FLOAT16 and not np.isfinite(ready).all():
        raise InvalidVector("query: expected numbers that float16 can hold, at most 65,504")
    return ready


def _explain_overflow(array: FloatArray, params: VectorParams) -> None:
    if not np.isfinite(array).all():
        raise InvalidVector("query: expected finite numbers, got NaN, infinity, or a value beyond float32")
    if params.distance is not Distance.COSINE:
        raise InvalidVector(
            f"query: expected numbers whose squares add up to at most {distances.MAX_SQUARES:.3g}, "
            "so that distances fit float32"
        )


class Target(NamedTuple):
    """What the configuration says about searching one vector name."""

    params: VectorParams
    metric: int
    default_ef: int
    small: float
    quantization: Quantization | None = None


def target(view: View, vector: str) -> Target:
    """Return the target of a vector name, worked out once a configuration; raise ``UnknownVector``."""
    known: Target | None = view.derived.get(vector)
    if known is None:
        params, settings = params_of(view.config, vector), view.config.hnsw_of(vector)
        ef = settings.ef or settings.ef_construct
        small, codes = _small(view.config, settings), view.config.quantization_of(vector)
        known = Target(params, distances.metric(params.distance), ef, small, codes)
        view.derived[vector] = known
    return known


def _small(config: CollectionConfig, settings: HnswConfig) -> float:
    """Return up to how many bytes of vectors without a graph Qdrant counts as if they had one."""
    indexing = config.optimizers.indexing_threshold or math.inf  # 0 means that there never is one
    return 1024.0 * max(indexing, settings.full_scan_threshold)


def left_out(view: View, vector: str) -> int:
    """Return how many vectors of a name ``indexed_only`` leaves out, those of dead points included."""
    if vector not in view.config.vectors:
        return 0  # sparse vectors are indexed as they come
    small, total = target(view, vector).small, 0
    for segment in view.segments:
        column = segment.column(vector)
        if isinstance(column, VectorColumn) and column.searcher is None and column.nbytes > small:
            total += column.count
    return total


def search(
    view: View,
    vector: str,
    query: Query,
    k: int,
    *,
    flt: Filter | None = None,
    params: SearchParams = DEFAULT_PARAMS,
    choices: list[Choice] | None = None,
    took: list[float] | None = None,
) -> Found:
    """Return the `k` nearest live points that `flt` accepts.

    Parameters
    ----------
    view : View
        The collection.
    vector : str
        Name of the vector compared.
    query : float32[d], float32[s, d] or SparseVector
        From :func:`check_query` or, for any kind of vector, :func:`workbench.query.compare.check_query`.
    k : int
        Hits wanted; fewer come back when fewer match.
    flt : Filter or None
        Which points may be hits.
    params : SearchParams
        ``hnsw_ef``, ``exact``, ``indexed_only``, ``idf_corpus``, ``quantization``.
    choices : list or None
        Receives how each segment was searched, in order of the view, and what that was estimated to cost.
    took : list or None
        Receives the microseconds that it took, of this thread, to be held against the estimates.
    """
    aim = target(view, vector) if isinstance(query, np.ndarray) else None
    if aim is None or params.idf_corpus is not None:
        query = _weighted(view, vector, query, params.idf_corpus)
    parts: list[tuple[int, Rows, FloatArray]] = []
    share, by_kernels = indexed_share(view, flt, params), kernels.ready()
    for number, segment in enumerate(view.segments):
        if segment.count == 0:
            continue
        column = segment.column(vector) if by_kernels else segment.bare(vector)
        allowed = segment.selection(flt, vector, column)
        started = 0 if took is None else time.thread_time_ns()
        if isinstance(column, VectorColumn) and aim is not None:
            limit = _farthest(parts, k) if parts else math.inf
            assert isinstance(query, np.ndarray)
            way = way_of(column, allowed, k, aim, params, share)
            slots, found, choice = way.answer(query, allowed, limit)
        else:
            slots, found, choice = _search_other(column, allowed, query, k, aim, params)
        if took is not None:
            took.append((time.thread_time_ns() - started) / 1e3)
        if choices is not None:
            choices.append(choice)
        if len(slots):
            if column.rows is not None:
                slots = column.rows[slots]
            # As places in arrays, which rows of 32 bits become anew at each of them, for 0.4 µs.
            rows: Rows = slots if slots.dtype is INTP else slots.astype(INTP)
            parts.append((number, rows, found))
    return merge(parts, k)


def _weighted(view: View, vector: str, query: Query, corpus: Filter | None) -> SparseVector:
    from workbench.query import idf

    if isinstance(query, np.ndarray):
        raise idf.not_weighted(vector)
    return idf.weighted(view, vector, [query], corpus)[0]


def _farthest(parts: Sequence[tuple[int, Rows, FloatArray]], k: int) -> float:
    """Return the distance beyond which nothing is among the `k` best of all parts."""
    return min((float(found[-1]) for _, _, found in parts if len(found) == k), default=math.inf)


def indexed_share(view: View, flt: Filter | None, params: SearchParams) -> float:
    """Return the share of the live points that are not in a tail, where all of them are asked for."""
    return 1.0 if flt is not None or params.indexed_only else view.sealed_share


def _search_other(
    column: Column, allowed: Selection, query: Query, k: int, aim: Target | None, params: SearchParams
) -> tuple[Rows, FloatArray, Choice]:
    """Search sparse vectors, exactly whatever the parameters say, or multivectors."""
    matching = allowed.count
    if matching == 0 or k == 0:
        choice = Choice(Strategy.SKIPPED, "no point of this segment matches")
        return np.empty(0, np.intp), np.empty(0, np.float32), choice
    from workbench.segments.sparse_columns import SparseColumn

    if isinstance(column, SparseColumn):
        from workbench.indexes import sparse

        assert not isinstance(query, np.ndarray)
        choice = Choice(Strategy.EXACT, "sparse vectors are searched by their postings")
        chosen = None if allowed.mask is None else allowed.chosen
        slots, found = sparse.search(column.parts(), query, k, chosen, column.stored)
    else:
        from workbench.query import multivectors  # with all kinds of quantization, which others need not
        from workbench.segments.multi_columns import MultiColumn

        assert isinstance(column, MultiColumn)
        assert isinstance(query, np.ndarray)
        assert aim is not None
        asked = aim.quantization, aim.default_ef
        slots, found, choice = multivectors.search(column, query, k, allowed, *asked, params)
    return slots, found, choice  # type: ignore[return-value]


def slots_mask(mask: Mask | None, rows: Rows | None) -> Mask | None:
    """Turn a mask over rows into one over the vectors that those rows have."""
    return mask if mask is None or rows is None else mask[rows]


def merge(parts: Sequence[tuple[int, Rows, FloatArray]], k: int) -> Found:
    """Return the `k` best of what segments found: their numbers, rows and ascending distances."""
    if len(parts) == 1:
        return Found(*parts[0])
    if not parts:
        return Found(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))
    found = np.concatenate([d for _, _, d in parts])
    segments = np.repeat([number for number, _, _ in parts], [len(rows) for _, rows, _ in parts])
    best = found.argsort(kind="stable")[:k]
    return Found(segments.take(best), np.concatenate([r for _, r, _ in parts]).take(best), found.take(best))


def ids_of(view: View, found: Found) -> IdArray:
    """Return the ids of the points found, in their order."""
    if found.only >= 0:
        return view.segments[found.only].ids().take(found.rows)
    parts = found.parts()
    if not parts:
        return IdArray(np.empty(0, np.uint64))
    joined = IdArray.concatenate([view.segments[s].ids().take(found.rows[places]) for s, places in parts])
    return joined.take(np.argsort(np.concatenate([places for _, places in parts])))


def named(view: View, found: Found) -> list[PointId]:
    """Return the ids of the points found as Python has them."""
    if found.only >= 0:  # practically always, and then without an array of ids between
        return view.segments[found.only].ids().at(found.rows)
    segments = found.segments.tolist()
    known = {number: view.segments[number].ids() for number in set(segments)}
    return [known[number].one(row) for number, row in zip(segments, found.rows.tolist(), strict=True)]
