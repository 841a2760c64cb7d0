"""The builders of graphs side by side: how long each takes, and how good a graph it makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench import distances, kernels
from workbench.errors import Cancelled, WorkbenchError
from workbench.indexes import hnsw_build, hnsw_build_hnswlib
from workbench.kernels.gpu import cuvs, devices
from workbench.surfaces.notebook.measurement import Measurement
from workbench.surfaces.notebook.tuning import Bench
from workbench.tasks import Progress, silent

TITLES = {
    "numba": "Workbench, CPU",
    "hnswlib": "hnswlib, CPU",
    "gpu": "Workbench, GPU",
    "cuvs": "cuVS, GPU",
}


@dataclass(frozen=True, slots=True)
class Built:
    """What one builder made.

    Attributes
    ----------
    builder, title : str
    seconds : float
        From vectors in memory to a graph that can be searched; 0 if it could not be run.
    points : int
    measurement : Measurement or None
        Of its graph.
    why_not : str
        Why it could not be run.
    """

    builder: str
    title: str
    seconds: float
    points: int
    measurement: Measurement | None
    why_not: str = ""

    @property
    def per_second(self) -> float:
        """Points linked a second."""
        return self.points / self.seconds if self.seconds else 0.0


def race(
    bench: Bench,
    m: int,
    ef_construct: int,
    k: int,
    ef: int,
    publish: Callable[[list[Built]], None] = lambda _: None,
    progress: Progress = silent,
) -> list[Built]:
    """Build the same graph, over up to 20,000 of the vectors, with each builder there is.

    Parameters
    ----------
    bench : Bench
        Of the collection as it is.
    m, ef_construct : int
        Of the graphs.
    k, ef : int
        Of the searches that tell how good they are.
    publish : callable
        Receives what was built so far.
    progress : Progress
        May raise ``Cancelled``.
    """
    bench.prepare(progress)
    metric = distances.metric(bench.view.config.vectors[bench.vector].distance)
    found: list[Built] = []
    absent = set(hnsw_build.ON_DEVICE) if gpu_note() or bench.device == "cpu" else set[str]()
    for builder in sorted(set(hnsw_build.BUILDERS) - {"auto"} - absent, reverse=True):
        title = TITLES.get(builder, builder)
        why_not = _why_not(builder, metric)
        if why_not:
            found.append(Built(builder, title, 0.0, 0, None, why_not))
            continue
        started = time.perf_counter()
        try:
            built = bench.variant(m, ef_construct, _named(progress, title), builder=builder)
        except Cancelled:
            raise
        except WorkbenchError as error:  # such as a device that is not there
            found.append(Built(builder, title, 0.0, 0, None, str(error)))
            continue
        seconds = time.perf_counter() - started
        progress(0, 0, f"searching the graph of {title}")
        found.append(Built(builder, title, seconds, built.points, built.prepare(progress).measure(k, ef)))
        publish(list(found))
    publish(list(found))
    return found


def _named(progress: Progress, title: str) -> Progress:
    def tell(done: int, total: int, text: str = "") -> None:
        progress(done, total, f"building with {title}")

    return tell


def gpu_note() -> str:
    """Return why no GPU takes part, empty if one does."""
    return devices.why_none()


def _why_not(builder: str, metric: int) -> str:
    if builder == "hnswlib" and not hnsw_build_hnswlib.available(metric):
        return "hnswlib is not installed, or does not know this distance; pip install hnswlib"
    if builder == "numba" and kernels.failed():
        return "the compiled kernels could not be loaded"
    if builder == "cuvs":
        return cuvs.why_not()
    return ""
