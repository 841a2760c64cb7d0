"""Distances between a float32 query and stored rows of float32, float16 or uint8.

A *space* is (address, bytes per row, dimension, kind), a *kind* is 3 × element type + metric. The choice among the
nine loops costs one predictable jump for a whole list of rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, int32, int64

from workbench.kernels.cpu.jit import arithmetic, part
from workbench.kernels.cpu.memory import float_of, load_f32, load_u8, load_u16, prefetch

ELEMENTS = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.uint8): 2}
CACHE_LINE = 64


def kind_of(dtype: np.dtype[Any], metric: int) -> int:
    """The kind number of an element type and a metric of ``workbench.kernels``."""
    return 3 * ELEMENTS[np.dtype(dtype)] + metric


@arithmetic
def load_f16(address: Any, index: Any) -> Any:
    """Element `index` of a float16 array as float32, by shifting the bits and scaling by 2^112.

    Right for every finite number, subnormal ones too; needs no processor support, as LLVM's own conversion does.
    """
    bits = int32(load_u16(address, index))
    magnitude = float_of(int32((bits & int32(0x7FFF)) << int32(13))) * float32(2.0**112)
    return -magnitude if bits & int32(0x8000) else magnitude


def _loops(load: Any) -> tuple[Any, Any, Any]:
    """Make the three distance loops of one element type."""

    @arithmetic
    def squared_l2(row: Any, query: Any, dim: Any) -> Any:
        total = float32(0.0)
        for j in range(dim):
            difference = float32(load(row, j)) - load_f32(query, j)
            total += difference * difference
        return total

    @arithmetic
    def negative_dot(row: Any, query: Any, dim: Any) -> Any:
        total = float32(0.0)
        for j in range(dim):
            total += float32(load(row, j)) * load_f32(query, j)
        return -total

    @arithmetic
    def l1(row: Any, query: Any, dim: Any) -> Any:
        total = float32(0.0)
        for j in range(dim):
            total += abs(float32(load(row, j)) - load_f32(query, j))
        return total

    return squared_l2, negative_dot, l1


f32_l2, f32_dot, f32_l1 = _loops(load_f32)
f16_l2, f16_dot, f16_l1 = _loops(load_f16)
u8_l2, u8_dot, u8_l1 = _loops(load_u8)


@part
def distance(space: Any, row: Any, query: Any) -> Any:
    """Distance of stored row number `row` to the float32 vector at the address `query`."""
    base, stride, dim, kind = space
    at = base + int64(row) * stride
    if kind == 0:
        return f32_l2(at, query, dim)
    if kind == 1:
        return f32_dot(at, query, dim)
    if kind == 2:
        return f32_l1(at, query, dim)
    if kind == 3:
        return f16_l2(at, query, dim)
    if kind == 4:
        return f16_dot(at, query, dim)
    if kind == 5:
        return f16_l1(at, query, dim)
    if kind == 6:
        return u8_l2(at, query, dim)
    if kind == 7:
        return u8_dot(at, query, dim)
    return u8_l1(at, query, dim)


@part
def ask_for(space: Any, row: Any) -> Any:
    """Prefetch a stored row."""
    base, stride, dim, kind = space
    at = base + int64(row) * stride
    for offset in range(0, stride, CACHE_LINE):
        prefetch(at + offset)


@part
def as_query(space: Any, row: Any, buffer: Any) -> Any:
    """Address of stored row `row` as float32: the row itself, or `buffer` after decoding into it."""
    base, stride, dim, kind = space
    at = base + int64(row) * stride
    if kind < 3:
        return at
    if kind < 6:
        for j in range(dim):
            buffer[j] = load_f16(at, j)
    else:
        for j in range(dim):
            buffer[j] = load_u8(at, j)
    return int64(buffer.ctypes.data)
