"""Background work of one collection: sealing, merging and vacuuming, one job at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.errors import Cancelled, Closed
from workbench.segments import optimizer
from workbench.tasks import Progress, Task, silent

if TYPE_CHECKING:
    from workbench.collection.collection import Collection
    from workbench.collection.jobs import Job

log = logging.getLogger("workbench")

# A burst of small upserts should end in one graph, not in one for each threshold it crosses: work begins when
# writes have paused this long, or have gone on this long. Not longer: the scan of an unsealed tail is exact,
# but among 12,000 points it takes ten times as long as a walk, and graphs are extended, not built anew.
_QUIET_S, _PATIENCE_S = 0.25, 1.0

JOBS_KEPT = 64
"""Jobs remembered, so that a long life does not fill the memory; Qdrant's default answer has 16."""

# How soon a thread that waits sees that its collection is being closed.
_POLL_S = 0.02

# One build at a time in the process: each uses all cores already.
_one_build = threading.Lock()


class Upkeep:
    """Runs the optimizer's plans on a thread that lives only while there is work.

    Attributes
    ----------
    task : Task or None
        The running job, or the last one.
    jobs : deque of Job
        The last jobs, the running one at the end.
    error : Exception or None
        What ended the last job, if it failed; cleared by the next that succeeds.
    device : str or None
        On what graphs are built: "cpu", "gpu" or "auto"; None for what `default_device` returns then.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._held = 0
        self._stopping = False
        self._woken = 0.0
        self.task: Task | None = None
        self.error: Exception | None = None
        self.device: str | None = None
        self.default_device: Callable[[], str] = lambda: "auto"
        self.jobs: deque[Job] = deque(maxlen=JOBS_KEPT)

    def wake(self) -> None:
        """Look for work soon; called after each write."""
        self._woken = time.monotonic()
        with self._changed:
            if self._thread is None and not self._held and not self._stopping and self._plan() is not None:
                name = f"workbench-optimize-{self._collection.name[:40]}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()

    @property
    def working(self) -> bool:
        """Whether a job is running or about to."""
        return self._thread is not None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Start no job inside: a bulk load seals once, at its end."""
        with self._changed:
            self._held += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= 1
            if not self._stopping:
                self.wake()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until there is nothing to do or to check; False when `timeout` seconds passed first.

        Raises
        ------
        Exception
            What the background work failed with.
        """
        self.error = None
        self._collection.verification.finish()
        done = self.settle(timeout)
        if self.error is not None:
            raise self.error
        return done

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until no job runs or is due; False when `timeout` seconds passed. Failures are logged."""
        self.wake()
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, timeout)

    def cancel(self) -> None:
        """Cancel the running job and wait for its end; nothing it did was visible yet."""
        thread = self._thread
        if self.task is not None:
            self.task.cancel()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def stop(self) -> None:
        """Cancel, and start no other job."""
        self._stopping = True
        self.cancel()

    def optimize(
        self, progress: Progress = silent, *, builder: str = "auto", device: str | None = None
    ) -> None:
        """Seal and merge into one segment what is there now; what is written meanwhile stays in the tail."""
        from workbench.collection.rebuild import rebuild
        from workbench.kernels.gpu import devices

        device = devices.check(device or self.wanted_device)
        with self.held():
            self.cancel()
            with _one_build:
                if (plan := self._plan(force=True)) is not None:
                    rebuild(self._collection, plan, progress, builder, device)

    @property
    def wanted_device(self) -> str:
        """The device of the collection, or else of the engine: "cpu", "gpu" or "auto"."""
        return self.device or self.default_device()

    def pending(self) -> optimizer.Plan | None:
        """Return what is to be done next: None when all is well, or when it is being done."""
        return None if self._thread is not None and self.jobs and self.jobs[-1].running else self._plan()

    def _plan(self, *, force: bool = False) -> optimizer.Plan | None:
        view = self._collection.view
        return optimizer.plan(view.segments, view.config, force=force)

    def _run(self) -> None:
        try:
            self._pause()
            while self._step():
                pass
        except (Cancelled, Closed) as error:
            log.debug("background work on %s was stopped", self._collection.name)
            _let_go(error)
        except Exception as error:
            self.error = error
            log.exception(
                "background work on %s failed; the collection answers on, unoptimized", self._collection.name
            )
            _let_go(error)
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # else a write started the next
                    self._thread = None
                self._changed.notify_all()

    def _step(self) -> bool:
        """Do one job; False when there is none. The end of the thread is decided under the lock, so that no
        write that comes just then is overlooked.
        """
        from workbench.collection.jobs import Job
        from workbench.collection.rebuild import rebuild

        with self._changed:
            plan = None if self._stopping or self._held else self._plan()
            if plan is None:
                self._thread = None
                return False
        task = self.task = Task(f"{plan.reason} {self._collection.name}")
        job = Job.of(self._collection.name, plan, task)
        while not _one_build.acquire(timeout=_POLL_S):
            if self._stopping or self._held:
                return True  # and the next step decides what that means
        try:
            if self._stopping:
                task.cancel()
            self.jobs.append(job.begun())
            device = self.wanted_device
            task.run(lambda progress: rebuild(self._collection, plan, progress, device=device))
            self.error = None
        finally:
            _one_build.release()
        return True

    def _pause(self) -> None:
        started = time.monotonic()
        while not self._stopping and time.monotonic() - started < _PATIENCE_S:
            if time.monotonic() - self._woken >= _QUIET_S:
                return
            time.sleep(_POLL_S)


def _let_go(error: BaseException | None) -> None:
    """Take an error's tracebacks away: its job keeps it, and they hold the segments that were built of."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
