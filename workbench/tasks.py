"""A long piece of work that shows its progress and can be cancelled.

Work runs where it is called (``Task.run``) or on a thread (``Task.start``). Code that does the work takes a
``Progress`` and calls it now and then; the call raises :class:`~workbench.errors.Cancelled` once somebody
pressed Cancel, so that cancelling needs no other channel and reaches every layer.

Python threads take turns at the interpreter: work in the background makes what a person waits for take twice
as long. What somebody waits for runs :func:`in_front`; work that nobody waits for yet first has to
:func:`give_way`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from workbench.errors import Cancelled


class Progress(Protocol):
    """What working code calls: ``progress(done, total, text)``; it may raise ``Cancelled``."""

    def __call__(self, done: int, total: int, text: str = "") -> None:
        """Report that `done` of `total` units are finished."""


def silent(done: int, total: int, text: str = "") -> None:
    """Report nowhere: the default of every ``progress`` argument."""


class _Front:
    """How many callers are in front, and whether there is none."""

    def __init__(self) -> None:
        self._lock, self._count = threading.Lock(), 0
        self.free = threading.Event()
        self.free.set()

    def add(self, count: int) -> None:
        with self._lock:
            self._count += count
            self.free.clear() if self._count else self.free.set()


_front = _Front()
# Nobody is kept in front for long; and should somebody wait there for what gives way, both go on.
_PATIENCE_S = 1.0


@contextmanager
def in_front() -> Iterator[None]:
    """Let what gives way not begin while the block runs. The block must not wait for it."""
    _front.add(1)
    try:
        yield
    finally:
        _front.add(-1)


def give_way() -> None:
    """Wait until nothing runs :func:`in_front`, or a second."""
    _front.free.wait(_PATIENCE_S)


def cores() -> int:
    """Return how many cores this process may use: more threads than that wait for one another."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Task:
    """Progress, state and cancellation of one piece of work.

    Attributes
    ----------
    title : str
        What a person reads beside the bar.
    state : str
        ``"pending"``, ``"running"``, ``"done"``, ``"cancelled"`` or ``"failed"``.
    done, total : int
        Units of work finished and expected; ``total`` is 0 while it is unknown.
    text : str
        The newest remark of the working code.
    error : BaseException | None
        What ended a failed task.
    """

    # A widget redraw costs a message to the browser: ten a second look continuous and cost nothing.
    NOTIFY_INTERVAL_S = 0.1

    def __init__(self, title: str) -> None:
        self.title, self.state, self.text = title, "pending", ""
        self.done = self.total = 0
        self.error: BaseException | None = None
        self.started = self.ended = 0.0
        self._value: Any = None
        self._stop = threading.Event()
        self._finished = threading.Event()
        self._observers: list[Callable[[Task], None]] = []
        self._notified = 0.0

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Record progress; raise ``Cancelled`` when the task was cancelled."""
        if self._stop.is_set():
            raise Cancelled(f"{self.title}: cancelled")
        self.done, self.total, self.text = done, total, text or self.text
        now = time.monotonic()
        if now - self._notified >= self.NOTIFY_INTERVAL_S:
            self._notified = now
            self._notify()

    def run(self, work: Callable[[Progress], Any]) -> Any:
        """Do `work` here and now, and return its value; its error, or ``Cancelled``, is raised."""
        self.state, self.started = "running", time.monotonic()
        self._notify()
        try:
            self._value = work(self.progress)
            self.state = "done"
        except BaseException as error:
            self.error = error
            self.state = "cancelled" if isinstance(error, Cancelled | KeyboardInterrupt) else "failed"
            raise
        finally:
            self.ended = time.monotonic()
            self._finished.set()
            self._notify()
        return self._value

    def start(self, work: Callable[[Progress], Any]) -> Task:
        """Do `work` on a daemon thread and return this task at once."""

        def body() -> None:
            try:
                self.run(work)
            except BaseException:  # kept in self.error, and raised by result()
                return

        threading.Thread(target=body, name=f"workbench-{self.title}", daemon=True).start()
        return self

    def cancel(self) -> None:
        """Ask the work to stop; it stops at its next report of progress."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the work to stop."""
        return self._stop.is_set()

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the end and return the value; raise what the work raised, or ``TimeoutError``."""
        if not self._finished.wait(timeout):
            raise TimeoutError(f"{self.title}: still running after {timeout} s")
        if self.error is not None:
            raise self.error
        return self._value

    def observe(self, callback: Callable[[Task], None]) -> None:
        """Call `callback(task)` at each change, on the working thread."""
        self._observers.append(callback)

    def _notify(self) -> None:
        for callback in list(self._observers):
            callback(self)
