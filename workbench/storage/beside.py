"""A write that goes on in a thread of its own until somebody has to know that it is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Beside:
    """Run `work` in a thread; :meth:`wait` for it before anything says that it was done.

    Parameters
    ----------
    work : callable
        What waits for the disk; NumPy, SQLite and checksums go on meanwhile.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(work,), name="workbench-sync")
        self._thread.start()

    def wait(self) -> None:
        """Return when the work is done; raise what it raised."""
        self._thread.join()
        if self._failures:
            raise self._failures[0]

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._failures.append(error)
