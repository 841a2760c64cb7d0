"""Build an HNSW graph with whichever builder there is."""

from __future__ import annotations

import logging
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
BUILDERS = ("auto", "hnswlib", "numba", "gpu", "cuvs")
ON_DEVICE = ("gpu", "cuvs")

log = logging.getLogger("workbench")


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
        ``"hnswlib"``, ``"numba"``; ``"gpu"``, our own there, or ``"cuvs"``, where NVIDIA's library finds the
        neighbors; or ``"auto"``: what `device` says, and on the CPU numba, or hnswlib where numba cannot be
        loaded, or is still compiling and would take longer than it saves.
    device : str
        ``"cpu"``, ``"gpu"``, or ``"auto"``: the GPU where there is one and the points are worth it; if it
        fails, the CPU builds the graph and the log says why. Counts where no builder is named.
    seed : int
        Of the random layers.
    progress : Progress
        Called now and then; may raise ``Cancelled``, which ends the work within a second or so.
    codes : Codes, optional
        Of these vectors. The numba builder then reads them alone, which halves the time: 87 µs a point, 165
        by vectors and 152 by hnswlib, on 30,000 texts of 384 numbers, with the same recall at each ef.

    Raises
    ------
    InvalidRequest
        If there is no such builder, or it does not know the metric.
    DeviceUnavailable
        If a device is asked for by name and there is none, or no cuVS.
    """
    if builder not in BUILDERS:
        raise errors.InvalidRequest(f"builder: expected one of {', '.join(BUILDERS)}, got {builder!r}")
    if builder in ON_DEVICE or (builder == "auto" and devices.check(device) != "cpu"):
        asked = "gpu" if builder in ON_DEVICE else device
        recipe = hnsw_build_gpu.Recipe(finder="cuvs" if builder == "cuvs" else "tiles")
        graph = _on_device(vectors, metric, asked, recipe, m, ef_construct, threads, seed, progress)
        if graph is not None:
            return graph
        builder = "auto"
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


def _on_device(
    vectors: NDArray[Any],
    metric: int,
    device: str,
    recipe: hnsw_build_gpu.Recipe,
    m: int,
    ef_construct: int,
    threads: int,
    seed: int,
    progress: Progress,
) -> HnswGraph | None:
    """Build on a GPU; None where the CPU is to do it."""
    try:
        if (arrays := devices.choose(device, len(vectors))) is None:
            return None
        if m > hnsw_build_gpu.MOST_M:
            log.warning("m is %d: a GPU chooses %d links at most, the CPU builds", m, hnsw_build_gpu.MOST_M)
            return None
        return hnsw_build_gpu.build(
            vectors,
            metric,
            arrays,
            m=m,
            ef_construct=ef_construct,
            threads=threads,
            seed=seed,
            progress=progress,
            recipe=recipe,
        )
    except errors.WorkbenchError:
        raise
    except Exception as error:  # a driver, a compiler, a kernel: nobody has asked for them by name
        if device != "auto":
            raise
        log.warning("the GPU failed, and the CPU builds the graph: %s", error)
        return None


def _choose(metric: int, n: int) -> str:
    """Our own builder, unless numba is not ready in time and hnswlib can do the work."""
    other = hnsw_build_hnswlib.available(metric)
    ready = kernels.wait(kernels.BUILDING, PATIENCE_S + n / SAVED if other else None)
    return "hnswlib" if other and not ready else "numba"
