"""Rows of one bit a number, eight side by side, for what reads all of them in order.

The bits and what is kept beside them are those of ``signs``. That a row stands in one place, as there, pays
where rows lie apart; where they are read in order, eight are guessed by one instruction for each word and
digit. A block of eight rows is f32 slope [8], doubt [8], term [8], negative [8], then u64 [w, 8].
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, intrinsic, part, types
from workbench.kernels.cpu.lanes import load, splat, store
from workbench.kernels.cpu.memory import load_i32, store_i32
from workbench.kernels.cpu.signs import DIGITS, FRONT, GUESS, write_guess

EIGHT = 8
# Bytes before the bits of a block.
FACTS = 4 * 4 * EIGHT

_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS, _FLOATS = ir.VectorType(_I64, EIGHT), ir.VectorType(_F32, EIGHT)


def _write_sums(builder: Any, bits: Any, planes: Any, stride: Any, words: Any) -> Any:
    """Write the loop over the words of a block; return the sum of u over each row's bits, f32 [8]."""
    none, kind = ir.Constant(_WORDS, [0] * EIGHT), ir.FunctionType(_WORDS, [_WORDS])
    count = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.v8i64")
    totals = [cgutils.alloca_once_value(builder, none) for _ in range(DIGITS)]
    with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
        own = load(builder, builder.add(bits, builder.mul(index, _I64(8 * EIGHT))), _WORDS, 4)
        at = builder.add(planes, builder.mul(index, _I64(8)))
        for p, place in enumerate(totals):
            asked = load(builder, builder.add(at, builder.mul(stride, _I64(p))), _I64, 4)
            counted = builder.call(count, [builder.and_(own, splat(builder, asked, _WORDS))])
            builder.store(builder.add(builder.load(place), counted), place)
    total = none
    for place in reversed(totals):
        total = builder.add(builder.add(total, total), builder.load(place))
    return builder.sitofp(builder.trunc(total, ir.VectorType(_I32, EIGHT)), _FLOATS)


@intrinsic
def guess_eight(typing: Any, block: Any, planes: Any, stride: Any, words: Any, facts: Any, out: Any) -> Any:
    """Write the least that the distances of a block's rows may be to the address `out`; return the least.

    `planes` is the address of the query's first word of bits, and `stride` the bytes from one digit to the
    next.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block, planes, stride, words, facts, out = arguments
        fronts = [load(builder, builder.add(block, _I64(4 * EIGHT * i)), _FLOATS, 4) for i in range(4)]
        sums = _write_sums(builder, builder.add(block, _I64(FACTS)), planes, stride, words)
        low = write_guess(builder, facts, sums, fronts)
        store(builder, low, out, 4)
        kind = ir.FunctionType(_F32, [_FLOATS])
        least = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.fmin.v8f32")
        return builder.call(least, [low], fastmath=("nnan",))

    return types.float32(*[types.int64] * 4, GUESS, types.int64), generate


@part
def put_in_lane(row: Any, block: Any, lane: Any, width: Any) -> None:
    """Write the row of `width` codes at an address into a lane of the block at another."""
    for fact in range(FRONT // 4):
        store_i32(block + 4 * (EIGHT * fact + lane), load_i32(row, fact))
    for half in range(width >> 5):
        to = block + FACTS + 8 * (EIGHT * (half // 2) + lane) + 4 * (half % 2)
        store_i32(to, load_i32(row + FRONT, half))


def block_bytes(width: int) -> int:
    """Return the bytes of a block of rows of `width` codes."""
    return FACTS + width
