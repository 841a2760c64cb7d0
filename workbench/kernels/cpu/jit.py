"""How kernels are compiled: without the GIL, ahead of the first call, cached on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])

SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
).hexdigest()


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's disk cache, keyed by all our sources too.

    numba looks only at the file of the function itself, and so would go on using a kernel whose callee in another
    file has changed.
    """

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return (*super()._index_key(sig, codegen), SOURCES)


def kernel(signature: Any) -> Callable[[Function], Function]:
    """Compile a function that Python calls: one signature, cached on disk, callable from any thread at once.

    Parameters
    ----------
    signature : numba signature
        A single one, given beforehand: a call with other types is a TypeError, never a second compilation.
    """

    def decorate(function: Function) -> Function:
        dispatcher = numba.njit(nogil=True)(function)
        dispatcher._cache = _Cache(function)
        dispatcher.compile(signature)
        dispatcher.disable_compile()
        return dispatcher  # type: ignore[no-any-return]

    return decorate


def part(function: Function) -> Function:
    """Compile a function that only kernels call; it becomes part of each of them."""
    return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]
