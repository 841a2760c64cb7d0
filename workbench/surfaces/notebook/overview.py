"""A whole database at one moment: its collections, what works, what is kept, what it costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.api import resources
from workbench.api.service import service_of
from workbench.collection import info
from workbench.errors import Closed, Corrupted, NotFound, WorkbenchError
from workbench.snapshots import Snapshot
from workbench.surfaces.notebook.card import vectors_text
from workbench.tasks import cores

if TYPE_CHECKING:
    from workbench.surfaces.notebook.database import Database

# Jobs that are over and still shown.
_DONE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionLine:
    """A collection in one line.

    Attributes
    ----------
    name, status, vectors : str
        ``green``, ``yellow``, ``red``, ``grey`` as Qdrant says it, or ``damaged``; sizes and distances.
    points, segments, disk, memory : int
        Live points; segments; bytes of files; bytes of vectors and index, held or mapped.
    indexed : float or None
        The share of vectors that an index covers; None without vectors.
    problem : str
        What the optimizer failed with, or what is damaged.
    """

    name: str
    status: str
    vectors: str = ""
    points: int = 0
    segments: int = 0
    disk: int = 0
    memory: int = 0
    indexed: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A job of the optimizer.

    Attributes
    ----------
    collection, reason, state, text : str
        Why, such as ``seal``; how it stands: ``waiting`` or a state of :class:`workbench.tasks.Task`; what it
        says or failed with.
    points, done, total : int
        Points of the segments that are rebuilt; units of work done, and expected (0: not known).
    seconds : float
        How long it runs, or took.
    """

    collection: str
    reason: str
    state: str
    text: str = ""
    points: int = 0
    done: int = 0
    total: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the process takes of the machine.

    Attributes
    ----------
    resident, memory : int or None
        Bytes of the process in RAM; of the machine, or of its control group.
    cpu : float or None
        Processors in use since the look before, 1.0 being one; None at the first look.
    cores, threads : int
    device : str
        What there is to compute on besides.
    """

    resident: int | None
    memory: int | None
    cpu: float | None
    cores: int
    threads: int
    device: str


def watch(database: Database, changed: Callable[[], None]) -> Callable[[], None]:
    """Call `changed` after a collection came or went, on whatever thread did it; return what ends that."""

    def heard(event: str, _collection: str) -> None:
        if event in ("created", "deleted"):
            changed()

    database.engine.listeners.append(heard)

    def stop() -> None:
        if heard in database.engine.listeners:
            database.engine.listeners.remove(heard)

    return stop


def collections(database: Database) -> list[CollectionLine]:
    """Describe every collection; a damaged one says what is wrong with it."""
    found = []
    for name in database.engine.names():
        try:
            found.append(_line(info.describe(database.engine.collection(name))))
        except Corrupted as error:
            found.append(CollectionLine(name=name, status="damaged", problem=str(error)))
        except (Closed, NotFound):  # deleted meanwhile
            continue
    return found


def _line(about: info.CollectionInfo) -> CollectionLine:
    vectors = about.points_count * max(1, len(about.config.vectors))
    return CollectionLine(
        name=about.name,
        status=about.status,
        vectors=vectors_text(about),
        points=about.points_count,
        segments=about.segments_count,
        disk=about.disk_bytes,
        memory=about.vector_bytes + about.graph_bytes,
        indexed=min(1.0, about.indexed_vectors_count / vectors) if vectors else None,
        problem=about.optimizer_error or "",
    )


def jobs(database: Database) -> list[JobLine]:
    """Return what the optimizers do, what waits, and what they did last."""
    running: list[tuple[float, JobLine]] = []
    waiting: list[JobLine] = []
    over: list[tuple[float, JobLine]] = []
    for name in database.engine.names():
        try:
            upkeep = database.engine.collection(name).upkeep
            known, plan = list(upkeep.jobs), upkeep.pending()
        except WorkbenchError:  # damaged, or deleted meanwhile
            continue
        for job in known:
            task, ended = job.task, job.ended
            said = str(task.error) if task.error is not None else task.text
            line = JobLine(
                collection=name, reason=job.reason, state=task.state, text=said,
                points=sum(s.points for s in job.segments), done=task.done, total=task.total,
                seconds=(time.time() if ended is None else ended) - job.started,
            )  # fmt: skip
            (running if job.running else over).append((job.started, line))
        if plan is not None and not any(job.running for job in known):
            points = sum(s.live for s in plan.segments)
            waiting.append(JobLine(collection=name, reason=plan.reason, state="waiting", points=points))
    over.sort(key=lambda pair: -pair[0])
    return [*(line for _, line in running), *waiting, *(line for _, line in over[:_DONE])]


def snapshots(database: Database) -> list[tuple[str, Snapshot]]:
    """Return all snapshots with the collection each is of, ``""`` for one of the database; newest first."""
    kept = service_of(database.engine).snapshots
    found = [("", snapshot) for snapshot in kept.list_full()]
    for name in database.engine.names():
        found += [(name, snapshot) for snapshot in kept.list(name)]
    return sorted(found, key=lambda pair: pair[1].created, reverse=True)


def take_snapshot(database: Database, collection: str = "") -> Snapshot:
    """Write a snapshot of a collection, or of the whole database, and wait for it."""
    kept = service_of(database.engine).snapshots
    if not collection:
        return kept.take_full()
    return kept.take(database.engine.collection(collection))


class LoadMeter:
    """Measures the process; what it used of the processors counts from one look to the next."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def read(self) -> Load:
        """Look now."""
        now = (time.monotonic(), time.process_time())
        cpu = None
        if self._before is not None and now[0] > self._before[0]:
            cpu = (now[1] - self._before[1]) / (now[0] - self._before[0])
        self._before = now
        return Load(
            resident=resources.resident_bytes(),
            memory=resources.total_memory(),
            cpu=cpu,
            cores=cores(),
            threads=threading.active_count(),
            device=_device(),
        )


def _device() -> str:
    import workbench

    look: Any = getattr(workbench, "devices", None)
    if look is None:
        return "This version computes on the CPU."
    return ", ".join(map(str, look())) or "no GPU"
