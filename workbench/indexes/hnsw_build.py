"""Build an HNSW graph with whichever builder there is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import errors, kernels
from workbench.indexes import hnsw_build_gpu, hnsw_build_hnswlib, hnsw_build_numba
from workbench.indexes.codes import Codes
from workbench.indexes.hnsw import HnswGraph
from workbench.kernels.gpu import devices
from workbench.tasks import Progress, silent

# How long numba is waited for where hnswlib could begin at once: kernels come from the disk within a second;
# compiling them takes ten and more, which is what our builder saves on 100,000 points of 384 numbers.
PATIENCE_S, SAVED = 2.0, 10_000
BUILDERS = ("auto", "hnswlib", "numba")


def build(
    vectors: NDArray[Any],
    metric: int,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    builder: str = "auto",
    device: str = "cpu",
    seed: int = 100,
    progress: Progress = silent,
    codes: Codes | None = None,
) -> HnswGraph:
    """Build the graph of all rows.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    m, ef_construct : int
        Links of a node (twice as many on layer 0); width of the beam that looks for them.
    threads : int
        0 for all cores.
    builder : str
        ``"hnswlib"``, ``"numba"``, or ``"auto"``: numba, or hnswlib where numba cannot be loaded, or is still
        compiling and would take longer than it saves.
    device : str
        ``"cpu"``, ``"gpu"``, or ``"auto"``: the GPU where there is one and the points are worth it. A builder
        that is named is one of the CPU's.
    seed : int
        Of the random layers.
    progress : Progress
        Called now and then; may raise ``Cancelled``, which ends the work within a second or so.
    codes : Codes, optional
        Of these vectors. The numba builder then reads them alone, which halves the time: 87 µs a point, 165
        by vectors and 152 by hnswlib, on 30,000 texts of 384 numbers, with the same recall at each ef.
    """
    if builder not in BUILDERS:
        raise errors.InvalidRequest(f"builder: expected one of {', '.join(BUILDERS)}, got {builder!r}")
    if builder == "auto" and (arrays := devices.choose(device, len(vectors))) is not None:
        return hnsw_build_gpu.build(
            vectors,
            metric,
            arrays,
            m=m,
            ef_construct=ef_construct,
            threads=threads,
            seed=seed,
            progress=progress,
        )
    if builder == "auto":
        builder = _choose(metric, len(vectors))
    if builder == "hnswlib":
        return hnsw_build_hnswlib.build(
            vectors, metric, m=m, ef_construct=ef_construct, threads=threads, seed=seed, progress=progress
        )
    return hnsw_build_numba.build(
        vectors,
        metric,
        m=m,
        ef_construct=ef_construct,
        threads=threads,
        seed=seed,
        progress=progress,
        codes=codes,
    )


def extend(
    base: HnswGraph,
    kept: NDArray[np.bool_],
    vectors: NDArray[Any],
    metric: int,
    *,
    threads: int = 0,
    seed: int = 100,
    progress: Progress = silent,
    codes: Codes | None = None,
) -> HnswGraph:
    """Make the graph of the nodes `kept` of another graph and of new points behind them.

    See :func:`hnsw_build_numba.extend`; where numba cannot be loaded, the graph is built anew.
    """
    if _choose(metric, len(vectors)) == "numba":
        return hnsw_build_numba.extend(
            base, kept, vectors, metric, threads=threads, seed=seed, progress=progress, codes=codes
        )
    return hnsw_build_hnswlib.build(
        vectors,
        metric,
        m=base.m,
        ef_construct=base.ef_construct,
        threads=threads,
        seed=seed,
        progress=progress,
    )


def _choose(metric: int, n: int) -> str:
    """Our own builder, unless numba is not ready in time and hnswlib can do the work."""
    other = hnsw_build_hnswlib.available(metric)
    ready = kernels.wait(kernels.BUILDING, PATIENCE_S + n / SAVED if other else None)
    return "hnswlib" if other and not ready else "numba"
