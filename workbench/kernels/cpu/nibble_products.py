"""Products of an 8-bit query with rows of half a byte a number; see ``nibble_rows`` for what they mean.

A row takes whole cache lines. Byte j of line i holds number ``128 i + j`` in its lower half and number
``128 i + 64 + j`` in its upper one; zeros where there is no such number.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir

from workbench.kernels.cpu.codes import BIAS, HEAD, NARROW, row_sums
from workbench.kernels.cpu.jit import cgutils, float32, intrinsic, part, types
from workbench.kernels.cpu.lanes import load, shuffle
from workbench.kernels.cpu.memory import load_f32, load_i32, store_f32

LINE = 64
PER_LINE = 2 * LINE  # numbers
NIBBLED = 16
"""The kind of nibbles under squared L2, and one less than that under a dot product."""

_I8, _I32, _I64 = (ir.IntType(bits) for bits in (8, 32, 64))
_BYTES, _TOTAL = ir.VectorType(_I8, LINE), ir.VectorType(_I32, LINE // 4)


def _multiply(builder: Any, total: Any, unsigned: Any, signed: Any) -> Any:
    """Add the products of 64 bytes to a total of 16 lanes, four to each."""
    if llvmlite.binding.get_host_cpu_features().get("avx512vnni", False):
        kind = ir.FunctionType(_TOTAL, [_TOTAL, _BYTES, _BYTES])
        name = "llvm.x86.avx512.vpdpbusd.512"
        return builder.call(
            cgutils.get_or_insert_function(builder.module, kind, name), [total, unsigned, signed]
        )
    wide = ir.VectorType(_I32, LINE)
    products = builder.mul(builder.zext(unsigned, wide), builder.sext(signed, wide))
    for first in range(4):
        total = builder.add(total, shuffle(builder, products, products, list(range(first, LINE, 4))))
    return total


def _write(builder: Any, rows: list[Any], query: Any, lines: Any) -> list[Any]:
    """Write the loop over cache lines; return ``16 ⟨h + 8, y⟩`` of each row."""
    none, low = ir.Constant(_TOTAL, [0] * _TOTAL.count), ir.Constant(_BYTES, [15] * LINE)
    totals = [[cgutils.alloca_once_value(builder, none) for _ in rows] for _ in range(2)]
    end = builder.mul(lines, _I64(LINE))
    with cgutils.for_range_slice(builder, _I64(0), end, _I64(LINE), _I64) as (start, _):
        at = builder.add(query, builder.add(start, start))
        asked = [load(builder, place, _BYTES, 1) for place in (at, builder.add(at, _I64(LINE)))]
        for j, row in enumerate(rows):
            both = load(builder, builder.add(row, start), _BYTES, 1)
            lower = builder.and_(both, low)
            for half, y, place in (
                (lower, asked[0], totals[0][j]),
                (builder.xor(both, lower), asked[1], totals[1][j]),
            ):
                builder.store(_multiply(builder, builder.load(place), half, y), place)
    # The upper halves were not shifted down: they are 16 times as much already.
    four = ir.Constant(_TOTAL, [4] * _TOTAL.count)
    sums = [
        builder.add(builder.shl(builder.load(lower), four), builder.load(upper))
        for lower, upper in zip(*totals, strict=True)
    ]
    return row_sums(builder, sums)


@intrinsic
def nibble_dot(typing: Any, row: Any, query: Any, lines: Any) -> Any:
    """``16 ⟨h + 8, y⟩`` of the nibbles at an address and the int8 numbers y at `query`.

    No sum leaves an int32 below 70,000 numbers.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, query, lines = arguments
        return _write(builder, [row], query, lines)[0]

    return types.int32(*[types.int64] * 3), generate


@intrinsic
def nibble_dot_four(typing: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any, lines: Any) -> Any:
    """:func:`nibble_dot` of four rows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *rows, query, lines = arguments
        return context.make_tuple(builder, signature.return_type, _write(builder, rows, query, lines))

    return types.UniTuple(types.int32, 4)(*[types.int64] * 6), generate


@part
def nibbled(at: Any, query: Any, lines: Any) -> Any:
    """Negative dot product of one row and a query that :func:`by_nibbles` made ready, but for a constant."""
    return -load_f32(query, 0) * float32(nibble_dot(at, query + 2 * HEAD, lines) - load_i32(query, BIAS))


@part
def nibbled_four(a: Any, b: Any, c: Any, d: Any, query: Any, lines: Any) -> Any:
    """:func:`nibbled` of four rows."""
    factor, bias = -load_f32(query, 0), load_i32(query, BIAS)
    w, x, y, z = nibble_dot_four(a, b, c, d, query + 2 * HEAD, lines)
    w, x, y, z = w - bias, x - bias, y - bias, z - bias
    return factor * float32(w), factor * float32(x), factor * float32(y), factor * float32(z)


@part
def by_nibbles(nibbles: Any, walked: Any, query: Any) -> Any:
    """Return the space that a walk reads: that of the nibbles, if there are any and the coded query at the
    address `query` has 8 bits a number, for which it is made ready; else `walked`.
    """
    if nibbles.shape[0] > 0 and load_i32(query, NARROW) != 0:
        # Of 16 ⟨h + 8, y⟩ the bias is 128 Σ y, as that of codes happens to be.
        store_f32(query, float32(load_f32(query, 0) * nibbles[5] / 16.0))
        return nibbles[0], nibbles[1], nibbles[2], nibbles[3], nibbles[4]
    return walked
