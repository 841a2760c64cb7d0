"""Array arithmetic: what the indexes compute with.

Importing this package is light. The kernels themselves (``workbench.kernels.cpu``) are compiled by numba,
which takes half a second to import and, on a machine that never ran them, some seconds to compile; so
:func:`warm` does both on a background thread, and whoever holds a query asks :func:`ready` and answers with
plain numpy (``workbench.indexes.flat``) until then. Nobody waits for a compiler who did not ask to.

A kernel's *distance* is smaller for nearer vectors, whatever the metric: what a person reads (a cosine, a
Euclidean distance) is made from it in ``workbench.distances``.
"""

from __future__ import annotations

import importlib
import threading

from workbench.distances import L1, NEGATIVE_DOT, SQUARED_L2

__all__ = ["L1", "METRICS", "NEGATIVE_DOT", "SQUARED_L2", "failed", "ready", "warm"]

METRICS = {"SQUARED_L2": SQUARED_L2, "NEGATIVE_DOT": NEGATIVE_DOT, "L1": L1}

_lock = threading.Lock()
_thread: threading.Thread | None = None
_ready = False
_failure: BaseException | None = None


def ready() -> bool:
    """Whether the compiled kernels can be called now; never blocks."""
    return _ready


def failed() -> BaseException | None:
    """What kept the kernels from loading (numba missing or broken), or None."""
    return _failure


def warm(block: bool = False) -> None:
    """Load the kernels from the disk cache, or compile them, on a daemon thread that is started once.

    Parameters
    ----------
    block : bool
        Wait until they are ready or have failed (see :func:`failed`).
    """
    global _thread
    if _ready:
        return
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_load, name="workbench-kernels", daemon=True)
            _thread.start()
    if block:
        _thread.join()


def _load() -> None:
    global _ready, _failure
    try:
        importlib.import_module("workbench.kernels.cpu")
    except BaseException as error:  # whatever it is, queries go on with numpy, and failed() tells
        _failure = error
    else:
        _ready = True
