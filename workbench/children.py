"""Work in a process of its own, for what would hold the interpreter of this one for long.

A child is a module of this package whose ``main`` begins with :func:`end_with_parent`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen


class ChildFailed(Exception):
    """A child ended before its work was done; the text says of what."""


def run(module: str, *arguments: str, heard: Callable[[str], object] = str) -> None:
    """Run ``python -m module arguments`` to its end; whatever interrupts this kills it.

    Parameters
    ----------
    module : str
        The full name of the module.
    *arguments : str
        What it finds in ``sys.argv``.
    heard : callable, optional
        Called with each line that it prints.

    Raises
    ------
    ChildFailed
        If it ended with another status than 0.
    OSError
        Where no process can be started.
    """
    child = _Child(module, arguments)
    try:
        child.start()
        while (line := child.lines.get()) is not None:
            heard(line)
    finally:
        child.kill()
        with suppress(RuntimeError):  # interrupted before the thread began, which starts nothing then
            child.join()
    if child.error is not None:
        raise child.error


class _Child(threading.Thread):
    """A process, and the thread that starts it, listens to it and sees to its end.

    Ctrl-C hits the main thread alone. There it came between the start of a process and the name by which it
    could be ended 8 times in 1,500.
    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        super().__init__(name="workbench-child", daemon=True)
        self.lines: SimpleQueue[str | None] = SimpleQueue()
        self.error: BaseException | None = None
        self._command = [sys.executable, "-m", module, *arguments]
        self._guard, self._killed = threading.Lock(), False
        self._process: Popen[bytes] | None = None

    def kill(self) -> None:
        """End the process if it runs, and keep it from being started."""
        with self._guard:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        """Run the process to its end; the lines end with None, and :attr:`error` is what went wrong."""
        try:
            self._run()
        except BaseException as error:
            self.error = error
        finally:
            self.lines.put(None)

    def _run(self) -> None:
        import subprocess  # with tempfile 20 ms, which opening a collection would pay
        import tempfile

        package = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
        with tempfile.TemporaryFile() as stderr:
            with self._guard:
                if self._killed:
                    return
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env={**os.environ, "PYTHONPATH": path},
                )
            with self._process as process:
                assert process.stdout is not None
                for line in process.stdout:
                    self.lines.put(line.decode())
                code = process.wait()  # before its standard input is closed, which would end it
            if code != 0:
                stderr.seek(0)
                lines = stderr.read().decode(errors="replace").strip().splitlines()
                cause = f"signal {-code} (9 is usually want of memory)" if code < 0 else f"exit code {code}"
                raise ChildFailed(f"{cause}. {lines[-1] if lines else ''}".rstrip())


def end_with_parent() -> None:
    """End this process when the one that started it closes its standard input, at the latest when it ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # os.read, since a buffered read would hold a lock that the interpreter's shutdown wants
    os.read(0, 1)
    os._exit(1)
