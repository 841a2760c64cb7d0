"""Array arithmetic: what the indexes compute with.

Importing this package is light. The kernels themselves (``workbench.kernels.cpu``) are compiled by numba,
which takes half a second to import and, on a machine that never ran them, some seconds to compile, in a
process of its own (``workbench.kernels.compiling``). So :func:`warm` does both on a background thread, and
whoever holds a query asks :func:`ready` and answers with plain numpy (``workbench.indexes.flat``) until then.
Nobody waits for a compiler who did not ask to.

A kernel's *distance* is smaller for nearer vectors, whatever the metric: what a person reads (a cosine, a
Euclidean distance) is made from it in ``workbench.distances``.
"""

from __future__ import annotations

import importlib
import threading
from contextlib import suppress

from workbench.children import ChildFailed
from workbench.distances import L1, NEGATIVE_DOT, SQUARED_L2
from workbench.kernels.compiling import NotCompiled, compile_apart, refusing
from workbench.tasks import give_way

__all__ = [
    "L1",
    "METRICS",
    "NEGATIVE_DOT",
    "SQUARED_L2",
    "compile_ahead",
    "failed",
    "ready",
    "wait",
    "wanted",
    "warm",
]

METRICS = {"SQUARED_L2": SQUARED_L2, "NEGATIVE_DOT": NEGATIVE_DOT, "L1": L1}

CPU = "workbench.kernels.cpu"
"""The kernels that most searches need; the others load when something asks for them."""
BUILDING, PROOF, QUANTIZATION = f"{CPU}.building", f"{CPU}.proof", f"{CPU}.quantization"
SIEVE, GROWING, NIBBLES = f"{CPU}.sieve", f"{CPU}.growing", f"{CPU}.nibbles"
SPARSE, MULTIVECTOR = f"{CPU}.sparse", f"{CPU}.multivector"
UMAP, TRACING, COLUMNS = f"{CPU}.umap", f"{CPU}.tracing", f"{CPU}.columns"
JSON, PROTOBUF = f"{CPU}.json_arrays", f"{CPU}.protobuf_points"
ALL = (CPU, BUILDING, PROOF, GROWING, SIEVE, NIBBLES, QUANTIZATION, SPARSE, MULTIVECTOR)
# In the order in which a new machine is likely to ask for them: 12 s of compiling for the first, 53 for all.
_AHEAD = (
    *(CPU, BUILDING, SIEVE, COLUMNS, PROOF, GROWING, NIBBLES, TRACING),
    *(QUANTIZATION, SPARSE, MULTIVECTOR, UMAP, JSON, PROTOBUF),
)

# Importing numba takes the interpreter for half a second: the first answer of a program that has just opened
# a collection, 30 ms by NumPy, would take 100.
_GRACE_S = 0.1
_hurry = threading.Event()
# Imported one by one (70 and 300 ms on busy cores, and 200 for the kernels), so that a screen that is opened
# meanwhile can come between.
_BEFORE = ("llvmlite.binding", "numba")

_lock = threading.Lock()
_threads: dict[str, threading.Thread] = {}
_ready: set[str] = set()
_failures: dict[str, BaseException] = {}


def ready(module: str = CPU) -> bool:
    """Whether the compiled kernels of a module can be called now; never blocks."""
    return module in _ready


def failed(module: str = CPU) -> BaseException | None:
    """What kept the kernels from loading (numba missing or broken), or None."""
    return _failures.get(module)


def wanted(module: str) -> bool:
    """Whether the kernels of a module are ready; if not, and those that all searches need are, they are
    loaded in the background.
    """
    if module in _ready:
        return True
    if CPU in _ready:
        _start(module)
    return False


def wait(module: str, seconds: float | None = None) -> bool:
    """Load the kernels of a module and wait for them, so long at most; return whether they are ready."""
    if module not in _ready:
        thread = _start(module)
        _hurry.set()
        thread.join(seconds)
    return module in _ready


def warm(block: bool = False, module: str = "") -> None:
    """Load kernels from the disk cache, or compile them, on a daemon thread that is started once.

    Parameters
    ----------
    block : bool
        Wait until they are ready or have failed (see :func:`failed`).
    module : str, optional
        The full name of the module to import. Without it, those that most searches need are loaded; and who
        waits gets all.
    """
    for name in (module,) if module else ALL if block else (CPU,):
        if block:
            wait(name)
        elif name not in _ready:
            _start(name)


def compile_ahead() -> None:
    """Compile what the disk cache does not hold of all kernels, in another process; return at its end."""
    with suppress(ChildFailed, OSError):
        compile_apart(*_AHEAD)


def _start(module: str) -> threading.Thread:
    with _lock:
        thread = _threads.get(module)
        if thread is None:
            thread = threading.Thread(target=_load, args=(module,), name="workbench-kernels", daemon=True)
            thread.start()
            _threads[module] = thread
    return thread


def _load(module: str) -> None:
    _hurry.wait(_GRACE_S)
    try:
        for step in _BEFORE:
            _give_way()
            importlib.import_module(step)
        _give_way()
        compiled = _import(module)
    except BaseException as error:  # whatever it is, queries go on with numpy, and failed() tells
        _failures[module] = error
    else:
        _ready.add(module)
        if compiled and module == CPU:
            compile_ahead()  # the machine is new to them, and others are asked for soon


def _give_way() -> None:
    if not _hurry.is_set():
        give_way()


def _import(module: str) -> bool:
    """Import kernels; return whether they had to be compiled: in another process, if that can be."""
    try:
        with refusing():
            importlib.import_module(module)
    except NotCompiled:
        with suppress(ChildFailed, OSError):
            compile_apart(module)
        importlib.import_module(module)
        return True
    return False
