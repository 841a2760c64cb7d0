"""Neighbors found by cuVS, NVIDIA's library of vector search, where it is installed: an option, never needed.

Only what its documentation promises is used: ``cuvs.neighbors.cagra.IndexParams`` and ``build``, and the
``graph`` of an index. It was never run with the library itself; a module of the same signatures stands in for
it in the tests.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from workbench import errors
from workbench.distances import NEGATIVE_DOT, SQUARED_L2
from workbench.kernels.gpu.arrays import Arrays

METRICS = {SQUARED_L2: "sqeuclidean", NEGATIVE_DOT: "inner_product"}
# cuVS prunes a first graph of so many times as many neighbors; its own defaults are 128 and 64.
_FIRST = 2


def why_not() -> str:
    """Return why cuVS cannot be used, as a sentence; empty where it can."""
    if importlib.util.find_spec("cuvs") is not None:
        return ""
    return (
        "cuVS is not installed: pip install cuvs-cu12 or cuvs-cu13 (1.7 GB), or leave the builder to 'auto'."
    )


def check(metric: int) -> None:
    """Raise ``DeviceUnavailable`` if there is no cuVS, ``InvalidRequest`` if it does not know the metric."""
    if reason := why_not():
        raise errors.DeviceUnavailable(reason)
    if metric not in METRICS:
        raise errors.InvalidRequest(
            "builder: expected one that knows Manhattan, got 'cuvs'; take 'gpu' or 'numba'"
        )


def neighbors(arrays: Arrays, vectors: Any, metric: int, k: int) -> Any:
    """Return `k` near ones of every vector in no order, -1 for nobody: int32 [n, k], on the device.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
        On the device.
    """
    cagra = importlib.import_module("cuvs.neighbors.cagra")
    n = len(vectors)
    first = min(_FIRST * k, n - 1)
    params = cagra.IndexParams(
        metric=METRICS[metric], intermediate_graph_degree=first, graph_degree=k, build_algo="nn_descent"
    )
    arrays.wait()  # it works on a stream of its own
    graph = arrays.xp.asarray(cagra.build(params, vectors).graph)
    own = arrays.xp.arange(n, dtype=np.int32)[:, None]
    ids = graph.astype(np.int32)  # of uint32: what is no point comes out negative
    ids = arrays.xp.where((ids == own) | (ids < 0) | (ids >= n), np.int32(-1), ids)
    arrays.wait()  # and its graph goes with its index
    return ids
