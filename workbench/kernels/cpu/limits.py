"""Which of many numbers are at most a limit, 64 at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.jit import intrinsic, part, types
from workbench.kernels.cpu.memory import trailing_zeros
from workbench.kernels.cpu.scan import row_at

# Rows whose bounds are compared together.
BLOCK = 64

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def at_most(typing: Any, address: Any, limit: Any) -> Any:
    """Which of the 64 float32 at an address are at most `limit`: a bit for each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, limit = arguments
        wide = ir.VectorType(ir.FloatType(), BLOCK)
        numbers = builder.load(builder.inttoptr(address, wide.as_pointer()), align=4, typ=wide)
        one = builder.insert_element(ir.Constant(wide, ir.Undefined), limit, _I32(0))
        limits = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, BLOCK), [0] * BLOCK))
        return builder.bitcast(builder.fcmp_ordered("<=", numbers, limits), _I64)

    return types.int64(types.int64, types.float32), generate


@part
def left_open(listed: Any, total: Any, lows: Any, limit: Any, found: Any) -> Any:
    """Write the rows whose bound is at most `limit` to `found`, in their order; return how many they are.

    `lows`, float32, goes on to a multiple of `BLOCK`, with numbers above the limit.
    """
    count = 0
    for place in range(0, total, BLOCK):
        bits = at_most(lows.ctypes.data + 4 * place, limit)
        while bits != 0:
            found[count] = row_at(listed, place + trailing_zeros(bits))
            count += 1
            bits &= bits - 1
    return count
