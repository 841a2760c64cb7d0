"""A write that goes on in a thread of its own until somebody has to know that it is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Beside:
    """Run steps in a thread; :meth:`wait` for them before anything says that they were done.

    Parameters
    ----------
    steps : callable
        One after the other. They wait for the disk, or need no interpreter; SQLite goes on meanwhile.
    """

    def __init__(self, *steps: Callable[[], None]) -> None:
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=steps, name="workbench-sync")
        self._thread.start()

    def wait(self) -> None:
        """Return when all is done; raise what a step raised."""
        self._thread.join()
        if self._failures:
            raise self._failures[0]

    def _run(self, *steps: Callable[[], None]) -> None:
        try:
            for step in steps:
                step()
        except BaseException as error:
            self._failures.append(error)
