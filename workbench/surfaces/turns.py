"""Large writes take turns at the cores, in the order in which they came.

Many that are read at once all end at once, and then all of their senders make the next requests while the
server has nothing to do: a program of four threads upserted 13,300 points a second over REST by batches of
1000 × 384, and 15,900 where one batch was read and written after the other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, TypeVar

from workbench.tasks import cores

T = TypeVar("T")

LARGE: Final = 1 << 17
"""Bytes of a request from which it is to wait for its turn: they take 0.5 ms."""

LONGEST_S: Final = 0.25
"""Seconds that a turn keeps others waiting: five times what 1000 × 384 take. A write that waits for the disk,
or for an index to be made, may take much longer."""

THREADS: Final = 32


class Turns:
    """A queue for what needs a core.

    Parameters
    ----------
    count : int
        How many have their turn at once.
    longest : float
        Seconds after which a turn is over for the others, though it goes on.
    """

    def __init__(self, count: int, longest: float = LONGEST_S) -> None:
        self._count, self._longest = count, longest
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._begun: dict[object, float] = {}  # the oldest first

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it until the block ends."""
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            while self._queue[0] is not ticket:
                self._changed.wait()
            while (wait := self._until_free()) > 0:
                self._changed.wait(wait)
            self._queue.popleft()
            self._begun[ticket] = monotonic()
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._begun.pop(ticket, None)
                self._changed.notify_all()

    def _until_free(self) -> float:
        """Return the seconds until a turn is free at the latest; take it from whoever has it for too long."""
        if len(self._begun) < self._count:
            return 0.0
        oldest, begun = next(iter(self._begun.items()))
        left = begun + self._longest - monotonic()
        if left <= 0:
            del self._begun[oldest]
        return left


class InTurn(ThreadPoolExecutor):
    """Threads for large writes, of which as many run at once as the process has cores.

    Parameters
    ----------
    name : str
        What the names of the threads begin with.
    """

    def __init__(self, name: str) -> None:
        super().__init__(THREADS, name)
        self._turns = Turns(cores())

    def submit(self, function: Callable[..., T], /, *values: Any, **named: Any) -> Future[T]:
        """Run a function when its turn has come."""
        return super().submit(self._run, function, *values, **named)

    def _run(self, function: Callable[..., T], /, *values: Any, **named: Any) -> T:
        with self._turns.turn():
            return function(*values, **named)
