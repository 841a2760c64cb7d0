"""Rows of one bit a number, eight side by side, for what reads all of them in order.

The bits and what is kept beside them are those of ``signs``. That a row stands in one place, as there, pays
where rows lie apart; where they are read in order, eight are guessed by one instruction for each word and
digit. A block of eight rows is f32 slope [8], doubt [8], term [8], negative [8], then u64 [w, 8].
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, intrinsic, types
from workbench.kernels.cpu.signs import DIGITS

EIGHT = 8
# Bytes before the bits of a block.
FACTS = 4 * 4 * EIGHT

_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS, _FLOATS = ir.VectorType(_I64, EIGHT), ir.VectorType(_F32, EIGHT)


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4, typ=kind)


def _every(builder: Any, value: Any, kind: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _I32(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, EIGHT), [0] * EIGHT))


def _write_sums(builder: Any, bits: Any, planes: Any, stride: Any, words: Any) -> Any:
    """Write the loop over the words of a block; return the sum of u over each row's bits, f32 [8]."""
    none, kind = ir.Constant(_WORDS, [0] * EIGHT), ir.FunctionType(_WORDS, [_WORDS])
    count = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.v8i64")
    totals = [cgutils.alloca_once_value(builder, none) for _ in range(DIGITS)]
    with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
        own = _load(builder, builder.add(bits, builder.mul(index, _I64(8 * EIGHT))), _WORDS)
        at = builder.add(planes, builder.mul(index, _I64(8)))
        for p, place in enumerate(totals):
            asked = _load(builder, builder.add(at, builder.mul(stride, _I64(p))), _I64)
            counted = builder.call(count, [builder.and_(own, _every(builder, asked, _WORDS))])
            builder.store(builder.add(builder.load(place), counted), place)
    total = none
    for place in reversed(totals):
        total = builder.add(builder.add(total, total), builder.load(place))
    return builder.sitofp(builder.trunc(total, ir.VectorType(_I32, EIGHT)), _FLOATS)


@intrinsic
def guess_eight(
    typing: Any,
    block: Any,
    planes: Any,
    stride: Any,
    words: Any,
    base: Any,
    down: Any,
    up: Any,
    sure: Any,
    out: Any,
) -> Any:
    """Write the least that the distances of a block's rows may be to the address `out`; return the least.

    The formula is that of ``signs.guess_four``; `planes` is the address of the query's first word of bits,
    and `stride` the bytes from one digit to the next.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block, planes, stride, words, *numbers, out = arguments
        base, down, up, sure = (_every(builder, number, _FLOATS) for number in numbers)
        slope, doubt, term, negative = (
            _load(builder, builder.add(block, _I64(4 * EIGHT * i)), _FLOATS) for i in range(4)
        )
        sums = _write_sums(builder, builder.add(block, _I64(FACTS)), planes, stride, words)
        product = builder.fsub(base, builder.fmul(down, sums))
        product = builder.fmul(slope, builder.fadd(product, builder.fmul(up, negative)))
        low = builder.fsub(builder.fsub(term, product), builder.fmul(sure, doubt))
        builder.store(low, builder.inttoptr(out, _FLOATS.as_pointer()), align=4)
        kind = ir.FunctionType(_F32, [_FLOATS])
        least = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.fmin.v8f32")
        return builder.call(least, [low], fastmath=("nnan",))

    numbers = [types.float32] * 4
    return types.float32(*[types.int64] * 4, *numbers, types.int64), generate


def block_bytes(width: int) -> int:
    """Return the bytes of a block of rows of `width` codes."""
    return FACTS + width
