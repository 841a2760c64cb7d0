"""Compiling kernels in a process of its own, since numba's compiler is Python and takes turns with all else.

    python -m workbench.kernels.compiling MODULE...

imports the modules of kernels, which compiles what the disk cache does not hold. A thread that loads kernels
refuses to compile (:func:`refusing`), learns by :class:`NotCompiled` that there is something to do, and has
it done here. It is 53 s of work, once on a machine; in the same process a filtered search of 9,000 texts took
52 to 61 ms meanwhile, beside another 21 to 29, as without any compiler.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench import children

_thread = threading.local()


class NotCompiled(Exception):
    """The disk cache does not hold a kernel, and this thread does not compile."""


@contextmanager
def refusing() -> Iterator[None]:
    """Let what this thread imports raise :class:`NotCompiled` instead of compiling, while the block runs."""
    _thread.refuses = True
    try:
        yield
    finally:
        _thread.refuses = False


def refused() -> bool:
    """Whether this thread does not compile."""
    return getattr(_thread, "refuses", False)


def compile_apart(*modules: str) -> None:
    """Compile the kernels of `modules` into the disk cache, in another process.

    Raises
    ------
    children.ChildFailed
        If it ended before they were compiled: what is missing is compiled where it is needed.
    OSError
        Where no process can be started.
    """
    children.run(__name__, *modules)


def main(modules: list[str]) -> None:
    """Import `modules`, in their order."""
    children.end_with_parent()
    for module in modules:
        with _alone():
            importlib.import_module(module)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process at a time compile these sources, so that the next finds what it made."""
    try:
        import fcntl
    except ImportError:  # Windows: what two compile at once is compiled twice
        yield
        return
    with Path(__file__).open("rb") as sources:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(sources, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(sys.argv[1:])
