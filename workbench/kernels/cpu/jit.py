"""How kernels are compiled: without the GIL, ahead of the first call, cached on disk.

What numba does for one function, it does again for each that calls it: it compiles a callee, copies it into
its caller, and optimizes and compiles both. So the loops that measure distances are *shared*: compiled once
and called by address, for a list of rows at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numba.core.cgutils
import numba.core.runtime
import numba.extending
from numba.core.caching import FunctionCache

from workbench.kernels.compiling import NotCompiled, refused

Function = TypeVar("Function", bound=Callable[..., Any])

SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


# numba's functions are typed by numba and not by Python; for a type checker they are opaque.
types: Any = numba.types
njit: Any = numba.njit
int32: Any = numba.int32
int64: Any = numba.int64
float32: Any = numba.float32
float64: Any = numba.float64
intrinsic: Any = numba.extending.intrinsic
cgutils: Any = numba.core.cgutils
_runtime: Any = numba.core.runtime
carray: Any = numba.carray  # type: ignore[attr-defined]


# A division by zero gives infinity, as NumPy's does, instead of a check each time.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


class _Cache(FunctionCache):
    """numba's disk cache, keyed by all our sources too.

    numba looks only at the file of the function itself, and so would go on using a kernel whose callee in
    another file has changed.
    """

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), SOURCES)  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load a compiled function without all that numba needs to compile one.

        numba first reads its registries, and imports SciPy where it is installed: half a second.
        """
        _runtime.rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            found = self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        if found is None and refused():
            raise NotCompiled(self._name)
        return found


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls: one signature, cached on disk, callable from any thread at once.

    Parameters
    ----------
    signature : numba signature
        A single one, given beforehand: a call with other types is a TypeError, never a second compilation.
    """

    def decorate(function: Function) -> Function:
        return cast("Function", _compiled(function, signature, no_cfunc_wrapper=True))

    return decorate


def direct(called: Any) -> Callable[..., Any]:
    """Return a kernel as a function that does not look at the types of its arguments, which for five arrays
    and a tuple takes 0.4 µs of a call.

    For callers whose arrays are made for it: another with as many bytes an element would be read as if it
    were right.
    """
    (compiled,) = called.overloads.values()
    return cast("Callable[..., Any]", compiled.entry_point)


def shared(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that only kernels call, once for all of them: they call it by its address.

    Parameters
    ----------
    signature : numba signature
        Numbers only, as C passes them.
    """

    def decorate(function: Function) -> Function:
        dispatcher = _compiled(function, signature)
        compiled = dispatcher.overloads[signature.args]
        address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name)
        # A kernel from the cache looks for this name; so the name tells of which sources it is, too.
        symbol = f"workbench_{function.__name__}_{SOURCES[:16]}"
        llvmlite.binding.add_symbol(symbol, address)
        _alive.append(dispatcher)
        return cast("Function", types.ExternalFunction(symbol, signature))

    return decorate


def part(function: Function) -> Function:
    """Compile a function that only kernels call; it becomes part of each of them."""
    compiled: Any = njit(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return cast("Function", compiled)


_alive: list[Any] = []
"""Owners of the machine code of shared functions."""


def sums(function: Function) -> Function:
    """Compile a part whose sums may be added in another order, so that many numbers are added at a time."""
    compiled: Any = njit(
        **OPTIONS, fastmath={"reassoc", "contract"}, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return cast("Function", compiled)


def _compiled(function: Any, signature: Any, **options: Any) -> Any:
    dispatcher: Any = njit(**OPTIONS, **options)(function)
    dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
    dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher
