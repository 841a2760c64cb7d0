"""Exact search of multivectors by MaxSim; see ``workbench.kernels.cpu.multivector``."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import kernels
from workbench.indexes import flat
from workbench.indexes.space import Space, as_queries, writable
from workbench.models.vectors import MultiRows

FloatArray = NDArray[np.float32]


def distances(
    stored: MultiRows, query: NDArray[Any], metric: int, slots: NDArray[np.intp] | None = None
) -> FloatArray:
    """Measure the query against all multivectors, or against those at `slots`.

    Parameters
    ----------
    stored : MultiRows
        v multivectors of float32, float16 or uint8, none of them empty.
    query : float32 [s, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    slots : intp [c], optional

    Returns
    -------
    float32 [v] or [c]
        For each vector of the query the distance to the nearest of the multivector, summed up.
    """
    at = np.arange(len(stored)) if slots is None else slots
    if len(at) == 0:
        return np.empty(0, np.float32)
    queries = as_queries(query)
    if not kernels.wanted(kernels.MULTIVECTOR):
        return _with_numpy(stored, queries, metric, at)
    cpu: Any = importlib.import_module(kernels.MULTIVECTOR)
    space = Space(stored.values, metric)
    found = np.empty(len(at), np.float32)
    starts = writable(np.asarray(stored.starts, np.int64))
    cpu.maxsim(space.key, starts, np.ascontiguousarray(at, np.int64), writable(queries), found)
    return found


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
    found = distances(stored, query, metric, slots)
    if k < len(slots):
        near = np.flatnonzero(found <= np.partition(found, k - 1)[k - 1]) if k > 0 else np.empty(0, np.intp)
        slots, found = slots[near], found[near]
    order = np.argsort(found, kind="stable")[:k]
    return slots[order].astype(np.int32), found[order]


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
