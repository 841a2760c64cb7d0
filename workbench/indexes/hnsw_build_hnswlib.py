"""Build an HNSW graph with hnswlib.

hnswlib adds points without the GIL, but handing its graph out holds it: 0.09 s for 117,000 × 384, which would
freeze a notebook. So all but small graphs are built in a child process, which also returns hnswlib's own copy
of the vectors to the system when it ends. Vectors go there and arrays come back as files in a temporary
folder.
"""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import children, errors, kernels
from workbench.indexes.hnsw import ARRAYS, HnswGraph
from workbench.indexes.hnsw_connect import connect
from workbench.indexes.hnsw_hnswlib_worker import build as build_here
from workbench.indexes.hnsw_parameters import check
from workbench.indexes.space import as_vectors
from workbench.tasks import Progress, cores, silent

_WORKER = "workbench.indexes.hnsw_hnswlib_worker"
SPACES = {kernels.SQUARED_L2: "l2", kernels.NEGATIVE_DOT: "ip"}
# Up to here another thread is held up for no more than 6 ms (measured), and a process, which takes 0.2 s to
# start, costs more than it saves.
LARGEST_IN_PROCESS_BYTES = 8 << 20
# Bytes converted and written at a time: about a millisecond.
WRITE_BYTES = 4 << 20


def available(metric: int) -> bool:
    """Whether hnswlib is installed and knows this metric."""
    return metric in SPACES and importlib.util.find_spec("hnswlib") is not None


def build(
    vectors: NDArray[Any],
    metric: int,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
) -> HnswGraph:
    """Build the graph of all rows; see ``hnsw_build_numba.build`` for the parameters.

    With more than one thread the graph differs from run to run: hnswlib's threads insert in no fixed order.

    Raises
    ------
    errors.InvalidRequest
        For a metric that hnswlib does not have.
    errors.MissingDependency
        If hnswlib is not installed.
    errors.WorkbenchError
        If the building process ended before it was done.
    """
    vectors = as_vectors(vectors)
    check(m, ef_construct)
    if metric not in SPACES:
        raise errors.InvalidRequest("hnswlib has no L1 metric; use builder='numba'")
    if not available(metric):
        raise errors.MissingDependency(
            "building with hnswlib needs the package hnswlib (pip install hnswlib; it is compiled at "
            "installation and needs g++ and Python's headers); builder='numba' needs nothing"
        )
    n, dim = vectors.shape
    if n == 0:
        return HnswGraph.empty(m, ef_construct, np.zeros(0, np.int32))
    request = {
        "space": SPACES[metric],
        "n": n,
        "dim": dim,
        "m": m,
        "ef_construct": ef_construct,
        "threads": threads or cores(),
        "seed": seed,
    }

    def report(done: int) -> None:
        progress(done, n, "building the graph")

    if 4 * n * dim <= LARGEST_IN_PROCESS_BYTES:
        graph = HnswGraph.from_arrays(*build_here(vectors.astype(np.float32, copy=False), request, report))
    else:
        graph = _build_in_child(vectors, request, report)
    graph.validate(n, "the graph from hnswlib")
    return connect(graph, vectors, metric)


def _build_in_child(
    vectors: NDArray[Any], request: dict[str, Any], report: Callable[[int], None]
) -> HnswGraph:
    with tempfile.TemporaryDirectory(prefix="workbench-hnsw-") as name:
        folder = Path(name)
        try:
            _write(vectors, folder / "vectors.f32")
            (folder / "request.json").write_text(json.dumps(request))
        except OSError as error:
            raise errors.StorageFailed(
                f"{folder}: no room for the vectors that hnswlib is to index ({error}); "
                "set TMPDIR to a larger disk, or use builder='numba', which needs none"
            ) from error
        try:
            children.run(_WORKER, str(folder), heard=lambda line: report(int(line)))
        except children.ChildFailed as failed:
            raise errors.WorkbenchError(
                f"hnswlib's process ended before the graph was built: {failed}. "
                "The vectors are unharmed; build again, or use builder='numba'."
            ) from failed
        arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ARRAYS}
        return HnswGraph.from_arrays(arrays, json.loads((folder / "meta.json").read_text()))


def _write(vectors: NDArray[Any], path: Path) -> None:
    """Write float32 rows in pieces: file writes and conversions of a piece leave the GIL to others."""
    step = max(1, WRITE_BYTES // (4 * vectors.shape[1]))
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(vectors), step):
            rows = vectors[start : start + step].astype(np.float32, copy=False)
            piece = memoryview(rows.view(np.uint8).reshape(-1).data)
            while piece:
                piece = piece[file.write(piece) :]
