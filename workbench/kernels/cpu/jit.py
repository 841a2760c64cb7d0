"""How kernels are compiled: without the GIL, ahead of the first call, cached on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.core.cgutils
import numba.extending
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])

SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


# numba's functions are typed by numba and not by Python; for a type checker they are opaque.
types: Any = numba.types
int32: Any = numba.int32
int64: Any = numba.int64
float32: Any = numba.float32
intrinsic: Any = numba.extending.intrinsic
cgutils: Any = numba.core.cgutils


class _Cache(FunctionCache):
    """numba's disk cache, keyed by all our sources too.

    numba looks only at the file of the function itself, and so would go on using a kernel whose callee in
    another file has changed.
    """

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), SOURCES)  # type: ignore[no-untyped-call]


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls: one signature, cached on disk, callable from any thread at once.

    Parameters
    ----------
    signature : numba signature
        A single one, given beforehand: a call with other types is a TypeError, never a second compilation.
    """

    def decorate(function: Function) -> Function:
        dispatcher: Any = numba.njit(nogil=True)(function)
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]
        dispatcher.compile(signature)
        dispatcher.disable_compile()
        return cast("Function", dispatcher)

    return decorate


def part(function: Function) -> Function:
    """Compile a function that only kernels call; it becomes part of each of them."""
    compiled: Any = numba.njit(nogil=True)(function)
    return cast("Function", compiled)
