"""Search of multivectors by MaxSim, exactly or by codes first; see ``workbench.kernels.cpu.multivector``."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes import flat
from workbench.indexes.quantization import QuantizedSearcher
from workbench.indexes.quantization.codes import SpaceKey
from workbench.indexes.quantization.scalar import ScalarCodes
from workbench.indexes.space import Space, as_queries, writable
from workbench.models.quantization import Quantization
from workbench.models.vectors import MultiRows

FloatArray = NDArray[np.float32]


def distances(
    stored: MultiRows, query: NDArray[Any], metric: int, slots: NDArray[np.integer[Any]] | None = None
) -> FloatArray:
    """Measure the query against all multivectors, or against those at `slots`.

    Parameters
    ----------
    stored : MultiRows
        v multivectors of float32, float16 or uint8, none of them empty.
    query : float32 [s, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    slots : int [c], optional

    Returns
    -------
    float32 [v] or [c]
        For each vector of the query the distance to the nearest of the multivector, summed up.
    """
    at = np.arange(len(stored)) if slots is None else slots.astype(np.intp)
    if len(at) == 0:
        return np.empty(0, np.float32)
    queries = as_queries(query)
    if not kernels.wanted(kernels.MULTIVECTOR):
        return _with_numpy(stored, queries, metric, at)
    space = Space(stored.values, metric)
    return _with_kernel(space.key, stored.starts, writable(queries), at)


def search(
    stored: MultiRows, query: NDArray[Any], k: int, metric: int, allowed: NDArray[Any] | None = None
) -> tuple[NDArray[np.int32], FloatArray]:
    """Find the `k` nearest multivectors; the parameters are those of :func:`distances` and ``flat.search``.

    Returns
    -------
    slots : int32 [k']
        Ascending by (distance, slot).
    distances : float32 [k']
    """
    slots = np.arange(len(stored)) if allowed is None else np.flatnonzero(allowed)
    return _nearest(slots, distances(stored, query, metric, slots), k)


class QuantizedMultivectors:
    """Codes of multivectors with the vectors they stand for. Any number of threads may search at once.

    Only to be searched when the kernels of multivectors and quantization are loaded.

    Parameters
    ----------
    searcher : QuantizedSearcher
        The codes of all inner vectors, one after the other.
    stored : MultiRows
        v multivectors, none of them empty.
    """

    def __init__(self, searcher: QuantizedSearcher, stored: MultiRows) -> None:
        self.searcher, self.stored = searcher, stored

    def under(self, wanted: Quantization) -> QuantizedMultivectors | None:
        """Return the same codes under settings that were changed since; see ``QuantizedSearcher.under``."""
        searcher = self.searcher.under(wanted)
        return None if searcher is None else QuantizedMultivectors(searcher, self.stored)

    def search(
        self,
        query: NDArray[Any],
        k: int,
        count: int,
        *,
        rescore: bool = True,
        allowed: NDArray[Any] | None = None,
    ) -> tuple[NDArray[np.int32], FloatArray]:
        """Find about the `k` nearest multivectors; they are returned as by :func:`search`.

        Parameters
        ----------
        query : float32 [s, d]
        k : int
        count : int
            How many are found by their codes, at least `k`.
        rescore : bool
            Measure what was found by its vectors, and return the nearest `k` by these.
        allowed : bool [v], optional
        """
        codes = self.searcher.codes
        slots = np.arange(len(self.stored)) if allowed is None else np.flatnonzero(allowed)
        queries, factor = as_queries(query), 1.0
        if isinstance(codes, ScalarCodes):
            key, prepared, factor, extra = codes.numbers(queries)
        else:
            key, (prepared, extra) = codes.space(), codes.prepare(queries)
        gaps = _with_kernel(key, self.stored.starts, prepared, slots) * np.float32(factor) + extra.sum()
        rows, found = _nearest(slots, gaps, count if rescore else k)
        if rescore:
            return _nearest(rows, distances(self.stored, query, codes.metric, rows), k)
        # A sum of squares that the codes make less than 0 has no root.
        return rows, found if codes.metric == kernels.NEGATIVE_DOT else np.maximum(found, 0.0)


def _nearest(slots: NDArray[Any], found: FloatArray, k: int) -> tuple[NDArray[np.int32], FloatArray]:
    """Return the `k` nearest of some slots and their distances, ascending by (distance, slot)."""
    if k < len(slots):
        near = np.flatnonzero(found <= np.partition(found, k - 1)[k - 1]) if k > 0 else np.empty(0, np.intp)
        slots, found = slots[near], found[near]
    order = np.lexsort((slots, found))[:k]
    return slots[order].astype(np.int32), found[order]


def _with_kernel(key: SpaceKey, starts: NDArray[Any], queries: FloatArray, slots: NDArray[Any]) -> FloatArray:
    cpu: Any = importlib.import_module(kernels.MULTIVECTOR)
    found = np.empty(len(slots), np.float32)
    begin = writable(np.asarray(starts, np.int64))
    cpu.maxsim(key, begin, np.ascontiguousarray(slots, np.int64), queries, found)
    return found


def _with_numpy(stored: MultiRows, queries: FloatArray, metric: int, slots: NDArray[np.intp]) -> FloatArray:
    """Measure a chunk of the stored vectors against one vector of the query at a time."""
    found = np.zeros(len(slots), np.float32)
    longest = int(np.diff(stored.starts).max())
    step = max(1, flat.TEMPORARY_BYTES // (8 * longest * stored.values.shape[1]))
    for start in range(0, len(slots), step):
        part = stored.take(slots[start : start + step])
        for query in queries:
            gaps = flat.distances(part.values, query, metric)
            found[start : start + step] += np.minimum.reduceat(gaps, part.starts[:-1])
    return found
