"""Work in a process of its own, for what would hold the interpreter of this one for long.

A child is a module of this package whose ``main`` begins with :func:`end_with_parent`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path


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
    import subprocess  # with tempfile 20 ms, which opening a collection would pay
    import tempfile

    package = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": path},
        )
        try:
            assert child.stdout is not None
            for line in child.stdout:
                heard(line.decode())
            code = child.wait()
        finally:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
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
