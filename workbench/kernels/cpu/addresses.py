"""Arrays that a kernel is told by their addresses: those that are the same at each call.

numba takes 0.1 µs to unwrap an array and 0.2 to find the type of a tuple of them: for the ten arrays of a
search that is a tenth of a short one. What is told is one array of int64, the address and the shape of each
in turn (``workbench.indexes.space.addresses``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.jit import carray, intrinsic, part, types

ADDRESSES = types.int64[::1]


@intrinsic
def _pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


@part
def _list_at(address: Any, length: Any, dtype: Any) -> Any:
    """The array of `length` elements at an address."""
    return carray(_pointer(address), (length,), dtype)


@part
def _table_at(address: Any, rows: Any, columns: Any, dtype: Any) -> Any:
    """The C-contiguous array of `rows` × `columns` elements at an address."""
    return carray(_pointer(address), (rows, columns), dtype)


@part
def layers_at(at: Any) -> Any:
    """The layers of a graph whose arrays are at these addresses."""
    return (
        _list_at(at[0], at[1], np.uint16),
        _table_at(at[2], at[3], at[4], np.int32),
        _list_at(at[5], at[6], np.int64),
        _list_at(at[7], at[8], np.uint16),
        _table_at(at[9], at[10], at[11], np.int32),
    )


@part
def listed_at(at: Any) -> Any:
    """The space, how many rows it has, and the list of rows at these addresses."""
    return (at[0], at[1], at[2], at[3], at[4]), at[5], _list_at(at[6], at[7], np.int32)


@part
def scratch_at(at: Any) -> Any:
    """The scratch whose arrays are at these addresses."""
    return (
        _list_at(at[0], at[1], np.uint8),
        _list_at(at[2], at[3], np.int64),
        _list_at(at[4], at[5], np.int64),
        _list_at(at[6], at[7], np.int32),
        _list_at(at[8], at[9], np.float32),
    )
