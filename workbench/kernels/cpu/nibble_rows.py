"""Rows of half a byte a number, which bound the distances by int8 codes.

A code is c = step · h + l, h of −8 to 7, kept as the *nibble* h + 8. With y the query as ``codes`` codes it,
the product that a distance by codes is made of, ⟨c, y⟩, is at most ``step · ⟨h, y⟩ + |l| |y|`` (Cauchy and
Schwarz); |l|, the row's *rest*, is kept. How a row is laid out, ``nibble_products`` tells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, float32, int32, intrinsic, kernel, types
from workbench.kernels.cpu.lanes import load, splat, store
from workbench.kernels.cpu.limits import BLOCK
from workbench.kernels.cpu.nibble_products import LINE, PER_LINE

# Makes a length worked out in float64 longer than all its rounding, that to float32 too.
UP = 1.0 + 2.0**-22

_I32, _I64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def bound_block(
    typing: Any, sums: Any, rests: Any, terms: Any, out: Any, bias: Any, slope: Any, reach: Any
) -> Any:
    """Write ``term - slope · (sum - bias) - reach · rest`` of 64 rows to the address `out`.

    `sums` is the address of int32, `rests` and `terms` of float32; 0 for no terms.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, rests, terms, out, bias, slope, reach = arguments
        whole, wide = ir.VectorType(_I32, BLOCK), ir.VectorType(ir.FloatType(), BLOCK)
        products = builder.sub(load(builder, sums, whole, 1), splat(builder, bias, whole))
        gaps = builder.fmul(splat(builder, slope, wide), builder.sitofp(products, wide))
        gaps = builder.fadd(gaps, builder.fmul(splat(builder, reach, wide), load(builder, rests, wide, 1)))
        place = cgutils.alloca_once_value(builder, ir.Constant(wide, [0.0] * BLOCK))
        with builder.if_then(builder.icmp_signed("!=", terms, _I64(0))):
            builder.store(load(builder, terms, wide, 1), place)
        store(builder, builder.fsub(builder.load(place), gaps), out, 4)
        return context.get_dummy_value()

    kinds = [types.int64] * 4 + [types.int32, types.float32, types.float32]
    return types.void(*kinds), generate


@kernel(
    types.UniTuple(types.float64, 2)(
        types.int8[:, ::1], types.int64, types.uint8[:, ::1], types.float32[::1], types.float32[::1]
    )
)
def write_rows(codes: Any, step: Any, rows: Any, rests: Any, squares: Any) -> Any:
    """Write the nibbles of codes; return the largest rest and the length of the longest code, rounded up.

    Parameters
    ----------
    codes : int8 [n, d′]
        d′ is a multiple of 64.
    step : int
        1 to 17; what no h reaches is left to the rest.
    rows : uint8 [n, 64 lines]
        Written.
    rests : float32 [n]
        Written: at least |l| of each row.
    squares : float32 [n]
        Written: ⟨h, h⟩ of each row.
    """
    width, lines = codes.shape[1], rows.shape[1] // LINE
    halves = np.zeros(lines * PER_LINE, np.uint8)
    widest, longest = 0.0, 0.0
    # Fixed point, of which the processor takes many numbers at a time.
    step, ratio = int32(step), int32(65536 // step)
    for i in range(codes.shape[0]):
        length, own, off = int32(0), int32(0), int32(0)
        for j in range(width):
            code = int32(codes[i, j])
            nibble = min(max((code * ratio + int32(32768)) >> int32(16), int32(-8)), int32(7))
            rest = code - step * nibble
            off += rest * rest
            length += code * code
            own += nibble * nibble
            halves[j] = np.uint8(nibble + int32(8))
        for line in range(lines):
            for j in range(LINE):
                lower, upper = halves[line * PER_LINE + j], halves[line * PER_LINE + LINE + j]
                rows[i, line * LINE + j] = np.uint8(lower | (upper << np.uint8(4)))
        rests[i] = float32(math.sqrt(float(off)) * UP)
        squares[i] = float32(own)
        widest, longest = max(widest, float(rests[i])), max(longest, math.sqrt(float(length)) * UP)
    return widest, longest
