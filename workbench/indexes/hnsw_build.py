"""Build an HNSW graph with whichever builder there is."""

from __future__ import annotations

import logging
from typing import Any

from numpy.typing import NDArray

from workbench import errors
from workbench.indexes import hnsw_build_hnswlib, hnsw_build_numba
from workbench.indexes.hnsw import HnswGraph
from workbench.tasks import Progress, silent

BUILDERS = ("auto", "hnswlib", "numba")

_log = logging.getLogger("workbench")
_told = False


def build(
    vectors: NDArray[Any],
    metric: int,
    *,
    m: int = 16,
    ef_construct: int = 100,
    threads: int = 0,
    builder: str = "auto",
    seed: int = 100,
    progress: Progress = silent,
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
        ``"hnswlib"``, ``"numba"``, or ``"auto"``: hnswlib if it is installed and has the metric, else numba.
    seed : int
        Of the random layers.
    progress : Progress
        Called now and then; may raise ``Cancelled``, which ends the work within a second or so.
    """
    if builder not in BUILDERS:
        raise errors.InvalidRequest(f"builder: expected one of {', '.join(BUILDERS)}, got {builder!r}")
    if builder == "auto":
        builder = _choose(metric)
    chosen = hnsw_build_hnswlib.build if builder == "hnswlib" else hnsw_build_numba.build
    return chosen(
        vectors, metric, m=m, ef_construct=ef_construct, threads=threads, seed=seed, progress=progress
    )


def _choose(metric: int) -> str:
    """Hnswlib where it can do the work; if it is missing, say so once."""
    global _told
    if hnsw_build_hnswlib.available(metric):
        return "hnswlib"
    if metric in hnsw_build_hnswlib.SPACES and not _told:
        _told = True
        _log.warning(
            "hnswlib is not installed; graphs are built with numba, which gives the same recall. "
            "To use hnswlib: pip install hnswlib "
            "(it is compiled at installation and needs g++ and Python's headers)."
        )
    return "numba"
