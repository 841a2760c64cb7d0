"""Vectors as the kernels take them: checked once, then an address."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import distances, errors, kernels

# Bytes of a cache line.
LINE = 64
# NumPy makes an array of a type that it is given as this in 0.12 µs, of np.float32 in 0.16.
FLOAT32, INTP, INT32 = np.dtype(np.float32), np.dtype(np.intp), np.dtype(np.int32)
DTYPES = (FLOAT32, np.dtype(np.float16), np.dtype(np.uint8))


class Space:
    """Stored vectors and a metric, as every kernel's first argument.

    Attributes
    ----------
    vectors : float32, float16 or uint8 [n, d], C-contiguous
        Kept alive here, since a kernel knows only its address.
    key : tuple[int, int, int, int, int]
        (address, bytes per row, dimension, kind, 0); see ``kernels.cpu.metrics``. Valid while this object
        lives.
    """

    __slots__ = ("key", "vectors")

    def __init__(self, vectors: NDArray[Any], metric: int) -> None:
        self.vectors = as_vectors(vectors)
        cpu = importlib.import_module("workbench.kernels.cpu")
        dim = self.vectors.shape[1]
        kind = cpu.kind_of(self.vectors.dtype, metric)
        self.key = (self.vectors.ctypes.data, dim * self.vectors.dtype.itemsize, dim, kind, 0)


def as_vectors(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return a C-contiguous matrix of a stored element type, the array itself if it is one."""
    if vectors.ndim != 2 or vectors.dtype not in DTYPES:
        names = ", ".join(str(dtype) for dtype in DTYPES)
        raise errors.InvalidVector(
            f"expected a matrix of {names}, got {vectors.dtype} {vectors.shape}; "
            "convert it with .astype(numpy.float32)"
        )
    return np.ascontiguousarray(vectors)


def as_queries(queries: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32 [q, d], C-contiguous, from one query or a matrix of them."""
    queries = as_query(queries)
    return queries[None] if queries.ndim == 1 else queries


def as_query(query: NDArray[Any]) -> NDArray[np.float32]:
    """Return float32, C-contiguous and writable, of the same shape: the array itself if it is so."""
    if query.dtype != FLOAT32 or not query.flags.carray:
        query = writable(np.ascontiguousarray(query, np.float32))
    return query


def copied_query(query: NDArray[np.float32], unit: bool) -> tuple[NDArray[np.float32], float]:
    """Return a copy of float32 [d], C-contiguous and writable, and the sum of the squares of `query`, which
    is not finite if one of its numbers is not.

    With `unit` the copy is divided by its length, unless that is 1 or not to be had in float32; see
    ``workbench.distances``.
    """
    if kernels.ready() and query.flags.carray:
        copy = np.empty(len(query), FLOAT32)
        return copy, _copying()(query, unit, copy)
    copy = query.copy()
    # vdot, because dot asks the processor for overflows and warns.
    squares = float(np.vdot(copy, copy))
    if unit and distances.LEAST_SQUARES < squares < distances.MOST_SQUARES:
        length = math.sqrt(squares)
        if abs(length - 1.0) > distances.UNIT_ERROR:
            copy *= np.float32(1.0 / length)
    return copy, squares


@cache
def _copying() -> Any:
    """Find the kernel that copies at the first use: by NumPy the same takes 1.5 µs, not 0.7."""
    cpu = importlib.import_module("workbench.kernels.cpu")
    return cpu.direct(cpu.copy_query)


def in_lines(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return memory that begins with a cache line: rows that lie in two take twice as long to read.

    Not zeros: empty memory comes in large pages.
    """
    size = math.prod(shape)
    memory = np.empty(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + size].reshape(shape)


def as_mask(allowed: NDArray[Any], n: int) -> NDArray[np.uint8]:
    """Return a mask of bool or uint8 [n] as C-contiguous uint8."""
    mask = np.ascontiguousarray(allowed)
    if mask.shape != (n,) or mask.dtype.itemsize != 1:
        raise errors.InvalidRequest(f"expected a mask of bool [{n}], got {mask.dtype} {list(mask.shape)}")
    return mask.view(np.uint8)


def fault_of(arrays: Mapping[str, NDArray[Any]], expected: Mapping[str, tuple[Any, tuple[int, ...]]]) -> str:
    """Return which array is not of the type and shape expected of its name, or nothing."""
    for name, (dtype, shape) in expected.items():
        array = arrays[name]
        if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
            return f"{name} should be {np.dtype(dtype)} {shape}, not {array.dtype} {array.shape}"
    return ""


def addresses(arrays: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the address and the shape of each C-contiguous array; valid while they live."""
    return np.array([number for array in arrays for number in (array.ctypes.data, *array.shape)], np.int64)


def writable(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array, or, if it is marked read-only, another array on the same memory that is not.

    numba gives read-only arrays a type of their own, which the kernels are not compiled for. They do not
    write to it.
    """
    array = np.ascontiguousarray(array)
    if array.flags.writeable or array.size == 0:
        return array if array.flags.writeable else array.copy()
    return np.asarray(_Memory(array))


class _Memory:
    """The array interface of another array, without its read-only mark."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}
